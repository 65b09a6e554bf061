from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.model.statements import CONTROLLER, Gate
from harness.model.versions import NEWEST, holds, label, mismatch, version

numbers = st.lists(st.integers(0, 99), min_size=2, max_size=3).filter(any)
releases = numbers.map(lambda parts: ".".join(map(str, parts)))
suffixes = st.sampled_from(
    ["", "-rc1", "rc1", "-dev", "+local.1", "-0.20260801120000-0123456789ab", "-gke.1", "-beta.2", ".dev3", "-alpine"]
)


def dotted(parts: list[int]) -> str:
    return ".".join(map(str, parts))


@given(numbers, numbers)
def test_releases_are_ordered_by_their_numbers(first: list[int], second: list[int]) -> None:
    padded = [parts + [0] * (3 - len(parts)) for parts in (first, second)]
    assert (version(dotted(first)) < version(dotted(second))) == (padded[0] < padded[1])


@given(releases, suffixes, st.sampled_from(["", "v"]))
def test_a_build_counts_as_the_release_it_leads_to(release: str, suffix: str, prefix: str) -> None:
    assert version(f"{prefix}{release}{suffix}") == version(release)


@given(releases, releases, releases)
def test_ranges_are_half_open(one: str, two: str, three: str) -> None:
    since, inside, until = sorted((one, two, three), key=version)
    gate = Gate("metallb", since, until)
    assert holds(gate, inside) == (version(inside) < version(until))
    assert not holds(gate, until)
    assert holds(Gate("metallb", since), inside)
    assert holds(Gate("metallb", since), "main")
    assert not holds(Gate("metallb", None, until), "v0.0.0-20260801120000-0123456789ab")


@given(releases, releases, releases)
def test_a_range_and_its_end_share_no_version(bound: str, other: str, found: str) -> None:
    assert holds(Gate("metallb", None, bound), found) != holds(Gate("metallb", bound), found)
    assert holds(Gate("metallb", min(bound, other, key=version)), found) >= holds(Gate("metallb", bound), found)


@pytest.mark.parametrize("name", ["main", "latest", "dev", "DEV", "master-amd64", "main-1234abc"])
def test_a_build_without_a_number_is_newest(name: str) -> None:
    assert version(name) == NEWEST > version("9999.0")


@given(st.text(max_size=12))
def test_any_text_is_a_version_or_refused(text: str) -> None:
    with suppress(ValueError):
        assert version(text) <= NEWEST or "!" in text


@pytest.mark.parametrize("text", ["", "banana", "v", "1..2", "٣.٤", "1,2"])
def test_what_is_no_version_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="neither a version"):
        version(text)


@pytest.mark.parametrize(
    ("gate", "reason"),
    [
        (Gate("metallb"), None),
        (Gate("metallb", "0.14.9"), None),
        (Gate("metallb", "0.15.0"), "needs metallb >= 0.15.0, this is 0.14.9"),
        (Gate("metallb", "0.13.9", "0.14.9"), "needs metallb >= 0.13.9, < 0.14.9, this is 0.14.9"),
        (Gate("kubernetes"), None),
        (Gate("kubernetes", "1.30"), "needs kubernetes >= 1.30, which is not under test"),
        (Gate(CONTROLLER), None),
        (Gate("traefik"), "needs traefik, which is not under test"),
    ],
)
def test_a_mismatch_says_why(gate: Gate, reason: str | None) -> None:
    assert mismatch(gate, {"metallb": "0.14.9"}) == reason


def test_a_gate_is_told_in_words() -> None:
    assert label(Gate("metallb", "0.13.9", "0.15.0")) == "metallb >= 0.13.9, < 0.15.0"
    assert label(Gate("metallb", until="0.15.0")) == "metallb < 0.15.0"
    assert label(Gate("metallb")) == "metallb"
