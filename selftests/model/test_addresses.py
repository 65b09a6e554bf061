from ipaddress import IPv4Address, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.model.addresses import AddressRange, areas, example_pool, free_range, parts
from harness.model.errors import UsageFault

NETWORK = ip_network("172.18.0.0/16")


def span(text: str) -> AddressRange:
    return AddressRange.parse(text)


@pytest.mark.parametrize(
    ("text", "size"),
    [("10.0.0.1-10.0.0.1", 1), ("10.0.0.9 - 10.0.0.10", 2), ("10.0.0.0/30", 4), ("fd00::1-fd00::ff", 255), ("fd00::/120", 256)],
)
def test_range_is_read(text: str, size: int) -> None:
    assert len(span(text)) == size


@pytest.mark.parametrize("text", ["10.0.0.1", "10.0.0.2-10.0.0.1", "10.0.0.1-fd00::1", "a-b", "10.0.0.1/24", "1-2-3", ""])
def test_what_is_no_range_is_told(text: str) -> None:
    with pytest.raises(UsageFault, match="expected: "):
        span(text)


def test_order_is_numeric_not_that_of_text() -> None:
    assert "10.0.0.10" in span("10.0.0.9-10.0.0.11")
    assert "10.0.0.1" not in span("10.0.0.9-10.0.0.11")
    assert "fd00::a" not in span("10.0.0.9-10.0.0.11")


def test_example_has_the_51_addresses_at_the_end_of_the_network() -> None:
    assert str(example_pool(NETWORK, frozenset())) == "172.18.255.200-172.18.255.250"
    assert len(example_pool(NETWORK, frozenset())) == 51
    assert str(example_pool(ip_network("fd00:1::/64"), frozenset())) == "fd00:1::ffff:ffff:ffff:ffc8-fd00:1::ffff:ffff:ffff:fffa"


def test_example_pool_that_is_taken_or_does_not_fit_is_told() -> None:
    with pytest.raises(UsageFault, match=r"in use: 172\.18\.255\.210"):
        example_pool(NETWORK, frozenset({ip_address("172.18.255.210")}))
    with pytest.raises(UsageFault, match="two blocks"):
        example_pool(ip_network("10.0.0.0/24"), frozenset())


def test_areas_are_in_the_upper_half_and_without_ends_of_blocks() -> None:
    found = areas(NETWORK)
    assert str(found[0]) == "172.18.254.1-172.18.254.254"
    assert all(int(area.first) >= int(NETWORK[NETWORK.num_addresses // 2]) for area in found)
    assert not any(f"172.18.{number}.{end}" in area for area in found for number in range(256) for end in (0, 255))


@given(
    size=st.integers(1, 40),
    avoid=st.sets(st.integers(1, 254), max_size=60),
    taken=st.lists(st.tuples(st.integers(1, 254), st.integers(0, 20)), max_size=8),
)
def test_free_range_meets_nothing(size: int, avoid: set[int], taken: list[tuple[int, int]]) -> None:
    base = int(IPv4Address("172.18.254.0"))
    avoided = {IPv4Address(base + number) for number in avoid}
    others = [AddressRange(IPv4Address(base + first), IPv4Address(base + min(first + more, 254))) for first, more in taken]
    found = free_range([areas(NETWORK)[0]], size, avoided, others)
    free = [
        number
        for number in range(1, 255)
        if base + number not in map(int, avoided) and not any(IPv4Address(base + number) in o for o in others)
    ]
    runs = [start for start in free if all(start + step in free for step in range(size))]
    if found is None:
        assert not runs
        return
    assert len(found) == size
    assert int(found.first) - base == runs[0]
    assert not any(found.overlaps(other) for other in others)
    assert not any(address in found for address in avoided)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("192.0.2.0/24", ["192.0.2.1-192.0.2.254"]),
        ("192.0.2.10-192.0.2.20", ["192.0.2.10-192.0.2.20"]),
        ("192.0.2.250-192.0.3.5", ["192.0.2.250-192.0.2.254", "192.0.3.1-192.0.3.5"]),
        ("192.0.2.255-192.0.3.0", []),
        ("2001:db8::10-2001:db8::1ff", ["2001:db8::10-2001:db8::fe", "2001:db8::101-2001:db8::1fe"]),
        ("255.255.255.250-255.255.255.255", ["255.255.255.250-255.255.255.254"]),
    ],
)
def test_a_range_of_somebodys_is_cut_at_the_ends_of_blocks(text: str, expected: list[str]) -> None:
    assert [str(one) for one in parts(AddressRange.parse(text))] == expected
