"""The Docker engine, through its command line: networks, containers, and whose they are."""

import json
import os
import shutil
import socket
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from pathlib import Path
from time import time
from typing import Any

from tenacity import Retrying, retry_if_exception_type, stop_after_attempt

from harness.cluster.process import run_command, running_command
from harness.model.addresses import Address, Subnet
from harness.model.errors import EnvironmentFault
from harness.model.project import COMMAND

#: Everything of ours carries this label; its value is the name of the cluster it belongs to.
LABEL = "metallb-ingress-conformance.cluster"
#: The process that owns a network: host, boot, process id and its start, so that a killed run is told from a running one.
OWNER = "metallb-ingress-conformance.owner"
#: How often a container is asked to stand still.
PAUSES = 3


@dataclass(frozen=True, slots=True)
class Network:
    """A Docker network: its subnets, the addresses in use (gateways and attached containers), and the containers by their MAC."""

    name: str
    labels: dict[str, str]
    subnets: tuple[Subnet, ...]
    used: frozenset[Address]
    containers: dict[str, str]


def docker(*words: str, timeout: float = 60, stdin: bytes | None = None) -> str:
    """Run a command of Docker's and return what it prints.

    :raises EnvironmentFault: the engine does not answer, or refuses
    """
    return run_command(["docker", *words], timeout=timeout, stdin=stdin)


def attached(container: str, *words: str, on_line: Callable[[str], object]) -> AbstractContextManager[None]:
    """Run a command in a container beside the block and hand on what it prints, line by line; it ends when its standard input does.

    :raises EnvironmentFault: the engine does not answer, or the command failed
    """
    return running_command(["docker", "exec", "--interactive", container, *words], on_line)


def pause(container: str) -> float:
    """Let a container's processes stand still, and return when; ``docker unpause`` lets them go on.

    The kernel stops them one after the other; where one forks meanwhile, or the machine is slow, the engine gives up and lets all go on
    (https://docs.kernel.org/admin-guide/cgroup-v1/freezer-subsystem.html, https://github.com/opencontainers/runc/pull/4388).

    :raises EnvironmentFault: it does so every time
    """
    moment = 0.0
    for attempt in Retrying(stop=stop_after_attempt(PAUSES), retry=retry_if_exception_type(EnvironmentFault), reraise=True):
        with attempt:
            moment = time()
            docker("pause", container)
    return moment


def require_engine() -> None:
    """Check that an engine answers.

    :raises EnvironmentFault: there is none, or no command to talk to it, with the command that brings it
    """
    brought = f"on Debian as root, `{COMMAND} engine` installs and starts one"
    if shutil.which("docker") is None:
        todo = f"install Docker (https://docs.docker.com/engine/install/); {brought}"
        raise EnvironmentFault("the command `docker`, by which the suite talks to the engine", "none on PATH", todo)
    try:
        docker("version", "--format", "{{.Server.Version}}", timeout=20)
    except EnvironmentFault as fault:
        raise EnvironmentFault(
            "a Docker engine that answers",
            fault.found.strip().splitlines()[-1],
            f"start Docker; {brought}",
        ) from None


def name_and_version() -> str:
    """What the engine calls itself, for instance ``Docker Engine - Community 28.3.0``.

    :raises EnvironmentFault: it does not answer
    """
    server = json.loads(docker("version", "--format", "{{json .Server}}"))
    name = server["Platform"]["Name"] or "Docker Engine"  # Debian's gives itself no name
    return f"{name} {server['Version']}"


def create_network(name: str, *, ipv6: bool, subnet: Subnet | None = None) -> Network:
    """Create a bridge network of a run's own.

    Without a subnet the engine chooses the IPv4 one, so that it meets no other network of the machine; IPv6 gets a unique local one.
    """
    options = ["--driver=bridge", "--opt=com.docker.network.bridge.enable_ip_masquerade=true"]
    options += [f"--label={LABEL}={name}", f"--label={OWNER}={owner()}"]
    if subnet:
        options += [f"--subnet={subnet}"]
    if ipv6:
        options += ["--ipv6", f"--subnet={unique_local_subnet()}"]
    docker("network", "create", *options, name)
    return network(name)


def unique_local_subnet() -> Subnet:
    """A random /64 of fd00::/8 (https://www.rfc-editor.org/rfc/rfc4193)."""
    return ip_network((int.from_bytes(b"\xfd" + os.urandom(7) + bytes(8), "big"), 64))


def network(name: str) -> Network:
    """Look at a network as it is now.

    :raises EnvironmentFault: there is none of that name
    """
    found: dict[str, Any] = json.loads(docker("network", "inspect", name))[0]
    configurations = found["IPAM"]["Config"] or []
    attached: list[dict[str, str]] = list((found["Containers"] or {}).values())
    addresses = [entry[key].split("/")[0] for entry in attached for key in ("IPv4Address", "IPv6Address") if entry.get(key)]
    gateways = [entry["Gateway"].split("/")[0] for entry in configurations if entry.get("Gateway")]
    return Network(
        name,
        found["Labels"] or {},
        tuple(ip_network(entry["Subnet"]) for entry in configurations),
        frozenset(ip_address(text) for text in (*addresses, *gateways)),
        {entry["MacAddress"].lower(): entry["Name"] for entry in attached},
    )


def ours(kind: str) -> list[str]:
    """Names of the networks or containers (``kind``) that carry our label."""
    listing = docker(kind, "ls", f"--filter=label={LABEL}", *(["--all"] if kind == "container" else []), "--format={{json .}}")
    return [json.loads(line).get("Name") or json.loads(line)["Names"] for line in listing.splitlines()]


def owner() -> str:
    """Who we are, in a way that outlives us: host, boot, process id, start of the process in clock ticks."""
    return f"{socket.gethostname()}/{_boot()}/{os.getpid()}/{_started(os.getpid())}"


def owner_is_gone(text: str) -> bool:
    """Whether the process that wrote :func:`owner` has ended; one on another host is never taken for gone."""
    host, boot, pid, started = text.split("/")
    if host != socket.gethostname():
        return False
    return boot != _boot() or _started(int(pid)) != started


def _boot() -> str:
    path = Path("/proc/sys/kernel/random/boot_id")
    return path.read_text().strip() if path.exists() else "-"


def _started(pid: int) -> str:
    # Field 22 of /proc/PID/stat; the command's name, which may hold blanks, is in parentheses before.
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except (FileNotFoundError, ProcessLookupError):
        return "-"
