"""Watching: frames that make an address known unasked, what the kernel remembers, probes at a fixed rate, and what the program tells."""

import asyncio
import json
import socket
import struct
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ipaddress import ip_address

import pytest

from harness.cluster.process import running_command
from harness.model.errors import EnvironmentFault, Unanswered
from harness.model.layer2_observations import Gratuitous
from harness.model.outages import Attempt
from harness.model.record import Record, recording
from harness.probes.monitor import Observation, TrafficMonitor, history
from harness.probes.wire_program.frames import ALL_NODES, ARP, Host, arp_gratuitous, conflicting_reply, neighbour_gratuitous
from harness.probes.wire_program.neighbour_table import neighbours
from harness.probes.wire_program.traffic import Traffic, at_a_rate

MAC, OTHER = bytes.fromhex("0242ac120003"), bytes.fromhex("0242ac120009")
VIP, HOST = ip_address("172.18.255.200"), ip_address("172.18.0.5")
VIP_6 = ip_address("fd00::ff:c8")


def arp(operation: int, mac: bytes, ip: bytes, to_ip: bytes, sender: bytes = MAC) -> bytes:
    return b"\xff" * 6 + sender + b"\x08\x06" + ARP.pack(1, 0x0800, 6, 4, operation, mac, ip, b"\xff" * 6, to_ip)


@pytest.mark.parametrize(("operation", "kind"), [(1, "request"), (2, "reply")])
def test_gratuitous_arp_names_the_address_twice(operation: int, kind: str) -> None:
    assert arp_gratuitous(arp(operation, MAC, VIP.packed, VIP.packed), VIP) == (kind, MAC)


@pytest.mark.parametrize(
    "frame",
    [
        arp(1, MAC, HOST.packed, VIP.packed),
        arp(2, MAC, VIP.packed, HOST.packed),
        arp(2, MAC, HOST.packed, HOST.packed),
        arp(2, MAC, VIP.packed, VIP.packed)[:40],
        arp(2, MAC, VIP.packed, VIP.packed).replace(b"\x08\x06", b"\x86\xdd", 1),
    ],
    ids=["a question", "an answer", "another address", "cut off", "another protocol"],
)
def test_other_frames_are_not_gratuitous(frame: bytes) -> None:
    assert arp_gratuitous(frame, VIP) is None


def advertisement(target: bytes, to: bytes) -> bytes:
    message = b"\x88\x00\x00\x00\x20\x00\x00\x00" + target + b"\x02\x01" + OTHER
    ipv6 = struct.pack("!IHBB", 6 << 28, len(message), 58, 255) + HOST.packed.rjust(16, b"\0") + to
    return b"\x33\x33\x00\x00\x00\x01" + MAC + b"\x86\xdd" + ipv6 + message


def test_unsolicited_advertisement_goes_to_all_nodes() -> None:
    assert neighbour_gratuitous(advertisement(VIP_6.packed, ALL_NODES), VIP_6) == ("advertisement", OTHER)
    assert neighbour_gratuitous(advertisement(VIP_6.packed, ip_address("fd00::5").packed), VIP_6) is None
    assert neighbour_gratuitous(advertisement(ip_address("fd00::1").packed, ALL_NODES), VIP_6) is None
    assert neighbour_gratuitous(b"", VIP_6) is None


def test_a_conflicting_host_answers_questions_for_the_address_and_nothing_else() -> None:
    us = Host(OTHER, VIP)
    reply = conflicting_reply(arp(1, MAC, HOST.packed, VIP.packed), us, VIP)
    assert reply is not None
    assert reply[:12] == MAC + OTHER
    assert ARP.unpack_from(reply, 14)[4:] == (2, OTHER, VIP.packed, MAC, HOST.packed)
    assert conflicting_reply(arp(1, MAC, HOST.packed, HOST.packed), us, VIP) is None
    assert conflicting_reply(arp(2, MAC, HOST.packed, VIP.packed), us, VIP) is None
    assert conflicting_reply(arp(1, MAC, VIP.packed, VIP.packed), us, VIP) is None
    assert conflicting_reply(arp(1, OTHER, HOST.packed, VIP.packed, sender=OTHER), us, VIP) is None


def neighbour(address: bytes, mac: bytes, state: int) -> bytes:
    attributes = struct.pack("=HH", 8, 1) + address + struct.pack("=HH", 10, 2) + mac + b"\0\0"
    body = struct.pack("=BxxxiHBB", 2, 3, state, 0, 1) + attributes
    return struct.pack("=IHHII", 16 + len(body), 28, 2, 1, 0) + body


def test_neighbour_table_is_read() -> None:
    done = struct.pack("=IHHIIi", 20, 3, 2, 1, 0, 0)
    table = neighbour(HOST.packed, OTHER, 0x02) + neighbour(VIP.packed, MAC, 0x04)
    assert neighbours(table, VIP) == (MAC.hex(":"), False)
    assert neighbours(table + done, HOST) == (OTHER.hex(":"), True)
    assert neighbours(neighbour(VIP.packed, MAC, 0x20) + done, VIP) == (None, True), "a failed entry is no memory"
    assert neighbours(done, VIP) == (None, True)


@contextmanager
def serving(answers: Callable[[int], bytes | None]) -> Iterator[int]:
    """A server on loopback: its n-th request is answered with these bytes, with ``None`` not at all."""
    count = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal count
        try:
            while await reader.readuntil(b"\r\n\r\n"):
                answer = answers(count)
                count += 1
                if answer == b"":
                    break
                writer.write(answer or b"")
        except asyncio.IncompleteReadError:
            pass
        finally:
            writer.close()

    loop = asyncio.new_event_loop()
    server = loop.run_until_complete(asyncio.start_server(serve, "127.0.0.1", 0))
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    yield server.sockets[0].getsockname()[1]
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    server.close()
    loop.run_until_complete(asyncio.sleep(0))
    for task in asyncio.all_tasks(loop):
        task.cancel()
    loop.run_until_complete(asyncio.sleep(0.01))
    loop.close()


