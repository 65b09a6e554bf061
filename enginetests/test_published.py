"""Where images are pulled: images, manifests and kind from a real registry and web server on loopback.

Needs an engine, creates no cluster. `make engine-test`.
"""

import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

import lab
from enginetests import publisher
from harness.cluster import sources
from harness.cluster.downloads import Web
from harness.cluster.engine import docker
from harness.cluster.publications import PROCESSORS, Publications, kind_version
from harness.cluster.sources import Image, Images, Source, components
from harness.cluster.steps import Steps
from harness.model.errors import EnvironmentFault
from harness.model.project import ROOT

COMPONENT = "metallb-controller"
VERSION = components()[COMPONENT].default
SCRIPT = "#!/bin/sh\necho kind v0.20.0 go1.20 linux/amd64\n"


@pytest.fixture(scope="module")
def registry() -> Iterator[publisher.Registry]:
    with publisher.registry() as held:
        yield held


@pytest.fixture(scope="module")
def digest(registry: publisher.Registry) -> str:
    """That of a small component in the registry."""
    registry.hold(COMPONENT, VERSION)
    return registry.digests[COMPONENT]


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[publisher.Web]:
    with publisher.web(tmp_path_factory.mktemp("web")) as held:
        held.hold_kind()
        held.hold_manifest("metallb", VERSION)
        yield held


@pytest.fixture
def mirrors(registry: publisher.Registry, web: publisher.Web) -> dict[str, str]:
    """What options say of both."""
    return {"registry": registry.prefix, "web": web.url}


