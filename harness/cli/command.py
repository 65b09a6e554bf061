"""The command's line: its sub-commands, its exit codes, and what is told where it cannot be followed."""

import argparse
import os
import signal
import sys
from collections.abc import Sequence
from typing import NoReturn

import shtab

from harness.cli import Commands, authors, clusters, controllers, doctor, faults, gate, images, matrix, migrate, rbac, run, statements
from harness.model.errors import Fault, UsageFault
from harness.model.project import COMMAND, INSTALLED, NAME
from harness.model.verdicts import ExitCode
from harness.plugin.suite_version import suite_version
from harness.report import compare
from lab.errors import LabError

_ABOUT = "Proves on a real cluster that MetalLB and an ingress controller do what their specifications say."
_CODES = "Exit codes: 0 as expected, 1 changed, 2 interrupted, 3 the environment failed, 4 wrong usage, 5 nothing was judged."


class Parser(argparse.ArgumentParser):
    """A parser whose complaint has the exit code of wrong usage: 2, which argparse takes, says that a run was interrupted."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong."""
        self.print_usage(sys.stderr)
        self.exit(ExitCode.USAGE, f"{self.prog}: {message}\n")


class _Version(argparse.Action):
    """Prints the version; argparse's own action would have it looked up with every command."""

    def __init__(self, option_strings: Sequence[str], dest: str, help: str | None = None) -> None:
        super().__init__(option_strings, dest, nargs=0, default=argparse.SUPPRESS, help=help)

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> NoReturn:
        """Print it and end."""
        print(f"{NAME} {suite_version()}")
        parser.exit()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    words = list(sys.argv[1:] if arguments is None else arguments)
    at = words.index("--") if "--" in words else len(words)
    parser = command_parser(COMMAND)
    options = parser.parse_args(words[:at], argparse.Namespace(words=words, for_pytest=words[at + 1 :]))
    if options.for_pytest and options.command is not run.run:
        parser.error("only run hands words after -- to pytest")
    try:
        code = int(options.command(options) or ExitCode.AS_EXPECTED)
        sys.stdout.flush()
        return code
    except (Fault, LabError) as fault:
        print(fault, file=sys.stderr)
        return ExitCode.USAGE if isinstance(fault, UsageFault) else ExitCode.ENVIRONMENT_FAILED
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return ExitCode.INTERRUPTED
    except BrokenPipeError:  # as of `list | head`: https://docs.python.org/3/library/signal.html#note-on-sigpipe
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.AS_EXPECTED


def command_parser(prog: str) -> argparse.ArgumentParser:
    """Everything that the command understands."""
    parser = Parser(prog=prog, description=_ABOUT, epilog=_CODES, allow_abbrev=False)
    parser.add_argument("--version", action=_Version, help="print the version of the suite, and its commit where that is known")
    commands: Commands = parser.add_subparsers(required=True, metavar="COMMAND")  # type: ignore[assignment]  # of our subclass
    run.add_command(commands)
    statements.add_commands(commands)
    command = commands.add_parser("compare", help="say what changed between two runs")
    compare.add_arguments(command)
    command.set_defaults(command=compare.print_comparison)
    images.add_commands(commands)
    controllers.add_command(commands)
    clusters.add_command(commands)
    doctor.add_command(commands)
    rbac.add_command(commands)
    migrate.add_command(commands)
    gate.add_command(commands)
    if not INSTALLED:
        authors.add_commands(commands)
        faults.add_command(commands)
        matrix.add_command(commands)
    command = commands.add_parser("completion", help="print what a shell needs to complete this command")
    command.add_argument("shell", choices=shtab.SUPPORTED_SHELLS)
    command.set_defaults(command=_complete)
    return parser


def _complete(options: argparse.Namespace) -> None:
    print(shtab.complete(command_parser(NAME), options.shell))
