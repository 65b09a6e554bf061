import sys
from pathlib import Path

import pytest

from lab.catalogue import GoBuild
from lab.errors import LabError
from lab.modules import Go
from lab.programs import compiled
from lab.progress import Progress


class Compiler(Go):
    """Compiles by writing a file, and counts."""

    def build(self, build: GoBuild, out: Path, *_: object, **__: object) -> None:
        self.run(["compile"], timeout=1)
        (out / "kind").write_text("program")


def test_a_program_is_compiled_once_per_version(tmp_path: Path) -> None:
    ran: list[object] = []
    go = Compiler(Path(sys.executable), lambda argv, **_: ran.append(argv) or "")  # type: ignore[func-returns-value]
    known = {"kind": GoBuild("sigs.k8s.io/kind", "v0.33.0", {"kind": "."})}
    for _ in range(2):
        path = compiled("kind", known, tmp_path, lambda: go, Progress(lambda _: None))
        assert path == tmp_path / "bin" / "kind-v0.33.0" / "kind"
    assert len(ran) == 1


def test_an_unknown_program_is_answered_with_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(LabError, match="a program out of kind"):
        compiled("helm", {"kind": GoBuild("m", "v1", {"kind": "."})}, tmp_path, lambda: Go(Path("go"), lambda *_, **__: ""), Progress())
