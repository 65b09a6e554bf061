"""The probe on the cluster's network: a container that asks, frame by frame, who has an address."""

import json
from collections.abc import Mapping
from ipaddress import ip_address
from typing import Protocol

from harness.model.addresses import Address
from harness.model.errors import EnvironmentFault
from harness.model.layer2_observations import Answer, Resolution
from harness.model.record import awaiting_answer, record
from harness.probes import wire_program

#: Where the program is in a Pod.
PROGRAM = "/wire/program.py"


class DockerCommand(Protocol):
    """Runs a command of Docker's and returns what it prints; ``harness.cluster.engine.docker``.

    :raises EnvironmentFault: the command failed, or took longer than ``timeout`` seconds
    """

    def __call__(self, *words: str, timeout: float, stdin: bytes | None = None) -> str: ...


class WireProbe:
    """A container on a network, one for a whole run; it needs NET_RAW, which Docker grants by default, and ``python3``."""

    def __init__(self, docker: DockerCommand, name: str) -> None:
        """Use the container of that name, which :meth:`start` began, here or in another process."""
        self._docker = docker
        self.name = name

    @classmethod
    def start(cls, docker: DockerCommand, name: str, *, image: str, network: str, labels: Mapping[str, str]) -> "WireProbe":
        """Create the container and leave it waiting.

        :raises EnvironmentFault: Docker could not
        """
        labelled = [f"--label={key}={value}" for key, value in labels.items()]
        where = [f"--name={name}", f"--network={network}", *labelled]
        docker("run", "--detach", "--init", *where, "--entrypoint=sleep", image, "infinity", timeout=60)
        return cls(docker, name)

    def who_has(self, address: Address | str, *, requests: int = 3, interval: float = 0.2, timeout: float = 1.0) -> Resolution:
        """Ask who has the address, by ARP or neighbour discovery, and collect every answer.

        :param interval: seconds between two requests
        :param timeout: seconds to listen after the last request
        :raises EnvironmentFault: the probe itself failed; silence is an answer and is returned
        """
        target = ip_address(address)
        options = [f"--count={requests}", f"--interval={interval}", f"--timeout={timeout}"]
        question = ["arp" if target.version == 4 else "ndp", str(target), *options]
        lines = self._run(question, timeout=30 + requests * interval + timeout)
        sent = tuple(float(line["requested"]) for line in lines if "requested" in line)
        answers = tuple(Answer(str(line["mac"]), str(line["ip"]), float(line["at"])) for line in lines if "mac" in line)
        resolution = Resolution(target, sent, answers)
        record().exchanges.append(str(resolution))
        return resolution

    def _run(self, arguments: list[str], *, timeout: float) -> list[dict[str, str | float]]:
        with awaiting_answer():
            output = self._output(arguments, timeout)
        try:
            seen = [dict(json.loads(line)) for line in output.splitlines()]
        except (ValueError, TypeError):
            seen = []
        if not seen:
            raise EnvironmentFault("one JSON object a line from the wire probe", repr(output[:200]), f"look at {self.name}")
        return seen

    def _output(self, arguments: list[str], timeout: float) -> str:
        return self._docker(
            "exec", "--interactive", self.name, "python3", "-", *arguments, timeout=timeout, stdin=wire_program.text().encode()
        )


class PodExec(Protocol):
    """Runs a command in a Pod and returns what it prints; ``harness.cluster.api.Api.execute``.

    :raises EnvironmentFault: the command failed, or took longer than ``timeout`` seconds
    """

    def __call__(self, pod: str, namespace: str, *words: str, timeout: float) -> str: ...


class PodWireProbe(WireProbe):
    """The probe as a Pod in the network of a node, which holds the program as :data:`PROGRAM`; it needs NET_RAW."""

    def __init__(self, execute: PodExec, pod: str, namespace: str) -> None:
        self._execute = execute
        self._namespace = namespace
        self.name = pod

    def _output(self, arguments: list[str], timeout: float) -> str:
        return self._execute(self.name, self._namespace, "python3", PROGRAM, *arguments, timeout=timeout)
