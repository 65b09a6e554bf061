"""Where a request is sent that shall make an annotation visible, and what it carries so that it is let through."""

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass

from harness.migration.standing import PASSWORD, USER
from harness.model.http_exchange import Headers, Request

#: What a request carries that whoever is asked lets through.
ALLOWED: Headers = (("X-Conformance-Auth", "allow"),)
Notes = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Place:
    """A host, a target below it that is served, how it is asked, and with what so that it is let through."""

    host: str
    target: str
    scheme: str
    credentials: Headers = ()

    def request(
        self,
        target: str = "",
        *,
        host: str = "",
        scheme: str = "",
        method: str = "GET",
        headers: Headers | None = None,
        more: Headers = (),
        body: bytes = b"",
    ) -> Request:
        """A request to it, changed where something is said.

        :param headers: instead of what lets it through
        :param more: besides
        """
        carried = (*(self.credentials if headers is None else headers), *more)
        return Request(target or self.target, host or self.host, method, carried, body, scheme or self.scheme)

    def asking(self, order: str) -> Request:
        """One that tells the backend how to answer."""
        return self.request(f"{self.target}{'&' if '?' in self.target else '?'}{order}")


@dataclass(frozen=True, slots=True)
class Asked:
    """A request, and how often it is sent.

    :param pods: whether it is looked at which Pods answer, and the client keeps its cookies
    """

    request: Request
    times: int = 1
    pods: bool = False


def credentials(notes: Notes) -> Headers:
    """What a request has to carry so that whoever these annotations ask lets it through."""
    password = (basic(PASSWORD),) if "auth-secret" in notes or "auth-type" in notes else ()
    return (*password, *(ALLOWED if "auth-url" in notes else ()))


def basic(password: str) -> tuple[str, str]:
    """The header with a password (https://www.rfc-editor.org/rfc/rfc7617)."""
    return "Authorization", f"Basic {b64encode(f'{USER}:{password}'.encode()).decode()}"
