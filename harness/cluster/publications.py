"""What projects publish beside images, manifests and the kind program: from the web or, where packages are used, out of Go modules."""

import hashlib
import os
import platform
import re
import shutil
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import yaml

import lab
from harness.cluster.downloads import Unreachable, Web
from harness.cluster.process import run_command
from harness.cluster.sources import Source
from harness.cluster.steps import Steps
from harness.model.errors import EnvironmentFault

#: How Go, and so kind, calls the processors that it is published for.
PROCESSORS = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}
_VERSION = re.compile(r"\bv?(\d+\.\d+\.\d+\S*)")


@dataclass(frozen=True, slots=True)
class Publications:
    """Brings manifests and kind onto this machine, as the options say."""

    source: Source
    web: Web
    steps: Steps

    def manifest(self, name: str, version: str, origins: Collection[str]) -> Path:
        """The YAML that a project publishes for a version, from where its images come from.

        :param origins: where these come from
        :raises EnvironmentFault: it cannot be had
        """
        if self.source is Source.PACKAGES or "packages" in origins:
            return _out_of_module(name, version)
        try:
            return self.web.published(lab.manifest_url(name, version), f"the manifest of {name} {version}", complaint_about_manifest)
        except Unreachable as fault:
            if self.source is Source.REGISTRY:
                raise
            self._tell_of_fallback(fault)
            return _out_of_module(name, version)

    def kind(self, named: str | None = None) -> Path:
        """A kind program that fits the node images: the one named, the one on ``PATH``, a published one, or the lab's own build.

        :raises EnvironmentFault: there is none
        """
        if named:
            return _named_kind(Path(named).absolute())  # a bare name would be sought on PATH
        on_path = shutil.which("kind")
        version = kind_version(Path(on_path)) if on_path else ""
        if on_path and fits(version):
            return Path(on_path)
        built = lab.compiled("kind")
        if self.source is Source.PACKAGES or (built and self.source is Source.AUTO):
            return built or self._compiled_kind()
        return self._published_kind(f"{version} on PATH" if version else "none on PATH")

    def _published_kind(self, found: str) -> Path:
        try:
            return fetch_kind(self.web)
        except EnvironmentFault as fault:
            if self.source is Source.AUTO and isinstance(fault, Unreachable):
                self._tell_of_fallback(fault)
                return self._compiled_kind()
            missing = f"{found}; {fault.expected}: {fault.found}"
            raise EnvironmentFault(_fitting(), missing, f"{fault.todo}; or install it, or name one by --kind-bin FILE") from None

    def _compiled_kind(self) -> Path:
        try:
            return lab.binary("kind", lab.Progress(self.steps.tell))
        except lab.LabError as fault:
            raise EnvironmentFault(fault.expected, fault.found, fault.remedy) from fault

    def _tell_of_fallback(self, fault: EnvironmentFault) -> None:
        self.steps.tell(f"{fault.expected}: {fault.found}; it comes from packages instead")


def complaint_about_manifest(content: bytes) -> str:
    """What tells a file from a manifest, such as the page of a proxy; nothing where it is one."""
    try:
        documents = [document for document in yaml.safe_load_all(content) if document is not None]
    except (yaml.YAMLError, UnicodeDecodeError) as fault:
        return f"no YAML: {str(fault).splitlines()[0]}"
    if not documents:
        return "an empty file"
    odd = [document for document in documents if not (isinstance(document, dict) and document.get("kind"))]
    return f"no object of Kubernetes' but {str(odd[0])[:60]!r}" if odd else ""


def fetch_kind(web: Web) -> Path:
    """The published kind program for this machine, after a look at its checksum.

    :raises EnvironmentFault: it cannot be had
    """
    processor = PROCESSORS.get(platform.machine().lower())
    if processor is None:
        raise EnvironmentFault(f"a processor that kind is published for: {', '.join(PROCESSORS)}", platform.machine(), "build kind")
    address = lab.binary_url("kind", platform.system().lower(), processor)
    sums = web.published(f"{address}.sha256sum", f"the checksum of kind {lab.binary_version('kind')}", _complaint_about_checksum)
    wanted = sums.read_text().split()[0]

    def complaint(content: bytes) -> str:
        found = hashlib.sha256(content).hexdigest()
        return "" if found == wanted else f"a file with the SHA-256 {found}, not {wanted} as its checksum says"

    return web.published(address, f"kind {lab.binary_version('kind')}", complaint)


def _complaint_about_checksum(content: bytes) -> str:
    return "" if re.match(rb"[0-9a-f]{64}\b", content) else f"{content[:60]!r}"


def kind_version(program: Path) -> str:
    """The version that a kind program says it has.

    :raises EnvironmentFault: it is none, or says nothing
    """
    said = run_command([str(program), "version"], timeout=20)
    found = _VERSION.search(said)
    if found is None:
        raise EnvironmentFault(f"{program} version says a version", said.strip()[:200] or "nothing", "name another one by --kind-bin FILE")
    return found[1]


def fits(version: str) -> bool:
    """Whether a kind of this version can use the node images; only those of one minor version of kind's are made for each other.

    See https://kind.sigs.k8s.io/docs/design/node-image.
    """
    return version.split(".")[:2] == lab.binary_version("kind").removeprefix("v").split(".")[:2]


def _fitting() -> str:
    series = ".".join(lab.binary_version("kind").removeprefix("v").split(".")[:2])
    return f"the kind program in a version {series}.x, which the node images are made for"


def _named_kind(program: Path) -> Path:
    if not (program.is_file() and os.access(program, os.X_OK)):
        raise EnvironmentFault(_fitting(), f"no program {program}", "install kind, or leave --kind-bin out")
    version = kind_version(program)
    if not fits(version):
        raise EnvironmentFault(_fitting(), f"{program} is kind {version}", "name one of that version by --kind-bin FILE, or leave it out")
    return program


def _out_of_module(name: str, version: str) -> Path:
    try:
        return lab.manifest(name, version)
    except lab.LabError as fault:
        raise EnvironmentFault(fault.expected, fault.found, fault.remedy) from fault
