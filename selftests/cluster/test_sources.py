import json
import re
from collections.abc import Callable

import pytest

import lab
from harness.cluster import sources
from harness.cluster.sources import Images, Source, kubernetes_version, parse_overrides, require_versions
from harness.cluster.steps import Steps
from harness.model.errors import EnvironmentFault, UsageFault

PUBLIC = "python:3.13-slim"
NODE = "kindest/node:v1.37.0@sha256:a1ed56cfb0e7b93589bdf97c8cd566405a265939e3620fc4f5de89adff580ae5"
#: What that is called in the engine, and in an archive of it.
NODE_NAME = "localhost/pulled/kindest/node:v1.37.0-a1ed56cfb0e7"


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
        if words[0] == "tag":
            self.present.add(words[2])
            return ""
        assert words[0] == "pull"
        if words[-1] not in self.pullable:
            raise EnvironmentFault("a pull", "manifest unknown", "check")
        self.pulled.append(words[-1])
        self.present.add(words[-1])
        return ""


@pytest.fixture
def lines() -> list[str]:
    """What was said on the terminal."""
    return []


@pytest.fixture
def resolve(monkeypatch: pytest.MonkeyPatch, lines: list[str]) -> Callable[..., tuple[str, str]]:
    def resolved(
        engine: FakeEngine,
        source: Source,
        *,
        mirror: str = "",
        answers: bool = False,
        wanted: tuple[str, str] = ("python", "3.13"),
        overrides: dict[str, str] | None = None,
    ) -> tuple[str, str]:
        monkeypatch.setattr(sources, "docker", engine)
        monkeypatch.setattr(sources, "_answers", lambda _host: answers)

        def build(wanted: list[tuple[str, str]], _progress: object) -> dict[tuple[str, str], str]:
            tags = {one: lab.tag(*one) for one in wanted}
            engine.present |= set(tags.values())
            return tags

        monkeypatch.setattr(lab, "build", build)
        image = Images(source, mirror, overrides or {}, Steps(lines.append)).resolve(dict([wanted]))[wanted[0]]
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


def test_a_pull_that_fails_falls_back_to_a_build_and_says_so(resolve: Callable[..., tuple[str, str]], lines: list[str]) -> None:
    assert resolve(FakeEngine(), Source.AUTO, answers=True) == (lab_tag(), "packages")
    (said,) = [line for line in lines if "cannot be pulled" in line]
    assert said.endswith(f"{PUBLIC} cannot be pulled (manifest unknown): python 3.13 is built from packages")


def test_a_registry_without_an_answer_is_named(resolve: Callable[..., tuple[str, str]], lines: list[str]) -> None:
    resolve(FakeEngine(), Source.AUTO)
    assert lines[0].endswith("no answer from registry-1.docker.io: images are built from packages")


def test_what_cannot_be_built_is_pulled_whoever_answers(resolve: Callable[..., tuple[str, str]]) -> None:
    speaker = "quay.io/metallb/speaker:v0.16.3"
    wanted = ("metallb-speaker", "0.16.3")
    assert resolve(FakeEngine(pullable=(speaker,)), Source.AUTO, wanted=wanted) == (speaker, "registry")
    with pytest.raises(
        EnvironmentFault, match=r"the image quay.io/metallb/speaker:v0.16.3\n(.|\n)*manifest unknown(.|\n)*0.16.2 can be built"
    ):
        resolve(FakeEngine(), Source.AUTO, wanted=wanted)


def test_what_is_pulled_by_its_digest_gets_a_name(resolve: Callable[..., tuple[str, str]]) -> None:
    wanted = ("kind-node", "1.37.0")
    assert resolve(FakeEngine(pullable=(NODE,)), Source.REGISTRY, wanted=wanted) == (NODE_NAME, "registry")
    assert resolve(FakeEngine(NODE), Source.REGISTRY, wanted=wanted) == (NODE_NAME, "engine")
    assert resolve(FakeEngine(NODE_NAME), Source.REGISTRY, wanted=wanted) == (NODE_NAME, "engine")
    own = f"localhost:5000/me/node@sha256:{'0' * 64}"
    found = resolve(FakeEngine(pullable=(own,)), Source.AUTO, wanted=wanted, overrides={"kind-node": own})
    assert found == ("localhost/pulled/localhost_5000/me/node:000000000000", "user")


def test_a_tag_is_not_taken_for_a_digest(resolve: Callable[..., tuple[str, str]]) -> None:
    engine = FakeEngine("kindest/node:v1.37.0", "m/kindest/node:v1.37.0", pullable=("m/kindest/node:v1.37.0",))
    with pytest.raises(EnvironmentFault, match=r"to do: .*a mirror has to keep digests; --image kind-node=REF takes what yours has"):
        resolve(engine, Source.REGISTRY, mirror="m/", wanted=("kind-node", "1.37.0"))


@pytest.mark.parametrize(
    ("asked", "source", "version"),
    [
        ("1.36", Source.REGISTRY, "1.36.4"),
        ("1.36", Source.PACKAGES, "1.36.4"),
        ("1.34", Source.AUTO, "1.34.11"),
        ("1.35.8", Source.AUTO, "1.35.8"),
    ],
)
def test_a_minor_version_of_kubernetes_is_the_patch_that_there_is(asked: str, source: Source, version: str) -> None:
    assert kubernetes_version(asked, source) == version


@pytest.mark.parametrize(
    ("asked", "source", "known"),
    [
        ("1.36.3", Source.AUTO, "published for kind v0.33.0: 1.37.0, 1.36.4, 1.35.8, 1.34.11; built from packages: 1.36.4"),
        ("1.3", Source.REGISTRY, "published for kind v0.33.0: 1.37.0, 1.36.4, 1.35.8, 1.34.11\n"),
        ("1.35", Source.PACKAGES, "node image. built from packages: 1.36.4\n"),
    ],
)
def test_a_version_of_kubernetes_that_nobody_has_is_answered_with_those_there_are(asked: str, source: Source, known: str) -> None:
    with pytest.raises(UsageFault, match=re.escape(known)):
        kubernetes_version(asked, source)


def test_a_version_that_packages_do_not_give_is_refused_where_nothing_else_is_allowed() -> None:
    wanted = {"metallb-speaker": "0.16.3"}
    with pytest.raises(UsageFault, match=r"a version of metallb-speaker that can be built from packages: 0.13.12, .*\n.*0.16.3"):
        require_versions(wanted, Source.PACKAGES, {})
    require_versions(wanted, Source.AUTO, {})
    require_versions(wanted, Source.PACKAGES, {"metallb-speaker": "me/speaker:1"})


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
    assert resolve(FakeEngine("me/python:1", PUBLIC), Source.AUTO, overrides={"python": "me/python:1"}) == ("me/python:1", "user")
    assert resolve(FakeEngine(pullable=("me/python:2",)), Source.PACKAGES, overrides={"python": "me/python:2"}) == ("me/python:2", "user")


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
