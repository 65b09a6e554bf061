"""The wire probe: frames against bytes made by hand, a real exchange on loopback, and the container behind a stand-in for Docker."""

import json
import os
import shutil
import subprocess
import sys
from importlib import import_module
from ipaddress import ip_address
from pathlib import Path

import pytest

from harness.model.errors import EnvironmentFault
from harness.model.layer2_observations import Answer
from harness.model.record import Record, recording
from harness.probes import wire_program
from harness.probes.wire import PROGRAM, PodWireProbe, WireProbe
from harness.probes.wire_program import frames
from harness.probes.wire_program.frames import Host, arp_answer, arp_request, checksum, neighbour_answer, neighbour_solicitation, options


def packed(text: str) -> bytes:
    return bytes.fromhex(text.replace(":", ""))


US = Host(packed("02:42:ac:12:00:05"), ip_address("172.18.0.5"))
VIP = ip_address("172.18.255.200")
REQUEST = packed("ffffffffffff0242ac120005080600010800060400010242ac120005ac120005000000000000ac12ffc8")
REPLY = packed("0242ac1200050242ac120003080600010800060400020242ac120003ac12ffc80242ac120005ac120005")


def test_arp_request() -> None:
    assert arp_request(US, VIP) == REQUEST


@pytest.mark.parametrize("padding", [b"", bytes(18)])
def test_arp_reply_is_an_answer(padding: bytes) -> None:
    assert arp_answer(REPLY + padding, US, VIP) == packed("02:42:ac:12:00:03")


@pytest.mark.parametrize(
    "frame",
    [
        pytest.param(REQUEST, id="our own request"),
        pytest.param(REPLY.replace(packed("ac12ffc8"), packed("ac12ffc9")), id="another address"),
        pytest.param(REPLY[:32] + packed("0242ac120006") + REPLY[38:], id="to somebody else"),
        pytest.param(REPLY[:20] + b"\x00\x01" + REPLY[22:], id="a request of the answerer's"),
        pytest.param(REPLY[:12] + b"\x86\xdd" + REPLY[14:], id="another protocol"),
        pytest.param(REPLY[:14] + b"\x00\x06" + REPLY[16:], id="another hardware"),
        pytest.param(REPLY[:41], id="cut off"),
        pytest.param(b"", id="empty"),
    ],
)
def test_other_frames_are_no_arp_answer(frame: bytes) -> None:
    assert arp_answer(frame, US, VIP) is None


US_6 = Host(packed("02:42:ac:12:00:05"), ip_address("fd00::5"))
VIP_6 = ip_address("fd00::ff:c8")
FD00_5 = packed("fd000000000000000000000000000005")
FD00_FF_C8 = packed("fd000000000000000000000000ff00c8")
FD00_3 = packed("fd000000000000000000000000000003")
SOLICITATION = (
    packed("3333ffff00c80242ac12000586dd6000000000203aff")
    + FD00_5
    + packed("ff0200000000000000000001ffff00c88700807200000000")
    + FD00_FF_C8
    + packed("01010242ac120005")
)
ADVERTISEMENT = (
    packed("0242ac1200050242ac12000386dd6000000000203aff")
    + FD00_3
    + FD00_5
    + packed("8800000060000000")
    + FD00_FF_C8
    + packed("02010242ac120004")
)


def test_neighbour_solicitation() -> None:
    frame = neighbour_solicitation(US_6, VIP_6)
    assert frame[:56] == SOLICITATION[:56]
    assert frame[58:] == SOLICITATION[58:]
    pseudo = frame[22:54] + packed("000000200000003a")
    assert checksum(pseudo + frame[54:]) == 0, "the checksum over a message that carries its own is 0"


def test_checksum_by_the_example_of_rfc_1071() -> None:
    assert checksum(packed("0001f203f4f5f6f7")) == 0xDDF2 ^ 0xFFFF


def test_advertisement_is_an_answer_with_the_mac_that_it_advertises() -> None:
    assert neighbour_answer(ADVERTISEMENT, US_6, VIP_6) == packed("02:42:ac:12:00:04")


def test_advertisement_without_a_mac_speaks_for_its_sender() -> None:
    assert neighbour_answer(ADVERTISEMENT[:-8], US_6, VIP_6) == packed("02:42:ac:12:00:03")


