"""The pages in a real browser, wide and narrow: nothing is wider than what holds it, nothing covers another, whatever is in a report."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from enginetests.browser import Browser, browser
from harness.report import compare, html
from selftests.report import synthetic

FINDINGS = Path(__file__).with_name("layout.js").read_text(encoding="utf-8")
REPORTS = {"usual": synthetic.report(100), "nasty": synthetic.nasty(), "lengthy": synthetic.lengthy()}
#: What the layout of such reports was before, in short: an identifier that does not wrap, and columns that take what they want.
BROKEN = """
.card table { table-layout: auto; }
.stack .id { overflow: visible; }
"""


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browser(tmp_path_factory.mktemp("browser")) as found:
        yield found


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("name", REPORTS)
def test_a_report_keeps_to_its_columns(chromium: Browser, tmp_path: Path, name: str, width: int) -> None:
    assert layout(chromium, tmp_path, html.render(REPORTS[name]), width) == []


@pytest.mark.parametrize("width", [1280, 390])
def test_a_comparison_keeps_to_its_columns(chromium: Browser, tmp_path: Path, width: int) -> None:
    before = REPORTS["lengthy"]
    after = replace(before, results=before.results[5:] + REPORTS["usual"].results)
    outcomes = [replace(one, outcome=other.outcome) for one, other in zip(after.results, before.results, strict=False)]
    found = compare.compare(before, replace(after, results=outcomes))
    assert layout(chromium, tmp_path, compare.page(found), width) == []


def test_a_layout_that_is_broken_is_found(chromium: Browser, tmp_path: Path) -> None:
    """The measure itself: without the fixed columns, a report with long words is wider than its window."""
    text = html.render(REPORTS["lengthy"])
    found = layout(chromium, tmp_path, text, 1280, style=BROKEN)
    assert any("reaches" in one for one in found)
    assert any("characters in" in one for one in found)


def test_a_link_leads_to_its_row_through_the_filter(chromium: Browser, tmp_path: Path) -> None:
    show(chromium, tmp_path, html.render(REPORTS["usual"]), 1280)
    chromium.evaluate("""
        document.querySelector("[name=text]").value = "nothing has this";
        document.getElementById("filter").dispatchEvent(new Event("input"));
    """)
    assert chromium.evaluate("document.getElementById('LIF-01').hidden") is True
    chromium.evaluate("location.hash = 'LIF-01'; window.dispatchEvent(new HashChangeEvent('hashchange'))")
    assert chromium.evaluate("document.getElementById('LIF-01').hidden") is False


def test_the_slowest_first_and_back(chromium: Browser, tmp_path: Path) -> None:
    show(chromium, tmp_path, html.render(REPORTS["usual"]), 1280)
    seconds = "[...document.querySelectorAll('#statements-table tr[data-seconds]')].map((row) => Number(row.dataset.seconds))"
    before = chromium.evaluate(seconds)
    choose(chromium, "order", "seconds")
    ranked = chromium.evaluate(seconds)
    assert ranked == sorted(before, reverse=True)
    assert ranked != before
    choose(chromium, "order", "")
    assert chromium.evaluate(seconds) == before


def test_the_filter_knows_keyword_and_profile_in_any_order(chromium: Browser, tmp_path: Path) -> None:
    show(chromium, tmp_path, html.render(REPORTS["usual"]), 1280)
    rows = [one for one in REPORTS["usual"].results if (one.keyword, one.profile, one.subject) == ("MUST", "CORE", "exhaustion")]
    for name, value in (("order", "seconds"), ("keyword", "MUST"), ("profile", "CORE"), ("subject", "exhaustion")):
        choose(chromium, name, value)
    assert chromium.evaluate("document.querySelectorAll('#statements-table tr[data-outcome]:not([hidden])').length") == len(rows) > 0


def choose(chromium: Browser, name: str, value: str) -> None:
    chromium.evaluate(f"""
        document.querySelector("[name={name}]").value = "{value}";
        document.querySelector("[name={name}]").dispatchEvent(new Event("input", {{bubbles: true}}));
    """)


def show(chromium: Browser, directory: Path, text: str, width: int) -> None:
    page = directory / "report.html"
    page.write_text(text, encoding="utf-8")
    chromium.open(page, width=width)
    assert chromium.evaluate("innerWidth") == width


def layout(chromium: Browser, directory: Path, text: str, width: int, style: str = "") -> list[str]:
    """What is wrong with a page at a width, with a further ``style`` in force."""
    show(chromium, directory, text, width)
    if style:
        chromium.command("Page.setBypassCSP", enabled=True)
        show(chromium, directory, text, width)
        chromium.evaluate(f"document.head.append(Object.assign(document.createElement('style'), {{textContent: `{style}`}}))")
        chromium.command("Page.setBypassCSP", enabled=False)
    return [str(one) for one in chromium.evaluate(FINDINGS)]
