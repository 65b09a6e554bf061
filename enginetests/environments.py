"""The package as a wheel, and virtual environments to install it into."""

import os
import subprocess
import sys
import sysconfig
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
#: What begins the names of variables that say something to Python, or about the job that runs these tests.
_OF_THIS_RUN = ("PYTHON", "PYTEST", "COV", "GITHUB")


def build_wheel(folder: Path) -> Path:
    """The wheel of the project as it stands."""
    subprocess.run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder], cwd=ROOT, check=True, capture_output=True)
    (built,) = folder.glob("*.whl")
    return built


@dataclass
class Environment:
    """A virtual environment that sees the packages of this one."""

    folder: Path

    @property
    def files(self) -> set[Path]:
        """Everything in it."""
        return set(self.folder.rglob("*"))

    @property
    def packages(self) -> Path:
        """The folder that packages are installed into."""
        (site,) = self.folder.glob("lib/python*/site-packages")
        return site

    def run(self, here: Path, *words: str, code: int = 0, timeout: float = 120, variables: Mapping[str, str] | None = None) -> str:
        """Run a program of the environment in a folder, without what this machine sets for Python."""
        argv = [str(self.folder / "bin" / words[0]), *words[1:]]
        given = of_a_person() | dict(variables or {})
        done = subprocess.run(argv, cwd=here, env=given, capture_output=True, text=True, timeout=timeout, check=False)
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout

    def pip(self, *words: str) -> None:
        """Let pip do something to it, which has to find compiled modules where those that run wrote them."""
        argv = [sys.executable, "-m", "pip", "--quiet", "--python", str(self.folder / "bin" / "python"), *words]
        subprocess.run(argv, env=of_a_person(), check=True, capture_output=True)


def of_a_person() -> dict[str, str]:
    """The variables of this machine, without what this run sets for Python."""
    return {name: value for name, value in os.environ.items() if not name.startswith(_OF_THIS_RUN)}


def create(folder: Path) -> Environment:
    """A virtual environment without a package of its own, which sees those of this one."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    made = Environment(folder)
    (made.packages / "shared.pth").write_text(sysconfig.get_path("purelib"))
    return made
