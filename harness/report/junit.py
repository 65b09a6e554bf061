"""``junit.xml`` as GitHub's and GitLab's readers understand it: one test case a result (https://docs.gitlab.com/ci/testing/unit_test_reports/)."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from math import isfinite
from xml.etree import ElementTree as Xml

from harness.model.verdicts import Outcome
from harness.report.claims import claims, sentence
from harness.report.formatting import clipped, number, printable
from harness.report.model import Report, Result
from harness.report.summary import name

#: The element an outcome becomes; a passed case has none. A run that was cut short did not skip its statements.
ELEMENTS = {
    Outcome.FAILED: "failure",
    Outcome.STALE_DEVIATION: "failure",
    Outcome.ENVIRONMENT_ERROR: "error",
    Outcome.NOT_RUN: "error",
    Outcome.BLOCKED: "skipped",
    Outcome.KNOWN_DEVIATION: "skipped",
    Outcome.SKIPPED: "skipped",
    Outcome.NOT_APPLICABLE: "skipped",
}
SUITE = "metallb-ingress-conformance"
#: Characters of a message that GitLab still shows in its list, and of a body before the file grows past what readers accept.
MESSAGE, BODY = 300, 20_000


def render(report: Report) -> str:
    """The text of ``junit.xml``: suites of their own for each of several controllers, and for faults of the environment."""
    root = _element("testsuites", name=SUITE, **_sums(report.results))
    _add_suite(root, SUITE, report, [result for result in report.results if not result.controller])
    for controller in report.controllers:
        own = [result for result in report.results if result.controller == controller]
        _add_suite(root, f"{SUITE} {controller}", report.column(controller), own)
    if report.faults:
        _add_faults(root, report)
    Xml.indent(root)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + Xml.tostring(root, encoding="unicode") + "\n"


def _add_suite(root: Xml.Element, called: str, report: Report, results: Sequence[Result]) -> None:
    suite = _child(root, "testsuite", name=called, timestamp=report.began, time=_seconds(report.seconds), **_sums(results))
    properties = _child(suite, "properties")
    for key, value in _properties(report):
        _child(properties, "property", name=key, value=value)
    for result in results:
        _add_case(suite, result)


def _sums(results: Sequence[Result]) -> dict[str, str]:
    seen = Counter(ELEMENTS.get(result.outcome) for result in results)
    return {"tests": str(len(results)), "failures": str(seen["failure"]), "errors": str(seen["error"]), "skipped": str(seen["skipped"])}


def _properties(report: Report) -> Iterable[tuple[str, str]]:
    yield "run", report.id
    yield "gate", report.gate.value
    yield from _conformance(report)
    yield "command", report.command
    yield "level", report.level
    yield "config", report.config
    yield "timeout-scale", number(report.timeout_scale)
    yield "ip-family", report.ip_family
    for system in report.systems:
        yield f"version.{system.name}", system.version_and_mode
    for what, value in asdict(report.identity).items():
        yield f"identity.{what}", str(value)
    for image in report.images:
        yield f"image.{image.component}", f"{image.reference} {image.digest or image.id}"


def _conformance(report: Report) -> Iterable[tuple[str, str]]:
    for profile, claim in claims(report).items():
        yield f"conformance.{profile}", claim.result.value
        yield f"conformance.{profile}.statements", sentence(claim, report.level)
        yield f"conformance.{profile}.unmet", " ".join(f"{one.keyword}:{one.id}" for one in claim.unmet)


def _add_case(suite: Xml.Element, result: Result) -> None:
    case = _child(
        suite,
        "testcase",
        classname=result.subject,
        name=name(result),
        file=result.nodeid.partition("::")[0],
        time=_seconds(result.seconds),
    )
    element = ELEMENTS.get(result.outcome)
    if element:
        kind = result.failure.kind if result.failure else result.outcome.value
        child = _child(case, element, type=kind, message=clipped(_message(result), MESSAGE))
        child.text = printable(clipped(_body(result), BODY))


def _message(result: Result) -> str:
    if result.failure is None:
        return result.reason or result.outcome.value
    return result.reason or f"expected: {result.failure.expected or result.text}; last: {result.failure.last or result.failure.message}"


def _body(result: Result) -> str:
    lines = [f"{result.keyword} {result.profile}: {result.text}", f"source: {result.source}", f"test: {result.nodeid}"]
    if result.reason:
        lines.append(f"reason: {result.reason}")
    if result.failure:
        lines += [result.failure.message, f"evidence: {result.failure.evidence or 'none'}"]
    return "\n".join(lines)


def _add_faults(root: Xml.Element, report: Report) -> None:
    number_of = str(len(report.faults))
    suite = _child(root, "testsuite", name="environment", tests=number_of, failures="0", errors=number_of, skipped="0")
    for index, fault in enumerate(report.faults, 1):
        case = _child(suite, "testcase", classname="environment", name=f"fault {index}", time="0")
        _child(case, "error", type=Outcome.ENVIRONMENT_ERROR.value, message=clipped(fault, MESSAGE)).text = printable(clipped(fault, BODY))
    for key in ("tests", "errors"):
        root.set(key, str(int(root.get(key, "0")) + len(report.faults)))


def _seconds(value: float) -> str:
    return f"{value:.3f}" if isfinite(value) else "0"


def _element(tag: str, **attributes: str) -> Xml.Element:
    return Xml.Element(tag, {key: printable(value) for key, value in attributes.items()})


def _child(parent: Xml.Element, tag: str, **attributes: str) -> Xml.Element:
    child = _element(tag, **attributes)
    parent.append(child)
    return child
