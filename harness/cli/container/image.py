"""The image that a run inside of a container takes place in: the suite as it stands here, on Debian."""

import os
import shutil
import tempfile
import tomllib
from collections.abc import Iterator
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

from harness.cluster.engine import docker
from harness.model.errors import EnvironmentFault
from harness.model.project import INSTALLED, ROOT
from harness.plugin.suite_version import commit
from lab import LabError, cache
from lab.commands import run
from lab.docker import Docker

#: One name, whatever is in it: the engine knows which of the steps it has made before, and what is replaced is removed.
TAG = "localhost/metallb-ingress-conformance:latest"
#: Where the project stands in the image, below ``/suite``; the name says whether it is a package or a clone, here as there.
PROJECT = ROOT.name if INSTALLED else "project"
#: What the environment says of the way to the web, which a build takes and so does a run.
PROXIES = tuple(spelt for name in ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY") for spelt in (name, name.lower()))
_HERE = Path(__file__).parent
_PIP = {"index-url": "PIP_INDEX_URL", "extra-index-url": "PIP_EXTRA_INDEX_URL", "trusted-host": "PIP_TRUSTED_HOST"}
#: The certificates of whoever stands between this machine and the web, in the image.
CERTIFICATES = "/suite/packages/certificates.pem"


def build(base: str) -> str:
    """Make the image, or find it made, and return its id.

    :param base: an image of Debian that the engine has
    :raises EnvironmentFault: it cannot be built; says which step failed
    """
    before = _id()
    log = cache.directory() / "logs" / "container.log"
    log.parent.mkdir(exist_ok=True)
    log.unlink(missing_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        write_context(Path(folder))
        arguments = {"BASE": base, "PROJECT": PROJECT} | {name: os.environ[name] for name in PROXIES if name in os.environ}
        try:
            Docker(run).build(Path(folder), TAG, arguments, log)
        except LabError as fault:
            raise EnvironmentFault(fault.expected, fault.found, fault.remedy) from fault
    made = _id()
    if before not in ("", made):
        _forget(before)
    return made


def certificates() -> Path | None:
    """The certificates that the environment says are to be trusted (https://pip.pypa.io/en/stable/topics/https-certificates/)."""
    said = os.environ.get("PIP_CERT") or os.environ.get("SSL_CERT_FILE")
    return Path(said) if said and Path(said).is_file() else None


def write_context(folder: Path) -> None:
    """Lay out what the Dockerfile copies: the project, and which packages it needs in which versions, which are those of here."""
    shutil.copyfile(_HERE / "Dockerfile", folder / "Dockerfile")
    described = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    packages, project = folder / "packages", folder / "project"
    packages.mkdir()
    _write_lines(packages / "requirements.txt", described["project"]["dependencies"])
    _write_lines(packages / "constraints.txt", sorted(_installed()))
    _write_lines(packages / "pip.conf", _pip_configuration())
    if trusted := certificates():
        shutil.copyfile(trusted, packages / Path(CERTIFICATES).name)
    for name in _parts(described):
        target = project / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copyfile(ROOT / name, target)
    (project / "commit").write_text(commit(), encoding="utf-8")


def _parts(described: dict[str, Any]) -> Iterator[str]:
    """The files and folders of the project that a package holds, in their places."""
    places: dict[str, str] = described["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    return (source for source, target in places.items() if target.endswith(f"_project/{source}"))


def _installed() -> set[str]:
    return {f"{found.name}=={found.version}" for found in distributions()}


def _pip_configuration() -> Iterator[str]:
    yield "[global]"
    yield from (f"{key} = {os.environ[name]}" for key, name in _PIP.items() if name in os.environ)
    if certificates():
        yield f"cert = {CERTIFICATES}"


def _write_lines(file: Path, lines: Any) -> None:
    file.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def _id() -> str:
    try:
        return docker("image", "inspect", "--format", "{{.Id}}", TAG).strip()
    except EnvironmentFault:
        return ""


def _forget(image: str) -> None:
    try:
        docker("rmi", image)
    except EnvironmentFault:  # another run is in it; whoever builds next does not know of it, and `docker image prune` does
        return
