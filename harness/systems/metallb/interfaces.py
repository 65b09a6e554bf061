"""Further interfaces of a node, and the hosts behind them."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from harness.cluster import engine
from harness.model.budgets import ANNOUNCEMENT, RESCAN
from harness.model.errors import StatementFailed, Unanswered
from harness.probes.waiting import eventually

#: Address of the host behind an added interface, of a range for documentation.
BEYOND = "198.51.100.1/32"
#: How ``/proc/net/packet`` writes the protocol of ARP.
ARP = "0806"
#: Forgets the MAC of an address, sends it something until the MAC is known again, for 3 s at most, and tells what is known then.
SEND = """
exec 2> /dev/null
ip neighbour flush to $1
for turn in {1..12}; do
    echo > /dev/udp/$1/9
    sleep 0.25
    ip neighbour show to $1 | grep lladdr && break
done
exit 0
"""
#: Interfaces on which nobody can be answered, by what ails them: the commands of ``ip`` that make one of this name.
AILING: Mapping[str, list[str]] = {
    "without carrier": ["link add {0} type veth peer name {0}p", "link set {0} up"],
    "with a link-local address that its neighbour has": [
        "link add {0} address 02:00:00:00:00:07 type veth peer name {0}p address 02:00:00:00:00:07",
        "link set {0} up",
        "link set {0}p up",
    ],
}


@dataclass(slots=True)
class Interfaces:
    """Interfaces of the nodes: the one on the run's network, and further ones of the statement's own, with a host behind each."""

    label: str
    on_the_network: str = "eth0"
    added: list[str] = field(default_factory=list)
    ailing: list[str] = field(default_factory=list)

    def add(self, node: str) -> "Interface":
        """Give a node another interface, and wait until its speaker uses it."""
        __tracebackhide__ = True
        made = Interface(node, self.label)
        self.added.append(node)
        made.create()
        eventually(made.expect_listener, within=RESCAN, expected=f"the speaker of {node} listens for ARP on its new interface {made.name}")
        return made

    def add_ailing(self, node: str, ails: str) -> None:
        """Give a node an interface on which nobody can be answered; ``ails`` is one of :data:`AILING`."""
        self.ailing.append(node)
        for command in AILING[ails]:
            engine.docker("exec", node, "ip", *command.format(self._ailing).split())

    @property
    def _ailing(self) -> str:
        return f"{self.label}x"

    def close(self) -> None:
        """Remove them."""
        for node in self.added:
            engine.docker("exec", node, "ip", "netns", "delete", self.label)
        for node in self.ailing:
            engine.docker("exec", node, "ip", "link", "delete", self._ailing)


@dataclass(frozen=True, slots=True)
class Interface:
    """An interface of a node, and the host behind it: a network namespace with the other end of the cable."""

    node: str
    name: str

    def create(self) -> None:
        """Lay the cable; the node's end needs no address, as its speaker answers for others."""
        self._run("ip", "netns", "add", self.name)
        self._run("ip", "link", "add", self.name, "type", "veth", "peer", "name", "there", "netns", self.name)
        self._run("ip", "link", "set", self.name, "up")
        self._beyond("ip", "address", "add", BEYOND, "dev", "there")
        self._beyond("ip", "link", "set", "there", "up")

    def expect_listener(self) -> str:
        """One poll whether somebody on the node, which is its speaker, listens for ARP on this interface.

        :raises Unanswered: nobody does
        """
        __tracebackhide__ = True
        index = self._run("cat", f"/sys/class/net/{self.name}/ifindex").strip()
        sockets = [line.split() for line in self._run("cat", "/proc/net/packet").splitlines()[1:]]
        if [index, ARP] not in [[fields[4], fields[3]] for fields in sockets]:
            raise Unanswered(f"nobody listens for ARP on interface {index}")
        return f"interface {index}"

    @contextmanager
    def down(self) -> Iterator[None]:
        """The node's end is down inside of the block."""
        self._run("ip", "link", "set", self.name, "down")
        try:
            yield
        finally:
            self._run("ip", "link", "set", self.name, "up")

    def remake(self) -> None:
        """Take the cable away and lay another one, whose ends have the names of the former ones."""
        self._run("ip", "netns", "delete", self.name)
        eventually(self._expect_gone, within=RESCAN, expected=f"{self.node} has no interface {self.name} any more")
        self.create()

    def _expect_gone(self) -> str:
        found = self._run("ip", "-oneline", "link")
        assert self.name not in found, found
        return "gone"

    def wait_until_unused(self) -> None:
        """Wait until the speaker of the node does not listen for ARP on it any more."""
        __tracebackhide__ = True

        def poll() -> str:
            try:
                found = self.expect_listener()
            except Unanswered as nobody:
                return str(nobody)
            raise AssertionError(f"it listens on {found}")

        eventually(poll, within=RESCAN, expected=f"the speaker of {self.node} does not listen on its interface {self.name}")

    def answers_for(self, address: str) -> bool:
        """Whether the host behind the interface learns a MAC when it sends something to an address for a few seconds."""
        self._beyond("ip", "route", "replace", address, "dev", "there")
        known = self._beyond("bash", "-c", SEND, "send", address)
        return "lladdr" in known

    def wait_until_announced(self, address: str) -> None:
        """Wait until the node answers for an address on this interface."""
        __tracebackhide__ = True

        def poll() -> str:
            if not self.answers_for(address):
                raise Unanswered("nobody answers")
            return "answered"

        eventually(poll, within=ANNOUNCEMENT, expected=f"{self.node} answers for {address} on its interface {self.name}")

    def consistently_silent(self, address: str) -> None:
        """Require that nobody answers for an address on this interface."""
        __tracebackhide__ = True
        if self.answers_for(address):
            raise StatementFailed(f"nobody answers for {address} on the interface {self.name} of {self.node}", f"{self.node} does")

    def _run(self, *words: str) -> str:
        return engine.docker("exec", self.node, *words)

    def _beyond(self, *words: str) -> str:
        return self._run("ip", "netns", "exec", self.name, *words)
