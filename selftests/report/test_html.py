"""The pages: one file, no network, sound markup, everything escaped, quick and small."""

import re
from dataclasses import replace
from time import process_time

import pytest
from hypothesis import given

from harness.model.statements import Keyword, Profile
from harness.model.verdicts import Outcome
from harness.report import html, legend
from harness.report.model import Failure, Report
from selftests.report import synthetic
from selftests.report.page import Page, complaints

EMPTY = Report(id="empty", began="", seconds=0.0, command="", planned=0, workers=0, timeout_scale=1.0)
CSS = (html.TEMPLATES / "page.css").read_text(encoding="utf-8")
TEXT_COLOURS = ("ink", "muted", "link", *(outcome.value for outcome in Outcome))
BACKGROUNDS = ("page", "card", "well")


@pytest.mark.parametrize(
    "made", [synthetic.report(), synthetic.nasty(), synthetic.lengthy(), EMPTY], ids=["usual", "nasty", "lengthy", "empty"]
)
def test_the_page_is_sound(made: Report) -> None:
    assert complaints(Page(html.render(made))) == []


@synthetic.unhurried
@given(synthetic.reports())
def test_any_report_renders_to_a_sound_page(made: Report) -> None:
    text = html.render(made)
    text.encode()
    assert complaints(Page(text)) == []


def test_what_is_blocked_stands_under_its_cause() -> None:
    page = Page(html.render(synthetic.report()))
    section = next(one for one in page.all("section") if one.attributes.get("aria-labelledby") == "blocked")
    assert f"blocked by {synthetic.BLOCKS}: no Service gets an address" in section.text
    assert f'<a href="#{synthetic.BLOCKS}">' in page.html
    failure = next(one for one in page.all("article") if one.attributes.get("aria-labelledby") == f"failure-{synthetic.BLOCKS}")
    assert "2 cases" in failure.text


def test_a_cause_that_was_not_run_is_named_without_a_link() -> None:
    made = synthetic.report()
    elsewhere = [replace(result, blocked_by=("XYZ-01",)) if result.blocked_by else result for result in made.results]
    page = Page(html.render(replace(made, results=elsewhere)))
    assert complaints(page) == []
    assert "<bdi>XYZ-01</bdi>" in page.html
    assert 'href="#XYZ-01"' not in page.html


def test_nothing_hostile_becomes_an_element() -> None:
    page = Page(html.render(synthetic.nasty()))
    assert len(page.all("script")) == 1
    assert len(page.all("style")) == 1
    assert page.all("img", "iframe", "object", "embed") == []
    assert "alert" not in page.all("script")[0].text
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufffe\uffff]", page.html)


def test_the_policy_names_the_style_and_the_script_that_are_there() -> None:
    page = Page(html.render(synthetic.report()))
    policy = next(one.attributes["content"] for one in page.all("meta") if one.attributes.get("http-equiv"))
    for tag in ("style", "script"):
        assert html._hash(page.all(tag)[0].text) in policy
    assert policy.startswith("default-src 'none'")
    assert "url(" not in CSS
    assert "@import" not in CSS


def test_every_statement_and_every_failure_is_told() -> None:
    made = synthetic.report()
    page = Page(html.render(made))
    rows = [one for one in page.all("tr") if "data-outcome" in one.attributes]
    assert [row.attributes["role"] for row in rows] == ["row"] * len(made.results)
    for result in made.results:
        row = next(row for row in rows if row.text.startswith(result.id) and (not result.case or f"case {result.case}" in row.text))
        assert result.outcome.replace("-", " ") in row.text
        assert result.text in row.text
        assert result.keyword in row.text
        assert result.profile in row.text
    failed = [one for one in page.all("article") if "failed" in one.attributes["class"]]
    assert len(failed) == 2
    for article in failed:
        for part in (
            "Expected",
            "Seen last",
            "Seen first",
            "30.0 s, 9 attempts",
            "evidence/EXH-",
            "https://metallb.io/usage/",
            "python -m harness run ",
        ):
            assert part in article.text


def test_every_statement_can_be_linked_to() -> None:
    made = synthetic.report()
    twice = replace(made.results[0], case="ipv9, twice")
    page = Page(html.render(replace(made, results=[*made.results, twice], planned=61)))
    rows = {one.attributes["id"]: one for one in page.all("tr") if "data-outcome" in one.attributes}
    assert len(rows) == 61
    assert {"ALL-01", "ALL-01-ipv9_twice", "LIF-01"} <= rows.keys()
    assert "#failure-LIF-01" in [address for _, address in page.addresses()]
    assert "failure-LIF-01" in page.ids()


def test_unmet_statements_are_named_apart_from_the_gate() -> None:
    made = synthetic.report()
    expected = replace(made, results=[replace(one, outcome=Outcome.KNOWN_DEVIATION, link="https://example.org/2") for one in made.results])
    page = Page(html.render(expected))
    first, second = page.classed("claim")
    assert ("As expected" in first.text, "failure" in first.text) == (True, False)
    assert ("CORE failure" in second.text, "As expected" in second.text) == (True, False)
    assert "failed" in second.attributes["class"], "its colour is not that of the gate"
    table = next(one for one in page.all("table") if one.text.strip().startswith("Statements that are not met"))
    assert "LIF-01" in table.text
    assert "https://example.org/2" in table.text


def test_who_judged_is_told() -> None:
    section = Page(html.render(synthetic.report())).html.partition('<h2 id="run">')[2]
    for part in (
        "0.2.0 (0123456789ab)",
        "Docker Engine 28.3.0",
        "2 x Example CPU",
        "8.0 GiB",
        "sha256:" + "d1" * 32,
        "id sha256:" + "5e" * 32,
    ):
        assert part in section


