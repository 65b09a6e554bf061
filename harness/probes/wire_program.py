"""Runs in a container on the cluster's network and asks who has an address; standard library only, one JSON object a line.

``python3 wire_program.py arp|ndp ADDRESS [--count N] [--interval SECONDS] [--timeout SECONDS] [--interface NAME]``

Lines: ``{"asked": TIME}`` for a request sent, ``{"mac": ..., "ip": ..., "at": TIME}`` for an answer to us, in CLOCK_REALTIME seconds.
"""

import argparse
import json
import socket
import struct
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address

Address = IPv4Address | IPv6Address
BROADCAST = b"\xff" * 6
ETHERTYPE_ARP, ETHERTYPE_IPV6 = 0x0806, 0x86DD
ARP_REQUEST, ARP_REPLY = 1, 2
ICMPV6, SOLICITATION, ADVERTISEMENT = 58, 135, 136
SOURCE_LINK_LAYER, TARGET_LINK_LAYER = 1, 2
#: Ethernet over IPv4 (https://www.rfc-editor.org/rfc/rfc826): hardware, protocol, their lengths, operation, then two pairs of MAC and IP.
ARP = struct.Struct("!HHBBH6s4s6s4s")
#: Where the ICMPv6 message begins in a frame without extension headers, which neighbour discovery does not use.
ICMPV6_AT = 14 + 40


@dataclass(frozen=True)
class Asker:
    """Who asks: the MAC and the address that the answers go to."""

    mac: bytes
    ip: Address


def arp_request(asker: Asker, target: Address) -> bytes:
    """The frame that asks everybody who has ``target``."""
    packet = ARP.pack(1, 0x0800, 6, 4, ARP_REQUEST, asker.mac, asker.ip.packed, bytes(6), target.packed)
    return BROADCAST + asker.mac + struct.pack("!H", ETHERTYPE_ARP) + packet


def arp_answer(frame: bytes, asker: Asker, target: Address) -> bytes | None:
    """The MAC that a frame claims for ``target`` in reply to the asker, None if it is anything else."""
    if len(frame) < 14 + ARP.size or frame[12:14] != struct.pack("!H", ETHERTYPE_ARP):
        return None
    hardware, protocol, _, _, operation, mac, ip, to_mac, _ = ARP.unpack_from(frame, 14)
    is_reply = (hardware, protocol, operation, ip, to_mac) == (1, 0x0800, ARP_REPLY, target.packed, asker.mac)
    return bytes(mac) if is_reply else None


def neighbour_solicitation(asker: Asker, target: Address) -> bytes:
    """The frame that asks the solicited-node group of ``target`` who has it (https://www.rfc-editor.org/rfc/rfc4861#section-4.3)."""
    group = IPv6Address("ff02::1:ff00:0").packed[:13] + target.packed[13:]
    option = bytes([SOURCE_LINK_LAYER, 1]) + asker.mac
    message = struct.pack("!BBHI", SOLICITATION, 0, 0, 0) + target.packed + option
    pseudo = asker.ip.packed + group + struct.pack("!II", len(message), ICMPV6)
    message = message[:2] + struct.pack("!H", checksum(pseudo + message)) + message[4:]
    ipv6 = struct.pack("!IHBB", 6 << 28, len(message), ICMPV6, 255) + asker.ip.packed + group
    return b"\x33\x33" + group[-4:] + asker.mac + struct.pack("!H", ETHERTYPE_IPV6) + ipv6 + message


def neighbour_answer(frame: bytes, asker: Asker, target: Address) -> bytes | None:
    """The MAC that a frame advertises for ``target`` to the asker, None if it is anything else."""
    message = frame[ICMPV6_AT:]
    if len(message) < 24 or frame[12:14] != struct.pack("!H", ETHERTYPE_IPV6) or frame[20] != ICMPV6:
        return None
    hop_limit, to_ip = frame[21], frame[38:54]
    # https://www.rfc-editor.org/rfc/rfc4861#section-7.1.2: a hop limit below 255 means that a router let it through
    if (message[0], message[8:24], hop_limit, to_ip) != (ADVERTISEMENT, target.packed, 255, asker.ip.packed):
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


@dataclass(frozen=True)
class Question:
    """How to ask and how to know an answer, for one address family."""

    ethertype: int
    family: socket.AddressFamily
    build: Callable[[Asker, Address], bytes]
    answer: Callable[[bytes, Asker, Address], bytes | None]


QUESTIONS = {
    "arp": Question(ETHERTYPE_ARP, socket.AF_INET, arp_request, arp_answer),
    "ndp": Question(ETHERTYPE_IPV6, socket.AF_INET6, neighbour_solicitation, neighbour_answer),
}


def source(family: socket.AddressFamily, target: Address) -> Address:
    """The address this host would send from to reach ``target``."""
    with socket.socket(family, socket.SOCK_DGRAM) as datagram:
        datagram.connect((str(target), 9))
        return ip_address(datagram.getsockname()[0])


def ask(question: Question, target: Address, interface: str, *, count: int, interval: float, timeout: float) -> Iterator[dict[str, object]]:
    """Ask ``count`` times, ``interval`` seconds apart, and listen for ``timeout`` seconds after the last."""
    # with protocol 0 nothing is received until bind names the interface, so no frame of another one slips in
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) as wire:
        wire.bind((interface, question.ethertype))
        asker = Asker(wire.getsockname()[4], source(question.family, target))
        for left in reversed(range(count)):
            yield {"asked": time.time()}
            wire.send(question.build(asker, target))
            for frame in frames(wire, interval if left else timeout):
                mac = question.answer(frame, asker, target)
                if mac:
                    yield {"mac": mac.hex(":"), "ip": str(target), "at": time.time()}


def frames(wire: socket.socket, seconds: float) -> Iterator[bytes]:
    """Every frame that arrives in the next ``seconds``."""
    deadline = time.monotonic() + seconds
    while (left := deadline - time.monotonic()) > 0:
        wire.settimeout(left)
        try:
            yield wire.recv(65536)
        except TimeoutError:
            return


def main() -> None:
    """Read the command line, print what is seen as it is seen."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("protocol", choices=sorted(QUESTIONS))
    parser.add_argument("address", type=ip_address)
    parser.add_argument("--count", type=int, default=3)
    parser.add_argument("--interval", type=float, default=0.2)
    parser.add_argument("--timeout", type=float, default=1.0)
    parser.add_argument("--interface", default="eth0")
    given = parser.parse_args()
    question, pace = QUESTIONS[given.protocol], {"interval": given.interval, "timeout": given.timeout}
    for seen in ask(question, given.address, given.interface, count=given.count, **pace):
        print(json.dumps(seen), flush=True)


if __name__ == "__main__":
    main()
