"""Failures that look alike are told once."""

from dataclasses import replace

from harness.model.verdicts import Outcome
from harness.report import html, markdown
from harness.report.alike import alike
from harness.report.model import Failure, Report, Result
from selftests.report import synthetic


def failing(*lasts: str, outcome: Outcome = Outcome.FAILED) -> Report:
    base = synthetic.report(len(lasts))
    results: list[Result] = [
        replace(
            result,
            id=f"HST-{number:02}",
            case="",
            outcome=outcome,
            started=float(number),
            failure=Failure("WrongAnswer", "call", last, "e", last),
        )
        for number, (result, last) in enumerate(zip(base.results, lasts, strict=True))
    ]
    return replace(base, results=results)


def host(name: str) -> str:
    return f"200 from shared-routes/one\n  - host at the backend: expected {name}, found evil.test\n  - port: expected 80, found 81"


def test_failures_that_say_the_same_but_for_names_and_numbers_are_one_group() -> None:
    (found,) = alike(failing(host("a.t12ab34.test"), host("b.t99ffee.test"), host("c.test"), "timed out after 3 s"))
    assert (found.cases, found.statements, found.seconds) == (3, ["HST-00", "HST-01", "HST-02"], 2.0)
    assert found.what == "host at the backend: expected a.t12ab34.test, found evil.test"


def test_other_differences_and_few_are_none() -> None:
    assert alike(failing(host("a.test"), host("b.test"), "status: expected 200, found 404")) == []
    assert alike(failing(*[host("a.test")] * 3, outcome=Outcome.KNOWN_DEVIATION)) == []


def test_groups_come_first_among_the_failures_of_every_rendering() -> None:
    found = failing(*[host("<b>.test")] * 3)
    assert "Alike" in html.render(found)
    assert "<b>.test" not in html.render(found)
    assert "alike" in markdown.render(found)
