"""Running commands: a list of words, a deadline, and the command's own words in the error."""

import logging
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from threading import Thread

from harness.cluster.abandonment import ABANDONMENT, check
from harness.model.errors import EnvironmentFault
from harness.model.record import awaiting_answer

log = logging.getLogger("conformance")

#: Characters of a command's output shown in an error: about one screen.
SHOWN = 1600
#: Seconds for a command to end once its standard input has.
GRACE = 10
#: Seconds between two looks whether a command is to be given up.
LOOK = 0.2


def run_command(argv: Sequence[str], *, timeout: float, stdin: bytes | None = None, env: Mapping[str, str] | None = None) -> str:
    """Run a command and return its standard output.

    :param timeout: seconds; the command is killed after that
    :param env: added to the environment
    :raises EnvironmentFault: the command is missing, failed, or did not end in time; names the command and what it printed last
    """
    began = time.monotonic()
    words = " ".join(argv)
    try:
        run = _run_interruptibly if ABANDONMENT.get() else _run
        with awaiting_answer():
            done = run(argv, stdin, timeout, {**os.environ, **(env or {})})
    except FileNotFoundError:
        raise EnvironmentFault(f"the command `{argv[0]}`", "it is not installed or not on PATH", f"install {argv[0]}") from None
    except subprocess.TimeoutExpired as late:
        printed = _tail((late.stdout or b"") + (late.stderr or b""))
        raise EnvironmentFault(f"`{words}` ends within {timeout:.0f} s", f"it still ran{printed}", "look at the machine's load") from None
    log.debug("%.2f s  rc=%d  %s", time.monotonic() - began, done.returncode, words)
    if done.returncode != 0:
        printed = _tail(done.stderr or done.stdout)
        raise EnvironmentFault(f"`{words}` succeeds", f"exit code {done.returncode}{printed}", "see the command's own words above")
    return done.stdout.decode(errors="replace")


def _run(argv: Sequence[str], stdin: bytes | None, timeout: float, env: Mapping[str, str]) -> "subprocess.CompletedProcess[bytes]":
    return subprocess.run(argv, input=stdin, capture_output=True, timeout=timeout, env=env, check=False)


def _run_interruptibly(
    argv: Sequence[str], stdin: bytes | None, timeout: float, env: Mapping[str, str]
) -> "subprocess.CompletedProcess[bytes]":
    """The same, but it ends when the thread is to give up, and not by what is typed at the terminal: whoever gives up decides."""
    deadline = time.monotonic() + timeout
    pipe = subprocess.PIPE
    with subprocess.Popen(argv, stdin=pipe, stdout=pipe, stderr=pipe, env=env, start_new_session=True) as command:
        try:
            while True:
                try:
                    output, errors = command.communicate(stdin, timeout=LOOK)
                    return subprocess.CompletedProcess(argv, command.returncode, output, errors)
                except subprocess.TimeoutExpired as late:
                    if time.monotonic() > deadline:
                        raise subprocess.TimeoutExpired(argv, timeout, late.stdout, late.stderr) from None
                stdin = None  # communicate takes it once
                check()
        finally:
            command.kill()  # one that has ended is none


@contextmanager
def running_command(argv: Sequence[str], on_line: Callable[[str], object]) -> Iterator[None]:
    """Run a command beside the block and hand on what it prints, line by line; the end of its standard input tells it to end.

    :raises EnvironmentFault: the command is missing, or failed
    """
    words = argv[0]
    try:
        command = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    except FileNotFoundError:
        raise EnvironmentFault(f"the command `{words}`", "it is not installed or not on PATH", f"install {words}") from None
    with command:
        printed, errors, stdin = command.stdout, command.stderr, command.stdin
        assert printed is not None
        assert errors is not None
        assert stdin is not None
        reader = Thread(target=lambda: [on_line(line.decode(errors="replace")) for line in printed], daemon=True)
        reader.start()
        try:
            yield
        finally:
            stdin.close()
            with awaiting_answer():
                _end(command)
                reader.join(GRACE)
        if command.returncode:
            raise EnvironmentFault(f"`{words}` succeeds", f"exit code {command.returncode}{_tail(errors.read())}", "see above")


def attached_here(container: str, *words: str, on_line: Callable[[str], object]) -> AbstractContextManager[None]:
    """Run a program of Python's beside the block as :func:`harness.cluster.engine.attached` does, without any container.

    :param container: nothing; there is none
    :param words: those for a container, of which the first is the interpreter
    :raises EnvironmentFault: it failed
    """
    del container
    return running_command([sys.executable, *words[1:]], on_line)


def _end(command: subprocess.Popen[bytes]) -> None:
    try:
        command.wait(GRACE)
    except subprocess.TimeoutExpired:
        command.kill()
        command.wait()


def _tail(output: bytes) -> str:
    text = output.decode(errors="replace").strip()
    return f"\n{text[-SHOWN:]}" if text else ""
