"""Where images come from: the engine, an image registry, package registries (through the lab), or the user."""

import json
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

import httpx

import lab
from harness.cluster.engine import docker
from harness.cluster.steps import Steps
from harness.model.errors import EnvironmentFault, UsageFault

#: Seconds within which a registry has to show that it is there, and seconds for one image to arrive.
ANSWER_TIMEOUT, PULL_TIMEOUT = 4, 900
#: What the name begins with that an image gets besides its digest: without one it would be saved, and arrive in a node, nameless.
NAMED = "localhost/pulled"
NODE_IMAGE = "kind-node"


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


def parse_overrides(words: Sequence[str], others: Collection[str] = ()) -> dict[str, str]:
    """Read ``--image COMPONENT=REFERENCE`` options.

    :param others: components beside those of the lab
    :raises UsageFault: not of that form, or an unknown component
    """
    overrides = dict(word.partition("=")[::2] for word in words)
    for component, reference in overrides.items():
        if component not in (*components(), *others) or not reference:
            known = ", ".join((*components(), *others))
            raise UsageFault("--image COMPONENT=REFERENCE", f"--image {component}={reference}", f"name one of: {known}")
    return overrides


def kubernetes_version(asked: str, source: Source) -> str:
    """The version of the node image for the one asked for: that one, or the patch of a minor version that is published or can be built.

    :raises UsageFault: there is none
    """
    node = components()[NODE_IMAGE]
    published = [] if source is Source.PACKAGES else list(node.published)
    built = [] if source is Source.REGISTRY else list(node.versions)
    found = [version for version in (*published, *built) if version == asked or version.startswith(f"{asked}.")]
    if not found:
        ways = {f"published for kind {lab.binary_version('kind')}": published, "built from packages": built}
        known = "; ".join(f"{way}: {', '.join(versions)}" for way, versions in ways.items() if versions)
        raise UsageFault(
            f"--kubernetes with a version that has a node image. {known}", asked, f"choose one, or add --image {NODE_IMAGE}=REF"
        )
    return found[0]


def require_versions(wanted: Mapping[str, str], source: Source, overrides: Mapping[str, str]) -> None:
    """Refuse versions that cannot be built where nothing else may be done.

    :param wanted: versions by component
    :raises UsageFault: there is one
    """
    for name, version in wanted.items():
        if source is Source.PACKAGES and name not in overrides and version not in (known := components()[name].versions):
            raise UsageFault(
                f"a version of {name} that can be built from packages: {', '.join(known)}", version, "choose one, or use --images=registry"
            )


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
            arrived = dict(zip(pulled, pool.map(lambda name: self._pull(name, missing[name]), pulled), strict=True))
        made = self._build({name: missing[name] for name in (*built, *(name for name in pulled if arrived[name] is None))})
        return {name: _named(image) for name in wanted if (image := found[name] or arrived.get(name) or made.get(name))}

    def at_hand(self, wanted: Mapping[str, str]) -> dict[str, Image | None]:
        """What the engine has of the wanted components (name to version)."""
        return {name: self._on_hand(name, version) for name, version in wanted.items()}

    def reference(self, name: str, version: str) -> str:
        """What is pulled for a component."""
        return self.overrides.get(name) or f"{self.mirror}{components()[name].reference(version)}"

    def _on_hand(self, name: str, version: str) -> Image | None:
        """What the engine has already; a build of the user's comes first, then what was pulled, then what the lab built."""
        own, reference = name in self.overrides, self.reference(name, version)
        candidates = []
        if own or self.source is not Source.PACKAGES:
            candidates += [(one, "user" if own else "engine") for one in (reference, _name_of(reference))]
        if self._may_build(name, version):
            candidates.append((lab.tag(name, version), "packages"))
        return next((image for one, origin in candidates if (image := _in_engine(name, one, origin))), None)

    def _may_build(self, name: str, version: str) -> bool:
        return self.source is not Source.REGISTRY and name not in self.overrides and version in components()[name].versions

    def _split(self, missing: Mapping[str, str]) -> tuple[list[str], list[str]]:
        """Which of the missing to pull, and which to build: where both may be done, it depends on whether a registry answers."""
        if self.source is Source.PACKAGES:
            pulled = [name for name in missing if name in self.overrides]
        else:
            either = {name: _registry_of(self.reference(name, missing[name])) for name in missing if self._may_build(name, missing[name])}
            silent = self._silent(set(either.values()))
            pulled = [name for name in missing if either.get(name) not in silent]
        return pulled, [name for name in missing if name not in pulled]

    def _silent(self, hosts: Collection[str]) -> set[str]:
        with ThreadPoolExecutor() as pool:
            silent = {host for host, answers in zip(hosts, pool.map(_answers, hosts), strict=True) if not answers}
        if silent:
            self.steps.tell(f"no answer from {', '.join(sorted(silent))}: images are built from packages")
        return silent

    def _pull(self, name: str, version: str) -> Image | None:
        """Pull an image; none where that failed and it can be built, which is told."""
        reference = self.reference(name, version)
        try:
            with self.steps.step(f"pull {name}"):
                docker("pull", "--quiet", reference, timeout=PULL_TIMEOUT)
        except EnvironmentFault as fault:
            if not self._may_build(name, version):
                raise EnvironmentFault(f"the image {reference}", fault.found, self._remedy(name)) from None
            self.steps.tell(f"{reference} cannot be pulled ({fault.found.splitlines()[-1]}): {name} {version} is built from packages")
            return None
        image = _in_engine(name, reference, "user" if name in self.overrides else "registry")
        if image is None:
            raise EnvironmentFault(f"the image {reference} after its pull", "the engine does not have it", "look at `docker images`")
        return image

    def _remedy(self, name: str) -> str:
        if name in self.overrides:
            return "check the name"
        component = components()[name]
        by_digest = (
            f"a mirror has to keep digests; --image {name}=REF takes what yours has. " if self.mirror and component.published else ""
        )
        return f"check the version and --image-mirror. {by_digest}{', '.join(component.versions)} can be built: --images=packages"

    def _build(self, wanted: Mapping[str, str]) -> dict[str, Image]:
        if not wanted:
            return {}
        try:
            with self.steps.step(f"build {', '.join(wanted)}"):
                tags = lab.build(list(wanted.items()), lab.Progress(self.steps.tell))
        except lab.LabError as fault:
            raise EnvironmentFault(fault.expected, fault.found, fault.remedy) from fault
        images = {name: _in_engine(name, tag, "packages") for (name, _), tag in tags.items()}
        return {name: image for name, image in images.items() if image}


def save(images: Sequence[Image], archive: Path) -> None:
    """Write images into one archive that every node can import."""
    docker("save", "--output", str(archive), *(image.reference for image in images), timeout=PULL_TIMEOUT)


def load(archive: Path) -> str:
    """Bring the images of an archive into the engine, and return what the engine says of it."""
    return docker("load", "--input", str(archive), timeout=PULL_TIMEOUT)


def _named(image: Image) -> Image:
    """The image under a name, which one that is known by its digest only gets here."""
    name = _name_of(image.reference)
    if name != image.reference:
        docker("tag", image.reference, name)
    return replace(image, reference=name)


def _name_of(reference: str) -> str:
    """A name of ours for a reference with a digest, which is part of it; any other is a name."""
    name, _, digest = reference.partition("@sha256:")
    if not digest:
        return reference
    path, slash, last = name.rpartition("/")
    return f"{NAMED}/{path.replace(':', '_')}{slash}{last}{'-' if ':' in last else ':'}{digest[:12]}"


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
