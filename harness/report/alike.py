"""Failures that look alike: one fault may turn many statements red, and who reads a report wants to see it once."""

import re
from collections import defaultdict
from dataclasses import dataclass

from harness.model.verdicts import Outcome
from harness.report.model import Report, Result
from harness.report.summary import having

#: How many cases make a group: two may be a coincidence.
LEAST = 3
#: What is another one in every statement: labels, hosts, addresses, identifiers, numbers.
_OWN = re.compile(
    r"""(?x)
    \b[a-z0-9*-]+(?:\.[a-z0-9-]+)*\.(?:test|com|local)\b(?::\d+)?   # hosts
    | \b\d{1,3}(?:\.\d{1,3}){3}(?:/\d+|:\d+)?\b | \b[0-9a-f]*:[0-9a-f:]*:[0-9a-f]+\b   # addresses
    | \b[nt][0-9a-f]{6}(?:-[\w-]+)?\b | \b[0-9a-f]{8,}\b   # labels and digests
    | \b\d+(?:\.\d+)?\b   # numbers
    """
)


@dataclass(frozen=True, slots=True)
class Alike:
    """Cases that failed in the same way.

    :param what: the first of the differences, as the first of them says it
    :param statements: their identifiers, in order and each once
    :param seconds: between the first that began to fail and the last
    """

    what: str
    cases: int
    statements: list[str]
    seconds: float


def alike(report: Report) -> list[Alike]:
    """The groups of failures of which each says the same but for names and numbers, the largest first."""
    groups: defaultdict[str, list[Result]] = defaultdict(list)
    for result in having(report, Outcome.FAILED):
        if difference := _difference(result):
            groups[_OWN.sub("#", difference)].append(result)
    found = [_group(results) for results in groups.values() if len(results) >= LEAST]
    return sorted(found, key=lambda one: -one.cases)


def _group(results: list[Result]) -> Alike:
    began = [result.started for result in results]
    return Alike(_difference(results[0]), len(results), list(dict.fromkeys(result.id for result in results)), max(began) - min(began))


def _difference(result: Result) -> str:
    """The first line in which what was seen differs from what had to be; empty where a failure says none."""
    seen = result.failure.last or result.failure.message if result.failure else ""
    lines = [line.strip() for line in seen.splitlines() if line.strip()]
    named = [line.removeprefix("- ") for line in lines if line.startswith("- ")]
    return next(iter(named or lines), "")
