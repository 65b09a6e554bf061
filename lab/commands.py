"""Every program the lab starts is started here."""

import os
import shlex
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Protocol

from lab.errors import LabError

SHOWN_LINES = 20
_GRACE_SECONDS = 10.0


class Run(Protocol):
    """How the lab starts a program; selftests put their own in its place."""

    def __call__(
        self,
        argv: Sequence[str],
        *,
        timeout: float,
        log: Path | None = None,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
    ) -> str: ...


def run(
    argv: Sequence[str],
    *,
    timeout: float,
    log: Path | None = None,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
) -> str:
    """Run a program and return its standard output, or append all it says to `log` and return an empty text.

    `env` adds to the environment, `timeout` is in seconds. Raises LabError with the last lines of the program's output when it cannot be
    started, fails or takes too long; it and what it started are ended then, and on Ctrl-C.
    """
    if log is None:
        return _captured(argv, timeout, cwd, env)
    with log.open("a", encoding="utf-8", errors="replace") as stream:
        stream.write(f"$ {shlex.join(argv)}\n")
        stream.flush()
        start = stream.tell()
        code = _wait(_start(argv, cwd, env, stream, subprocess.STDOUT), argv, timeout)[0]
    if code:
        with log.open("rb") as output:
            output.seek(start)
            raise _failure(argv, code, output.read().decode("utf-8", "replace"), f"read the full log: {log}")
    return ""


def _captured(argv: Sequence[str], timeout: float, cwd: Path | None, env: Mapping[str, str] | None) -> str:
    code, output, complaint = _wait(_start(argv, cwd, env, subprocess.PIPE, subprocess.PIPE), argv, timeout)
    if code:
        raise _failure(argv, code, complaint or output, "run the command by hand")
    return output


def _start(
    argv: Sequence[str], cwd: Path | None, env: Mapping[str, str] | None, stdout: int | IO[str], stderr: int
) -> subprocess.Popen[str]:
    try:
        return subprocess.Popen(
            argv,
            cwd=cwd,
            env={**os.environ, **(env or {})},
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=stderr,
            text=True,
            errors="replace",
            process_group=0,
        )
    except OSError as error:
        raise LabError(f"the program {argv[0]}", str(error), f"install {argv[0]}") from error


def _wait(process: subprocess.Popen[str], argv: Sequence[str], timeout: float) -> tuple[int, str, str]:
    try:
        output, complaint = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired as error:
        _end(process)
        expected = f"{shlex.join(argv)} to end within {timeout:.0f} s"
        raise LabError(expected, "it was still running", "run it by hand and see what it waits for") from error
    except BaseException:
        _end(process)
        raise
    return process.returncode, output or "", complaint or ""


def _end(process: subprocess.Popen[str]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    try:
        process.wait(_GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    for stream in filter(None, (process.stdout, process.stderr)):
        stream.close()


def _failure(argv: Sequence[str], code: int, output: str, remedy: str) -> LabError:
    lines = output.strip().splitlines()[-SHOWN_LINES:]
    return LabError(f"{shlex.join(argv)} to succeed", "\n  ".join([f"exit code {code}", *lines]), remedy)
