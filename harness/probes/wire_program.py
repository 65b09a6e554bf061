"""Runs in a container on the cluster's network; standard library only, one JSON object a line, times in CLOCK_REALTIME seconds.

``python3 wire_program.py arp|ndp ADDRESS [--count N] [--interval SECONDS] [--timeout SECONDS]`` asks who has an address.
Lines: ``{"asked": TIME}`` for a request sent, ``{"mac": ..., "ip": ..., "at": TIME}`` for an answer to us.

``... watch ADDRESS [--traffic http|kept|tcp|udp] [--port N] [--host NAME] [--interval SECONDS] [--timeout SECONDS] [--ask SECONDS]``
watches an address until standard input ends. Lines, besides those above: ``{"gratuitous": "request"|"reply"|"advertisement", "mac": ...,
"at": TIME}`` for a frame that makes the address known unasked, ``{"sent": TIME, "took": SECONDS, "by": WHO}`` for a probe that was answered
and ``{"sent": TIME, "took": SECONDS, "why": REASON}`` for one that was not. Probes leave at a fixed rate, whatever became of those before;
``kept`` sends them all over one connection.

``... claim ADDRESS`` answers for an address until standard input ends, as a host does that has it already. ``{"answered": TIME}``

``... cache ADDRESS`` tells what this host remembers, without a frame: ``{"cached": MAC or null}``
"""

import argparse
import asyncio
import json
import os
import socket
import struct
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
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
ALL_NODES = IPv6Address("ff02::1").packed
#: Kernel tables by netlink (https://www.man7.org/linux/man-pages/man7/rtnetlink.7.html): RTM_GETNEIGH, NLM_F_REQUEST | NLM_F_DUMP,
#: NDA_DST, NDA_LLADDR, and the states in which an entry has no usable MAC (incomplete, failed).
GET_NEIGHBOURS, DUMP, DESTINATION, LINK_LAYER, UNUSABLE = 30, 0x301, 1, 2, 0x01 | 0x20
#: Bytes of an answer that are read.
KEPT = 4096


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


def arp_claim(frame: bytes, asker: Asker, target: Address) -> bytes | None:
    """The frame by which the host that has ``target`` answers a request for it."""
    if len(frame) < 14 + ARP.size or frame[6:12] == asker.mac:
        return None
    _, _, _, _, operation, mac, ip, _, asked = ARP.unpack_from(frame, 14)
    if (operation, asked) != (ARP_REQUEST, target.packed) or ip == target.packed:
        return None
    packet = ARP.pack(1, 0x0800, 6, 4, ARP_REPLY, asker.mac, target.packed, mac, ip)
    return bytes(mac) + asker.mac + struct.pack("!H", ETHERTYPE_ARP) + packet


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


def cached(target: Address) -> str | None:
    """The MAC that the kernel's neighbour table has for ``target``; looking sends nothing."""
    family = socket.AF_INET if target.version == 4 else socket.AF_INET6
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0) as table:
        table.settimeout(2)
        table.send(struct.pack("=IHHII", 28, GET_NEIGHBOURS, DUMP, 1, 0) + struct.pack("=B11x", family))
        found = None
        while not (batch := neighbours(table.recv(65536), target))[1]:
            found = found or batch[0]
        return found or batch[0]


def neighbours(data: bytes, target: Address) -> tuple[str | None, bool]:
    """The MAC of ``target`` in one batch of the table, and whether it was the last one."""
    found = None
    while len(data) >= 16:
        length, kind = struct.unpack_from("=IH", data)
        if kind in (2, 3):  # an error, or the end
            return found, True
        state = struct.unpack_from("=H", data, 16 + 8)[0]
        attributes = dict(netlink_attributes(data[28:length]))
        if attributes.get(DESTINATION) == target.packed and not state & UNUSABLE:
            found = attributes.get(LINK_LAYER, b"").hex(":") or None
        data = data[(length + 3) & ~3 :]
    return found, False


