"""Frames by which hosts ask for and tell link-layer addresses: ARP and neighbour discovery."""

import socket
import struct
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from pathlib import Path

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
BROADCAST = b"\xff" * 6
ETHERTYPE_ARP, ETHERTYPE_IPV6 = 0x0806, 0x86DD
ARP_REQUEST, ARP_REPLY = 1, 2
ICMPV6, SOLICITATION, ADVERTISEMENT = 58, 135, 136
SOURCE_LINK_LAYER, TARGET_LINK_LAYER = 1, 2
#: Ethernet over IPv4 (https://www.rfc-editor.org/rfc/rfc826): hardware, protocol, their lengths, operation, then two pairs of MAC and IP.
ARP = struct.Struct("!HHBBH6s4s6s4s")
#: Where the ICMPv6 message begins in a frame without extension headers, which neighbour discovery does not use.
ICMPV6_AT = 14 + 40
ALL_NODES = IPv6Address("ff02::1").packed
#: The kernel's tables of routes (https://www.man7.org/linux/man-pages/man5/proc_pid_net.5.html), and the flags of a route that is up, and
#: of one that refuses.
ROUTES, ROUTES_6, UP, REJECT = Path("/proc/net/route"), Path("/proc/net/ipv6_route"), 0x1, 0x200


@dataclass(frozen=True)
class Host:
    """One host on the network: its MAC and its address."""

    mac: bytes
    ip: Address


def arp_request(host: Host, target: Address) -> bytes:
    """The frame that asks everybody who has ``target``."""
    packet = ARP.pack(1, 0x0800, 6, 4, ARP_REQUEST, host.mac, host.ip.packed, bytes(6), target.packed)
    return BROADCAST + host.mac + struct.pack("!H", ETHERTYPE_ARP) + packet


def arp_answer(frame: bytes, host: Host, target: Address) -> bytes | None:
    """The MAC that a frame claims for ``target`` in reply to the host, None if it is anything else."""
    if len(frame) < 14 + ARP.size or frame[12:14] != struct.pack("!H", ETHERTYPE_ARP):
        return None
    hardware, protocol, _, _, operation, mac, ip, to_mac, _ = ARP.unpack_from(frame, 14)
    is_reply = (hardware, protocol, operation, ip, to_mac) == (1, 0x0800, ARP_REPLY, target.packed, host.mac)
    return bytes(mac) if is_reply else None


def neighbour_solicitation(host: Host, target: Address) -> bytes:
    """The frame that asks the solicited-node group of ``target`` who has it (https://www.rfc-editor.org/rfc/rfc4861#section-4.3)."""
    group = IPv6Address("ff02::1:ff00:0").packed[:13] + target.packed[13:]
    option = bytes([SOURCE_LINK_LAYER, 1]) + host.mac
    message = struct.pack("!BBHI", SOLICITATION, 0, 0, 0) + target.packed + option
    pseudo = host.ip.packed + group + struct.pack("!II", len(message), ICMPV6)
    message = message[:2] + struct.pack("!H", checksum(pseudo + message)) + message[4:]
    ipv6 = struct.pack("!IHBB", 6 << 28, len(message), ICMPV6, 255) + host.ip.packed + group
    return b"\x33\x33" + group[-4:] + host.mac + struct.pack("!H", ETHERTYPE_IPV6) + ipv6 + message


def neighbour_answer(frame: bytes, host: Host, target: Address) -> bytes | None:
    """The MAC that a frame advertises for ``target`` to the host, None if it is anything else."""
    message = frame[ICMPV6_AT:]
    if len(message) < 24 or frame[12:14] != struct.pack("!H", ETHERTYPE_IPV6) or frame[20] != ICMPV6:
        return None
    hop_limit, to_ip = frame[21], frame[38:54]
    # https://www.rfc-editor.org/rfc/rfc4861#section-7.1.2: a hop limit below 255 means that a router let it through
    if (message[0], message[8:24], hop_limit, to_ip) != (ADVERTISEMENT, target.packed, 255, host.ip.packed):
        return None
    return next((value for kind, value in options(message[24:]) if kind == TARGET_LINK_LAYER), frame[6:12])


