"""Commands in Pods, and what becomes of them."""

from dataclasses import dataclass

import kubernetes.stream
import pytest
from kubernetes.client import Configuration

from harness.cluster import pod_exec
from harness.model.errors import EnvironmentFault


@dataclass
class Running:
    """Stands in for the connection to a command."""

    returncode: int = 0
    endless: bool = False
    closed: bool = False

    def run_forever(self, timeout: float) -> None:
        assert timeout == 2

    def is_open(self) -> bool:
        return self.endless

    def read_stdout(self) -> str:
        return "said"

    def read_stderr(self) -> str:
        return "no such thing"

    def close(self) -> None:
        self.closed = True


def told(monkeypatch: pytest.MonkeyPatch, running: Running) -> str:
    monkeypatch.setattr(kubernetes.stream, "stream", lambda *asked, **options: running)
    try:
        return pod_exec.run(Configuration(), "wire-0", "run-wire", ["python3", "x"], 2)
    finally:
        assert running.closed


def test_what_it_printed_is_returned(monkeypatch: pytest.MonkeyPatch) -> None:
    assert told(monkeypatch, Running()) == "said"


@pytest.mark.parametrize(
    ("running", "expected"), [(Running(returncode=2), "exit code 2: no such thing"), (Running(endless=True), "not ended after 2 s")]
)
def test_one_that_fails_is_a_fault_of_the_environment(monkeypatch: pytest.MonkeyPatch, running: Running, expected: str) -> None:
    with pytest.raises(EnvironmentFault, match=expected) as fault:
        told(monkeypatch, running)
    assert "`python3 x` succeeds in Pod run-wire/wire-0" in str(fault.value)