GOOD = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Echo-Backend: ns/echo/pod/node/n\r\n\r\nok"
BAD = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"


def probe(kind: str, port: int, times: int, capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    async def all_of_them() -> None:
        traffic = Traffic(kind, "127.0.0.1", port, 0.3)
        for _ in range(times):
            await traffic.send()
        if traffic.connection:
            traffic.connection[1].close()

    asyncio.run(all_of_them())
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_probes_tell_who_answered_or_why_nobody_did(capsys: pytest.CaptureFixture[str]) -> None:
    with serving(lambda turn: [GOOD, BAD, None, b""][turn]) as port:
        told = probe("http", port, 4, capsys)
    assert [one.get("by") for one in told] == ["ns/echo/pod/node/n", None, None, None]
    assert told[1]["why"] == "HTTP/1.1 503 Service Unavailable"
    assert told[2]["why"] == "timed out"
    assert "0 bytes read" in str(told[3]["why"])


def test_a_refused_connection_is_a_reason(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    for kind in ("tcp", "http", "udp"):
        assert "refused" in str(probe(kind, port, 1, capsys)[0]["why"]).lower()


def test_a_kept_connection_once_lost_stays_lost(capsys: pytest.CaptureFixture[str]) -> None:
    with serving(lambda turn: [GOOD, GOOD, b"", GOOD][turn]) as port:
        told = probe("kept", port, 4, capsys)
    assert [one.get("by", "lost") for one in told] == ["ns/echo/pod/node/n", "ns/echo/pod/node/n", "lost", "lost"]
    assert "the connection was lost" in str(told[3]["why"])


LINES = [
    {"watching": 100.0},
    {"number": 0, "sent": 100.1, "took": 0.01, "by": "ns/echo/pod/node/n"},
    {"number": 1, "sent": 100.2, "took": 0.9, "why": "timed out"},
    {"requested": 100.25},
    {"mac": "02:aa", "ip": str(VIP), "at": 100.3},
    {"gratuitous": "reply", "mac": "02:aa", "at": 100.4},
]


def test_sight_is_what_the_program_tells() -> None:
    @contextmanager
    def attached(container: str, *words: str, on_line: Callable[[str], object]) -> Iterator[None]:
        assert container == "wire-1"
        assert words[:2] == ("python3", "-c")
        assert words[3:5] == ("watch", str(VIP))
        for line in LINES:
            on_line(json.dumps(line))
        yield

    with recording(Record()) as record, TrafficMonitor(attached, "wire-1").watch(str(VIP), resolve=True) as observation:
        assert [one.answered for one in observation.attempts] == [True, False]
        assert observation.gratuitous == [Gratuitous("reply", "02:aa", 100.4)]
        assert (observation.requests, observation.answers[0].mac) == ([100.25], "02:aa")
        assert observation.gratuitous_seen(100.35, "02:aa")
        assert not observation.gratuitous_seen(100.35, "02:bb")
    assert history(observation).splitlines()[1:3] == ["    0.200  LOST: timed out", "    0.300  02:aa answers"]
    assert list(record.evidence) == [f"watch-{VIP}.txt"]


def seen(came_back: str) -> Observation:
    """One probe a second in this order: ``.`` was answered, ``x`` was lost, ``?`` is under way."""
    observation = Observation(str(VIP))
    for number, mark in enumerate(came_back):
        if mark != "?":
            observation.attempts.insert(0, Attempt(100.0 + number, 0.01, why="timed out" * (mark == "x"), number=number))
    return observation


@pytest.mark.parametrize(("came_back", "since"), [(".....", 99), ("xx.....", 99), ("...xx.....", 104), (".....??", 99)])
def test_an_address_is_well_after_probes_that_were_answered(came_back: str, since: float) -> None:
    assert seen(came_back).recovered_at(since)


@pytest.mark.parametrize(("came_back", "since"), [("....", 99), ("xx....", 99), ("??.....", 99), ("...??.....", 104)])
def test_an_address_is_not_known_to_be_well_while_earlier_probes_are_under_way(came_back: str, since: float) -> None:
    with pytest.raises(Unanswered):
        seen(came_back).recovered_at(since)


def test_probes_from_before_do_not_tell_that_an_address_is_well_now() -> None:
    observation = seen("......")
    assert observation.recovered_at(99)
    with pytest.raises(Unanswered):
        observation.recovery_from_now()()


def test_a_command_beside_the_block_ends_with_its_input() -> None:
    lines: list[str] = []
    program = "import sys; print('begun', flush=True); sys.stdin.read(); print('ended', flush=True)"
    with running_command([sys.executable, "-c", program], lines.append):
        pass
    assert [line.strip() for line in lines] == ["begun", "ended"]


@pytest.mark.parametrize(("argv", "found"), [([sys.executable, "-c", "raise SystemExit('why')"], "why"), (["no-such-command"], "PATH")])
def test_a_command_that_fails_is_a_fault(argv: list[str], found: str) -> None:
    with pytest.raises(EnvironmentFault, match=found), running_command(argv, print):
        pass


def test_rate_is_kept_by_the_clock() -> None:
    turns: list[float] = []

    async def act() -> None:
        loop = asyncio.get_running_loop()
        task = loop.create_task(at_a_rate(0.02, lambda: turns.append(loop.time())))
        await asyncio.sleep(0.5)
        task.cancel()

    asyncio.run(act())
    assert 10 <= len(turns) <= 26