def options(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The options of a neighbour discovery message: kind, and value without padding; ends at a malformed one."""
    while len(data) >= 8 and data[1]:
        yield data[0], data[2 : 8 * data[1]]
        data = data[8 * data[1] :]


def checksum(data: bytes) -> int:
    """The Internet checksum (https://www.rfc-editor.org/rfc/rfc1071)."""
    total: int = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total ^ 0xFFFF


def arp_gratuitous(frame: bytes, target: Address) -> tuple[str, bytes] | None:
    """What kind of frame makes ``target`` known unasked, and the MAC it names; None if the frame is anything else."""
    if len(frame) < 14 + ARP.size or frame[12:14] != struct.pack("!H", ETHERTYPE_ARP):
        return None
    _, _, _, _, operation, mac, ip, _, to_ip = ARP.unpack_from(frame, 14)
    # https://www.rfc-editor.org/rfc/rfc5227#section-3: both forms name the address as sender and as target
    if (ip, to_ip) != (target.packed, target.packed):
        return None
    return {ARP_REQUEST: "request", ARP_REPLY: "reply"}.get(operation, "other"), bytes(mac)


def neighbour_gratuitous(frame: bytes, target: Address) -> tuple[str, bytes] | None:
    """An advertisement of ``target`` to all nodes (https://www.rfc-editor.org/rfc/rfc4861#section-7.2.6) and the MAC that it names."""
    message = frame[ICMPV6_AT:]
    if len(message) < 24 or frame[12:14] != struct.pack("!H", ETHERTYPE_IPV6) or frame[20] != ICMPV6:
        return None
    if (message[0], message[8:24], frame[38:54]) != (ADVERTISEMENT, target.packed, ALL_NODES):
        return None
    return "advertisement", next((value for kind, value in options(message[24:]) if kind == TARGET_LINK_LAYER), frame[6:12])


def conflicting_reply(frame: bytes, host: Host, target: Address) -> bytes | None:
    """The frame by which a host answers a request for ``target`` as if it had that address, None where the frame is no such request."""
    if len(frame) < 14 + ARP.size or frame[6:12] == host.mac:
        return None
    _, _, _, _, operation, mac, ip, _, wanted = ARP.unpack_from(frame, 14)
    if (operation, wanted) != (ARP_REQUEST, target.packed) or ip == target.packed:
        return None
    packet = ARP.pack(1, 0x0800, 6, 4, ARP_REPLY, host.mac, target.packed, mac, ip)
    return bytes(mac) + host.mac + struct.pack("!H", ETHERTYPE_ARP) + packet


@dataclass(frozen=True)
class Protocol:
    """How an address is asked for, answered for and made known unasked, in one family."""

    ethertype: int
    family: socket.AddressFamily
    request: Callable[[Host, Address], bytes]
    answer: Callable[[bytes, Host, Address], bytes | None]
    gratuitous: Callable[[bytes, Address], tuple[str, bytes] | None]


PROTOCOLS = {
    "arp": Protocol(ETHERTYPE_ARP, socket.AF_INET, arp_request, arp_answer, arp_gratuitous),
    "ndp": Protocol(ETHERTYPE_IPV6, socket.AF_INET6, neighbour_solicitation, neighbour_answer, neighbour_gratuitous),
}


def source(family: socket.AddressFamily, target: Address) -> Address:
    """The address this host would send from to reach ``target``."""
    with socket.socket(family, socket.SOCK_DGRAM) as datagram:
        datagram.connect((str(target), 9))
        return ip_address(datagram.getsockname()[0])


def interface_to(target: Address) -> str:
    """The name of the interface by which this host reaches ``target``: that of the longest prefix, then of the least metric.

    :raises OSError: no route leads there
    """
    found = [(route, name) for route, name in (routes() if target.version == 4 else routes_6()) if target in route[0]]
    if not found:
        raise OSError(f"no route leads to {target}")
    return max(found, key=lambda one: (one[0][0].prefixlen, -one[0][1]))[1]


def routes() -> Iterator[tuple[tuple[Network, int], str]]:
    """Every IPv4 route: its prefix and metric, and its interface."""
    for line in ROUTES.read_text().splitlines()[1:]:
        name, prefix, _, flags, _, _, metric, mask, *_ = line.split()
        if int(flags, 16) & (UP | REJECT) == UP:
            # both are numbers of the machine's own byte order
            network, bits = IPv4Address(struct.pack("=I", int(prefix, 16))), int(mask, 16).bit_count()
            yield (ip_network(f"{network}/{bits}"), int(metric)), name


def routes_6() -> Iterator[tuple[tuple[Network, int], str]]:
    """Every IPv6 route, but those to this host itself."""
    for line in ROUTES_6.read_text().splitlines():
        prefix, bits, _, _, _, metric, _, _, flags, name = line.split()
        if int(flags, 16) & (UP | REJECT) == UP and name != "lo":
            yield (IPv6Network((bytes.fromhex(prefix), int(bits, 16))), int(metric, 16)), name


def frames(wire: socket.socket, seconds: float) -> Iterator[bytes]:
    """Every frame that arrives in the next ``seconds``."""
    deadline = time.monotonic() + seconds
    while (left := deadline - time.monotonic()) > 0:
        wire.settimeout(left)
        try:
            yield wire.recv(65536)
        except TimeoutError:
            return
