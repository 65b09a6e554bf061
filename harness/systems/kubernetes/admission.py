"""Whether the API server, and the webhooks behind it, let an object pass; nothing is stored."""

from collections.abc import Callable

from harness.cluster.api import Api, Object, Refused
from harness.model.errors import StatementFailed, Unanswered


def accepted(api: Api, document: Object) -> Callable[[], str]:
    """A probe that is satisfied when a dry run of an object passes admission."""

    def probe() -> str:
        try:
            api.apply(document, dry_run=True)
        except Refused as refusal:
            raise Unanswered(str(refusal)) from refusal
        return f"{document['kind']} accepted"

    return probe


def refusal(api: Api, document: Object) -> str:
    """The reason for which an object is refused; nothing is stored.

    :raises StatementFailed: it is accepted
    """
    __tracebackhide__ = True
    try:
        api.apply(document, dry_run=True)
    except Refused as told:
        return told.message
    raise StatementFailed(f"{document['kind']} {document['metadata']['name']} is refused", f"it is accepted: {document.get('spec')}")


def acceptance(api: Api, document: Object) -> None:
    """Require that an object would be accepted; nothing is stored.

    :raises StatementFailed: it is refused
    """
    __tracebackhide__ = True
    try:
        api.apply(document, dry_run=True)
    except Refused as told:
        raise StatementFailed(f"{document['kind']} {document['metadata']['name']} is accepted", told.message) from None
