from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest

from harness.cluster import isolation
from harness.cluster.isolation import Ledger, unrouted
from harness.model.addresses import AddressRange
from harness.model.errors import EnvironmentFault, NotApplicable

AREA = AddressRange.parse("10.0.1.1-10.0.1.254")


def ledger(tmp_path: Path) -> Ledger:
    return Ledger.open(tmp_path / "ledger.json", [AREA], [AddressRange.parse("10.0.1.3-10.0.1.3").first], [])


def test_ranges_are_disjoint_and_avoid_what_is_in_use(tmp_path: Path) -> None:
    book = ledger(tmp_path)
    assert [str(book.take(2, 4)) for _ in range(3)] == ["10.0.1.1-10.0.1.2", "10.0.1.4-10.0.1.5", "10.0.1.6-10.0.1.7"]


def test_range_given_back_is_not_the_next_one(tmp_path: Path) -> None:
    book = ledger(tmp_path)
    first = book.take(2, 4)
    book.give_back(first)
    assert not book.take(2, 4).overlaps(first)


def test_ledger_goes_round_when_the_end_is_reached(tmp_path: Path) -> None:
    book = ledger(tmp_path)
    held = [book.take(50, 4) for _ in range(5)]
    with pytest.raises(EnvironmentFault, match="5 ranges are taken"):
        book.take(50, 4)
    book.give_back(held[0])
    assert book.take(50, 4) == held[0]


def test_family_without_a_network_is_told(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentFault, match="IPv6"):
        ledger(tmp_path).take(1, 6)


def _take(file: Path) -> list[str]:
    return [str(Ledger(file).take(3, 4)) for _ in range(10)]


def test_processes_never_share_a_range(tmp_path: Path) -> None:
    ledger(tmp_path)
    with ProcessPoolExecutor(4, mp_context=get_context("spawn")) as pool:
        taken = [text for part in pool.map(_take, [tmp_path / "ledger.json"] * 4) for text in part]
    ranges = [AddressRange.parse(text) for text in taken]
    assert len(ranges) == 40
    assert not any(one.overlaps(other) for index, one in enumerate(ranges) for other in ranges[:index])


def test_a_range_that_never_has_room_says_so_and_one_that_has_not_now_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(isolation, "PATIENCE", 0.3)
    book = Ledger.open(tmp_path / "ledger.json", [AddressRange.parse("192.0.2.1-192.0.2.4")], [], [], small=True)
    with pytest.raises(NotApplicable, match="needs 5 IPv4 addresses in a row, for which --pool has no room"):
        book.take(5, 4)
    held = book.take(4, 4)
    with pytest.raises(EnvironmentFault, match="give a larger --pool"):
        book.take(1, 4)
    book.give_back(held)
    assert len(book.take(1, 4)) == 1


def test_blocks_that_nobody_has_are_none_of_a_guests(tmp_path: Path) -> None:
    with pytest.raises(NotApplicable, match="a whole block"):
        unrouted(tmp_path)