@pytest.fixture
def by_digest(digest: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The component is published for its digest, as the node image is."""
    known: Mapping[str, lab.Component] = components()
    published = replace(known[COMPONENT], published={VERSION: digest})
    monkeypatch.setattr(sources, "components", lambda: {**known, COMPONENT: published})


@pytest.fixture
def forgetting() -> Iterator[list[str]]:
    """Names that the engine is to know no longer."""
    names: list[str] = []
    yield names
    for name in names:
        docker("rmi", "--force", name)


def images(registry: publisher.Registry, source: Source = Source.REGISTRY) -> Images:
    return Images(source, registry.prefix, {}, Steps(print))


def reference(registry: publisher.Registry, version: str = VERSION) -> str:
    """The name that the component has there."""
    return f"{registry.prefix}quay.io/metallb/controller:v{version}"


def resolved(found: Images, component: str = COMPONENT, version: str = VERSION) -> Image:
    return found.resolve({component: version})[component]


@pytest.mark.usefixtures("digest")
def test_an_image_is_pulled_through_the_mirror_and_then_at_hand(registry: publisher.Registry, forgetting: list[str]) -> None:
    forgetting.append(reference(registry))
    pulled = resolved(images(registry))
    assert (pulled.reference, pulled.origin) == (reference(registry), "registry")
    assert pulled.id == docker("image", "inspect", "--format", "{{.Id}}", lab.tag(COMPONENT, VERSION)).strip()
    again = resolved(images(registry, Source.AUTO))
    assert (again.reference, again.origin) == (reference(registry), "engine")


@pytest.mark.usefixtures("by_digest")
def test_an_image_that_is_pulled_by_its_digest_has_a_name_in_an_archive(
    registry: publisher.Registry, digest: str, forgetting: list[str], tmp_path: Path
) -> None:
    public = f"{reference(registry)}@{digest}"
    pulled = resolved(images(registry))
    forgetting.append(pulled.reference)
    assert pulled.reference.endswith(f"/quay.io/metallb/controller:v{VERSION}-{digest[7:19]}")
    assert (pulled.origin, pulled.digest) == ("registry", digest)
    sources.save([pulled], tmp_path / "images.tar")
    docker("rmi", pulled.reference, public)
    assert images(registry).at_hand({COMPONENT: VERSION}) == {COMPONENT: None}
    sources.load(tmp_path / "images.tar")
    assert replace(resolved(images(registry)), digest=digest) == replace(pulled, origin="engine")


def test_what_the_registry_lacks_is_told(registry: publisher.Registry) -> None:
    with pytest.raises(EnvironmentFault, match=r"the image localhost:\d+/quay\.io/metallb/controller:v0\.0\.1(.|\n)*0\.16\.2 can be built"):
        resolved(images(registry), version="0.0.1")


def test_a_mirror_without_the_digest_is_told_with_the_way_out(registry: publisher.Registry) -> None:
    with pytest.raises(
        EnvironmentFault, match=r"kindest/node:v1\.37\.0@sha256:\S+\n(.|\n)*a mirror has to keep digests; --image kind-node=REF"
    ):
        resolved(images(registry), "kind-node", "1.37.0")


def test_what_the_registry_lacks_is_built_where_that_is_allowed(registry: publisher.Registry, capsys: pytest.CaptureFixture[str]) -> None:
    oldest = components()[COMPONENT].versions[0]
    assert resolved(images(registry, Source.AUTO), version=oldest).origin == "packages"
    # the lab's own build is at hand on a machine that has built it; what happens elsewhere is shown without one
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Images, "at_hand", lambda self, wanted: dict.fromkeys(wanted))
        assert resolved(images(registry, Source.AUTO), version=oldest).origin == "packages"
    assert f"{reference(registry, oldest)} cannot be pulled (" in capsys.readouterr().out


@pytest.fixture
def empty_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A machine without anything of the lab's."""
    for name, value in bare_machine(tmp_path).items():
        monkeypatch.setenv(name, value)


@pytest.mark.usefixtures("empty_cache")
class TestFiles:
    def publications(self, web: publisher.Web) -> Publications:
        return Publications(Source.REGISTRY, Web(web.url), Steps(print))

    def test_a_manifest_comes_by_its_address_and_is_kept(self, web: publisher.Web, monkeypatch: pytest.MonkeyPatch) -> None:
        found = self.publications(web).manifest("metallb", VERSION, {"registry"})
        assert b"name: controller" in found.read_bytes()
        monkeypatch.setattr("httpx.get", None)
        assert self.publications(web).manifest("metallb", VERSION, {"registry"}) == found

    def test_kind_comes_by_its_address_and_runs(self, web: publisher.Web) -> None:
        found = self.publications(web).kind()
        assert found.is_relative_to(os.environ["XDG_CACHE_HOME"])
        assert f"v{kind_version(found)}" == lab.binary_version("kind")

    def test_a_version_that_nobody_published_is_told(self, web: publisher.Web) -> None:
        with pytest.raises(EnvironmentFault, match=r"controller-v1\.99\.0/deploy/.*\nfound: +there is none \(HTTP 404\)"):
            self.publications(web).manifest("ingress-nginx", "1.99.0", {"registry"})

    def test_a_page_that_is_no_manifest_is_told(self, web: publisher.Web) -> None:
        web.hold(lab.manifest_url("metallb", "0.98.0"), b"<!DOCTYPE html>\n<html><body>Sign in</body></html>\n")
        with pytest.raises(EnvironmentFault, match=r"v0\.98\.0/.*\nfound: +no object of Kubernetes'"):
            self.publications(web).manifest("metallb", "0.98.0", {"registry"})

    def test_a_kind_that_is_not_its_checksums_is_told(self, web: publisher.Web) -> None:
        address = lab.binary_url("kind", "linux", PROCESSORS[platform.machine()]).partition("://")[2]
        web.hold(f"https://elsewhere/{address}", SCRIPT.encode())
        web.hold(f"https://elsewhere/{address}.sha256sum", f"{'0' * 64}  kind-linux\n".encode())
        with pytest.raises(EnvironmentFault, match=r"not 0{64} as its checksum says"):
            Publications(Source.REGISTRY, Web(f"{web.url}/elsewhere"), Steps(print)).kind()


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        ("--download-mirror=http://127.0.0.1:1", 3, "no answer"),
        ("--download-mirror={web} --image-mirror=localhost:1/", 3, "the image localhost:1/"),
        ("--download-mirror={web} --image-mirror={registry} --metallb=0.0.1", 3, "can be built"),
        ("--kind-bin=kind", 3, "is kind 0.20.0"),
        ("--kubernetes=1.36.3", 4, "published for kind v0.33.0: 1.37.0, 1.36.4"),
        ("--metallb-manifest=kind", 4, "--metallb-manifest with a manifest"),
    ],
    ids=["no web", "no registry", "no such version", "an old kind", "no such patch", "no manifest"],
)
def test_a_run_that_cannot_be_is_told_on_one_screen_before_anything_is_created(
    mirrors: dict[str, str], tmp_path: Path, words: str, code: int, told: str
) -> None:
    (tmp_path / "kind").write_text(SCRIPT)
    (tmp_path / "kind").chmod(0o755)
    ran = run(tmp_path, *words.format(**mirrors).split())
    output = ran.stdout + ran.stderr
    assert ran.returncode == code, output
    assert told in output
    assert "expected: " in output
    assert len(output.splitlines()) < 40, output
    assert not list((tmp_path / "bare").rglob("state.json")), "the state of a cluster is written before anything of it is created"


def run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """The command, as on a machine with nothing but Python and an engine."""
    environment = {**os.environ, **bare_machine(folder / "bare"), "PYTHONPATH": str(ROOT)}
    argv = [sys.executable, "-m", "harness", "run", "DEP-01", "--images=registry", *words, "--", "-pno:xdist"]
    return subprocess.run(argv, env=environment, cwd=folder, capture_output=True, text=True, check=False)


def bare_machine(folder: Path) -> dict[str, str]:
    """The environment of a machine with an engine, Python and nothing else: no Go, no kind, no kubectl, nothing in the cache."""
    programs = folder / "bin"
    programs.mkdir(parents=True)
    for name in filter(shutil.which, ("docker", "git")):
        (programs / name).symlink_to(str(shutil.which(name)))
    return {"PATH": str(programs), **{f"XDG_{kind}_HOME": str(folder / kind.lower()) for kind in ("CACHE", "STATE")}, "HOME": str(folder)}
