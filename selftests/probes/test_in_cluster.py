"""The probe inside of the cluster's network: its program is run here, in the place of the container."""

import subprocess
import sys

import pytest

from harness.model.errors import EnvironmentFault, Unanswered
from harness.model.record import Record, recording
from harness.probes.in_cluster import InClusterProbe
from selftests.probes.echo_server import EchoServer
from selftests.probes.small_servers import serving, silent


def here(*words: str, timeout: float, stdin: bytes | None = None) -> str:
    """What the container's Python would print; no word of a command line names a secret."""
    assert words == ("exec", "--interactive", "inside-1", "python3", "-")
    done = subprocess.run([sys.executable, "-I", "-S", "-"], input=stdin, capture_output=True, check=True, timeout=timeout)
    return done.stdout.decode()


PROBE = InClusterProbe(here, "inside-1")


def test_answer_has_status_and_body(echo: EchoServer) -> None:
    with recording(Record()) as record:
        answer = PROBE.get(f"http://127.0.0.1:{echo.ports[0]}/metrics", token="opensesame")
    assert answer.status == 200
    assert '"Bearer opensesame"' in answer.body
    assert "opensesame" not in record.exchanges[0]


def test_refusal_is_an_answer(echo: EchoServer) -> None:
    assert PROBE.get(f"http://127.0.0.1:{echo.ports[0]}/?echo-status=403").status == 403


def test_certificates_are_not_judged(echo: EchoServer) -> None:
    assert PROBE.get(f"https://127.0.0.1:{echo.ports[1]}/").status == 200


def test_silence_is_no_answer() -> None:
    with serving(silent) as port, pytest.raises(Unanswered, match="timed out"):
        PROBE.get(f"http://127.0.0.1:{port}/", timeout=0.2)


def test_a_program_that_prints_nonsense_is_a_fault_of_the_environment() -> None:
    with pytest.raises(EnvironmentFault, match="one JSON object"):
        InClusterProbe(lambda *words, timeout, stdin=None: "Traceback", "inside-1").get("http://192.0.2.1/")
