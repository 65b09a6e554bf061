"""What answers on the wire say, by hand-made histories."""

from ipaddress import ip_address

import pytest

from harness.model.errors import StatementFailed, Unanswered
from harness.model.layer2_observations import (
    Answer,
    Gratuitous,
    Resolution,
    announcer_periods,
    bursts,
    duplicate_answers,
    expect_one_announcer,
    expect_silence,
    expect_steady_announcer,
)

ADDRESS = ip_address("192.0.2.10")


def history(*macs: str, requests: int = 3) -> Resolution:
    answers = tuple(Answer(mac, str(ADDRESS), 100.001 + index * 0.2) for index, mac in enumerate(macs))
    return Resolution(ADDRESS, tuple(100 + index * 0.2 for index in range(requests)), answers)


@pytest.mark.parametrize("macs", [("02:aa",), ("02:aa", "02:aa"), ("02:aa",) * 4])
def test_one_answerer_is_one_however_often_it_answers(macs: tuple[str, ...]) -> None:
    assert expect_one_announcer(history(*macs)) == "02:aa"


@pytest.mark.parametrize("macs", [("02:aa", "02:bb"), ("02:aa", "02:aa", "02:bb"), ("02:aa", "02:bb", "02:aa")])
def test_two_answerers_are_never_one(macs: tuple[str, ...]) -> None:
    with pytest.raises(StatementFailed, match=r"exactly one node answers for 192\.0\.2\.10"):
        expect_one_announcer(history(*macs))


@pytest.mark.parametrize(("answered", "steady"), [("........", True), (".--.--..", True), (".....---", False), ("..---...", False)])
def test_an_answerer_that_stops_is_not_steady(answered: str, steady: bool) -> None:
    asked = tuple(100 + index * 0.25 for index in range(len(answered)))
    answers = tuple(Answer("02:aa", str(ADDRESS), at + 0.001) for at, mark in zip(asked, answered, strict=True) if mark == ".")
    if steady:
        assert expect_steady_announcer(Resolution(ADDRESS, asked, answers)) == "02:aa"
    else:
        with pytest.raises(StatementFailed, match="all the time"):
            expect_steady_announcer(Resolution(ADDRESS, asked, answers))


@pytest.mark.parametrize(("late", "steady"), [([1.3, 1.3, 1.3, 1.3, 1.3], True), ([1.3, 1.3], False), ([4.5, 4.5, 4.5, 4.5, 4.5], False)])
def test_answers_that_come_together_are_those_of_several_requests(late: list[float], steady: bool) -> None:
    asked = tuple(100 + index * 0.25 for index in range(8))
    in_time = [100.001, *(one + 0.001 for one in asked[6:])]
    answers = tuple(Answer("02:aa", str(ADDRESS), at) for at in (*in_time, *(100 + one for one in late)))
    if steady:
        assert expect_steady_announcer(Resolution(ADDRESS, asked, answers)) == "02:aa"
    else:
        with pytest.raises(StatementFailed, match=r"unanswered: \.---"):
            expect_steady_announcer(Resolution(ADDRESS, asked, answers))


def test_who_answers_twice_makes_good_for_nothing() -> None:
    asked = tuple(100 + index * 0.25 for index in range(8))
    answers = tuple(Answer("02:aa", str(ADDRESS), at + late) for at in (asked[0], *asked[4:]) for late in (0.001, 0.002))
    with pytest.raises(StatementFailed, match=r"unanswered: \.---\.\.\.\."):
        expect_steady_announcer(Resolution(ADDRESS, asked, answers))


def test_nobody_is_no_answer() -> None:
    with pytest.raises(Unanswered, match=r"ARP 192\.0\.2\.10, asked 3 times: silence"):
        expect_one_announcer(history())


def test_silence() -> None:
    quiet = history()
    assert expect_silence(quiet) is quiet
    with pytest.raises(StatementFailed, match="nobody answers for"):
        expect_silence(history("02:aa"))


def test_a_history_is_told_in_one_line() -> None:
    assert str(history("02:aa", "02:bb")) == "ARP 192.0.2.10, asked 3 times: 02:aa after 0.001 s, 02:bb after 0.201 s"
    assert str(Resolution(ip_address("2001:db8::1"), (1.0,), ())) == "NDP 2001:db8::1, asked 1 times: silence"


def answers(*seen: tuple[float, str]) -> list[Answer]:
    return [Answer(mac, str(ADDRESS), at) for at, mac in seen]


def test_turns_follow_each_other_and_flapping_shows() -> None:
    seen = announcer_periods(answers((1, "02:aa"), (2, "02:aa"), (3, "02:bb"), (4, "02:aa")))
    assert [(period.mac, period.began, period.ended) for period in seen] == [("02:aa", 1, 2), ("02:bb", 3, 3), ("02:aa", 4, 4)]
    assert announcer_periods([]) == []


def test_two_at_once_are_two_answers_to_one_request() -> None:
    asked = [1.0, 2.0, 3.0]
    assert duplicate_answers(asked, answers((1.001, "02:aa"), (2.001, "02:bb"), (3.001, "02:bb"))) == []
    assert duplicate_answers(asked, answers((1.001, "02:aa"), (2.001, "02:aa"), (2.002, "02:bb"), (3.001, "02:bb"))) == [2.0]
    assert duplicate_answers(asked, answers((0.5, "02:aa"), (0.6, "02:bb"))) == [], "answers before the first request belong to none"


def test_frames_that_come_together_are_one_burst() -> None:
    frames = [Gratuitous(kind, "02:aa", at) for at in (5.0, 6.1, 7.2) for kind in ("request", "reply")]
    assert [len(burst) for burst in bursts(frames)] == [2, 2, 2]
    assert bursts([]) == []
