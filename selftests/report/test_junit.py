"""junit.xml: well-formed whatever is in it, and counted as GitHub and GitLab count."""

from dataclasses import replace
from xml.etree import ElementTree as Xml

from hypothesis import given

from harness.model.verdicts import Outcome
from harness.report import junit
from harness.report.model import Report
from selftests.report import synthetic


def test_one_test_case_a_result() -> None:
    made = synthetic.report()
    root = _parsed(made)
    cases = root.findall("testsuite/testcase")
    assert [(case.get("classname"), case.get("name")) for case in cases] == [
        (result.subject, f"{result.id} {result.case}".strip()) for result in made.results
    ]
    assert cases[0].get("file") == "suites/allocation/test_allocation_0.py"
    assert len({(case.get("classname"), case.get("name")) for case in cases}) == len(cases), "GitLab merges equal names"


def test_outcomes_become_what_readers_know() -> None:
    made = synthetic.report()
    for result, case in zip(made.results, _parsed(made).iter("testcase"), strict=True):
        children = [child.tag for child in case]
        assert children == ([junit.ELEMENTS[result.outcome]] if result.outcome is not Outcome.PASSED else [])
        if result.outcome is Outcome.NOT_APPLICABLE:
            assert case[0].get("message") == "holds for metallb since 0.17.0; 0.16.1 is under test"
        if result.outcome is Outcome.BLOCKED:
            assert (case[0].tag, case[0].get("message")) == (
                "skipped",
                f"blocked by {synthetic.BLOCKS}: no Service gets an address from MetalLB",
            )
        if result.outcome is Outcome.FAILED:
            assert case[0].get("type") == "WrongAnswer"
            assert "evidence: evidence/EXH-" in (case[0].text or "")


def test_the_sums_are_those_of_the_elements() -> None:
    root = _parsed(replace(synthetic.report(), faults=["the engine stopped", "the disk is full"]))
    for parent in (root, *root.findall("testsuite")):
        assert int(parent.get("tests", "")) == len(list(parent.iter("testcase")))
        for name, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            assert int(parent.get(name, "")) == len(list(parent.iter(tag))), name
    assert root.get("failures") == "3"
    assert [case.get("name") for case in root.findall("testsuite")[1]] == ["fault 1", "fault 2"]


def test_claims_versions_and_identity_are_properties() -> None:
    properties = {one.get("name"): one.get("value") for one in _parsed(synthetic.report()).iter("property")}
    assert properties["version.metallb"] == "0.16.1"
    assert properties["gate"] == "changed"
    assert properties["conformance.CORE"] == "failure"
    assert properties["conformance.CORE.unmet"] == "MUST:LIF-01 MAY:BGP-08"
    assert properties["identity.suite"] == "0.2.0"
    assert properties["image.metallb speaker"] == f"quay.io/metallb/speaker:v0.16.1 sha256:{'d1' * 32}"


def test_a_nasty_report_is_well_formed() -> None:
    root = _parsed(synthetic.nasty())
    assert len(root.findall("testsuite/testcase")) == 3 * len(synthetic.NASTY) + len(synthetic.NASTY)


@synthetic.unhurried
@given(synthetic.reports())
def test_any_report_is_well_formed(made: Report) -> None:
    assert len(list(_parsed(made).iter("testcase"))) == len(made.results) + len(made.faults)


def _parsed(made: Report) -> Xml.Element:
    return Xml.fromstring(junit.render(made).encode())
