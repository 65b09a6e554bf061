"""What will be different: the requests compared, and what that says of each Ingress and of each of its annotations."""

import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from enum import StrEnum
from functools import partial

import msgspec

from harness.cluster.api import Object
from harness.migration import known
from harness.migration.annotations import ANNOTATIONS, CHECKS, FORGED, OF_HEADERS
from harness.migration.answers import Answer
from harness.migration.asking import Asked
from harness.migration.chance import Chance
from harness.migration.comparison import Difference, Harm, differences, everywhere, in_general
from harness.migration.reading import Routes, key_of
from harness.migration.requests import Derived
from harness.migration.routes import Path, expressive_hosts, paths_of, short_annotations, specified
from harness.migration.undecided import without_chance
from harness.model.features import Feature
from harness.model.http_exchange import Request

#: Annotations that change nothing about who answers a path.
_HARMLESS = frozenset(
    ("proxy-read-timeout", "proxy-send-timeout", "proxy-connect-timeout", "proxy-body-size", "proxy-buffer-size", "proxy-buffering")
)


class Verdict(StrEnum):
    """What came of one request."""

    EQUAL = "equal"
    DIFFERENT = "different"
    BOTH_WRONG = "equal, but both against the specification"
    REFUSED = "refused"


class Fate(StrEnum):
    """What becomes of an annotation."""

    KEPT = "kept"
    CHANGED = "changed"
    LOST = "lost"
    UNSEEN = "not seen by any request"
    NEVER = "without effect on ingress-nginx already"


class Compared(msgspec.Struct, frozen=True, kw_only=True):
    """One request, and what came of it on both.

    :param expected: the backend that the Ingress API names, where both answered by another one
    :param why: the reason of the worst difference, where it is known, and ``source`` where that is written
    :param setting: what the second controller has to be given to answer as the first one does, where that is known
    """

    request: str
    curl: str
    ingress: str
    about: tuple[str, ...]
    verdict: Verdict
    a: Answer
    b: Answer
    differences: tuple[Difference, ...] = ()
    expected: str = ""
    why: str = ""
    source: str = ""
    setting: str = ""

    @property
    def harm(self) -> Harm | None:
        """The worst of its differences."""
        return self.differences[0].harm if self.differences else None


class AnnotationFate(msgspec.Struct, frozen=True):
    """What becomes of an annotation of an Ingress, and why, where that is known."""

    name: str
    value: str
    fate: Fate
    why: str = ""
    source: str = ""


class IngressFindings(msgspec.Struct, frozen=True, kw_only=True):
    """What is found of one Ingress.

    :param refused: why it was not stored, or taken away again, by side, A or B; there is nothing to compare then
    """

    name: str
    requests: int
    different: int
    refused: dict[str, str] = {}
    annotations: tuple[AnnotationFate, ...] = ()


class Side(msgspec.Struct, frozen=True):
    """One of the two controllers, and the seconds its part took once its cluster stood; ``settings`` are what it was given besides."""

    name: str
    version: str
    seconds: float
    settings: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.name} {self.version}"


class Migration(msgspec.Struct, frozen=True, kw_only=True):
    """Everything found of a migration from one controller to another.

    :param everywhere: what differs about every request that reaches a backend
    :param compared: the requests that are not equal
    :param skipped: what of the input was not compared
    :param assumed: the Services that the input does not have, and that were taken for granted
    :param accepted: how many differences were accepted before; they count no more
    """

    schema_version: int = 1
    began: str
    suite: str
    a: Side
    b: Side
    requests: int
    counts: dict[str, int]
    everywhere: tuple[Difference, ...]
    ingresses: tuple[IngressFindings, ...]
    compared: tuple[Compared, ...]
    skipped: tuple[str, ...] = ()
    assumed: tuple[str, ...] = ()
    accepted: int = 0
    stale: tuple[str, ...] = ()

    @property
    def different(self) -> bool:
        """Whether anything is, that was not accepted."""
        one_sided = any(len(one.refused) == 1 for one in self.ingresses)  # what both refuse is no difference
        return bool(self.everywhere or self.stale or one_sided or any(one.verdict is Verdict.DIFFERENT for one in self.compared))


def compare(derived: Sequence[Derived], routes: Routes, a: Asked, b: Asked) -> tuple[list[Compared], list[Difference]]:
    """Compare the answers to all requests; returns these, and what differs everywhere."""
    items = routes.in_order
    expressive = expressive_hosts(items)
    plain = {key_of(item) for item in items if set(short_annotations(item)) <= _HARMLESS}
    paths = [path for item in items for path in paths_of(item, expressive)]
    odd = {path.host for path in paths if path.ingress not in plain}
    chance = Chance.of(items)
    a, b = (replace(side, answers=list(map(partial(without_chance, chance), derived, side.answers))) for side in (a, b))
    found = [differences(x, y) for x, y in zip(a.answers, b.answers, strict=True)]
    both = [
        x.backends and x.backends == y.backends and not set(FORGED) <= set(one.request.headers)
        for one, x, y in zip(derived, a.answers, b.answers, strict=True)
    ]
    common = everywhere([each for each, alike in zip(found, both, strict=True) if alike])
    over_tls = [one.request.scheme == "https" for one in derived]
    common_over_tls = everywhere([each for each, alike, tls in zip(found, both, over_tls, strict=True) if alike and tls])
    compared = []
    for one, each, x, y in zip(derived, found, a.answers, b.answers, strict=True):
        general = common_over_tls if one.request.scheme == "https" else common
        left = tuple(difference for difference in each if in_general(difference) not in general)
        wanted = "" if one.request.host in odd else _expected(one.request, paths, x)
        refused = any(_refusal(side, "/".join(one.ingress)) for side in (a, b))
        compared.append(_compared(one, x, y, () if refused else left, wanted, to=b, refused=refused))
    only = [Difference(each.harm, f"{each.what} over https", each.a, each.b) for each in common_over_tls if each not in common]
    return compared, [*common, *only]