@pytest.mark.parametrize(
    "frame",
    [
        pytest.param(SOLICITATION, id="our own solicitation"),
        pytest.param(ADVERTISEMENT.replace(FD00_FF_C8, FD00_3), id="another address"),
        pytest.param(ADVERTISEMENT.replace(FD00_5, FD00_3), id="to somebody else"),
        pytest.param(ADVERTISEMENT[:21] + b"\x40" + ADVERTISEMENT[22:], id="from behind a router"),
        pytest.param(ADVERTISEMENT[:20] + b"\x06" + ADVERTISEMENT[21:], id="TCP"),
        pytest.param(ADVERTISEMENT[:12] + b"\x08\x00" + ADVERTISEMENT[14:], id="IPv4"),
        pytest.param(ADVERTISEMENT[:70], id="cut off"),
        pytest.param(b"", id="empty"),
    ],
)
def test_other_frames_are_no_advertisement(frame: bytes) -> None:
    assert neighbour_answer(frame, US_6, VIP_6) is None


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (
            packed("0101aabbccddeeff02020102030405060708090a0b0c0d0e"),
            [(1, packed("aabbccddeeff")), (2, packed("0102030405060708090a0b0c0d0e"))],
        ),
        (packed("0100aabbccddeeff"), []),
        (packed("0201aabb"), []),
        (b"", []),
    ],
)
def test_options_end_at_a_malformed_one(data: bytes, found: list[tuple[int, bytes]]) -> None:
    assert list(options(data)) == found


RESPONDER = Path(__file__).with_name("answering_on_loopback.py")


def raw_sockets() -> list[list[str]]:
    """How frames can be sent here: as we are, or as root of a user namespace of our own; empty where neither may."""
    ways = [[], [shutil.which("unshare") or "unshare", "--user", "--map-root-user", "--net"]]
    test = [sys.executable, "-c", "import socket; socket.socket(socket.AF_PACKET, socket.SOCK_RAW)"]
    works = [
        way
        for way in ways
        if (not way or shutil.which("unshare")) and subprocess.run([*way, *test], capture_output=True, check=False).returncode == 0
    ]
    return works[-1:]


@pytest.mark.parametrize("way", raw_sockets(), ids=lambda way: "namespace" if way else "root")
@pytest.mark.parametrize(("protocol", "address", "macs"), [("arp", "127.0.0.9", 2), ("arp", "127.0.0.9", 0), ("ndp", "::1", 2)])
def test_questions_and_answers_on_a_real_interface(way: list[str], protocol: str, address: str, macs: int) -> None:
    """Loopback carries raw frames too: as many answerers as asked for hear the request there and answer, each with its own MAC."""
    argv = [*way, sys.executable, str(RESPONDER), protocol, address, str(macs)]
    done = subprocess.run(
        argv, capture_output=True, text=True, timeout=10, check=True, env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    )
    seen = [json.loads(line) for line in done.stdout.splitlines()]
    asked = [observation["requested"] for observation in seen if "requested" in observation]
    answers = [observation for observation in seen if "mac" in observation]
    assert len(asked) == 2
    assert {observation["mac"] for observation in answers} >= {f"02:00:00:00:00:0{number}" for number in range(macs)}
    assert len(answers) >= 2 * macs
    assert all(observation["ip"] == address and observation["at"] >= asked[0] for observation in answers)


def test_program_needs_nothing_but_the_standard_library() -> None:
    done = subprocess.run([sys.executable, "-I", "-S", "-", "--help"], input=wire_program.text().encode(), capture_output=True, check=True)
    assert b"arp" in done.stdout


def test_program_is_its_modules_and_no_name_hides_another() -> None:
    modules = [import_module(f"harness.probes.wire_program.{name}") for name in wire_program.MODULES]
    own = [name for module in modules for name, value in vars(module).items() if getattr(value, "__module__", "") == module.__name__]
    constants = [name for module in modules for name in vars(module) if name.isupper() and not hasattr(vars(module)[name], "__module__")]
    loaded: dict[str, object] = {"__name__": "program"}
    exec(compile(wire_program.text(), "program", "exec"), loaded)
    assert sorted(own) == sorted(set(own))
    assert {*own, *constants} <= set(loaded)
    assert "harness" not in wire_program.text()


class Docker:
    """Stands in for the command line of Docker: keeps what it was told, prints what it was given."""

    def __init__(self, printed: str = "", fault: EnvironmentFault | None = None) -> None:
        self.printed = printed
        self.fault = fault
        self.told: list[tuple[str, ...]] = []
        self.stdin: bytes | None = None

    def __call__(self, *words: str, timeout: float, stdin: bytes | None = None) -> str:
        assert timeout >= 30
        self.told.append(words)
        self.stdin = stdin
        if self.fault:
            raise self.fault
        return self.printed


