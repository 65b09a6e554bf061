"""What another thread is at is given up, and undone."""

import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from threading import Thread

import pytest

from harness.cluster.abandonment import ABANDONMENT, Abandoned, Abandonment, check
from harness.cluster.process import run_command
from harness.model.budgets import Budget
from harness.model.errors import EnvironmentFault
from harness.systems.kubernetes.readiness import wait_ready


def in_thread(work: Callable[[], object], abandonment: Abandonment) -> tuple[Thread, list[BaseException]]:
    raised: list[BaseException] = []

    def run() -> None:
        ABANDONMENT.set(abandonment)
        try:
            work()
        except BaseException as error:
            raised.append(error)

    thread = Thread(target=run)
    thread.start()
    return thread, raised


def never() -> None:
    raise AssertionError("not yet")


@pytest.mark.parametrize(
    "work",
    [
        lambda: run_command(["sleep", "60"], timeout=60),
        lambda: wait_ready(never, "something", within=Budget("b", 60, "r")),
    ],
    ids=["command", "wait"],
)
def test_a_command_and_a_wait_end_soon(work: Callable[[], object]) -> None:
    abandonment = Abandonment()
    thread, raised = in_thread(work, abandonment)
    began = time.monotonic()
    abandonment.ask()
    thread.join(20)
    assert [type(error) for error in raised] == [Abandoned]
    assert time.monotonic() - began < 20


def test_what_is_undone_afterwards_is_not_given_up(tmp_path: Path) -> None:
    abandonment = Abandonment()

    def work() -> None:
        try:
            run_command(["sleep", "60"], timeout=60)
        finally:
            run_command(["sh", "-c", f"sleep 0.5; touch {tmp_path / 'undone'}"], timeout=60)

    thread, raised = in_thread(work, abandonment)
    abandonment.ask()
    thread.join(20)
    assert (tmp_path / "undone").exists()
    assert [type(error) for error in raised] == [Abandoned]


def test_what_nobody_can_give_up_goes_on() -> None:
    check()
    abandonment = Abandonment()
    thread, raised = in_thread(check, abandonment)
    thread.join(20)
    assert raised == []


def test_commands_say_there_what_they_say_elsewhere() -> None:
    seen: list[str] = []

    def work() -> None:
        seen.append(run_command(["sh", "-c", "cat; echo $A"], timeout=20, stdin=b"typed ", env={"A": "named"}))
        for words, timeout in ((["sh", "-c", "echo why >&2; exit 3"], 20.0), (["sh", "-c", "echo began; exec sleep 60"], 0.5)):
            with pytest.raises(EnvironmentFault) as raised:
                run_command(words, timeout=timeout)
            seen.append(raised.value.found)
        with pytest.raises(EnvironmentFault, match="it is not installed"):
            run_command(["no-command-of-that-name"], timeout=5)

    thread, raised = in_thread(work, Abandonment())
    thread.join(60)
    assert raised == []
    assert seen == ["typed named\n", "exit code 3\nwhy", "it still ran\nbegan"]


def test_a_command_that_is_given_up_has_ended(tmp_path: Path) -> None:
    abandonment = Abandonment()
    file = tmp_path / "pid"
    thread, _ = in_thread(lambda: run_command(["sh", "-c", f"echo $$ > {file}; exec sleep 60"], timeout=60), abandonment)
    while not (file.exists() and file.read_text().strip()):
        time.sleep(0.05)
    abandonment.ask()
    thread.join(20)
    assert subprocess.run(["kill", "-0", file.read_text().strip()], capture_output=True, check=False).returncode != 0
