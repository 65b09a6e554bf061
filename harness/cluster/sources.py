"""Where images, manifests and binaries come from: the engine, an image registry, package registries (through the lab), or the user."""

import json
import os
import shutil
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import httpx

import lab
from harness.cluster.engine import docker
from harness.cluster.process import run_command
from harness.cluster.steps import Steps
from harness.model.errors import EnvironmentFault, UsageFault

#: Seconds within which a registry has to show that it is there, and seconds for one image to arrive.
ANSWER_TIMEOUT, PULL_TIMEOUT = 4, 900


class Source(StrEnum):
    """Where images may come from; ``auto`` takes what the engine has, else a registry that answers, else packages."""

    AUTO = "auto"
    REGISTRY = "registry"
    PACKAGES = "packages"


@dataclass(frozen=True, slots=True)
class Image:
    """An image the engine has: the component it serves, the reference it is loaded under, where it came from, its id, and its digest.

    The digest is that of a registry, and empty where the image came from none.
    """

    component: str
    reference: str
    origin: str
    id: str
    digest: str = ""


def components() -> Mapping[str, lab.Component]:
    """Every component that has an image."""
    return lab.components()


def parse_overrides(words: Sequence[str]) -> dict[str, str]:
    """Read ``--image COMPONENT=REFERENCE`` options.

    :raises UsageFault: not of that form, or an unknown component
    """
    overrides = dict(word.partition("=")[::2] for word in words)
    for component, reference in overrides.items():
        if component not in components() or not reference:
            known = ", ".join(components())
            raise UsageFault("--image COMPONENT=REFERENCE", f"--image {component}={reference}", f"name one of: {known}")
    return overrides


@dataclass(frozen=True, slots=True)
class Images:
    """Brings images into the engine, as the options say."""

    source: Source
    mirror: str
    overrides: Mapping[str, str]
    steps: Steps

    def resolve(self, wanted: Mapping[str, str]) -> dict[str, Image]:
        """Have every wanted component (name to version) in the engine.

        :raises EnvironmentFault: an image cannot be had; says from where it was tried
        """
        found = self.at_hand(wanted)
        missing = {name: wanted[name] for name, image in found.items() if image is None}
        pulled, built = self._split(missing)
        with ThreadPoolExecutor(max_workers=4) as pool:
            arrived = dict(zip(pulled, pool.map(lambda name: self._pull(name, missing.get(name, "")), pulled), strict=True))
        made = self._build({name: missing[name] for name in built})
        return {name: image for name in wanted if (image := found[name] or arrived.get(name) or made.get(name))}

    def at_hand(self, wanted: Mapping[str, str]) -> dict[str, Image | None]:
        """What the engine has of the wanted components (name to version)."""
        return {name: self._on_hand(name, version) for name, version in wanted.items()}

    def _on_hand(self, name: str, version: str) -> Image | None:
        """What the engine has already; a build of the user's comes first, then what was pulled, then what the lab built."""
        if override := self.overrides.get(name):
            return _in_engine(name, override, "user")
        candidates = []
        if self.source is not Source.PACKAGES:
            candidates.append((self._public(name, version), "engine"))
        if self.source is not Source.REGISTRY and version in components()[name].versions:
            candidates.append((lab.tag(name, version), "packages"))
        return next((image for reference, origin in candidates if (image := _in_engine(name, reference, origin))), None)

    def _split(self, missing: Mapping[str, str]) -> tuple[list[str], list[str]]:
        """Which of the missing to pull, and which to build."""
        if self.source is Source.REGISTRY:
            return list(missing), []
        pulled = [name for name in missing if name in self.overrides]
        built = [name for name in missing if name not in self.overrides]
        if self.source is Source.AUTO:
            hosts = {_registry_of(self._public(name, missing[name])) for name in built}
            with ThreadPoolExecutor() as pool:
                answering = {host for host, answers in zip(hosts, pool.map(_answers, hosts), strict=True) if answers}
            pulled += [name for name in built if _registry_of(self._public(name, missing[name])) in answering]
        return pulled, [name for name in built if name not in pulled]

    def _public(self, name: str, version: str) -> str:
        return f"{self.mirror}{components()[name].reference(version)}"

    def _pull(self, name: str, version: str) -> Image:
        override = self.overrides.get(name)
        reference = override or self._public(name, version)
        with self.steps.step(f"pull {name}"):
            try:
                docker("pull", "--quiet", reference, timeout=PULL_TIMEOUT)
            except EnvironmentFault as fault:
                raise EnvironmentFault(
                    f"the image {reference}", fault.found, "check the name, --image-mirror, or use --images=packages"
                ) from None
        image = _in_engine(name, reference, "user" if override else "registry")
        if image is None:
            raise EnvironmentFault(f"the image {reference} after its pull", "the engine does not have it", "look at `docker images`")
        return image

    def _build(self, wanted: Mapping[str, str]) -> dict[str, Image]:
        if not wanted:
            return {}
        unknown = {name: version for name, version in wanted.items() if version not in components()[name].versions}
        if unknown:
            name, version = next(iter(unknown.items()))
            known = ", ".join(components()[name].versions)
            raise UsageFault(
                f"a version of {name} that can be built from packages: {known}", version, "choose one, or use --images=registry"
            )
        try:
            with self.steps.step(f"build {', '.join(wanted)}"):
                tags = lab.build(list(wanted.items()), lab.Progress(self.steps.tell))
        except lab.LabError as fault:
            raise EnvironmentFault(fault.expected, fault.found, fault.remedy) from fault
        images = {name: _in_engine(name, tag, "packages") for (name, _), tag in tags.items()}
        return {name: image for name, image in images.items() if image}


