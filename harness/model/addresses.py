"""Address arithmetic: ranges as MetalLB writes them, and where in a network there is room for one. Numeric, both families."""

from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from harness.model.errors import UsageFault

Address = IPv4Address | IPv6Address
Subnet = IPv4Network | IPv6Network

#: Addresses in one block: ranges never cross a block, and its first and last address (.0 and .255) are never handed out.
BLOCK = 256
#: Blocks at the top of a network that ranges are cut from; Docker hands out addresses from the bottom.
BLOCKS = 64
#: First and last host number of the example project's pool within the last block: 51 addresses.
EXAMPLE_FIRST, EXAMPLE_LAST = 200, 250


@dataclass(frozen=True, slots=True, order=True)
class AddressRange:
    """A closed range of addresses of one family; its text is ``first-last``."""

    first: Address
    last: Address

    @classmethod
    def parse(cls, text: str) -> "AddressRange":
        """Read ``first-last`` or a CIDR.

        :raises UsageFault: neither of the two, two families, or the wrong way round
        """
        try:
            if "/" in text:
                subnet = ip_network(text.strip())
                return cls(subnet[0], subnet[-1])
            first, last = (ip_address(part.strip()) for part in text.split("-"))
        except ValueError as fault:
            raise UsageFault(
                "an address range: FIRST-LAST or a CIDR", f"{text!r} ({fault})", "write for instance 172.18.255.200-172.18.255.250"
            ) from None
        if first.version != last.version or int(first) > int(last):
            raise UsageFault("a first address not after the last, of one family", repr(text), "swap or correct the two")
        return cls(first, last)

    def __contains__(self, address: object) -> bool:
        known = ip_address(address) if isinstance(address, str) else address
        return isinstance(known, type(self.first)) and int(self.first) <= int(known) <= int(self.last)

    def __len__(self) -> int:
        return int(self.last) - int(self.first) + 1

    def __iter__(self) -> Iterator[Address]:
        return (type(self.first)(number) for number in range(int(self.first), int(self.last) + 1))

    def __str__(self) -> str:
        return f"{self.first}-{self.last}"

    @property
    def family(self) -> int:
        """4 or 6."""
        return self.first.version

    def overlaps(self, other: "AddressRange") -> bool:
        """Whether the two have an address in common."""
        return self.family == other.family and int(self.first) <= int(other.last) and int(other.first) <= int(self.last)


def example_pool(subnet: Subnet, used: Container[Address]) -> AddressRange:
    """The example project's 51 addresses, ``.200`` to ``.250`` of the network's last block.

    :raises UsageFault: the network is too small, or one of the addresses is taken
    """
    if subnet.num_addresses < 2 * BLOCK:
        raise UsageFault("a network of at least two blocks of 256 addresses", str(subnet), "give Docker larger default address pools")
    block = _blocks(subnet)[0]
    pool = AddressRange(block[EXAMPLE_FIRST], block[EXAMPLE_LAST])
    taken = [str(address) for address in pool if address in used]
    if taken:
        raise UsageFault(f"the addresses {pool} to be free", f"in use: {', '.join(taken)}", "detach those containers from the network")
    return pool


def free_range(within: Iterable[AddressRange], size: int, avoid: Container[Address], taken: Iterable[AddressRange]) -> AddressRange | None:
    """The first range of ``size`` addresses in one of ``within`` that meets nothing avoided or taken; nothing when there is none."""
    others = list(taken)
    for area in within:
        run: list[Address] = []
        for address in area:
            blocked = address in avoid or any(address in other for other in others)
            run = [] if blocked else [*run, address]
            if len(run) == size:
                return AddressRange(run[0], run[-1])
    return None


def aligned(within: AddressRange, size: int) -> AddressRange:
    """The first ``size`` addresses of a range that are one CIDR; ``size`` is a power of two, the range holds ``2 * size - 1``."""
    first = within.first + (-int(within.first) % size)
    return AddressRange(first, first + size - 1)


def areas(subnet: Subnet) -> list[AddressRange]:
    """Where ranges may be cut from a run's own network: the blocks below the last one, without their first and last address."""
    return [AddressRange(block[1], block[BLOCK - 2]) for block in _blocks(subnet)[1:]]


def parts(given: AddressRange) -> list[AddressRange]:
    """Where ranges may be cut from a range that somebody gave: its blocks, each without its first and last address."""
    found, first = [], given.first
    while first in given:
        into = int(first) % BLOCK
        last = min(first + (BLOCK - 1 - into), given.last)
        low = first if into else first + 1
        high = last - 1 if int(last) % BLOCK == BLOCK - 1 else last
        found += [AddressRange(low, high)] if int(low) <= int(high) else []
        if last == given.last:
            break
        first = last + 1
    return found


def whole_blocks(given: AddressRange) -> list[AddressRange]:
    """The blocks, ``.0`` to ``.255`` of IPv4, that lie in a range as a whole."""
    first, found = given.first + (-int(given.first) % BLOCK), []
    while int(first) + BLOCK - 1 <= int(given.last):
        found.append(AddressRange(first, first + (BLOCK - 1)))
        first += BLOCK
    return found


def _blocks(subnet: Subnet) -> list[Subnet]:
    """The highest blocks of a network, from the last one down; the lower half stays Docker's."""
    count = min(BLOCKS, subnet.num_addresses // BLOCK // 2 + 1)
    prefix = subnet.max_prefixlen - 8
    top = int(subnet.network_address) + subnet.num_addresses
    return [ip_network((top - BLOCK * (index + 1), prefix)) for index in range(count)]
