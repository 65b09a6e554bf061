"""Starts the container of a run, stands before it as if it were the run, and leaves nothing of it."""

import argparse
import os
import re
import secrets
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.cli.container import image
from harness.cluster import engine
from harness.cluster.requirements import IN_CONTAINER
from harness.cluster.sources import Image, Images, Source, components
from harness.cluster.state import states_directory
from harness.cluster.steps import Steps
from harness.model.conformance_file import find_file, read_file
from harness.model.errors import EnvironmentFault
from harness.model.project import NAME
from harness.model.verdicts import ExitCode
from harness.plugin.conformance_file import run_type
from lab import cache

#: What is asked for has happened.
INSIDE = IN_CONTAINER in os.environ
#: Where an engine finds its own socket when it runs in a virtual machine, as on a Mac, whatever the path on this side.
SOCKET = "/var/run/docker.sock"
#: The image of the lab's and the registries' that ours is made of.
BASE = "base"
#: Seconds that the engine gives a run to remove its cluster when somebody stops the container.
GRACE = 180
#: Exit codes with which Docker's command line says that it could not start the container.
_NOT_STARTED = (125, 126, 127)
#: What the environment says of pytest and of colours.
_HANDED_ON = (*image.PROXIES, "PYTEST_ADDOPTS", "NO_COLOR", "FORCE_COLOR")


@dataclass(frozen=True, slots=True)
class Engine:
    """Where the engine's socket is for a container of the engine's, and who of the container owns what it writes here."""

    socket: str
    user: tuple[str, ...]


def run(options: argparse.Namespace) -> int:
    """Do inside of a container what the command line says, and return its exit code.

    :raises EnvironmentFault: no engine answers, it is on another machine, or the image cannot be made
    """
    found = find_engine()
    steps = Steps(print)
    base = base_image(options, steps)
    with steps.step("prepare the container"):
        made = image.build(base.id)
    shown = [_mount(folder, folder) for folder in sorted(_folders(options))]
    return _stand_before(["docker", "run", *_start_words(found), *shown, *_environment(), made, *options.words])


def base_image(options: argparse.Namespace, steps: Steps) -> Image:
    """The image that the suite's own is made of.

    :raises EnvironmentFault: it cannot be had
    """
    mirror = _said(options, "image_mirror", "")
    images = Images(Source(_said(options, "images", "auto")), f"{mirror.rstrip('/')}/" if mirror else "", {}, steps)
    return images.resolve({BASE: components()[BASE].default})[BASE]


def find_engine() -> Engine:
    """The engine, if a container of it can reach it and the folders of this machine.

    :raises EnvironmentFault: it cannot
    """
    engine.require_engine()
    address = engine.docker("context", "inspect", "--format", "{{.Endpoints.docker.Host}}").strip()
    scheme, _, path = address.partition("://")
    if scheme not in ("unix", "npipe"):
        todo = f"unset DOCKER_HOST or choose another `docker context`; or run {NAME} on the machine of that engine, without --in-container"
        raise EnvironmentFault("an engine of this machine, whose socket a container can be given", address, todo)
    system, rootless = engine.docker("info", "--format", "{{.OperatingSystem}}\t{{json .SecurityOptions}}").split("\t")
    if sys.platform != "linux" or system == "Docker Desktop":  # files shared with a virtual machine belong to whoever shares them
        return Engine(SOCKET, ("--user=0:0",))
    if "name=rootless" in rootless:  # its root is this user: https://docs.docker.com/engine/security/rootless/
        return Engine(path, ("--user=0:0",))
    return Engine(path, (f"--user={os.getuid()}:{os.getgid()}", f"--group-add={Path(path).stat().st_gid}"))


def _start_words(found: Engine) -> Iterator[str]:
    yield from ("--rm", "--init", f"--name={NAME}-{secrets.token_hex(3)}", f"--stop-timeout={GRACE}")
    yield "--network=host"  # what MetalLB hands out is routed from there
    yield "--pid=host"  # a later run tells by the process whether the owner of a cluster is gone
    yield "--security-opt=label=disable"  # SELinux would keep it from the socket and the folders
    yield from (*found.user, _mount(Path(found.socket), Path(SOCKET)), f"--workdir={Path.cwd()}")


def _mount(source: Path, target: Path) -> str:
    # fields of CSV, as a path may hold a comma: https://docs.docker.com/engine/storage/bind-mounts/
    fields = (f"{key}={path}".replace('"', '""') for key, path in (("source", source), ("target", target)))
    return ",".join(["--mount=type=bind", *(f'"{field}"' for field in fields)])


def _folders(options: argparse.Namespace) -> set[Path]:
    """What a run may read and write: where the user stands, up to the file that speaks for it, what options name, states and cache."""
    here = Path.cwd()
    file = find_file(here)
    repository = next((folder for folder in (here, *here.parents) if (folder / ".git").exists()), here)
    states = states_directory()
    states.mkdir(parents=True, exist_ok=True)
    top = {here, repository, states, cache.directory().parent, *([file.parent] if file else [])}
    named = (getattr(options, action.dest, None) for action in options.declared if re.search("FILE|DIR", str(action.metavar)))
    return top | {place for path in named if path and "://" not in path for place in _existing(Path(path).absolute(), top)}


def _existing(path: Path, shown: set[Path]) -> Iterator[Path]:
    """The path or the nearest folder above it that exists, unless it is shown already; the root of all files cannot be."""
    if any(path.is_relative_to(folder) for folder in shown):
        return
    yield from [one for one in (path, *path.parents[:-1]) if one.exists()][:1]


def _environment() -> Iterator[str]:
    yield from ("--env=HOME=/tmp", f"--env=XDG_STATE_HOME={states_directory().parent}")
    yield f"--env=XDG_CACHE_HOME={cache.directory().parents[1]}"
    yield from (f"--env={name}={os.environ[name]}" for name in _HANDED_ON if name in os.environ)
    if image.certificates():
        yield f"--env=SSL_CERT_FILE={image.CERTIFICATES}"
    if sys.stdout.isatty():  # the container gets no terminal: with one, Docker's command line would not hand on every signal
        yield from (f"--env=COLUMNS={shutil.get_terminal_size().columns}", "--env=FORCE_COLOR=1")


def _said(options: argparse.Namespace, name: str, default: str) -> str:
    """The value of an option, of the command line or of ``conformance.toml``."""
    named = getattr(options, "config", None)
    file = Path(named) if named else find_file(Path.cwd())
    written = read_file(file, run_type(), lambda _: "").run if file else {}
    return str(getattr(options, name, written.get(name.replace("_", "-"), default)))


def _stand_before(argv: Sequence[str]) -> int:
    """Run Docker's command line, which hands each signal on to the container; in a group of its own, so that Ctrl-C arrives there once."""
    sys.stdout.flush()  # what was said so far comes before what the container says
    with subprocess.Popen(argv, stdin=subprocess.DEVNULL, process_group=0) as client:
        before = {number: signal.signal(number, lambda got, _: client.send_signal(got)) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            code = client.wait()
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
    return ExitCode.ENVIRONMENT_FAILED if code in _NOT_STARTED else code
