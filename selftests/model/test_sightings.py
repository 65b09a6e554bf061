"""What answers on the wire say, by hand-made histories."""

from ipaddress import ip_address

import pytest

from harness.model.errors import StatementFailed, Unanswered
from harness.model.sightings import Answer, Answerers, exactly_one, silence

ADDRESS = ip_address("192.0.2.10")


def history(*macs: str, requests: int = 3) -> Answerers:
    answers = tuple(Answer(mac, str(ADDRESS), 100.001 + index * 0.2) for index, mac in enumerate(macs))
    return Answerers(ADDRESS, tuple(100 + index * 0.2 for index in range(requests)), answers)


@pytest.mark.parametrize("macs", [("02:aa",), ("02:aa", "02:aa"), ("02:aa",) * 4])
def test_one_answerer_is_one_however_often_it_answers(macs: tuple[str, ...]) -> None:
    assert exactly_one(history(*macs)) == "02:aa"


@pytest.mark.parametrize("macs", [("02:aa", "02:bb"), ("02:aa", "02:aa", "02:bb"), ("02:aa", "02:bb", "02:aa")])
def test_two_answerers_are_never_one(macs: tuple[str, ...]) -> None:
    with pytest.raises(StatementFailed, match=r"exactly one node answers for 192\.0\.2\.10"):
        exactly_one(history(*macs))


def test_nobody_is_no_answer() -> None:
    with pytest.raises(Unanswered, match=r"ARP 192\.0\.2\.10, asked 3 times: silence"):
        exactly_one(history())


def test_silence() -> None:
    quiet = history()
    assert silence(quiet) is quiet
    with pytest.raises(StatementFailed, match="nobody answers for"):
        silence(history("02:aa"))


def test_a_history_is_told_in_one_line() -> None:
    assert str(history("02:aa", "02:bb")) == "ARP 192.0.2.10, asked 3 times: 02:aa after 0.001 s, 02:bb after 0.201 s"
    assert str(Answerers(ip_address("2001:db8::1"), (1.0,), ())) == "NDP 2001:db8::1, asked 1 times: silence"
