"""Clients of announced addresses: from this machine, from the run's network, from pods and nodes."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from socket import AF_INET, AF_INET6, SOCK_DGRAM, socket

from harness.cluster.api import Api
from harness.model.budgets import ANNOUNCEMENT, CLOSURE
from harness.model.errors import NotApplicable
from harness.model.http_exchange import Exchange, Request
from harness.probes.http import HttpProbe
from harness.probes.monitor import TrafficMonitor
from harness.probes.ports import port_closed, port_open
from harness.probes.waiting import eventually
from harness.systems.kubernetes.nodes import KubeNodes
from harness.systems.metallb.services import Service


@dataclass(frozen=True, slots=True)
class Reached:
    """Where a connection was served, and whom the application saw as its client."""

    node: str
    pod: str
    client: str


def wait_until_echo_answers(address: str, port: int = 80, *, host: str | None = None) -> Reached:
    """Wait until the echo backend answers an HTTP request from here, and tell where that was.

    :param host: the Host header, where it is not the address
    """
    __tracebackhide__ = True
    probe = HttpProbe(address, port, timeout=2)

    def poll() -> Reached:
        exchange = probe.send(Request("/probe", host=host))
        assert exchange.echo is not None, f"HTTP {exchange.status} of somebody else"
        identity = exchange.echo.identity
        return Reached(identity.node, identity.pod, exchange.echo.client)

    of_host = f" for {host}" if host else ""
    return eventually(poll, within=ANNOUNCEMENT, expected=f"the echo backend answers at {address}, port {port}{of_host}")


@dataclass(frozen=True, slots=True)
class ExternalClient:
    """Connects to announced addresses: from where the suite runs, and from the container that monitors traffic.

    :param gateway: this host's address on the run's network; empty where the cluster is somebody else's, behind who knows what
    """

    api: Api
    monitor: TrafficMonitor
    gateway: str

    @property
    def address(self) -> str:
        """The address that this host connects from on the run's network.

        :raises NotApplicable: what is on the way may give it another
        """
        if not self.gateway:
            raise NotApplicable("looks for this machine's address, which what is before somebody else's cluster may replace")
        with socket(AF_INET6 if ":" in self.gateway else AF_INET, SOCK_DGRAM) as datagram:
            datagram.connect((self.gateway, 9))
            return str(datagram.getsockname()[0])

    def wait_until_reached(self, address: str, port: int = 80) -> Reached:
        """Wait until the echo backend answers at an address, and tell where that was."""
        __tracebackhide__ = True
        return wait_until_echo_answers(address, port)

    def wait_until_answered(self, address: str, kind: str, port: int = 80) -> None:
        """Wait until a neighbouring container is answered several times in a row.

        :param kind: ``http``, ``tcp`` or ``udp``
        """
        __tracebackhide__ = True
        with self.monitor.watch(address, traffic=kind, port=port, interval=0.1, timeout=1) as observation:
            eventually(observation.recovered_at, within=ANNOUNCEMENT, expected=f"{kind} is answered at {address}, port {port}")

    def wait_until_forwarded(self, service: Service) -> None:
        """Wait until every node forwards what it gets for a Service; a node port is programmed along with the external address.

        Where nodes may be out of reach, somebody else's, one that answers at the address has to do.
        """
        __tracebackhide__ = True
        if not self.gateway:
            wait_until_echo_answers(service.address)
            return
        port = int(service.object["spec"]["ports"][0]["nodePort"])
        nodes = KubeNodes(self.api)
        probes = {node: HttpProbe(nodes.internal_ip(node), port, timeout=1) for node in nodes.names}

        def poll() -> list[int]:
            return [probe.send(Request("/probe")).status for probe in probes.values()]

        eventually(poll, within=ANNOUNCEMENT, expected=f"{', '.join(probes)} forward to {service!r}", consecutive=3)

    def wait_until_open(self, address: str, port: int) -> None:
        """Wait until a TCP port accepts connections."""
        __tracebackhide__ = True
        eventually(lambda: port_open(address, port), within=ANNOUNCEMENT, expected=f"port {port} of {address} accepts connections")

    def expect_open(self, address: str, port: int) -> None:
        """Require that a TCP port accepts a connection."""
        __tracebackhide__ = True
        port_open(address, port)

    def expect_closed(self, address: str, port: int) -> None:
        """Require that a TCP port accepts no connection."""
        __tracebackhide__ = True
        port_closed(address, port)

    def wait_until_closed(self, address: str, *ports: int) -> None:
        """Wait until none of these TCP ports accepts connections, all looked at at the same time."""
        __tracebackhide__ = True

        def poll() -> list[str]:
            with ThreadPoolExecutor(len(ports)) as workers:
                return list(workers.map(lambda port: port_closed(address, port, 1.0), ports))

        eventually(poll, within=CLOSURE, expected=f"ports {', '.join(map(str, ports))} of {address} are closed")

    def wait_until_health_check(self, service: Service, node: str, status: int) -> None:
        """Wait until the health check of a Service on a node has this HTTP status (``spec.healthCheckNodePort``).

        :raises NotApplicable: the nodes may be out of reach
        """
        __tracebackhide__ = True
        if not self.gateway:
            raise NotApplicable("asks nodes, which may be out of reach on a cluster that somebody else made")
        port = int(service.object["spec"]["healthCheckNodePort"])
        probe = HttpProbe(KubeNodes(self.api).internal_ip(node), port, timeout=2)

        def poll() -> Exchange:
            exchange = probe.send(Request("/healthz"))
            assert exchange.status == status, f"HTTP {exchange.status}: {exchange.body[:200]!r}"
            return exchange

        eventually(poll, within=ANNOUNCEMENT, expected=f"the health check of {service!r} on {node} has status {status}")
