"""Programs for this machine."""

import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from lab.catalogue import GoBuild
from lab.errors import LabError
from lab.locks import exclusive
from lab.modules import Go
from lab.progress import Progress


def place(name: str, build: GoBuild, cache: Path) -> Path:
    """Where a program of some version is in the cache, or will be."""
    return cache / "bin" / f"{name}-{build.version}" / name


def compiled(name: str, known: Mapping[str, GoBuild], cache: Path, find_go: Callable[[], Go], progress: Progress) -> Path:
    """Compile a program for this machine into the cache, once per version."""
    if name not in known:
        raise LabError(f"a program out of {', '.join(known)}", name, "choose one")
    build = known[name]
    home = place(name, build, cache).parent
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
