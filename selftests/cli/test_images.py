"""``images``: what a run needs, listed, fetched, and carried to another machine."""

import json
from pathlib import Path

import pytest

from harness.cli.command import command_parser
from harness.cluster import sources
from harness.model.errors import EnvironmentFault


class FakeEngine:
    """Stands for the Docker command line: every image is there but those whose reference holds a word."""

    def __init__(self, lacks: str = "nothing") -> None:
        self.lacks = lacks
        self.asked: list[tuple[str, ...]] = []

    def __call__(self, *words: str, timeout: float = 0, stdin: bytes | None = None) -> str:
        self.asked.append(words)
        if words[:2] == ("image", "inspect"):
            if self.lacks in words[2]:
                raise EnvironmentFault("the image", "no such image", "pull it")
            return json.dumps([{"Id": "sha256:1"}])
        if words[0] == "save":
            Path(words[2]).write_bytes(b"x" * 2_000_000)
        return "Loaded image: python:3.13-slim\n" if words[0] == "load" else ""


def ask(engine: FakeEngine, monkeypatch: pytest.MonkeyPatch, *words: str) -> None:
    monkeypatch.setattr(sources, "docker", engine)
    monkeypatch.setattr("harness.cluster.engine.docker", engine)
    options = command_parser("c").parse_args(["images", *words])
    options.command(options)


@pytest.fixture
def engine() -> FakeEngine:
    return FakeEngine()


def test_the_images_of_a_run_are_listed_with_what_is_missing(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    ask(FakeEngine("speaker"), monkeypatch, "list", "--metallb=0.14.9", "--image-mirror=r.example.org")
    lines = {line.split()[0]: line.split(maxsplit=2)[1:] for line in capsys.readouterr().out.splitlines()}
    assert lines["metallb-controller"] == ["0.14.9", "at hand  r.example.org/quay.io/metallb/controller:v0.14.9"]
    assert lines["metallb-speaker"] == ["0.14.9", "missing  r.example.org/quay.io/metallb/speaker:v0.14.9"]
    assert {"kind-node", "python", "ingress-nginx-controller", "frr"} < lines.keys()


def test_all_that_can_be_built_is_listed(engine: FakeEngine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("lab.__main__.Docker.tags", lambda _: [])
    ask(engine, monkeypatch, "list", "--all")
    lines = capsys.readouterr().out.splitlines()
    assert len([line for line in lines if line.startswith("metallb-controller ")]) > 1
    assert any(line.startswith("registry ") for line in lines)


def test_what_a_run_needs_is_pulled_as_a_run_does(
    engine: FakeEngine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ask(engine, monkeypatch, "pull", "--image=metallb-speaker=me/speaker:pr")
    assert "metallb-speaker            user      me/speaker:pr\n" in capsys.readouterr().out


def test_what_a_run_needs_goes_into_one_archive(
    engine: FakeEngine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ask(engine, monkeypatch, "save", str(tmp_path / "images.tar"))
    (saved,) = [words for words in engine.asked if words[0] == "save"]
    assert len(saved) == 3 + 6
    assert "kindest/node" in " ".join(saved)
    assert capsys.readouterr().out == f"wrote {tmp_path / 'images.tar'} (2 MB)\n"


def test_an_archive_is_loaded(engine: FakeEngine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    ask(engine, monkeypatch, "load", "images.tar")
    assert engine.asked[-1] == ("load", "--input", "images.tar")
    assert capsys.readouterr().out == "Loaded image: python:3.13-slim\n"


def test_a_version_that_is_none_is_told_before_anything_is_asked(engine: FakeEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Exception, match="--metallb with a version"):
        ask(engine, monkeypatch, "list", "--metallb=new")
    assert engine.asked == []
