from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.model.baselines import Deviation, match, new_entry, read_baseline, read_baselines, write_proposal
from harness.model.errors import UsageFault
from harness.model.statements import Gate
from harness.model.versions import holds

ENTRY = '[[deviation]]\nstatement = "{}"\nobserved = "o"\nsays = "s"\nreason = "r"\nlink = "https://example.org/1"\n{}\n'

ids = st.sampled_from(["EXH-01", "EXH-02", "ALC-01"])
cases = st.sampled_from(["", "ipv4", "ipv6"])
versions = st.sampled_from(["0.13.9", "0.14.8", "0.15.2", "0.16.0-rc1", "main"])
bounds = st.none() | versions
deviations = st.builds(
    lambda statement, case, since, until: Deviation(
        statement, "o", "s", "r", "https://e/", Gate("metallb", since, until), Path("metallb.toml"), 1, case
    ),
    ids,
    st.none() | cases,
    bounds,
    bounds,
)


@given(st.lists(deviations, max_size=6), ids, cases, versions)
def test_a_match_speaks_of_the_case_and_the_version(listed: list[Deviation], statement: str, case: str, found: str) -> None:
    eligible = [one for one in listed if one.statement == statement and one.case in (None, case) and holds(one.gate, found)]
    matched = match(listed, statement, case, {"metallb": found})
    assert (matched is None) == (not eligible)
    assert matched is None or matched in eligible
    if matched and matched.case is None:
        assert all(one.case is None for one in eligible)


@given(st.lists(deviations), ids, cases)
def test_what_is_not_under_test_deviates_in_nothing(listed: list[Deviation], statement: str, case: str) -> None:
    assert match(listed, statement, case, {"traefik": "3.7.15"}) is None


ANY = st.text(st.characters(exclude_categories=()))


@given(ANY, ANY)
def test_a_new_entry_can_be_read_once_it_is_filled_in(tmp_path_factory: pytest.TempPathFactory, case: str, observed: str) -> None:
    file = tmp_path_factory.mktemp("baseline") / "metallb.toml"
    entry = new_entry("EXH-01", case, "", f"seen: {observed}")
    filled = {key: value or "https://e/" for key, value in entry.items()}
    (found,) = read_baseline(write_proposal(file, [], [filled], file.parent))
    assert (found.statement, found.line) == ("EXH-01", 1)
    assert found.observed == entry["observed"]
    assert len(found.observed.splitlines()) == 1


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[[deviation]", "Expected"),
        ("x = 1", "x"),
        ("deviation = 1", "deviation"),
        (ENTRY.format("EXH-01", 'colour = "red"'), "line 1: unknown key 'colour'"),
        (ENTRY.format("EXH-01", "case = 4"), "line 1: 'case' has to be a string"),
        (ENTRY.format("EXH-01", 'since = "soon"'), "line 1: 'soon' is neither a version"),
        (ENTRY.format("EXH-01", 'since = "0.15.0"\nuntil = "0.14.0"'), "line 1: no version lies between"),
        (ENTRY.format("EXH-01", "").replace("https:", "see "), "is no http address"),
        ("\n\n" + ENTRY.format("", ""), "line 3: 'statement' is missing or empty"),
        (ENTRY.format("EXH-01", "") * 2, "line 8: EXH-01 is listed in line 1 already"),
    ],
)
def test_a_bad_file_is_refused_with_the_line(tmp_path: Path, text: str, complaint: str) -> None:
    file = tmp_path / "metallb.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(UsageFault) as raised:
        read_baseline(file)
    assert complaint in raised.value.found
    assert str(file) in raised.value.expected


def test_only_baselines_of_what_is_under_test_are_read(tmp_path: Path) -> None:
    (tmp_path / "metallb.toml").write_text(ENTRY.format("EXH-01", ""))
    (tmp_path / "traefik.toml").write_text("this is no TOML")
    assert [one.statement for one in read_baselines(tmp_path / f"{name}.toml" for name in ("metallb", "kubernetes"))] == ["EXH-01"]


def test_a_proposal_keeps_what_is_not_stale(tmp_path: Path) -> None:
    file = tmp_path / "metallb.toml"
    file.write_text("# preamble\n" + ENTRY.format("EXH-01", "# why") + ENTRY.format("EXH-02", "") + ENTRY.format("EXH-03", ""))
    stale = [one for one in read_baseline(file) if one.statement == "EXH-02"]
    proposal = write_proposal(file, stale, [], tmp_path / "run")
    assert proposal == tmp_path / "run" / "metallb.proposed.toml"
    assert [one.statement for one in read_baseline(proposal)] == ["EXH-01", "EXH-03"]
    assert proposal.read_text().startswith("# preamble\n[[deviation]]")
    assert "# why" in proposal.read_text()


def test_a_proposal_is_refused_until_somebody_has_looked(tmp_path: Path) -> None:
    proposal = write_proposal(tmp_path / "metallb.toml", [], [new_entry("EXH-01", "", "0.15.0", "404")], tmp_path)
    with pytest.raises(UsageFault, match="'says' is missing or empty"):
        read_baseline(proposal)


def test_a_proposal_can_drop_the_last_entry_and_add_others(tmp_path: Path) -> None:
    file = tmp_path / "metallb.toml"
    file.write_text("# preamble\n\n" + ENTRY.format("EXH-01", ""))
    stale = read_baseline(file)
    assert write_proposal(file, stale, [], tmp_path).read_text() == "# preamble\n"
    entry = dict.fromkeys(("statement", "observed", "says", "reason"), "EXH-02") | {"link": "https://e/"}
    text = write_proposal(file, stale, [entry, entry | {"case": "ipv4"}], tmp_path).read_text()
    assert text.startswith("# preamble\n\n[[deviation]]\nstatement = ")
    assert text.count("\n\n[[deviation]]\n") == 2
    assert [one.case for one in read_baseline(file.with_suffix(".proposed.toml"))] == [None, "ipv4"]