def netlink_attributes(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The attributes of a netlink message: kind and value."""
    while len(data) >= 4:
        length, kind = struct.unpack_from("=HH", data)
        yield kind, data[4:length]
        data = data[max((length + 3) & ~3, 4) :]


@dataclass
class Traffic:
    """Probes of one kind to one address; each returns who answered."""

    kind: str
    address: str
    port: int
    timeout: float
    host: str = ""
    count: int = 0
    connection: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    lost: str = ""

    async def send(self) -> None:
        """One probe, and what became of it."""
        number, sent, began = self.count, time.time(), time.monotonic()
        self.count += 1
        try:
            async with asyncio.timeout(self.timeout):
                told = {"by": await getattr(self, self.kind)()}
        except TimeoutError:
            told = {"why": "timed out"}
        except (OSError, EOFError, IndexError) as error:
            errno = getattr(error, "errno", None)
            told = {"why": os.strerror(errno).lower() if errno else str(error) or type(error).__name__}
        print(json.dumps({"number": number, "sent": sent, "took": round(time.monotonic() - began, 4), **told}), flush=True)

    async def tcp(self) -> str:
        _, writer = await asyncio.open_connection(self.address, self.port)
        writer.close()
        return ""

    async def http(self) -> str:
        reader, writer = await asyncio.open_connection(self.address, self.port)
        try:
            return await self._exchange(reader, writer, "close")
        finally:
            writer.transport.abort()

    async def kept(self) -> str:
        """One connection for all probes; once lost it stays lost, which is what this kind is there to see."""
        async with self.turn:
            if self.lost:
                raise EOFError(self.lost)
            try:
                self.connection = self.connection or await asyncio.open_connection(self.address, self.port)
                return await self._exchange(*self.connection, "keep-alive")
            except (OSError, EOFError, IndexError) as error:
                self.lost = f"the connection was lost: {error}"
                raise

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, connection: str) -> str:
        host = self.host or (f"[{self.address}]" if ":" in self.address else self.address)
        writer.write(f"GET /probe HTTP/1.1\r\nHost: {host}\r\nConnection: {connection}\r\n\r\n".encode())
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        fields = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:])}
        await reader.readexactly(min(int(fields.get("content-length", 0)), KEPT))
        if not head[0].split(" ")[1].startswith("2"):
            raise OSError(head[0])
        return fields.get("x-echo-backend", "")

    async def udp(self) -> str:
        loop = asyncio.get_running_loop()
        with socket.socket(socket.AF_INET6 if ":" in self.address else socket.AF_INET, socket.SOCK_DGRAM) as datagram:
            datagram.setblocking(False)
            datagram.connect((self.address, self.port))
            await loop.sock_sendall(datagram, b"probe")
            return (await loop.sock_recv(datagram, KEPT)).decode("latin-1").strip()


async def watch(target: Address, interface: str, traffic: Traffic | None, *, interval: float, ask_every: float) -> None:
    """Watch until standard input ends."""
    loop, tasks = asyncio.get_running_loop(), set()
    question = QUESTIONS["arp" if target.version == 4 else "ndp"]
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) as wire:
        wire.bind((interface, question.ethertype))
        wire.setblocking(False)
        asker = Asker(wire.getsockname()[4], source(question.family, target))
        loop.add_reader(wire, lambda: told_frame(wire.recv(65536), question, asker, target))
        if traffic:
            tasks.add(loop.create_task(at_a_rate(interval, lambda: tasks.add(loop.create_task(traffic.send())))))
        if ask_every:
            tasks.add(loop.create_task(at_a_rate(ask_every, lambda: asked(wire, question.build(asker, target)))))
        print(json.dumps({"watching": time.time()}), flush=True)
        await loop.run_in_executor(None, sys.stdin.read)
        for task in tasks:
            task.cancel()
        loop.remove_reader(wire)


def asked(wire: socket.socket, frame: bytes) -> None:
    print(json.dumps({"asked": time.time()}), flush=True)
    wire.send(frame)


def told_frame(frame: bytes, question: Question, asker: Asker, target: Address) -> None:
    """Print what a frame says of the address, if it says something."""
    now = time.time()
    if mac := question.answer(frame, asker, target):
        print(json.dumps({"mac": mac.hex(":"), "ip": str(target), "at": now}), flush=True)
    if found := (arp_gratuitous if target.version == 4 else neighbour_gratuitous)(frame, target):
        print(json.dumps({"gratuitous": found[0], "mac": found[1].hex(":"), "at": now}), flush=True)


async def at_a_rate(interval: float, act: Callable[[], object]) -> None:
    """Act every ``interval`` seconds by the clock, however long anything takes."""
    began, turn = time.monotonic(), 0
    while True:
        act()
        # turns that a busy machine missed are left out: a burst afterwards would say nothing about the time they stand for
        turn = max(turn + 1, int((time.monotonic() - began) / interval))
        await asyncio.sleep(began + turn * interval - time.monotonic())


def claim(target: Address, interface: str) -> None:
    """Answer every ARP request for ``target`` until standard input ends."""
    asyncio.run(claiming(target, interface))


async def claiming(target: Address, interface: str) -> None:
    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) as wire:
        wire.bind((interface, ETHERTYPE_ARP))
        asker = Asker(wire.getsockname()[4], target)

        def answer() -> None:
            if reply := arp_claim(wire.recv(65536), asker, target):
                wire.send(reply)
                print(json.dumps({"answered": time.time()}), flush=True)

        loop.add_reader(wire, answer)
        print(json.dumps({"claiming": asker.mac.hex(":")}), flush=True)
        await loop.run_in_executor(None, sys.stdin.read)


def main() -> None:
    """Read the command line, print what is seen as it is seen."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("action", choices=[*sorted(QUESTIONS), "cache", "claim", "watch"])
    parser.add_argument("address", type=ip_address)
    parser.add_argument("--count", type=int, default=3)
    parser.add_argument("--interval", type=float, default=0.2)
    parser.add_argument("--timeout", type=float, default=1.0)
    parser.add_argument("--interface", default="eth0")
    parser.add_argument("--traffic", choices=("http", "kept", "tcp", "udp"))
    parser.add_argument("--port", type=int, default=80)
    parser.add_argument("--host", default="")
    parser.add_argument("--ask", type=float, default=0.0)
    given = parser.parse_args()
    match given.action:
        case "watch":
            traffic = Traffic(given.traffic, str(given.address), given.port, given.timeout, given.host) if given.traffic else None
            asyncio.run(watch(given.address, given.interface, traffic, interval=given.interval, ask_every=given.ask))
        case "claim":
            claim(given.address, given.interface)
        case "cache":
            print(json.dumps({"cached": cached(given.address)}), flush=True)
        case protocol:
            pace = {"interval": given.interval, "timeout": given.timeout}
            for seen in ask(QUESTIONS[protocol], given.address, given.interface, count=given.count, **pace):
                print(json.dumps(seen), flush=True)


if __name__ == "__main__":
    main()
