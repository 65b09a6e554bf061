import sys
import urllib.error
import urllib.request
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path

import pytest

from lab.catalogue import GoBuild
from lab.errors import LabError
from lab.modules import Go
from lab.progress import Progress
from lab.publications import compiled, download

URL = "https://example.org/v1/native.yaml"


def test_a_manifest_is_downloaded_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def answer(url: str, timeout: float) -> BytesIO:
        asked.append(url)
        return BytesIO(b"kind: Namespace\n")

    monkeypatch.setattr(urllib.request, "urlopen", answer)
    target = tmp_path / "manifests" / "metallb-1.yaml"
    for _ in range(2):
        assert download(URL, target).read_text() == "kind: Namespace\n"
    assert asked == [URL]
    assert list(target.parent.iterdir()) == [target]


def test_a_manifest_out_of_reach_is_an_error_with_its_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(url: str, timeout: float) -> BytesIO:
        raise urllib.error.URLError("no route to host")

    monkeypatch.setattr(urllib.request, "urlopen", refuse)
    with pytest.raises(LabError, match=r"(?s)a manifest at https://example\.org.*no route to host.*Go module"):
        download(URL, tmp_path / "x.yaml")
    assert not list(tmp_path.iterdir())


class Compiler(Go):
    """Compiles by writing a file, and counts."""

    def build(self, build: GoBuild, out: Path, work: Path, log: Path, target: Mapping[str, str]) -> None:
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