def manifest(name: str, version: str, source: Source) -> Path:
    """The YAML that a project publishes for a version: out of its Go module, or from the web where only a registry is to be used.

    :raises EnvironmentFault: it cannot be had
    """
    try:
        return lab.manifest(name, version, "registry" if source is Source.REGISTRY else "packages")
    except lab.LabError as fault:
        raise EnvironmentFault(fault.expected, fault.found, fault.remedy) from fault


def kind_binary(option: str | None, source: Source) -> Path:
    """The kind program: the option, else the one on ``PATH``, else the lab's own build where packages may be used.

    :raises EnvironmentFault: there is none
    """
    found = option or shutil.which("kind")
    if found and Path(found).is_file() and os.access(found, os.X_OK):
        return Path(found)
    if option or source is Source.REGISTRY:
        raise EnvironmentFault(
            "the kind program, version 0.30 or later",
            f"no program {option}" if option else "none on PATH",
            "install kind, or pass --kind-bin FILE",
        )
    try:
        return lab.binary("kind")
    except lab.LabError as fault:
        raise EnvironmentFault(fault.expected, fault.found, fault.remedy) from fault


def kind_version(program: Path) -> str:
    """The version of a kind program, which says ``kind v0.33.0 go1.25 linux/amd64``.

    :raises EnvironmentFault: it does not say
    """
    return next(iter(run_command([str(program), "version"], timeout=10).split()[1:2]), "").removeprefix("v")


def save(images: Sequence[Image], archive: Path) -> None:
    """Write images into one archive that every node can import."""
    docker("save", "--output", str(archive), *(image.reference for image in images), timeout=PULL_TIMEOUT)


def load(archive: Path) -> str:
    """Bring the images of an archive into the engine, and return what the engine says of it."""
    return docker("load", "--input", str(archive), timeout=PULL_TIMEOUT)


def _in_engine(component: str, reference: str, origin: str) -> Image | None:
    try:
        found = json.loads(docker("image", "inspect", reference))
    except EnvironmentFault:
        return None
    return Image(
        component, reference, origin, found[0]["Id"], "" if origin == "packages" else _digest(found[0].get("RepoDigests") or [], reference)
    )


def _digest(known: Sequence[str], reference: str) -> str:
    """The digest of an image among those that the engine knows it by: a name without a tag, and the digest behind it."""
    digests = dict(one.split("@", 1) for one in known)
    return digests.get(reference.partition("@")[0].rsplit(":", 1)[0], next(iter(digests.values()), ""))


def _registry_of(reference: str) -> str:
    """The host that serves a reference; a first part without dot, colon or ``localhost`` is a name on Docker Hub."""
    first, slash, _ = reference.partition("/")
    return first if slash and ("." in first or ":" in first or first == "localhost") else "registry-1.docker.io"


def _answers(host: str) -> bool:
    """Whether a registry is there (https://distribution.github.io/distribution/spec/api/#api-version-check)."""
    scheme = "http" if host.startswith(("localhost", "127.", "[::1]")) else "https"
    try:
        return httpx.get(f"{scheme}://{host}/v2/", timeout=ANSWER_TIMEOUT).status_code in {200, 401}
    except httpx.HTTPError:
        return False
