"""report.md: failures first, below GitHub's limit, nothing in a text that Markdown acts on."""

import re
import shlex
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.model.verdicts import Outcome
from harness.report import markdown, markdown_text
from harness.report.model import Report
from harness.report.summary import again
from selftests.report import synthetic


def test_claims_versions_failures_come_before_everything_else() -> None:
    text = markdown.render(synthetic.report())
    parts = [
        "# Gate: ❌ changed",
        "50 of 60 cases passed, 2 failed",
        "# Conformance: ❌ CORE failure",
        "MUST **LIF-01**",
        "| metallb | 0.16.1 |",
        "## Failures",
        "## Blocked",
        "## Known deviations",
    ]
    parts += ["## Not judged", "## By subject and profile", "## Measurements", "## Statements", "<details>"]
    places = [text.index(part) for part in parts]
    assert places == sorted(places)


def test_a_failure_is_told_in_full() -> None:
    text = markdown.render(synthetic.report())
    failure = text[text.index("### ❌ LIF-01") :]
    for part in ("MUST CORE", "([source](<https://metallb.io", "no address in status", "172.19.255.3", "30.0 s, 9 attempts"):
        assert part in failure[:1200]


def test_what_is_blocked_is_listed_under_its_cause() -> None:
    text = markdown.render(synthetic.report())
    assert "Blocks 2 cases, see below." in text[text.index(f"### ❌ {synthetic.BLOCKS}") :][:1200]
    row = next(line for line in text.splitlines() if line.startswith(f"| {synthetic.BLOCKS} |"))
    assert row.endswith("from MetalLB |  | 2 | EXH-07, SHA-07 |")
    assert "Blocks" not in markdown.render(synthetic.report(40))


def test_what_to_run_again_is_one_word_for_a_shell() -> None:
    one = replace(synthetic.report(1).results[0], nodeid="suites/test_a.py::test_a[$(id) it's]", case="$(id) it's")
    assert shlex.split(again(one))[-1] == one.nodeid
    assert again(replace(one, case="")).endswith("harness run ALL-01")


@pytest.mark.parametrize("limit", [100, 5000, 60_000])
def test_the_limit_holds_and_what_is_left_out_is_counted(limit: int) -> None:
    made = synthetic.report(400)
    text = markdown.render(made, limit)
    assert len(text.encode()) <= max(limit, 200)
    assert re.search(r"\*\*Cut here: \d+ blocks more are in report.html and report.json.\*\*\n\Z", text)


@pytest.mark.parametrize("made", [synthetic.report(400), replace(synthetic.nasty(), faults=["<details>", *synthetic.NASTY])])
@pytest.mark.parametrize("limit", range(2_000, 90_000, 3_001))
def test_what_is_folded_is_closed_wherever_the_text_ends(made: Report, limit: int) -> None:
    lines = markdown.render(made, limit).split("\n")
    assert lines.count("<details><summary>Every case</summary>") == lines.count("</details>") <= 1


def test_what_was_not_judged_is_told_by_reason() -> None:
    text = markdown.render(synthetic.report(200))
    assert "| holds for metallb since 0.17.0; 0.16.1 is under test | not applicable | 4 | EXH-03, EXH-04, LIF-17, LIF-18 |" in text
    assert "| the worker gw2 crashed | not run | 2 | BGP-07, ING-21 |" in text


def test_addresses_in_a_reason_are_links() -> None:
    text = "see (https://example.org/a_b#c), or https://example.org/<x>."
    assert markdown_text.linked(text) == "see (<https://example.org/a_b#c>), or <https://example.org/>&lt;x&gt;."
    assert "redirected with 308: <https://example.org/issues/1>" in markdown.render(synthetic.report())


def test_thousands_of_failures_stay_below_the_limit_with_the_verdict_on_top() -> None:
    made = synthetic.report(60)
    failed = next(one for one in made.results if one.outcome is Outcome.FAILED)
    made = replace(made, results=[replace(failed, case=str(index)) for index in range(3000)], planned=3000)
    text = markdown.render(made)
    assert markdown.LIMIT - 5000 < len(text.encode()) <= markdown.LIMIT
    assert text.startswith("# Gate: ❌ changed\n\n0 of 3000 cases passed, 3000 failed.")


@synthetic.unhurried
@given(st.text(st.characters(exclude_categories=())) | st.sampled_from(synthetic.NASTY))
def test_plain_text_stays_on_its_line_and_in_its_cell(text: str) -> None:
    made = markdown_text.plain(text)
    made.encode()
    assert "\n" not in made
    assert not re.search(r"(?<!\\)(\\\\)*[|`*_\[\]~<>]", made)


@synthetic.unhurried
@given(st.text(st.characters(exclude_categories=())) | st.sampled_from(synthetic.NASTY))
def test_a_code_block_closes_only_at_its_end(text: str) -> None:
    lines = markdown_text.fenced(text).split("\n")
    fence = lines[0].removesuffix("text")
    closing = [line for line in lines[1:] if re.fullmatch(rf"\s*`{{{len(fence)},}}\s*", line)]
    assert closing == [fence]
    assert lines[-2] == fence


@synthetic.unhurried
@given(synthetic.reports())
def test_any_report_renders(made: Report) -> None:
    markdown.render(made).encode()


def test_rows_of_a_nasty_report_have_their_cells() -> None:
    text = markdown.render(synthetic.nasty())
    rows = text[text.index("## Statements") :].split("\n")
    cells = [len(re.split(r"(?<!\\)\|", row)) for row in rows if row.startswith("|")]
    assert len(cells) == 44
    assert set(cells) == {8}
