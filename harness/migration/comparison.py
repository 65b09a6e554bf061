"""Every difference between what came of a request on one controller and on the other, and how much harm it does."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from math import comb

import msgspec

from harness.migration.answers import CHANCE, Answer

#: What a refusal of somebody who is not allowed, or asks for too much, looks like.
GATES = frozenset({400, 401, 403, 405, 407, 413, 421, 429, 431, 495, 496, 497, 503})
OPENED = 101
REDIRECTS = frozenset({301, 302, 303, 307, 308})
#: Characters shown of a text.
SHOWN = 120
#: The value of a header that is not there.
NONE = "none"
#: The part of all requests that is nearly all.
NEARLY = 0.9
#: What the headers begin with that a client acts on, whoever answers.
TO_CLIENTS = ("access-control-", "www-authenticate", "set-cookie", "retry-after", "allow")
#: Two shares that differ by chance alone are told apart once in a million comparisons.
UNLIKELY = 1e-6


class Harm(StrEnum):
    """What a difference does to users, the worst first."""

    OPENED = "opened"
    OTHER_BACKEND = "another backend"
    LOST = "lost"
    GAINED = "served now"
    CLOSED = "refused now"
    ANSWERED = "answered by the other"
    REDIRECT = "another redirect"
    ARRIVAL = "arrives changed"
    SHARE = "another share"
    CERTIFICATE = "another certificate"
    HEADER = "another header"
    STATUS = "another status"

    @property
    def rank(self) -> int:
        """0 for the worst."""
        return list(Harm).index(self)

    @property
    def meaning(self) -> str:
        """In a sentence."""
        return MEANINGS[self]


MEANINGS: Mapping[Harm, str] = {
    Harm.OPENED: "A check is no longer made: what was refused reaches a backend.",
    Harm.OTHER_BACKEND: "Another Service answers.",
    Harm.LOST: "What a backend answered is answered by an error, or not at all.",
    Harm.GAINED: "What nobody served reaches a backend.",
    Harm.CLOSED: "What a backend answered is refused.",
    Harm.ANSWERED: "A backend answers on one side, the controller on the other, or each controller something else, as if all were well.",
    Harm.REDIRECT: "The client is sent elsewhere, or no longer sent.",
    Harm.ARRIVAL: "The backend sees another method, path, query, host or body.",
    Harm.SHARE: "Requests are shared out between backends in another way.",
    Harm.CERTIFICATE: "The client is shown a certificate for other names.",
    Harm.HEADER: "A header of the request or the answer is another one.",
    Harm.STATUS: "The status is another one.",
}


class Difference(msgspec.Struct, frozen=True):
    """One difference.

    :param what: what differs
    """

    harm: Harm
    what: str
    a: str
    b: str


def differences(a: Answer, b: Answer) -> list[Difference]:
    """All differences, the worst first; empty where there are none."""
    found = [*_who(a, b), *_shares(a, b)]
    if bool(a.backends) != bool(b.backends) or (a.served and b.served):  # of many askings, one of the answers says nothing
        return found
    if a.backends and a.backends == b.backends:
        found += [*_arrival(a, b), *_headers("request header at the backend", a.headers_arrived, b.headers_arrived)]
    if a.backends == b.backends:
        found += _response(a, b)
    return sorted(found, key=lambda one: one.harm.rank)


def _who(a: Answer, b: Answer) -> Iterator[Difference]:
    if bool(a.backends) == bool(b.backends):
        if a.backends != b.backends:
            yield Difference(Harm.OTHER_BACKEND, "answered by", a.by, b.by)
        return
    harm = _opening(a) if b.backends else _closing(b)
    yield Difference(harm, "answered by", _in_words(a), _in_words(b))


def _opening(before: Answer) -> Harm:
    """What it means that a backend answers now."""
    if 200 <= before.status < 400:
        return Harm.REDIRECT if before.status in REDIRECTS else Harm.ANSWERED
    return Harm.OPENED if before.status in GATES else Harm.GAINED


def _closing(now: Answer) -> Harm:
    """What it means that no backend answers any more."""
    if 200 <= now.status < 400:
        return Harm.REDIRECT if now.status in REDIRECTS else Harm.ANSWERED
    return Harm.CLOSED if now.status in GATES - {503} else Harm.LOST


def _in_words(one: Answer) -> str:
    if one.fault:
        return f"nobody: {one.fault}"
    to = f" to {one.location}" if one.location else ""
    return f"{one.by} with {one.status}{to}"


def _shares(a: Answer, b: Answer) -> Iterator[Difference]:
    """Of a request that was sent many times: whether others answered more often than chance explains, and what was refused."""
    if not (a.served and b.served):
        return
    n, m = sum(a.served.values()), sum(b.served.values())
    for who in sorted({*a.backends, *b.backends}):
        x, y = a.served.get(who, 0), b.served.get(who, 0)
        if not (_refusals(a) or _refusals(b)) and probability(x, n, y, m) < UNLIKELY:
            yield Difference(Harm.SHARE, f"requests answered by {who}", f"{x} of {n}", f"{y} of {m}")
    if a.pods and b.pods and (a.pods == 1) != (b.pods == 1):
        yield Difference(Harm.SHARE, "Pods that answer a client that keeps its cookies", *(_one_or_more(one.pods) for one in (a, b)))
    refused, refused_now = _refusals(a), _refusals(b)
    through, through_now = n - sum(refused.values()), m - sum(refused_now.values())
    said = f"refused of {n} at once", _counted(refused), _counted(refused_now)
    if set(refused) != set(refused_now):
        yield Difference(Harm.STATUS if refused and refused_now else Harm.OPENED if refused else Harm.CLOSED, *said)
    elif refused and _far_apart(through, through_now):
        yield Difference(Harm.OPENED if through_now > through else Harm.CLOSED, *said)


def _one_or_more(number: int) -> str:
    return "one" if number == 1 else "several"


def _far_apart(a: int, b: int) -> bool:
    """Whether more than twice as many got through, and not by the moment in which a limit of so many a second lets one more through."""
    return max(a, b) > 2 * min(a, b) + 1


def _refusals(one: Answer) -> dict[str, int]:
    """How often nobody but the controller answered, by what it said."""
    return {said: number for said, number in one.served.items() if said not in one.backends}


def _counted(refused: Mapping[str, int]) -> str:
    return ", ".join(f"{number} with {said}" for said, number in sorted(refused.items())) or NONE


def probability(x: int, n: int, y: int, m: int) -> float:
    """How likely two counts are that differ so much, or more, if nothing but chance makes them differ: Fisher's exact test, two-sided."""
    total = comb(n + m, x + y)
    each = [comb(n, k) * comb(m, x + y - k) / total for k in range(max(0, x + y - m), min(n, x + y) + 1)]
    seen = comb(n, x) * comb(m, y) / total
    return sum(one for one in each if one <= seen * (1 + 1e-9))


