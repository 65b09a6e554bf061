"""What is kept of runs, and the tables made of it."""

from dataclasses import replace
from pathlib import Path

import pytest

from harness.model.errors import UsageFault
from harness.model.statements import CORE, EXTENDED, Profile
from harness.model.verdicts import Outcome
from harness.report import published
from harness.report.claims import State
from harness.report.model import Report, Result, SystemUnderTest
from harness.report.published import as_markdown, of_report, read, read_metallb, with_summary, write
from selftests.report import synthetic

BEGIN, END = (mark.format(of="") for mark in (published.BEGIN, published.END))
OF_METALLB = [mark.format(of=" metallb") for mark in (published.BEGIN, published.END)]
BASE = synthetic.report(1)
KNOWN = ("traefik", "contour", "ingress-nginx")


def case(identifier: str, controller: str, outcome: Outcome, profile: Profile = CORE) -> Result:
    plain = replace(BASE.results[0], id=identifier, outcome=outcome, profile=profile, features=(), cases=1, blocked_by=(), failure=None)
    reason, link = ("the text says one, two is seen", "https://x.example") if outcome is Outcome.KNOWN_DEVIATION else ("", "")
    nodeid = f"suites/{'ingress' if controller or identifier.startswith('PTH') else 'metallb'}/x.py::test_x"
    return replace(plain, reason=reason, link=link, nodeid=nodeid, controller=controller)


def run(*results: Result, systems: tuple[str, ...] = ("metallb", "traefik", "contour")) -> Report:
    versions = [SystemUnderTest(name, "1.2.3", mode="frr" if name == "metallb" else "") for name in systems]
    return replace(BASE, results=list(results), planned=len(results), catalogue={}, faults=[], systems=versions)


TWO = run(
    case("ALC-01", "", Outcome.PASSED),
    case("PTH-01", "traefik", Outcome.PASSED),
    case("PTH-01", "contour", Outcome.KNOWN_DEVIATION),
    case("PTH-02", "traefik", Outcome.NOT_APPLICABLE, EXTENDED),
    case("PTH-02", "contour", Outcome.PASSED, EXTENDED),
)


def test_each_controller_of_a_run_is_kept_with_what_depends_on_it() -> None:
    traefik, contour, _ = of_report(TWO, KNOWN)
    assert (traefik.file, traefik.version, traefik.systems) == ("traefik.json", "1.2.3", {"metallb": "1.2.3"})
    assert {name: one.state for name, one in traefik.statements.items()} == {"PTH-01": State.MET, "PTH-02": State.NOT_APPLICABLE}
    assert (contour.met(CORE), contour.met(EXTENDED)) == ((0, 1), (1, 1))
    assert contour.statements["PTH-01"].link == "https://x.example"


def test_a_run_with_one_controller_has_one_column() -> None:
    (one,) = of_report(run(case("PTH-01", "", Outcome.PASSED), systems=("metallb", "contour")), KNOWN)
    assert (one.controller, one.met(CORE)) == ("contour", (1, 1))


@pytest.mark.parametrize(
    "report",
    [run(case("DEP-01", "", Outcome.PASSED), systems=("traefik",)), replace(TWO, results=[case("PTH-01", "traefik", Outcome.NOT_RUN)])],
    ids=["no controller", "not ended"],
)
def test_a_run_that_says_nothing_of_a_controller_is_refused(report: Report) -> None:
    with pytest.raises(UsageFault, match="judged an ingress controller or MetalLB to its end"):
        of_report(report, KNOWN)


def test_what_is_kept_is_read_back_the_most_conforming_first(tmp_path: Path) -> None:
    kept = of_report(TWO, KNOWN)[:2]
    assert [file.name for file in write(reversed(kept), tmp_path)] == ["contour.json", "traefik.json"]
    assert read(tmp_path) == kept
    (tmp_path / "x.json").write_text("{}")
    with pytest.raises(UsageFault, match=r"x\.json"):
        read(tmp_path)


def test_the_table_has_the_statements_that_somebody_does_not_meet() -> None:
    text = as_markdown(of_report(TWO, KNOWN)[:2])
    assert "| [PTH-01](../../docs/statements.md#pth-01) | MUST CORE | met | **not met** |" in text
    assert "[PTH-02]" not in text
    assert "- PTH-01: the text says one, two is seen ([more](https://x.example))" in text


def test_the_readme_gets_a_line_for_each() -> None:
    text = with_summary(f"before\n{BEGIN}\nold\n{END}\nafter\n", of_report(TWO, KNOWN)[:2])
    assert text.startswith(f"before\n{BEGIN}\n| Controller |")
    assert "| [contour 1.2.3](reports/published/README.md) | 0 of 1 | 1 of 1 | 1 | 1 | 0 |" in text
    assert text.endswith(f"{END}\nafter\n")
    assert "old" not in text
    with pytest.raises(UsageFault, match="put them back"):
        with_summary("nothing", [])


def test_stale_tables_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(published, "ROOT", tmp_path)
    monkeypatch.setattr(published, "FOLDER", tmp_path / "published")
    monkeypatch.setattr(published, "read", lambda: of_report(TWO, KNOWN)[:2])
    monkeypatch.setattr(published, "read_metallb", list)
    (tmp_path / "published" / "metallb").mkdir(parents=True)
    (tmp_path / "README.md").write_text("\n".join([BEGIN, END, *OF_METALLB, ""]))
    with pytest.raises(UsageFault, match=r"stale: published/README\.md, README\.md"):
        published.check()
    assert len(published.write_tables()) == 2
    assert "None is published yet." in (tmp_path / "README.md").read_text()
    published.check()


def test_metallb_is_kept_by_version_mode_and_kubernetes(tmp_path: Path) -> None:
    held, broken = case("ALC-01", "", Outcome.PASSED), case("BGP-01", "", Outcome.KNOWN_DEVIATION, EXTENDED)
    (one,) = of_report(run(held, broken, systems=("metallb", "kubernetes")), KNOWN)
    assert (one.file, one.title, one.met(EXTENDED)) == ("metallb/1.2.3-frr-kubernetes-1.2.3.json", "1.2.3 frr on 1.2.3", (0, 1))
    older = replace(one, version="0.13.12")
    write([older, one], tmp_path)
    assert read_metallb(tmp_path) == [one, older]
    assert read(tmp_path) == []
    text = as_markdown([one, older])
    assert "| Statement |  | 1.2.3 frr on 1.2.3 | 0.13.12 frr on 1.2.3 |" in text
    assert "[BGP-01](../../../docs/statements.md#bgp-01)" in text
    lines = with_summary("\n".join(OF_METALLB), [one], " metallb")
    assert "| [1.2.3 frr on 1.2.3](reports/published/metallb/README.md) | 1 of 1 | 0 of 1 |" in lines