def test_links_of_known_deviations_are_live() -> None:
    page = Page(html.render(_with_evidence(synthetic.report(), Outcome.KNOWN_DEVIATION)))
    section = page.html[page.html.index('<h2 id="deviations">') : page.html.index('<h2 id="unjudged">')]
    assert '<a href="https://example.org/issues/1">https://example.org/issues/1</a>' in section
    assert '<a href="./evidence/EXH-17/">evidence' in section


def test_what_was_not_judged_is_told_by_reason() -> None:
    page = Page(html.render(synthetic.report(200)))
    table = next(one for one in page.all("table") if one.text.strip().startswith("What was not judged"))
    lines = [" ".join(line.split()) for line in table.text.split("\n\n")]
    assert "holds for metallb since 0.17.0; 0.16.1 is under test" in table.text
    assert "EXH-03, EXH-04, LIF-17, LIF-18" in " ".join(lines)


def test_a_distribution_of_few_samples_is_not_drawn() -> None:
    page = Page(html.render(synthetic.report()))
    drawn = [one for one in page.all("table") if "samples or more" in one.text]
    folded = [one for one in page.all("details") if "with fewer than 5 samples" in one.text]
    assert (len(drawn), len(folded)) == (1, 1)
    assert "outage" in folded[0].text
    assert "outage" not in drawn[0].text
    assert len(page.classed("plot")) == 10, "seven subjects measured allocation, one frames, and there are two kinds of waits"


def test_the_legend_explains_every_word_of_a_result() -> None:
    page = Page(html.render(EMPTY))
    words = page.classed("words")[0].text
    explained = [*legend.OUTCOMES, *legend.PROFILES, *legend.KEYWORDS]
    assert explained == [*legend.OUTCOMES, *Profile, *Keyword]
    assert set(legend.OUTCOMES) == set(Outcome)
    assert all(word.replace("_", " ").replace("-", " ") in words for word in explained)


def test_versions_and_claims_stand_above_everything_else() -> None:
    page = Page(html.render(synthetic.report()))
    header = page.all("header")[0].text
    for part in ("Changed", "CORE failure", "metallb 0.16.1", "traefik 3.7.15", "kubernetes 1.36.3", "2 failed"):
        assert part in header


def test_the_filter_stays_away_until_the_script_runs() -> None:
    page = Page(html.render(synthetic.report()))
    forms = page.all("form")
    assert ["hidden" in form.attributes for form in forms] == [True]
    assert [one.attributes["aria-live"] for one in page.all("output")] == ["polite"]
    hidden = [one.tag for one in page.elements if "hidden" in one.attributes]
    assert hidden == ["svg", "form"], "without a script everything else is there"


def test_evidence_and_sources_lead_only_where_they_may() -> None:
    made = synthetic.report(1)
    first = made.results[0]
    failure = synthetic.report(6).results[5].failure
    assert failure
    for hostile in ("javascript:alert(1)", "//evil.example.org", "http://evil.example.org"):
        bad = replace(first, outcome=Outcome.FAILED, source=f"javascript:{hostile}", failure=replace(failure, evidence=hostile))
        page = Page(html.render(replace(made, results=[bad])))
        links = {address for tag, address in page.addresses() if tag == "a" and not address.startswith("#")}
        assert {address for address in links if not address.startswith("./")} == set()
        assert not any(":" in address or address.startswith("//") for address in links)


def test_five_hundred_results_are_quick_and_small() -> None:
    made = synthetic.report(500)
    html.render(synthetic.report(1))
    began = process_time()
    text = html.render(made)
    assert process_time() - began < 2
    assert len(text.encode()) < 2_000_000


def test_five_hundred_failures_with_endless_messages_still_open() -> None:
    made = synthetic.report(500)
    failure = synthetic.report(6).results[5].failure
    assert failure
    endless = replace(failure, message="x" * 100_000, expected="y" * 100_000, last="z" * 100_000)
    text = html.render(replace(made, results=[replace(one, outcome=Outcome.FAILED, failure=endless) for one in made.results]))
    assert len(text.encode()) < 4_000_000


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_has_enough_contrast(theme: str) -> None:
    """WCAG 2.2, 1.4.3: at least 4.5 to 1."""
    colours = _colours(theme)
    poor = {
        (text, ground): round(ratio, 2)
        for text in TEXT_COLOURS
        for ground in BACKGROUNDS
        if (ratio := _contrast(colours[text], colours[ground])) < 4.5
    }
    assert poor == {}


def test_both_themes_colour_the_same_things() -> None:
    assert _colours("light").keys() == _colours("dark").keys()


def _with_evidence(made: Report, outcome: Outcome) -> Report:
    failure = Failure("WrongAnswer", "call", "", evidence="evidence/EXH-17")
    return replace(made, results=[replace(one, failure=failure) if one.outcome is outcome else one for one in made.results])


def _colours(theme: str) -> dict[str, str]:
    light, dark = re.findall(r":root \{(.*?)\}", CSS, re.DOTALL)
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", light if theme == "light" else dark))


def _contrast(one: str, two: str) -> float:
    low, high = sorted((_luminance(one), _luminance(two)))
    return (high + 0.05) / (low + 0.05)


def _luminance(colour: str) -> float:
    """https://www.w3.org/TR/WCAG22/#dfn-relative-luminance"""
    parts = [int(colour[index : index + 2], 16) / 255 for index in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
