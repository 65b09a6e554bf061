"""`python -m lab`: the lab as a program. Its commands are offered by the command of the suite, too."""

import argparse
import shutil
import signal
import sys
from collections.abc import Sequence
from typing import TypeAlias

import lab
from lab import cache, engine
from lab.builds import RECIPES, Builder
from lab.catalogue import Catalogue
from lab.commands import run
from lab.docker import Docker
from lab.errors import LabError
from lab.progress import Progress

DEFAULT_IMAGES = ("kind-node", "metallb-controller", "metallb-speaker", "ingress-nginx-controller", "python")

_ENGINE = """See to it that a container engine runs. As root on Debian it is installed (apt-get) and started, where none answers, unless the
environment says ENGINE=never; elsewhere it is said how to get one."""

#: What commands are added to; argparse has no public name for it.
Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


def main(argv: Sequence[str]) -> int:
    """Run one command; the exit code is 0, or 3 after a LabError, as the command of the suite has it where the environment failed."""
    arguments = _parser().parse_args(argv)
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        arguments.command(arguments)
    except LabError as error:
        print(f"lab  {error}", file=sys.stderr)
        return 3
    except KeyboardInterrupt:
        print("lab  interrupted; what was finished is kept", file=sys.stderr)
        return 130
    return 0


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def _parser() -> argparse.ArgumentParser:
    description = "Build images from package registries, where no image registry is in reach."
    parser = argparse.ArgumentParser(prog="python -m lab", description=description)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    add_engine(commands)
    commands.add_parser("list", help="every image and version, and whether it is built").set_defaults(command=print_list)
    add_build(commands)
    add_manifest(commands)
    add_bin(commands)
    return parser


def add_engine(commands: Commands) -> None:
    """Declare `engine`."""
    command = commands.add_parser("engine", help="see to it that a container engine runs", description=_ENGINE)
    command.add_argument(
        "action",
        nargs="?",
        choices=["start", "stop"],
        default="start",
        help="stop: end the engine that this command has started (default: start)",
    )
    command.set_defaults(command=_engine)


def add_build(commands: Commands) -> None:
    """Declare `build`."""
    command = commands.add_parser("build", help="build images")
    what = "an image, in the version that a run takes where none is named; list has them (default: what a default run needs)"
    command.add_argument("images", nargs="*", metavar="NAME[@VERSION]", help=what)
    command.add_argument("--all", action="store_true", help="every image in every version")
    command.set_defaults(command=_build)


def add_manifest(commands: Commands) -> None:
    """Declare `manifest`."""
    command = commands.add_parser("manifest", help="where the manifest of a component is: out of its Go module")
    command.add_argument("component", metavar="NAME@VERSION", help="a component, for instance metallb@0.16.2")
    command.set_defaults(command=_manifest)


def add_bin(commands: Commands) -> None:
    """Declare `bin`."""
    command = commands.add_parser("bin", help="where kind and kubectl are; compiles those that are not on PATH")
    command.set_defaults(command=_bin)


def _engine(arguments: argparse.Namespace) -> None:
    if arguments.action == "stop":
        engine.stop(cache.directory(), Progress())
    else:
        progress = Progress()
        lab.ensure_engine(progress)
        progress.note("the engine answers")


def print_list(_: argparse.Namespace) -> None:
    """Print every image in every version, and whether it is built."""
    builder = Builder(Catalogue(), RECIPES, cache.directory(), run, Progress())
    built = Docker(run).tags()
    for component in builder.catalogue.components.values():
        for version in component.versions:
            tag = builder.tag(component.name, version)
            default = "default" if version == component.default else ""
            print(f"{component.name:<26} {version:<9} {default:<8} {'built' if tag in built else '-':<6} {tag}")


def _build(arguments: argparse.Namespace) -> None:
    progress = Progress()
    lab.ensure_engine(progress)
    tags = lab.build(_wanted(arguments), progress)
    progress.total()
    for tag in tags.values():
        print(tag)


def _wanted(arguments: argparse.Namespace) -> list[tuple[str, str]]:
    catalogue = Catalogue()
    if arguments.all:
        return [(component.name, version) for component in catalogue.components.values() for version in component.versions]
    pairs = [name.partition("@")[::2] for name in arguments.images or DEFAULT_IMAGES]
    return [(name, version or catalogue.component(name).default) for name, version in pairs]


def _manifest(arguments: argparse.Namespace) -> None:
    name, _, version = arguments.component.partition("@")
    if not version:
        raise LabError("NAME@VERSION", arguments.component, "name the version, as in metallb@0.16.2")
    print(lab.manifest(name, version))


def _bin(_: argparse.Namespace) -> None:
    progress = Progress()
    for name in ("kind", "kubectl"):
        print(shutil.which(name) or lab.binary(name, progress))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
