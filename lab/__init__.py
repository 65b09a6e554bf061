"""Builds the kind node image and every component image out of Go modules, PyPI and Debian, where no image registry can be reached.

As a program: `python -m lab`. Everything here raises LabError, with a message of one screen, when it cannot go on.
"""

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

from lab import cache, engine, publications
from lab.builds import RECIPES, Builder
from lab.catalogue import Catalogue, Component
from lab.commands import run
from lab.errors import LabError
from lab.modules import Go, find_go
from lab.progress import Progress

__all__ = ["Component", "LabError", "Progress", "binary", "build", "components", "ensure_engine", "manifest", "tag"]


def ensure_engine(progress: Progress) -> None:
    """See to it that a container engine answers and that this machine can carry clusters; starts one on a Debian root shell."""
    engine.ensure(engine.Host.detect(), cache.directory(), run, progress)


def components() -> Mapping[str, Component]:
    """Every image the lab knows, by name: its versions, its default and its reference in public registries."""
    return Catalogue().components


def tag(name: str, version: str) -> str:
    """The tag, `localhost/lab/...`, of an image as its recipe stands now, built or not."""
    return _builder(Progress()).tag(name, version)


def build(wanted: Sequence[tuple[str, str]], progress: Progress) -> dict[tuple[str, str], str]:
    """Build those (name, version) images that the engine lacks, and what they rest on; returns the tag of each."""
    return _builder(progress).build(wanted)


def manifest(name: str, version: str, source: Literal["packages", "registry"] = "packages") -> Path:
    """The YAML that a project publishes for a version: out of its Go module, or (`registry`) from its public address."""
    catalogue = Catalogue()
    if source == "registry":
        return publications.download(catalogue.manifest_url(name, version), cache.directory() / "manifests" / f"{name}-{version}.yaml")
    return _go(Progress()).path(catalogue.manifest_file(name, version))


def binary(name: str, progress: Progress | None = None) -> Path:
    """A program for this machine, `kind` or `kubectl`: the one on PATH, else compiled into the cache."""
    found = shutil.which(name)
    if found:
        return Path(found)
    shown = progress or Progress()
    return publications.compiled(name, Catalogue().binaries, cache.directory(), lambda: _go(shown), shown)


def _builder(progress: Progress) -> Builder:
    return Builder(Catalogue(), RECIPES, cache.directory(), run, progress)


def _go(progress: Progress) -> Go:
    return find_go(cache.directory(), Catalogue().go, run, progress)
