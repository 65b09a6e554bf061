"""Whether the API server, and the webhooks behind it, let an object pass; all by dry runs, so that nothing is stored."""

from collections.abc import Callable
from dataclasses import dataclass

from harness.cluster.api import Api, Object, Refused, named
from harness.model.errors import StatementFailed, Unanswered


@dataclass(frozen=True, slots=True)
class Admission:
    """Asks what would become of a write.

    An object is applied, which is an update where it exists; with ``create`` it has to be a new one.
    """

    api: Api

    def refusal(self, document: Object, *, create: bool = False) -> str:
        """The reason for which an object is refused.

        :raises StatementFailed: it is accepted
        """
        __tracebackhide__ = True
        try:
            self.dry_run(document, create=create)
        except Refused as refused:
            return refused.message
        raise StatementFailed(f"{_name(document)} is refused", f"it is accepted: {document.get('spec')}")

    def expect_accepted(self, document: Object, *, create: bool = False) -> Object:
        """Require that an object would be accepted, and return it as it would be stored.

        :raises StatementFailed: it is refused
        """
        __tracebackhide__ = True
        try:
            return self.dry_run(document, create=create)
        except Refused as refused:
            raise StatementFailed(f"{_name(document)} is accepted", f"it is refused: {refused.message}") from None

    def warnings(self, document: Object) -> list[str]:
        """What the API server warns of when such an object is created."""
        return self.api.warnings(document)

    def dry_run(self, document: Object, *, create: bool = False) -> Object:
        """The object as it would be stored.

        :raises Refused: it would not be
        """
        if create:
            return self.api.create(document, dry_run=True)
        (stored,) = self.api.apply(document, dry_run=True)
        return stored


def accepted(api: Api, document: Object) -> Callable[[], str]:
    """A probe that is satisfied when a dry run of an object passes admission."""

    def probe() -> str:
        try:
            Admission(api).dry_run(document)
        except Refused as refusal:
            raise Unanswered(str(refusal)) from refusal
        return f"{document['kind']} accepted"

    return probe


def _name(document: Object) -> str:
    return f"{document['kind']} {'/'.join(named([document]))}"
