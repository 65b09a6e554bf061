"""Published manifests, and programs for this machine."""

import os
import tempfile
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path

from lab.catalogue import GoBuild
from lab.errors import LabError
from lab.locks import exclusive
from lab.modules import Go
from lab.progress import Progress

_DOWNLOAD_SECONDS = 30.0


def download(url: str, target: Path) -> Path:
    """Fetch `url` (https) once; later calls return the same file. A release's manifest does not change."""
    if target.exists():
        return target
    try:
        with urllib.request.urlopen(url, timeout=_DOWNLOAD_SECONDS) as response:
            content = response.read()
    except (urllib.error.URLError, TimeoutError) as error:
        remedy = "check the version and the network; with `packages` as the source, the file comes out of the project's Go module"
        raise LabError(f"a manifest at {url}", str(error), remedy) from error
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=target.parent, delete=False) as stream:
        stream.write(content)
    os.replace(stream.name, target)
    return target


def compiled(name: str, known: Mapping[str, GoBuild], cache: Path, find_go: Callable[[], Go], progress: Progress) -> Path:
    """Compile a program for this machine into the cache, once per version."""
    if name not in known:
        raise LabError(f"a program out of {', '.join(known)}", name, "choose one")
    build = known[name]
    home = cache / "bin" / f"{name}-{build.version}"
    with exclusive(cache / "locks" / f"{home.name}.lock"):
        if not (home / name).exists():
            log = cache / "logs" / f"{home.name}.log"
            log.parent.mkdir(exist_ok=True)
            with progress.step(home.name, "go build for this machine"):
                _compile(build, home, find_go(), log)
    return home / name


def _compile(build: GoBuild, home: Path, go: Go, log: Path) -> None:
    home.parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=home.parent) as folder:
        work, out = Path(folder, "work"), Path(folder, "out")
        work.mkdir()
        out.mkdir()
        go.build(build, out, work, log, {})
        out.rename(home)
