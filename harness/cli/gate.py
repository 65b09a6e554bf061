"""``gate``: the steps of the GitHub action (``action.yml``) that are more than one command.

Each reads the action's inputs from the variable ``INPUTS``, which holds them as JSON: no text of a workflow becomes part of a script, and
with the same environment it runs anywhere.
"""

import argparse
import contextlib
import hashlib
import io
import json
import os
import platform
import re
import secrets
import shlex
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from harness.catalogue.levels import Level
from harness.cli import Commands, pull_request
from harness.cluster import sources
from harness.cluster.sources import Image, components
from harness.model.conformance_file import find_file
from harness.model.errors import UsageFault
from harness.model.project import NAME, ROOT, version
from harness.model.verdicts import ExitCode
from harness.report import github
from harness.report.json_report import read_report

#: Inputs that are options of ``run`` under the same name.
OPTIONS = ("level", "metallb", "metallb-mode", "ingress", "kubernetes", "metallb-manifest", "ingress-manifest", "config")


def add_command(commands: Commands) -> None:
    """Declare ``gate``."""
    parser = commands.add_parser("gate", help="the steps of the GitHub action, which docs/gate.md describes")
    actions = parser.add_subparsers(required=True, metavar="STEP")
    steps: dict[str, tuple[Callable[[argparse.Namespace], int | None], str]] = {
        "inputs": (check_inputs, "check the inputs, and say how the run's cache and artifact are called; creates nothing"),
        "run": (run, "run with the options that the inputs ask for"),
        "save": (save, "write the images of the run into the archive for the cache, but none of the user's own"),
        "comment": (comment, "say the result on the pull request"),
    }
    for name, (step, about) in steps.items():
        actions.add_parser(name, help=about).set_defaults(command=step)


def check_inputs(_: argparse.Namespace) -> int:
    """Check the inputs by a run that only collects; what is wrong becomes one annotation."""
    try:
        inputs = read_inputs(os.environ)
        pull_request.mode(inputs)
        code, complaint = _collect(run_words(inputs))
    except UsageFault as fault:
        code, complaint = ExitCode.USAGE, str(fault)
    if code in (ExitCode.AS_EXPECTED, ExitCode.NOTHING_JUDGED):
        github.set_outputs(_names(inputs, os.environ), os.environ)
        return ExitCode.AS_EXPECTED
    print(github.error("The inputs cannot be followed", complaint))
    return code


def _collect(words: list[str]) -> tuple[ExitCode, str]:
    """How a run that only collects ends, and what it complains of."""
    from harness.cli.command import main  # which imports this module

    listing = [*([] if "--" in words else ["--"]), "--collect-only", "-qqq"]
    output, complaint = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(complaint):
        try:
            code = main(["run", *words, *listing])
        except SystemExit as end:  # by which argparse ends, with its usage before the complaint
            code = int(end.code or 0)
            complaint = io.StringIO(complaint.getvalue().strip().rpartition("\n")[2])
    return ExitCode(code), complaint.getvalue().strip() or output.getvalue().strip()


def run(_: argparse.Namespace) -> int:
    """Run, and let the report set the outputs of the step.

    :raises UsageFault: the inputs cannot be followed
    """
    from harness.cli.command import main

    words = ["run", *run_words(read_inputs(os.environ))]
    print(f"{NAME} {shlex.join(words)}", flush=True)
    return main(words)


def save(_: argparse.Namespace) -> None:
    """Write the images of the run into the archive.

    :raises UsageFault: there is no report
    :raises EnvironmentFault: the archive cannot be written
    """
    used = read_report(Path(os.environ["REPORT"])).images
    images = [Image(one.component, one.reference, one.origin, one.id) for one in used if one.origin != "user"]
    if images:
        sources.save(images, Path(os.environ["ARCHIVE"]))


def comment(_: argparse.Namespace) -> None:
    """Comment the result on the pull request.

    :raises UsageFault: there is no report, or the inputs cannot be followed
    """
    pull_request.comment(read_report(Path(os.environ["REPORT"])), read_inputs(os.environ), os.environ)


def read_inputs(environ: Mapping[str, str]) -> dict[str, str]:
    """The inputs that say something, by their names in ``action.yml``."""
    given: dict[str, str] = json.loads(environ.get("INPUTS", "{}"))
    return {name: value.strip() for name, value in given.items() if value.strip()}


def run_words(inputs: Mapping[str, str]) -> list[str]:
    """The words behind ``run`` that the inputs ask for; an input that is empty leaves its option to conformance.toml.

    :raises UsageFault: an input is not of its form
    """
    if inputs.get("level") == Level.SCALE:
        raise UsageFault("level: smoke, core or full", Level.SCALE, "it judges nobody; record it by `run --level scale`, beside the gate")
    given = [f"--{name}={value}" for name in OPTIONS for value in _values(name, inputs.get(name, ""))]
    words = inputs.get("args", "")
    try:
        return [*given, *_images(inputs.get("images", "")), *shlex.split(words)]
    except ValueError as fault:
        raise UsageFault("args as a shell would read them", f"{words} ({fault})", "close the quotation") from None


def _values(name: str, text: str) -> list[str]:
    """What an input says of its option: nothing, one value, or several controllers with commas between."""
    return [one for one in (re.split(r"[,\s]+", text) if name == "ingress" else [text]) if one]


def _images(text: str) -> Iterator[str]:
    """``--image`` options; ``controller`` and ``speaker`` alone are MetalLB's."""
    for word in re.split(r"[,\s]+", text):
        name, _, reference = word.partition("=")
        known = [one for one in (name, f"metallb-{name}") if one in components()]
        if word and not (known and reference):
            choice = f"name one of: {', '.join(components())}"
            raise UsageFault("images as COMPONENT=REFERENCE, with commas between", word, f"{choice}; controller and speaker are MetalLB's")
        if word:
            yield f"--image={known[0]}={reference}"


def _names(inputs: Mapping[str, str], environ: Mapping[str, str]) -> dict[str, str]:
    """What later steps need to know of a run before it begins.

    The artifact's name ends by chance, since jobs of a called workflow look alike whichever matrix calls it; the archive's path is always
    the same, since a cache is found by it, too.
    """
    place = [environ.get(name, "") for name in ("GITHUB_JOB", "JOB_INDEX", "GITHUB_RUN_ID", "GITHUB_RUN_ATTEMPT")]
    archive = Path(environ.get("RUNNER_TEMP", ""), f"{NAME}-images.tar").absolute()
    return {
        "artifact": "-".join([NAME, *filter(None, place), secrets.token_hex(4)]),
        "archive": str(archive),
        "key": _cache_key(inputs),
    }


def _cache_key(inputs: Mapping[str, str]) -> str:
    """The same for runs that need the same images: defaults, versions asked for, the user's file, and the machine's kind."""
    own = inputs.get("config") or find_file(Path.cwd())
    decides = [inputs.get(name, "") for name in (*OPTIONS[1:], "args")]
    digest = hashlib.sha256("\0".join(decides).encode())
    for file in (ROOT / "lab" / "images.toml", *([Path(own)] if own else [])):
        digest.update(file.read_bytes())
    return f"{NAME}-{version()}-{platform.machine()}-{digest.hexdigest()[:16]}"
