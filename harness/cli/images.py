"""``images`` and ``engine``: what a run needs before it can begin, also where it cannot be fetched later."""

import argparse
from pathlib import Path

from harness.cli import Commands
from harness.cli.container import image, start
from harness.cluster import engine, sources
from harness.cluster.sources import Image, Images, components
from harness.cluster.steps import Steps
from harness.plugin.options import add_images, add_systems
from harness.plugin.settings import systems_under_test
from harness.systems.environment import Settings
from harness.systems.metallb.router_access import ROUTER_IMAGE
from lab import __main__ as lab


def add_commands(commands: Commands) -> None:
    """Declare the commands."""
    lab.add_engine(commands)
    parser = commands.add_parser("images", help="list, build, pull, save and load the images of a run")
    actions = parser.add_subparsers(required=True, metavar="ACTION")
    command = _action(actions, "list", "the images that a run with these options needs, and which of them the engine has")
    command.add_argument("--all", action="store_true", help="instead, every image and version that can be built")
    command.set_defaults(command=print_list)
    lab.add_build(actions)
    _action(actions, "pull", "bring what a run with these options needs into the engine, as a run does").set_defaults(command=pull)
    command = _action(actions, "save", "write what a run with these options needs into one archive, for a machine without a network")
    command.add_argument("archive", metavar="FILE", type=Path, help="the archive")
    command.set_defaults(command=save)
    command = actions.add_parser("load", help="bring the images of an archive into the engine")
    command.add_argument("archive", metavar="FILE", type=Path, help="an archive that save has written")
    command.set_defaults(command=load)
    command = actions.add_parser("suite", help="make the image of the suite itself, which a Job in a cluster runs, and print its name")
    add_images(command.add_argument_group("where its base comes from").add_argument)
    command.set_defaults(command=make_own)
    lab.add_manifest(actions)
    lab.add_bin(actions)


def _action(actions: Commands, name: str, about: str) -> argparse.ArgumentParser:
    command = actions.add_parser(name, help=about)
    add_systems(command.add_argument_group("systems under test").add_argument)
    add_images(command.add_argument_group("where components come from").add_argument)
    return command


def print_list(options: argparse.Namespace) -> None:
    """Print what a run needs, or everything that can be built."""
    if options.all:
        lab.print_list(options)
        return
    settings = _settings(options)
    wanted = _wanted(settings)
    images = _images(settings)
    for name, found in images.at_hand(wanted).items():
        reference = found.reference if found else images.reference(name, wanted[name])
        print(f"{name:<26} {wanted[name]:<9} {'at hand' if found else 'missing':<8} {reference}")


def pull(options: argparse.Namespace) -> None:
    """Have in the engine what a run needs.

    :raises EnvironmentFault: an image cannot be had
    """
    for one in _resolved(options):
        print(f"{one.component:<26} {one.origin:<9} {one.reference}")


def save(options: argparse.Namespace) -> None:
    """Write what a run needs into an archive.

    :raises EnvironmentFault: an image cannot be had, or the archive cannot be written
    """
    sources.save(_resolved(options), options.archive)
    print(f"wrote {options.archive} ({options.archive.stat().st_size / 1e6:.0f} MB)")


def load(options: argparse.Namespace) -> None:
    """Bring the images of an archive into the engine.

    :raises EnvironmentFault: the engine refuses the archive
    """
    engine.require_engine()
    print(sources.load(options.archive), end="")


def make_own(options: argparse.Namespace) -> None:
    """Make the image of the suite itself.

    :raises EnvironmentFault: it cannot be made
    """
    engine.require_engine()
    image.build(start.base_image(options, Steps(lambda _: None)).id)
    print(image.TAG)


def _resolved(options: argparse.Namespace) -> list[Image]:
    engine.require_engine()
    settings = _settings(options)
    return list(_images(settings).resolve(_wanted(settings)).values())


def _settings(options: argparse.Namespace) -> Settings:
    return systems_under_test(lambda name: getattr(options, name))


def _wanted(settings: Settings) -> dict[str, str]:
    return settings.components | {ROUTER_IMAGE: components()[ROUTER_IMAGE].default}


def _images(settings: Settings) -> Images:
    return Images(settings.images, settings.image_mirror, settings.overrides, Steps(print))
