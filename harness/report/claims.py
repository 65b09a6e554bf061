"""The second claim of a run: what conforms, per profile, in statements, with what is not met by name.

Meant as in the conformance reports of the Gateway API
(https://github.com/kubernetes-sigs/gateway-api/blob/main/conformance/apis/v1/profilereport.go): a failure outweighs what was left out, and
what was left out makes a result partial. A known deviation excuses nothing here. What is blocked was not judged: the statement that blocks
it says what is not met, and where that is of another profile, this one is partial at most.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from msgspec import Meta

from harness.model.record import Count
from harness.model.statements import Keyword, Profile
from harness.model.verdicts import Conformance, Outcome
from harness.report.formatting import clipped
from harness.report.model import Report, Result

#: The profiles that somebody has to conform to; what the others find is recorded only.
CLAIMED = tuple(profile for profile in Profile if profile is not Profile.OBSERVED)
_UNMET = (Outcome.FAILED, Outcome.KNOWN_DEVIATION)
#: A listed deviation that does not occur is a statement that holds.
_MET = (Outcome.PASSED, Outcome.STALE_DEVIATION)


@dataclass(frozen=True, slots=True)
class Unmet:
    """A statement that is not met: at least one of its cases does not hold."""

    id: Annotated[str, Meta(description="Identifier of the statement.")]
    keyword: Annotated[Keyword, Meta(description="Keyword of RFC 2119.")]
    text: Annotated[str, Meta(description="The statement.")]
    link: Annotated[str, Meta(description="Where the known deviation is told; empty where none is listed.")]


@dataclass(frozen=True, slots=True)
class Claim:
    """What a run says of one profile. The statements are those that are met, unmet, not applicable, and not judged."""

    result: Annotated[
        Conformance,
        Meta(
            description="failure: a MUST is not met; partial: another one is not met, or was not judged though it may apply; "
            "success: everything that applies was judged and is met."
        ),
    ]
    statements: Annotated[Count, Meta(description="How many statements of the profile the suite has.")]
    met: Annotated[Count, Meta(description="How many are met: every case that applies was judged and holds.")]
    unmet: Annotated[tuple[Unmet, ...], Meta(description="Those that are not met, the MUSTs first.")]
    not_applicable: Annotated[Count, Meta(description="How many do not speak of what is under test.")]
    not_judged: Annotated[
        Count,
        Meta(description="How many were left out, skipped, blocked, did not end, or are CORE and lack a feature."),
    ]

    @property
    def judged(self) -> int:
        """How many statements were judged."""
        return self.met + len(self.unmet)

    @property
    def broken_musts(self) -> list[Unmet]:
        """The MUSTs that are not met."""
        return [one for one in self.unmet if one.keyword is Keyword.MUST]


def claims(report: Report) -> dict[Profile, Claim]:
    """The claim on each profile that the suite has statements of; with several controllers, on all of them together."""
    by_profile: defaultdict[Profile, defaultdict[str, list[Result]]] = defaultdict(lambda: defaultdict(list))
    for result in report.results:
        by_profile[result.profile][result.id].append(result)
    known = [profile for profile in CLAIMED if by_profile[profile] or report.catalogue.get(profile)]
    return {profile: _claim(list(by_profile[profile].values()), report.catalogue.get(profile, 0)) for profile in known}


def columns(report: Report) -> dict[str, dict[Profile, Claim]]:
    """The claims on each ingress controller by its name; under no name where the run does not tell several apart."""
    return {name: claims(report.column(name)) for name in report.controllers} or {"": claims(report)}


class State(StrEnum):
    """What became of a statement, the gravest first: with several controllers that of the one for which it is gravest."""

    UNMET = "not met"
    NOT_JUDGED = "not judged"
    MET = "met"
    NOT_APPLICABLE = "not applicable"


def _claim(statements: Sequence[Sequence[Result]], catalogue: int) -> Claim:
    states = Counter(map(state, statements))
    unmet = sorted((_unmet(cases) for cases in statements if _is_unmet(cases)), key=lambda one: (list(Keyword).index(one.keyword), one.id))
    met, not_applicable = states[State.MET], states[State.NOT_APPLICABLE]
    total = max(catalogue, len(statements))
    not_judged = total - met - len(unmet) - not_applicable
    return Claim(_result(met, unmet, not_judged), total, met, tuple(unmet), not_applicable, not_judged)


def state(cases: Iterable[Result]) -> State:
    """What became of a statement, by its cases."""
    with_each: defaultdict[str, list[Result]] = defaultdict(list)
    for case in cases:
        with_each[case.controller].append(case)
    return min(map(_state_with_one, with_each.values()), key=list(State).index)


def _state_with_one(cases: Sequence[Result]) -> State:
    if _is_unmet(cases):
        return State.UNMET
    if _is_met(cases):
        return State.MET
    return State.NOT_APPLICABLE if _does_not_apply(cases) else State.NOT_JUDGED


def _is_unmet(cases: Iterable[Result]) -> bool:
    return any(case.outcome in _UNMET for case in cases)


def _is_met(cases: Sequence[Result]) -> bool:
    """Whether every case that applies holds."""
    outcomes = {case.outcome for case in cases} - {Outcome.NOT_APPLICABLE}
    return _whole(cases) and bool(outcomes) and outcomes.issubset(_MET)


def _does_not_apply(cases: Sequence[Result]) -> bool:
    """Whether nobody asks it here. CORE is asked of everybody: where a feature is lacking that it needs, it was not judged."""
    asked = cases[0].profile is Profile.CORE and cases[0].features
    return _whole(cases) and not asked and all(case.outcome is Outcome.NOT_APPLICABLE for case in cases)


def _whole(cases: Sequence[Result]) -> bool:
    """Whether no case was left out, as where one was named."""
    return len(cases) >= cases[0].cases


def _unmet(cases: Sequence[Result]) -> Unmet:
    first = next(case for case in cases if case.outcome in _UNMET)
    return Unmet(first.id, first.keyword, first.text, next((case.link for case in cases if case.link), ""))


def _result(met: int, unmet: Sequence[Unmet], not_judged: int) -> Conformance:
    if any(one.keyword is Keyword.MUST for one in unmet):
        return Conformance.FAILURE
    if not met and not unmet:
        return Conformance.NOTHING_JUDGED
    return Conformance.PARTIAL if unmet or not_judged else Conformance.SUCCESS


def in_short(made: Mapping[str, Mapping[Profile, Claim]]) -> str:
    """The results of all columns on one line, for instance ``CORE failure, EXTENDED success``, behind the name of each of several."""
    results = {name: ", ".join(f"{profile} {claim.result}" for profile, claim in of_one.items()) for name, of_one in made.items()}
    return "; ".join(f"{name}: {text}" if name else text for name, text in results.items())


def sentence(claim: Claim, level: str) -> str:
    """The numbers behind a result, for instance ``208 of 211 judged statements met; 3 MUST not met; 4 not applicable``."""
    broken = len(claim.broken_musts)
    counted = {
        "MUST not met": broken,
        "SHOULD or MAY not met": len(claim.unmet) - broken,
        "not applicable": claim.not_applicable,
        "not judged" if level == "full" else f"not judged at level {clipped(level, 20)}": claim.not_judged,
    }
    met = f"{claim.met} of {claim.judged} judged statements met" if claim.judged else "no statement judged"
    return "; ".join([met, *(f"{number} {what}" for what, number in counted.items() if number)])