def _arrival(a: Answer, b: Answer) -> Iterator[Difference]:
    for name in sorted({*a.arrived, *b.arrived}):
        if _differ(a.arrived.get(name), b.arrived.get(name)):
            harm = Harm.HEADER if name == "version" else Harm.ARRIVAL
            yield Difference(harm, f"{name} at the backend", a.arrived.get(name, ""), b.arrived.get(name, ""))


def _response(a: Answer, b: Answer) -> Iterator[Difference]:
    if (a.status == OPENED) != (b.status == OPENED):
        yield Difference(Harm.LOST if a.status == OPENED else Harm.GAINED, "web socket", *map(_opened, (a, b)))
    elif a.status != b.status:
        redirects = {a.status, b.status} & REDIRECTS
        yield Difference(Harm.REDIRECT if redirects else Harm.STATUS, "status", str(a.status or a.fault), str(b.status or b.fault))
    if a.location != b.location and a.status in REDIRECTS and b.status in REDIRECTS:
        yield Difference(Harm.REDIRECT, "Location", a.location, b.location)
    if a.certificate != b.certificate and a.status and b.status:
        yield Difference(Harm.CERTIFICATE, "certificate", ", ".join(a.certificate), ", ".join(b.certificate))
    if a.protocol != b.protocol and a.status and b.status:
        yield Difference(Harm.HEADER, "protocol of the answer", a.protocol, b.protocol)
    if _differ(a.body, b.body) and 200 <= a.status < 300 and 200 <= b.status < 300:
        yield Difference(Harm.ANSWERED, "text of the answer", *(one.body[:SHOWN] or NONE for one in (a, b)))
    yield from _headers("response header", *({name: one.headers[name] for name in one.headers if _matters(name, one)} for one in (a, b)))


def _opened(one: Answer) -> str:
    return "opened" if one.status == OPENED else f"not opened: {one.status or one.fault}"


def _matters(name: str, answer: Answer) -> bool:
    """Whether a header of an answer says something to a client; the pages of a controller itself are its own."""
    return name != "location" and (bool(answer.backends) or name.startswith(TO_CLIENTS))


def _headers(what: str, a: Mapping[str, str], b: Mapping[str, str]) -> Iterator[Difference]:
    for name in sorted({*a, *b}):
        if _differ(a.get(name), b.get(name)):
            yield Difference(Harm.HEADER, f"{what} {name}", a.get(name, NONE), b.get(name, NONE))


def _differ(a: str | None, b: str | None) -> bool:
    """Whether two values differ, and not by chance: one that is another every time may happen to be the same twice on the other side."""
    return a != b and not (a and b and CHANCE in (a, b))


def everywhere(compared: Sequence[Sequence[Difference]]) -> list[Difference]:
    """The differences of headers that nearly all of these requests have: said once, so that what is left says something of a route."""
    seen = Counter(one for each in compared for one in {in_general(difference) for difference in each} if one.harm is Harm.HEADER)
    least = max(NEARLY * len(compared), 2)
    return sorted((one for one, number in seen.items() if number >= least), key=lambda one: one.what)


def in_general(one: Difference) -> Difference:
    """A difference without the value of a header that only one side has."""
    if one.harm is not Harm.HEADER or NONE not in (one.a, one.b):
        return one
    return Difference(one.harm, one.what, *(side if side == NONE else "sent" for side in (one.a, one.b)))
