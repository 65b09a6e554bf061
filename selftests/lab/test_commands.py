import os
import sys
import time
from pathlib import Path

import pytest

from lab.commands import SHOWN_LINES, run
from lab.errors import LabError

PYTHON = [sys.executable, "-I", "-c"]


def test_the_standard_output_is_returned_alone() -> None:
    assert run([*PYTHON, "import sys; print('answer'); print('noise', file=sys.stderr)"], timeout=30) == "answer\n"


def test_the_environment_is_added_to() -> None:
    code = "import os; print(os.environ['LAB_TEST'], 'PATH' in os.environ)"
    assert run([*PYTHON, code], timeout=30, env={"LAB_TEST": "x"}) == "x True\n"


def test_a_failure_shows_the_command_the_code_and_what_the_program_complained_of() -> None:
    with pytest.raises(LabError) as caught:
        run([*PYTHON, "import sys; sys.exit('no such image')"], timeout=30)
    text = str(caught.value)
    assert text.startswith(f"expected: {sys.executable} -I -c ")
    assert "exit code 1\n  no such image" in text


def test_a_failure_with_a_log_shows_its_last_lines_and_names_the_file(tmp_path: Path) -> None:
    log = tmp_path / "build.log"
    log.write_text("an earlier command\n")
    with pytest.raises(LabError) as caught:
        run([*PYTHON, "print(*range(100), sep='\\n'); raise SystemExit(3)"], timeout=30, log=log)
    text = str(caught.value)
    assert "exit code 3" in text
    assert "\n  99\n" in text
    assert len(text.splitlines()) <= SHOWN_LINES + 3
    assert f"full log: {log}" in text
    assert "earlier" not in text
    assert log.read_text().startswith("an earlier command\n$ ")


def test_a_program_that_is_not_installed_is_named() -> None:
    with pytest.raises(LabError, match="the program no-such-program"):
        run(["no-such-program"], timeout=30)


def test_a_program_that_takes_too_long_is_ended_with_what_it_started(tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    code = f"import subprocess, pathlib; p = subprocess.Popen(['sleep', '60']); pathlib.Path({str(pid)!r}).write_text(str(p.pid)); p.wait()"
    with pytest.raises(LabError, match="to end within 1 s"):
        run([*PYTHON, code], timeout=1)
    assert ends(int(pid.read_text()))


def ends(pid: int) -> bool:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
            return True
        time.sleep(0.02)
    return False
