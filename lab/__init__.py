"""Builds the kind node image and every component image out of Go modules, PyPI and Debian, where no image registry can be reached.

As a program: `python -m lab`. Everything here raises LabError, with a message of one screen, when it cannot go on.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from lab import cache, engine, programs
from lab.builds import RECIPES, Builder
from lab.catalogue import Catalogue, Change, Component
from lab.commands import run
from lab.errors import LabError
from lab.modules import Go, find_go
from lab.progress import Progress

__all__ = [
    "Change",
    "Component",
    "LabError",
    "Progress",
    "binary",
    "binary_url",
    "binary_version",
    "build",
    "compiled",
    "components",
    "ensure_engine",
    "manifest",
    "manifest_url",
    "tag",
]


def ensure_engine(progress: Progress) -> None:
    """See to it that a container engine answers and that this machine can carry clusters; starts one on a Debian root shell."""
    engine.ensure(engine.Host.detect(), cache.directory(), run, progress)


def components() -> Mapping[str, Component]:
    """Every image the lab knows, by name: its versions, its default and its reference in public registries."""
    return Catalogue().components


def tag(name: str, version: str) -> str:
    """The tag, `localhost/lab/...`, of an image as its recipe stands now, built or not."""
    return _builder(Progress()).tag(name, version)


def build(
    wanted: Sequence[tuple[str, str]], progress: Progress, changes: Mapping[str, tuple[Change, ...]] | None = None
) -> dict[tuple[str, str], str]:
    """Build those (name, version) images that the engine lacks, and what they rest on; returns the tag of each.

    `changes` has, by the name of an image, what is to be different in its Go module.
    """
    return Builder(Catalogue(), RECIPES, cache.directory(), run, progress, changes or {}).build(wanted)


def manifest(name: str, version: str) -> Path:
    """The YAML that a project publishes for a version, out of its Go module."""
    return _go(Progress()).path(Catalogue().manifest_file(name, version))


def manifest_url(name: str, version: str) -> str:
    """Where that YAML is on the web, at any version."""
    return Catalogue().manifest_url(name, version)


def binary(name: str, progress: Progress | None = None) -> Path:
    """A program for this machine, `kind` or `kubectl`, compiled into the cache."""
    shown = progress or Progress()
    return programs.compiled(name, Catalogue().binaries, cache.directory(), lambda: _go(shown), shown)


def compiled(name: str) -> Path | None:
    """That program where it is compiled already."""
    place = programs.place(name, Catalogue().binaries[name], cache.directory())
    return place if place.exists() else None


def binary_version(name: str) -> str:
    """The version of a program that goes with the images here, with its "v"."""
    return Catalogue().binaries[name].version


def binary_url(name: str, system: str, processor: str) -> str:
    """Where that version is on the web, for a system and a processor as Go names them."""
    return Catalogue().binary_url(name, system, processor)


def _builder(progress: Progress) -> Builder:
    return Builder(Catalogue(), RECIPES, cache.directory(), run, progress)


def _go(progress: Progress) -> Go:
    return find_go(cache.directory(), Catalogue().go, run, progress)
