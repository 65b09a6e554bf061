"""A run in a process of its own."""

from pathlib import Path

import pytest

from harness.faults import judging
from harness.model.errors import EnvironmentFault
from selftests.report.synthetic import report


class Process:
    """Stands for a run that ends by itself, or is interrupted."""

    def __init__(self, argv: list[str], *, interrupted: bool) -> None:
        self.argv = argv
        self.interrupted = interrupted
        self.signals: list[int] = []

    def __enter__(self) -> "Process":
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def wait(self, timeout: float | None = None) -> int:
        if self.interrupted and timeout is None:
            raise KeyboardInterrupt
        return 4

    def send_signal(self, number: int) -> None:
        self.signals.append(number)


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[Process]:
    processes: list[Process] = []

    def start(argv: list[str], **_: object) -> Process:
        processes.append(Process(argv, interrupted="SUB-01" in argv))
        return processes[-1]

    monkeypatch.setattr("subprocess.Popen", start)
    return processes


def test_the_report_of_a_run_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, started: list[Process]) -> None:
    wanted = report(size=3)
    monkeypatch.setattr(judging, "read_report", lambda file: wanted if file == tmp_path / "one" / "run" / "report.json" else None)

    def judged(argv: list[str], output: int) -> int:
        (tmp_path / "one" / "run").mkdir()
        (tmp_path / "one" / "run" / "report.json").touch()
        return 1

    monkeypatch.setattr(judging, "ended", judged)
    assert judging.run("conformance-1a2b3c", ["PTH-06"], 2, tmp_path / "one") is wanted


def test_a_run_without_a_report_is_an_error(tmp_path: Path, started: list[Process]) -> None:
    with pytest.raises(EnvironmentFault, match="exit code 4"):
        judging.run("conformance-1a2b3c", ["PTH-06"], 2, tmp_path / "one")
    assert started[0].argv[1:] == [
        *("-m", "harness", "run", "PTH-06", "--reuse-cluster=conformance-1a2b3c"),
        *(f"--report-dir={tmp_path / 'one'}", "--workers=2"),
    ]


def test_an_interruption_is_handed_on_once(tmp_path: Path, started: list[Process]) -> None:
    with pytest.raises(KeyboardInterrupt):
        judging.run("conformance-1a2b3c", ["SUB-01"], 2, tmp_path / "one")
    assert started[0].signals == [2]
