"""HTTP from inside of the cluster's network, where pods and nodes both can be reached: a container in the network of a node."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.model.budgets import ANSWER
from harness.model.errors import EnvironmentFault, Unanswered
from harness.model.record import record
from harness.probes.wire import DockerCommand

PROGRAM = Path(__file__).with_name("in_cluster_program.py")


@dataclass(frozen=True, slots=True)
class Response:
    """The status and the body of an answer."""

    status: int
    body: str


@dataclass(frozen=True, slots=True)
class InClusterProbe:
    """A container that shares the network of a node; :meth:`WireProbe.start` creates it with the network ``container:NODE``."""

    docker: DockerCommand
    name: str

    def get(self, url: str, *, token: str | None = None, timeout: float = ANSWER.seconds) -> Response:
        """The answer to a GET; certificates are not judged.

        :raises Unanswered: no connection, or no answer in time
        :raises EnvironmentFault: the probe itself failed
        """
        limit = record().scaled(timeout)
        program = f"{PROGRAM.read_text()}\nmain({url!r}, {token!r}, {limit!r})\n"
        output = self.docker("exec", "--interactive", self.name, "python3", "-", timeout=30 + limit, stdin=program.encode())
        try:
            answer: dict[str, Any] = json.loads(output)
        except ValueError:
            raise EnvironmentFault("one JSON object from the probe inside", repr(output[:200]), f"docker inspect {self.name}") from None
        if "fault" in answer:
            raise Unanswered(f"GET {url}: {answer['fault']}")
        record().exchanges.append(f"GET {url}{' with a token' if token else ''}: {answer['status']}, {len(answer['body'])} bytes")
        return Response(answer["status"], answer["body"])
