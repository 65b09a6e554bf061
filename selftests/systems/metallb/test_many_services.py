"""What is recorded of a thousand Services, by an allocator in memory."""

from itertools import count
from pathlib import Path
from typing import cast
from unittest.mock import Mock

import pytest

from harness.cluster.api import Object
from harness.cluster.isolation import Ledger
from harness.model.addresses import AddressRange
from harness.model.errors import WrongAnswer
from harness.model.prometheus import Series
from harness.model.record import Record, recording
from harness.systems.metallb.many_services import ManyServices, rates
from harness.systems.metallb.metrics import Metrics
from harness.systems.metallb.pools import Pools
from harness.systems.metallb.services import Services
from selftests.systems.failing import failing
from selftests.systems.fake_api import FakeApi, external


class Allocating(FakeApi):
    """Counts every pool and serves every Service, as long as addresses last."""

    def __init__(self, *, room: int) -> None:
        super().__init__()
        self.free = iter(range(room))
        self.served = count(1)

    def apply(self, *documents: Object, dry_run: bool = False) -> list[Object]:
        return super().apply(*({**item, "status": {"availableIPv4": 1}} for item in documents), dry_run=dry_run)

    def create(self, document: Object, *, dry_run: bool = False) -> Object:
        served = next(self.free, None) is not None
        number = next(self.served)
        address = external(f"198.18.{number // 200}.{number % 200}")
        return super().create({**document, **({"status": address} if served else {})}, dry_run=dry_run)


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger.open(tmp_path / "ledger.json", [AddressRange.parse(f"198.18.{block}.1-198.18.{block}.254") for block in range(4)], [], [])


def many(api: FakeApi) -> ManyServices:
    series = [Series("process_resident_memory_bytes", {}, 3.0 * 1024**2), Series("process_cpu_seconds_total", {}, 7.0)]
    metrics = Mock(spec=Metrics)
    metrics.scrape.return_value = series
    return ManyServices(Services(api, "n1", "metallb.io", "t1"), cast(Metrics, metrics))


def test_addresses_are_offered_and_what_it_took_is_measured(ledger: Ledger, tmp_path: Path) -> None:
    api = Allocating(room=1000)
    with recording(Record()) as kept:
        many(api).allocate(400, Pools(api, ledger, "n1", "t1", 4, tmp_path))
    assert len(api.list("IPAddressPool")) == 2
    found = {(one.name, one.unit): one.value for one in kept.measurements}
    assert found["MetalLB's controller with 400 Services", "MiB"] == 3.0
    assert found["MetalLB's controller before 400 Services", "CPU-seconds"] == 7.0
    assert found["400 Services: last address", "s"] > 0
    assert found["400 Services: allocations a second", "addresses"] > 0


@pytest.mark.usefixtures("short")
def test_services_without_an_address_are_told(ledger: Ledger, tmp_path: Path) -> None:
    api = Allocating(room=7)
    with failing(WrongAnswer, "10 Services have an address each", "7 of 10 Services have one"):
        many(api).allocate(10, Pools(api, ledger, "n1", "t1", 4, tmp_path))


def test_a_rate_is_that_of_about_a_second() -> None:
    assert rates([(0.0, 0), (0.4, 10), (1.1, 55), (1.5, 60), (2.1, 75), (2.3, 76)]) == pytest.approx([50.0, 20.0, 5.0])
    assert rates([(0.0, 0)]) == []
