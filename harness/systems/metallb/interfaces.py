"""Further interfaces of a node, and the hosts behind them."""

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


@dataclass(slots=True)
class Interfaces:
    """Interfaces of the nodes: the one on the run's network, and further ones of the statement's own, with a host behind each."""

    label: str
    on_the_network: str = "eth0"
    added: list[str] = field(default_factory=list)

    def add(self, node: str) -> "Interface":
        """Give a node another interface, and wait until its speaker uses it."""
        __tracebackhide__ = True
        made = Interface(node, self.label)
        self.added.append(node)
        made.create()
        eventually(made.expect_listener, within=RESCAN, expected=f"the speaker of {node} listens for ARP on its new interface {made.name}")
        return made

    def close(self) -> None:
        """Remove them."""
        for node in self.added:
            engine.docker("exec", node, "ip", "netns", "delete", self.label)


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
