import json
from collections.abc import Callable
from pathlib import Path

import pytest

import lab
from harness.cluster import sources
from harness.cluster.sources import Images, Source, kind_binary, parse_overrides
from harness.cluster.steps import Steps
from harness.model.errors import EnvironmentFault, UsageFault

WANTED = {"python": "3.13"}
PUBLIC = "python:3.13-slim"


class FakeEngine:
    """Stands for the Docker command line: what it has, and what a pull would bring."""

    def __init__(self, *present: str, pullable: tuple[str, ...] = ()) -> None:
        self.present = set(present)
        self.pullable = pullable
        self.pulled: list[str] = []

    def __call__(self, *words: str, timeout: float = 0, stdin: bytes | None = None) -> str:
        if words[:2] == ("image", "inspect"):
            if words[2] in self.present:
                return json.dumps([{"Id": f"sha256:{words[2]}"}])
            raise EnvironmentFault("the image", "no such image", "pull it")
        assert words[0] == "pull"
        if words[-1] not in self.pullable:
            raise EnvironmentFault("a pull", "manifest unknown", "check")
        self.pulled.append(words[-1])
        self.present.add(words[-1])
        return ""


@pytest.fixture
def resolve(monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[str, str]]:
    def resolved(engine: FakeEngine, source: Source, *, mirror: str = "", answers: bool = False, **overrides: str) -> tuple[str, str]:
        monkeypatch.setattr(sources, "docker", engine)
        monkeypatch.setattr(sources, "_answers", lambda _host: answers)

        def build(wanted: list[tuple[str, str]], _progress: object) -> dict[tuple[str, str], str]:
            tags = {one: lab.tag(*one) for one in wanted}
            engine.present |= set(tags.values())
            return tags

        monkeypatch.setattr(lab, "build", build)
        image = Images(source, mirror, overrides, Steps(lambda _line: None)).resolve(WANTED)["python"]
        return image.reference, image.origin

    return resolved


def lab_tag() -> str:
    return lab.tag("python", "3.13")


def test_auto_takes_what_the_engine_has(resolve: Callable[..., tuple[str, str]]) -> None:
    assert resolve(FakeEngine(PUBLIC), Source.AUTO) == (PUBLIC, "engine")
    assert resolve(FakeEngine(lab_tag()), Source.AUTO) == (lab_tag(), "packages")


def test_auto_pulls_where_a_registry_answers_and_builds_elsewhere(resolve: Callable[..., tuple[str, str]]) -> None:
    assert resolve(FakeEngine(pullable=(PUBLIC,)), Source.AUTO, answers=True) == (PUBLIC, "registry")
    assert resolve(FakeEngine(), Source.AUTO) == (lab_tag(), "packages")


def test_registry_never_takes_what_the_lab_built(resolve: Callable[..., tuple[str, str]]) -> None:
    engine = FakeEngine(lab_tag(), pullable=(PUBLIC,))
    assert resolve(engine, Source.REGISTRY) == (PUBLIC, "registry")
    assert engine.pulled == [PUBLIC]


def test_packages_never_take_a_public_image(resolve: Callable[..., tuple[str, str]]) -> None:
    assert resolve(FakeEngine(PUBLIC), Source.PACKAGES) == (lab_tag(), "packages")


def test_mirror_stands_before_the_reference(resolve: Callable[..., tuple[str, str]]) -> None:
    mirrored = f"registry.example.org/{PUBLIC}"
    assert resolve(FakeEngine(PUBLIC, pullable=(mirrored,)), Source.REGISTRY, mirror="registry.example.org/") == (mirrored, "registry")


def test_image_of_the_users_own_comes_first(resolve: Callable[..., tuple[str, str]]) -> None:
    assert resolve(FakeEngine("me/python:1", PUBLIC), Source.AUTO, python="me/python:1") == ("me/python:1", "user")
    assert resolve(FakeEngine(pullable=("me/python:2",)), Source.PACKAGES, python="me/python:2") == ("me/python:2", "user")


def test_image_that_cannot_be_had_is_told(resolve: Callable[..., tuple[str, str]]) -> None:
    with pytest.raises(EnvironmentFault, match=r"the image python:3.13-slim(.|\n)*manifest unknown(.|\n)*--images=packages"):
        resolve(FakeEngine(), Source.REGISTRY)


@pytest.mark.parametrize("word", ["python", "python=", "unknown=me/x:1"])
def test_override_that_names_nothing_is_told(word: str) -> None:
    with pytest.raises(UsageFault, match="--image COMPONENT=REFERENCE"):
        parse_overrides([word])


@pytest.mark.parametrize(
    ("reference", "host"),
    [
        ("python:3.13", "registry-1.docker.io"),
        ("kindest/node:v1", "registry-1.docker.io"),
        ("quay.io/metallb/speaker:v1", "quay.io"),
        ("localhost:5000/python:1", "localhost:5000"),
    ],
)
def test_registry_of_a_reference(reference: str, host: str) -> None:
    assert sources._registry_of(reference) == host


@pytest.mark.parametrize("made", [Path.mkdir, Path.touch], ids=["a folder", "no program"])
def test_what_is_not_kind_is_told_before_anything_is_done(tmp_path: Path, made: Callable[[Path], None]) -> None:
    made(tmp_path / "kind")
    with pytest.raises(EnvironmentFault, match=r"found:    no program .*/kind\nto do:    install kind, or pass --kind-bin FILE"):
        kind_binary(str(tmp_path / "kind"), Source.AUTO)


@pytest.mark.parametrize(
    ("known", "reference", "digest"),
    [
        ([], "me/controller:pr-123", ""),
        (["quay.io/metallb/speaker@sha256:aa"], "quay.io/metallb/speaker:v0.16.1", "sha256:aa"),
        (["mirror.example/metallb/speaker@sha256:bb", "quay.io/metallb/speaker@sha256:aa"], "quay.io/metallb/speaker:v0.16.1", "sha256:aa"),
        (["kindest/node@sha256:cc"], "kindest/node:v1.36.4@sha256:cc", "sha256:cc"),
        (["traefik@sha256:dd"], "docker.io/library/traefik:v3", "sha256:dd"),
    ],
)
def test_the_digest_is_the_one_under_the_images_own_name(known: list[str], reference: str, digest: str) -> None:
    assert sources._digest(known, reference) == digest


def test_kind_says_its_version(tmp_path: Path) -> None:
    program = tmp_path / "kind"
    program.write_text("#!/bin/sh\necho kind v0.33.0 go1.25.4 linux/amd64\n")
    program.chmod(0o755)
    assert sources.kind_version(program) == "0.33.0"