def _compared(one: Derived, a: Answer, b: Answer, left: tuple[Difference, ...], wanted: str, *, to: Asked, refused: bool) -> Compared:
    if (
        left and left[0].harm is Harm.REDIRECT and b.backends and CHECKS.intersection(one.about)
    ):  # whoever is not let in was sent to sign in
        left = (msgspec.structs.replace(left[0], harm=Harm.OPENED), *left[1:])
    verdict = _verdict(refused=refused, left=bool(left), wanted=bool(wanted))
    reason = known.why(to.name, one.about, left[0]) if left else known.Reason()
    given = set(reason.setting.split()) <= set(to.settings)
    return Compared(
        request=one.line,
        curl=curl(one.request),
        ingress="/".join(one.ingress),
        about=one.about,
        verdict=verdict,
        a=a,
        b=b,
        differences=left,
        expected=wanted if verdict is Verdict.BOTH_WRONG else "",
        why=reason.text,
        source=reason.source,
        setting="" if given else reason.setting,
    )


def _verdict(*, refused: bool, left: bool, wanted: bool) -> Verdict:
    if refused:
        return Verdict.REFUSED
    if left:
        return Verdict.DIFFERENT
    return Verdict.BOTH_WRONG if wanted else Verdict.EQUAL


def of_ingresses(
    routes: Routes, compared: Iterable[Compared], sides: Sequence[Asked], offered: Mapping[Feature, str]
) -> list[IngressFindings]:
    """What is found of each Ingress.

    :param offered: the features of the second controller
    """
    by_name: dict[str, list[Compared]] = {}
    for one in compared:
        by_name.setdefault(one.ingress, []).append(one)
    return [_of_ingress(item, by_name.get("/".join(key_of(item)), []), sides, offered) for item in routes.in_order]


def curl(request: Request) -> str:
    """The request as a line for a shell; ADDRESS stands for the controller's."""
    port = 443 if request.scheme == "https" else 80
    host = request.host or "ADDRESS"
    name = host.partition(":")[0]
    words = ["curl", "--include", "--path-as-is", *(("--insecure",) if port == 443 else ())]
    words += ["--resolve", f"{name}:{port}:ADDRESS"]
    words += ["--request", request.method] if request.method not in ("GET", "POST") else []
    words += [word for header in request.headers for word in ("--header", ": ".join(header))]
    if host != name:
        words += ["--header", f"Host: {host}"]
    if request.body:
        words += ["--data-binary", request.body.decode("latin-1") if len(request.body) < 100 else f"@FILE-OF-{len(request.body)}-BYTES"]
    return shlex.join([*words, f"{request.scheme}://{name}{request.target}"])


def _expected(request: Request, paths: Sequence[Path], answer: Answer) -> str:
    """The backend that the Ingress API names for a request, where another one answered."""
    if not answer.backends or request.headers:
        return ""
    named = specified(paths, (request.host or "").lower().partition(":")[0], request.target)
    wanted = "/".join(named) if named else ""
    return wanted if wanted and (wanted,) != answer.backends else ""


def _of_ingress(item: Object, compared: list[Compared], sides: Sequence[Asked], offered: Mapping[Feature, str]) -> IngressFindings:
    name = "/".join(key_of(item))
    refused = {letter: why for letter, side in zip("AB", sides, strict=True) if (why := _refusal(side, name))}
    fates = [_fate(short, value, compared, offered) for short, value in short_annotations(item).items()]
    different = sum(one.verdict is Verdict.DIFFERENT for one in compared)
    return IngressFindings(name=name, requests=len(compared), different=different, refused=refused, annotations=tuple(fates))


def _refusal(side: Asked, name: str) -> str:
    """Why an Ingress is not served on a side; empty where it may be."""
    return side.refused.get(name) or ("nothing new was served until it was taken away" if name in side.aside else "")


def _fate(name: str, value: str, compared: Iterable[Compared], offered: Mapping[Feature, str]) -> AnnotationFate:
    found = ANNOTATIONS.get(name)
    if found is None:
        return AnnotationFate(name, value, Fate.NEVER, "ingress-nginx has no annotation of this name")
    about = [one for one in compared if name in one.about]
    feature = found.feature
    missing = feature is not None and feature not in offered
    if not about:
        return AnnotationFate(name, value, Fate.UNSEEN, _why(feature) if missing else "", feature.source if missing and feature else "")
    if not any(one.verdict is Verdict.DIFFERENT and _concerns(name, one) for one in about):
        return AnnotationFate(name, value, Fate.KEPT)
    if missing and feature is not None:
        return AnnotationFate(name, value, Fate.LOST, _why(feature), feature.source)
    return AnnotationFate(name, value, Fate.CHANGED)


def _concerns(name: str, one: Compared) -> bool:
    """Whether one of the differences of a request can come of an annotation."""
    return bool(OF_HEADERS.search(name)) or any(each.harm not in (Harm.HEADER, Harm.CERTIFICATE) for each in one.differences)


def _why(feature: Feature | None) -> str:
    return f"the other controller does not offer {feature}: {feature.meaning}" if feature else ""
