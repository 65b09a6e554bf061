"""A router: the other end of MetalLB's BGP sessions, which shows what reached it."""

import json
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from harness.model.errors import EnvironmentFault, Unanswered
from harness.model.record import record
from harness.probes.wire import DockerCommand

#: Writes what the environment holds where FRR reads it, then starts FRR: by the lab's image, or by the project's own.
START = """printf '%s' "$CONFIGURATION" > /etc/frr/frr.conf
printf '%s=yes\\n' zebra bgpd bfdd vtysh_enable > /etc/frr/daemons
printf '%s_options="-A 127.0.0.1"\\n' zebra bgpd bfdd >> /etc/frr/daemons
touch /etc/frr/vtysh.conf
exec /usr/lib/frr/docker-start
"""
#: Runs a command of vtysh's and returns what it prints; raises EnvironmentFault where it fails.
Vtysh = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Route:
    """What a router knows of a prefix: the next hops it uses, and the attributes of its best path."""

    prefix: str
    next_hops: frozenset[str]
    communities: frozenset[str]
    local_preference: int | None


@dataclass(frozen=True, slots=True)
class Session:
    """A session as the router has it: its state, what the other end says of itself, and what both agreed on, in seconds.

    The port that the other end speaks from tells a session from the one before. ``restart`` is what it does when it is restarted
    (https://www.rfc-editor.org/rfc/rfc4724), and ``keepalives`` how often it has said that it is there.
    """

    peer: str
    state: str
    router_id: str
    hold_time: float
    port: int
    asn: int = 0
    restart: str = ""
    keepalives: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Detection:
    """A BFD session as the router has it (https://www.rfc-editor.org/rfc/rfc5880): whether it is up, and what the other end asks for.

    The intervals are milliseconds.
    """

    up: bool
    multiplier: int
    transmit_interval: int
    receive_interval: int


@dataclass(frozen=True, slots=True)
class Router:
    """FRR (https://docs.frrouting.org/en/latest/bgp.html), by the name of its container or Pod, or what somebody calls it."""

    vtysh: Vtysh
    name: str
    asn: int

    @classmethod
    def of_container(cls, docker: DockerCommand, name: str, asn: int) -> "Router":
        """One in a container."""
        return cls(lambda command: docker("exec", name, "vtysh", "-c", command, timeout=20), name, asn)

    @classmethod
    def start(
        cls, docker: DockerCommand, name: str, *, image: str, network: str, labels: Mapping[str, str], asn: int, configuration: str
    ) -> "Router":
        """Create its container; its daemons take a moment, so the first poll may be unanswered."""
        labelled = [f"--label={key}={value}" for key, value in labels.items()]
        allowed = [f"--cap-add={capability}" for capability in ("NET_ADMIN", "NET_RAW", "SYS_ADMIN")]
        # flows of one client shall take different paths, too
        where = [f"--name={name}", f"--network={network}", "--sysctl=net.ipv4.fib_multipath_hash_policy=1", *labelled, *allowed]
        docker(
            "run", "--detach", "--init", *where, f"--env=CONFIGURATION={configuration}", "--entrypoint=sh", image, "-c", START, timeout=60
        )
        return cls.of_container(docker, name, asn)

    def sessions(self) -> list[Session]:
        """Every session, established or not.

        :raises Unanswered: the router's daemon does not answer yet
        """
        sessions = [_session(peer, found) for peer, found in self._show("show bgp neighbors json").items() if isinstance(found, dict)]
        record().exchanges.append(f"{self.name}: {', '.join(f'{one.peer} {one.state}' for one in sessions) or 'no session'}")
        return sessions

    def detection(self, peer: str) -> Detection:
        """The BFD session with a peer, by its address.

        :raises Unanswered: there is none
        """
        for one in self._show("show bfd peers json"):
            if one.get("peer") == peer:
                asked = (int(one.get(f"remote-{name}", 0)) for name in ("detect-multiplier", "transmit-interval", "receive-interval"))
                found = Detection(one.get("status") == "up", *asked)
                record().exchanges.append(f"{self.name}: {peer} {found}")
                return found
        raise Unanswered(f"{self.name} has no BFD session with {peer}")

    def route(self, prefix: str) -> Route:
        """What it knows of one prefix, exactly.

        :raises Unanswered: nothing
        """
        paths = self._show(f"show bgp ipv4 unicast {prefix} json").get("paths", [])
        if not paths:
            raise Unanswered(f"{self.name} has no route to {prefix}")
        best = next((path for path in paths if path.get("bestpath", {}).get("overall")), paths[0])
        hops = {hop["ip"] for path in paths for hop in path["nexthops"] if path.get("valid") and _used(path)}
        communities = [*best.get("community", {}).get("list", []), *best.get("largeCommunity", {}).get("list", [])]
        route = Route(prefix, frozenset(hops), frozenset(communities), best.get("locPrf"))
        record().exchanges.append(f"{self.name}: {route}")
        return route

    def _show(self, command: str) -> Any:
        try:
            return json.loads(self.vtysh(command) or "{}")
        except (EnvironmentFault, ValueError) as fault:
            raise Unanswered(f"{self.name}: {command}: {str(fault)[:300]}") from None


def configuration(asn: int, peer_asn: int, subnets: Iterable[str], *, password: str | None = None, watched: Collection[str] = ()) -> str:
    """FRR's configuration of a router that takes sessions from whole networks (``bgp listen range``).

    :param watched: addresses with which it has a BFD session, before there is any of BGP: one end that waits for BFD does not begin else
    """
    lines = [
        "frr defaults traditional",
        "log stdout",
        f"router bgp {asn}",
        " no bgp ebgp-requires-policy",
        " no bgp network import-check",
        " neighbor NODES peer-group",
        f" neighbor NODES remote-as {peer_asn}",
        *([f" neighbor NODES password {password}"] if password else []),
        *(f" bgp listen range {subnet} peer-group NODES" for subnet in subnets),
        " address-family ipv4 unicast",
        "  neighbor NODES activate",
        "  maximum-paths 8",
        "  maximum-paths ibgp 8",
        " exit-address-family",
        "exit",
        *(["bfd", *(f" peer {address}" for address in watched)] if watched else []),
    ]
    return "\n".join([*lines, ""])


def _session(peer: str, found: Mapping[str, Any]) -> Session:
    return Session(
        peer,
        str(found.get("bgpState", "unknown")),
        str(found.get("remoteRouterId", "")),
        float(found.get("bgpTimerHoldTimeMsecs", 0)) / 1000,
        int(found.get("portForeign", 0)),
        int(found.get("remoteAs", 0)),
        str(found.get("gracefulRestartInfo", {}).get("remoteGrMode", "")),
        int(found.get("messageStats", {}).get("keepalivesRecv", 0)),
    )


def _used(path: Mapping[str, Any]) -> bool:
    return bool(path.get("multipath") or path.get("bestpath", {}).get("overall"))
