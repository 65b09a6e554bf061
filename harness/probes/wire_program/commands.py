"""What the program does: one JSON object a line, times in CLOCK_REALTIME seconds.

``arp|ndp ADDRESS [--count N] [--interval SECONDS] [--timeout SECONDS]`` asks who has an address.
Lines: ``{"requested": TIME}`` for a request sent, ``{"mac": ..., "ip": ..., "at": TIME}`` for an answer to us.

``watch ADDRESS [--traffic http|kept|tcp|udp] [--port N] [--host NAME] [--interval SECONDS] [--timeout SECONDS] [--resolve-every SECONDS]
[--no-frames]`` watches an address until standard input ends. Lines, besides those above: ``{"gratuitous":
"request"|"reply"|"advertisement", "mac": ..., "at": TIME}`` for a frame that makes the address known unasked, ``{"sent": TIME, "took":
SECONDS, "by": WHO}`` for a probe that was answered and ``{"sent": TIME, "took": SECONDS, "why": REASON}`` for one that was not. Probes
leave at a fixed rate, whatever became of those before; ``kept`` sends them all over one connection. Without frames only traffic is seen,
which takes no rights.

``conflict ADDRESS`` answers for an address until standard input ends, as a host does that has it already: ``{"conflicting": MAC}`` once it
does, ``{"answered": TIME}`` for each answer.

``cache ADDRESS`` prints what is in this host's neighbour table, without a frame: ``{"cached": MAC or null}``
"""

import argparse
import asyncio
import socket
import sys
import time
from ipaddress import ip_address

from harness.probes.wire_program.frames import PROTOCOLS, Address, Host, Protocol, conflicting_reply, frames, interface_to, source
from harness.probes.wire_program.neighbour_table import cached
from harness.probes.wire_program.traffic import Traffic, at_a_rate, show


def resolve(protocol: Protocol, target: Address, interface: str, *, count: int, interval: float, timeout: float) -> None:
    """Ask ``count`` times, ``interval`` seconds apart, and listen for ``timeout`` seconds after the last; print every answer."""
    # with protocol 0 nothing is received until bind names the interface, so no frame of another one slips in
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) as wire:
        wire.bind((interface, protocol.ethertype))
        host = Host(wire.getsockname()[4], source(protocol.family, target))
        for left in reversed(range(count)):
            request(wire, protocol.request(host, target))
            for frame in frames(wire, interval if left else timeout):
                if mac := protocol.answer(frame, host, target):
                    show(mac=mac.hex(":"), ip=str(target), at=time.time())


async def watch_traffic(traffic: Traffic, interval: float) -> None:
    """Send probes until standard input ends, with no right to see frames."""
    loop, tasks = asyncio.get_running_loop(), set()
    tasks.add(loop.create_task(at_a_rate(interval, lambda: tasks.add(loop.create_task(traffic.send())))))
    show(watching=time.time())
    await loop.run_in_executor(None, sys.stdin.read)
    for task in tasks:
        task.cancel()


async def watch(target: Address, interface: str, traffic: Traffic | None, *, interval: float, resolve_every: float) -> None:
    """Watch until standard input ends."""
    loop, tasks = asyncio.get_running_loop(), set()
    protocol = PROTOCOLS["arp" if target.version == 4 else "ndp"]
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) as wire:
        wire.bind((interface, protocol.ethertype))
        wire.setblocking(False)
        host = Host(wire.getsockname()[4], source(protocol.family, target))
        loop.add_reader(wire, lambda: show_frame(wire.recv(65536), protocol, host, target))
        if traffic:
            tasks.add(loop.create_task(at_a_rate(interval, lambda: tasks.add(loop.create_task(traffic.send())))))
        if resolve_every:
            tasks.add(loop.create_task(at_a_rate(resolve_every, lambda: request(wire, protocol.request(host, target)))))
        show(watching=time.time())
        await loop.run_in_executor(None, sys.stdin.read)
        for task in tasks:
            task.cancel()
        loop.remove_reader(wire)


async def conflict(target: Address, interface: str) -> None:
    """Answer every ARP request for ``target``, as a host does that has the address already, until standard input ends."""
    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) as wire:
        wire.bind((interface, PROTOCOLS["arp"].ethertype))
        host = Host(wire.getsockname()[4], target)

        def answer() -> None:
            if reply := conflicting_reply(wire.recv(65536), host, target):
                wire.send(reply)
                show(answered=time.time())

        loop.add_reader(wire, answer)
        show(conflicting=host.mac.hex(":"))
        await loop.run_in_executor(None, sys.stdin.read)


def request(wire: socket.socket, frame: bytes) -> None:
    """Send a request, and print when."""
    show(requested=time.time())
    wire.send(frame)


def show_frame(frame: bytes, protocol: Protocol, host: Host, target: Address) -> None:
    """Print what a frame says of the address, if it says something."""
    now = time.time()
    if mac := protocol.answer(frame, host, target):
        show(mac=mac.hex(":"), ip=str(target), at=now)
    if found := protocol.gratuitous(frame, target):
        show(gratuitous=found[0], mac=found[1].hex(":"), at=now)


def main() -> None:
    """Read the command line, print what is seen as it is seen."""
    parser = argparse.ArgumentParser(description="Asks who has an address, or watches it.")
    parser.add_argument("action", choices=[*sorted(PROTOCOLS), "cache", "conflict", "watch"])
    parser.add_argument("address", type=ip_address)
    parser.add_argument("--count", type=int, default=3)
    parser.add_argument("--interval", type=float, default=0.2)
    parser.add_argument("--timeout", type=float, default=1.0)
    parser.add_argument("--interface", help="default: that of the route to the address")
    parser.add_argument("--traffic", choices=("http", "kept", "tcp", "udp"))
    parser.add_argument("--port", type=int, default=80)
    parser.add_argument("--host", default="")
    parser.add_argument("--resolve-every", type=float, default=0.0)
    parser.add_argument("--no-frames", action="store_true")
    given = parser.parse_args()
    interface = given.interface or (interface_to(given.address) if given.action != "cache" and not given.no_frames else "")
    match given.action:
        case "watch":
            traffic = Traffic(given.traffic, str(given.address), given.port, given.timeout, given.host) if given.traffic else None
            if traffic and given.no_frames:
                asyncio.run(watch_traffic(traffic, given.interval))
            else:
                asyncio.run(watch(given.address, interface, traffic, interval=given.interval, resolve_every=given.resolve_every))
        case "conflict":
            asyncio.run(conflict(given.address, interface))
        case "cache":
            show(cached=cached(given.address))
        case protocol:
            pace = {"interval": given.interval, "timeout": given.timeout}
            resolve(PROTOCOLS[protocol], given.address, interface, count=given.count, **pace)


if __name__ == "__main__":
    main()
