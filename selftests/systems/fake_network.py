"""A network in memory: who answers for an address, whom clients are served by, and what a monitor sees of it, 200 times a second."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from ipaddress import ip_address
from threading import Event, Thread
from time import time

from harness.model.addresses import Address
from harness.model.layer2_observations import Answer, Gratuitous, Resolution
from harness.model.outages import Attempt
from harness.probes.monitor import Observation, TrafficMonitor
from harness.probes.wire import WireProbe

#: The MAC of each node, as in ``MACS[node]``; the other way round as systems are given it.
MACS = {"one": "02:00:00:00:00:01", "two": "02:00:00:00:00:02"}
NODES = {mac: node for node, mac in MACS.items()}
VIP = "192.0.2.10"
#: Samples that are there when a block begins: more than what a recovery takes.
BEFORE = 8


@dataclass
class FakeNetwork:
    """What is true now; tests change it in the middle of things.

    :param announcers: the nodes that answer for the address
    :param server: the pod that answers clients, as ``node/pod``; nobody where empty
    :param cached: the node in the neighbour cache of the monitor's container
    """

    announcers: list[str] = field(default_factory=lambda: ["one"])
    server: str = "one/echo"
    cached: str | None = "one"
    frames: list[Gratuitous] = field(default_factory=list)

    @property
    def wire(self) -> WireProbe:
        """A probe that asks who has the address."""
        return _Wire(self)

    @property
    def monitor(self) -> TrafficMonitor:
        """A monitor on this network."""
        return _Monitor(self)

    def announce(self, node: str, *, bursts: int = 0) -> None:
        """Let a node take the address over, and make it known by bursts of gratuitous frames, a second from each other."""
        self.announcers = [node]
        self.cached = node
        self.frames += [Gratuitous(kind, MACS[node], time() + burst) for burst in range(bursts) for kind in ("request", "reply")]


class _Wire(WireProbe):
    def __init__(self, network: FakeNetwork) -> None:
        self.network = network

    def who_has(self, address: Address | str, *, requests: int = 3, interval: float = 0.2, timeout: float = 1.0) -> Resolution:
        moments = tuple(time() + number * interval for number in range(requests))
        nodes = self.network.announcers
        answers = tuple(Answer(MACS.get(node, node), str(address), moment + 0.001) for moment in moments for node in nodes)
        return Resolution(ip_address(address), moments, answers)


class _Monitor(TrafficMonitor):
    def __init__(self, network: FakeNetwork) -> None:
        object.__setattr__(self, "network", network)
        object.__setattr__(self, "name", "monitor")

    network: FakeNetwork

    def neighbour_cache(self, address: str) -> str | None:
        return MACS[self.network.cached] if self.network.cached else None

    @contextmanager
    def watch(self, address: str, **_options: object) -> Iterator[Observation]:
        observation, over = Observation(address, time() - 2), Event()
        observation.gratuitous = self.network.frames
        for _ in range(BEFORE):
            self._sample(observation)
        thread = Thread(target=self._observe, args=(observation, over), daemon=True)
        thread.start()
        try:
            yield observation
        finally:
            over.set()
            thread.join()

    def _observe(self, observation: Observation, over: Event) -> None:
        while not over.wait(0.005):
            self._sample(observation)

    def _sample(self, observation: Observation) -> None:
        moment, server = time(), self.network.server
        observation.requests.append(moment)
        observation.answers += [Answer(MACS[node], str(observation.address), moment) for node in self.network.announcers]
        number = len(observation.attempts)
        observation.attempts.append(Attempt(moment, 0.001, server, "" if server else "timed out", number))