def test_container_is_started_on_the_network() -> None:
    docker = Docker()
    WireProbe.start(docker, "wire-1", image="python:3", network="run-1", labels={"owner": "run-1"})
    (started,) = docker.told
    assert started[:2] == ("run", "--detach")
    assert {"--name=wire-1", "--network=run-1", "--label=owner=run-1", "python:3"} < set(started)
    assert "--privileged" not in started


PRINTED = '{"requested": 100.0}\n{"mac": "02:aa", "ip": "172.18.255.200", "at": 100.001}\n{"requested": 100.2}\n'


def test_answers_are_typed_and_kept_in_the_record() -> None:
    docker = Docker(PRINTED)
    with recording(Record()) as record:
        resolution = WireProbe(docker, "wire-1").who_has("172.18.255.200", requests=2, interval=0.2, timeout=0.5)
    assert (resolution.address, resolution.requests, resolution.macs) == (VIP, (100.0, 100.2), frozenset({"02:aa"}))
    assert resolution.answers == (Answer("02:aa", "172.18.255.200", 100.001),)
    assert list(record.exchanges) == [str(resolution)]
    (told,) = docker.told
    assert told == ("exec", "--interactive", "wire-1", "python3", "-", "arp", str(VIP), "--count=2", "--interval=0.2", "--timeout=0.5")
    assert docker.stdin == wire_program.text().encode()


def test_an_ipv6_address_is_asked_for_by_neighbour_discovery() -> None:
    docker = Docker('{"requested": 1.0}\n')
    assert WireProbe(docker, "wire-1").who_has(VIP_6).macs == frozenset()
    assert docker.told[0][5] == "ndp"


@pytest.mark.parametrize("printed", ["", "Traceback\n", "[1, 2]\n", '{"requested": 1.0}\nnonsense\n'])
def test_nonsense_from_the_program_is_a_fault_of_the_environment_not_silence(printed: str) -> None:
    with pytest.raises(EnvironmentFault, match="one JSON object a line"):
        WireProbe(Docker(printed), "wire-1").who_has(VIP)


def test_a_dead_container_is_a_fault_of_the_environment() -> None:
    dead = EnvironmentFault("`docker exec` succeeds", "container wire-1 is not running", "start it")
    with pytest.raises(EnvironmentFault, match="is not running"):
        WireProbe(Docker(fault=dead), "wire-1").who_has(VIP)


def test_in_a_pod_its_own_program_is_run() -> None:
    told: list[tuple[object, ...]] = []

    def execute(pod: str, namespace: str, *words: str, timeout: float) -> str:
        told.append((pod, namespace, words[:4]))
        return PRINTED

    assert PodWireProbe(execute, "wire-0", "run-wire").who_has(VIP).macs == frozenset({"02:aa"})
    assert told == [("wire-0", "run-wire", ("python3", PROGRAM, "arp", str(VIP)))]


TABLE = """Iface Destination Gateway Flags RefCnt Use Metric Mask MTU Window IRTT
eth0 00000000 010012AC 0003 0 0 100 00000000 0 0 0
eth1 00000000 010012AC 0003 0 0 50 00000000 0 0 0
eth2 000012AC 00000000 0001 0 0 0 0000FFFF 0 0 0
eth3 000012AC 00000000 0201 0 0 0 00FFFFFF 0 0 0
eth4 C8FF12AC 00000000 0000 0 0 0 FFFFFFFF 0 0 0
"""
TABLE_6 = "".join(
    f"{prefix} {bits} {0:032x} 00 {0:032x} 00000100 00000001 00000000 {flags} {name}\n"
    for prefix, bits, flags, name in (
        (f"{0:032x}", "00", "00000003", "eth0"),
        ("fd00" + "0" * 28, "40", "00000001", "eth1"),
        ("fd00" + "0" * 24 + "00c8", "80", "80200001", "lo"),
    )
)


def test_the_interface_is_that_of_the_route(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, table in (("ROUTES", TABLE), ("ROUTES_6", TABLE_6)):
        (tmp_path / name).write_text(table)
        monkeypatch.setattr(frames, name, tmp_path / name)
    found = [frames.interface_to(ip_address(one)) for one in ("172.18.255.200", "192.0.2.1", "fd00::c8", "2001:db8::1")]
    assert found == ["eth2", "eth1", "eth1", "eth0"]
    (tmp_path / "ROUTES").write_text("Iface\n")
    with pytest.raises(OSError, match=r"no route leads to 192\.0\.2\.1"):
        frames.interface_to(ip_address("192.0.2.1"))
