"""Manifests and kind: by which way they come, and what is told where none leads to them."""

import hashlib
import platform
import re
from collections.abc import Callable
from pathlib import Path

import pytest

import lab
from harness.cluster.downloads import Web
from harness.cluster.publications import Publications, complaint_about_manifest, kind_version
from harness.cluster.sources import Source
from harness.cluster.steps import Steps
from harness.model.errors import EnvironmentFault
from selftests.cluster.test_downloads import FakeWeb

METALLB = "https://raw.githubusercontent.com/metallb/metallb/v0.13.12/config/manifests/metallb-native.yaml"
NGINX = "https://raw.githubusercontent.com/kubernetes/ingress-nginx/controller-v1.15.1/deploy/static/provider/cloud/deploy.yaml"
KIND = "https://kind.sigs.k8s.io/dl/v0.33.0/kind-linux-amd64"
MANIFEST = b"kind: Namespace\n---\n---\nkind: Deployment\n"
PROGRAM = b"#!/bin/sh\necho kind v0.33.0 go1.25 linux/amd64\n"


@pytest.fixture
def web(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> FakeWeb:
    """A web in memory, on a machine without kind."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setattr(platform, "system", lambda: "Linux")
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    fake = FakeWeb()
    fake.files |= {METALLB: MANIFEST, NGINX: MANIFEST, KIND: PROGRAM}
    fake.files[f"{KIND}.sha256sum"] = f"{hashlib.sha256(PROGRAM).hexdigest()}  kind-linux-amd64\n".encode()
    monkeypatch.setattr("httpx.get", fake.get)
    return fake


@pytest.fixture
def built(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    """What the lab made, in a lab that makes everything."""
    made: list[str] = []

    def make(name: str, *_: object) -> Path:
        made.append(name)
        return tmp_path / f"built-{name}"

    monkeypatch.setattr(lab, "manifest", make)
    monkeypatch.setattr(lab, "binary", make)
    return made


def publications(source: Source, lines: list[str] | None = None) -> Publications:
    return Publications(source, Web(), Steps((lines if lines is not None else []).append))


def program(tmp_path: Path, version: str) -> Path:
    file = tmp_path / "bin" / "kind"
    file.parent.mkdir(exist_ok=True)
    file.write_text(f"#!/bin/sh\necho kind {version} go1.25 linux/amd64\n")
    file.chmod(0o755)
    return file


class TestManifest:
    @pytest.mark.parametrize("origin", ["registry", "engine", "user"])
    @pytest.mark.parametrize("source", [Source.AUTO, Source.REGISTRY])
    def test_comes_by_its_address_where_images_are_pulled(self, web: FakeWeb, built: list[str], source: Source, origin: str) -> None:
        assert publications(source).manifest("metallb", "0.13.12", {origin}).read_bytes() == MANIFEST
        assert publications(source).manifest("ingress-nginx", "1.15.1", {origin}).read_bytes() == MANIFEST
        assert web.asked == [METALLB, NGINX]
        assert built == []

    @pytest.mark.parametrize(("source", "origin"), [(Source.AUTO, "packages"), (Source.PACKAGES, "user")])
    def test_comes_out_of_the_module_where_images_are_built(self, web: FakeWeb, built: list[str], source: Source, origin: str) -> None:
        publications(source).manifest("metallb", "0.13.12", {origin, "user"})
        assert built == ["metallb"]
        assert web.asked == []

    def test_comes_out_of_the_module_where_the_web_does_not_answer_and_that_is_said(self, web: FakeWeb, built: list[str]) -> None:
        web.files[METALLB] = 0
        lines: list[str] = []
        publications(Source.AUTO, lines).manifest("metallb", "0.13.12", {"engine"})
        assert built == ["metallb"]
        assert lines[0].endswith("metallb-native.yaml: no answer (connection refused); it comes from packages instead")

    def test_out_of_reach_is_told_where_nothing_else_is_allowed(self, web: FakeWeb, built: list[str]) -> None:
        web.files[METALLB] = 0
        with pytest.raises(EnvironmentFault, match=r"the manifest of metallb 0.13.12 at https://raw"):
            publications(Source.REGISTRY).manifest("metallb", "0.13.12", {"registry"})
        assert built == []

    def test_nobody_published_is_told_and_not_sought_elsewhere(self, web: FakeWeb, built: list[str]) -> None:
        with pytest.raises(EnvironmentFault, match=r"(?s)the manifest of metallb 0.99.0 at .*there is none"):
            publications(Source.AUTO).manifest("metallb", "0.99.0", {"registry"})
        assert built == []

    @pytest.mark.usefixtures("web")
    def test_that_the_lab_does_not_find_is_told(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def fail(*_: str) -> Path:
            raise lab.LabError("a module", "none", "look")

        monkeypatch.setattr(lab, "manifest", fail)
        with pytest.raises(EnvironmentFault, match="a module"):
            publications(Source.PACKAGES).manifest("metallb", "0.13.12", set())


@pytest.mark.parametrize(
    ("content", "wrong"),
    [
        (MANIFEST, ""),
        (b"", "an empty file"),
        (b"---\n", "an empty file"),
        (b"<!DOCTYPE html><html><head><title>Sign in</title></head>", "no object of Kubernetes' but '<!DOCTYPE html>"),
        (b"kind: Namespace\n---\nmetadata: {}\n", "no object of Kubernetes' but"),
        (b"<a\n: [", "no YAML: "),
        (b"\xff\xfe\x00", "no YAML: "),
    ],
)
def test_what_is_no_manifest_is_recognised(content: bytes, wrong: str) -> None:
    found = complaint_about_manifest(content)
    assert found.startswith(wrong)
    assert bool(found) is bool(wrong)


class TestKind:
    @pytest.mark.parametrize("source", Source)
    def test_of_path_is_taken_where_it_fits(self, web: FakeWeb, built: list[str], tmp_path: Path, source: Source) -> None:
        fitting = program(tmp_path, "v0.33.1")
        assert publications(source).kind() == fitting
        assert (web.asked, built) == ([], [])

    @pytest.mark.parametrize("source", [Source.AUTO, Source.REGISTRY])
    def test_is_fetched_with_its_checksum_where_images_are_pulled(
        self, web: FakeWeb, built: list[str], tmp_path: Path, source: Source
    ) -> None:
        program(tmp_path, "v0.20.0")
        found = publications(source).kind()
        assert kind_version(found) == "0.33.0"
        assert publications(source).kind() == found
        assert web.asked == [f"{KIND}.sha256sum", KIND]
        assert built == []

    def test_is_built_where_images_are_built(self, web: FakeWeb, built: list[str]) -> None:
        publications(Source.PACKAGES).kind()
        assert (web.asked, built) == ([], ["kind"])

    def test_that_is_built_already_needs_no_web(self, web: FakeWeb, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(lab, "compiled", lambda name: Path("built", name))
        assert publications(Source.AUTO).kind() == Path("built/kind")
        assert web.asked == []
        publications(Source.REGISTRY).kind()
        assert web.asked != []

    def test_is_built_where_the_web_does_not_answer_and_that_is_said(self, web: FakeWeb, built: list[str]) -> None:
        web.files[f"{KIND}.sha256sum"] = 0
        lines: list[str] = []
        publications(Source.AUTO, lines).kind()
        assert built == ["kind"]
        assert lines[0].endswith("it comes from packages instead")

    def test_that_is_nowhere_is_told_with_the_versions(self, web: FakeWeb, built: list[str], tmp_path: Path) -> None:
        program(tmp_path, "v0.20.0")
        web.files[f"{KIND}.sha256sum"] = 0
        told = (
            r"the kind program in a version 0.33.x, (.*)\nfound:    0.20.0 on PATH; the checksum of kind v0.33.0 at (.*)\n.*--kind-bin FILE"
        )
        with pytest.raises(EnvironmentFault, match=told):
            publications(Source.REGISTRY).kind()
        assert built == []

    def test_that_does_not_have_its_checksum_is_told(self, web: FakeWeb, built: list[str]) -> None:
        web.files[KIND] = b"something else"
        with pytest.raises(EnvironmentFault, match=r"a file with the SHA-256 .*, not .* as its checksum says"):
            publications(Source.AUTO).kind()
        web.files[f"{KIND}.sha256sum"] = b"<html>"
        with pytest.raises(EnvironmentFault):
            publications(Source.AUTO).kind()
        assert built == []

    def test_is_published_for_some_processors(self, web: FakeWeb, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(platform, "machine", lambda: "riscv64")
        with pytest.raises(EnvironmentFault, match=r"none on PATH; a processor that kind is published for: .*: riscv64"):
            publications(Source.REGISTRY).kind()
        assert web.asked == []

    @pytest.mark.usefixtures("web")
    def test_named_has_to_fit(self, tmp_path: Path) -> None:
        old = program(tmp_path, "v0.20.0")
        with pytest.raises(EnvironmentFault, match=re.escape(f"{old} is kind 0.20.0")):
            publications(Source.AUTO).kind(str(old))
        assert publications(Source.AUTO).kind(str(program(tmp_path, "v0.33.0"))) == old

    @pytest.mark.usefixtures("web")
    def test_named_without_its_folder_is_the_one_here(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        program(tmp_path, "v0.20.0")  # on PATH
        here = tmp_path / "kind"
        here.write_bytes(PROGRAM)
        here.chmod(0o755)
        monkeypatch.chdir(tmp_path)
        assert publications(Source.AUTO).kind("kind") == here

    @pytest.mark.parametrize("made", [Path.mkdir, Path.touch], ids=["a folder", "no program"])
    def test_named_has_to_be_one(self, tmp_path: Path, made: Callable[[Path], None]) -> None:
        made(tmp_path / "kind")
        with pytest.raises(EnvironmentFault, match=r"found:    no program .*/kind\nto do:    install kind, or leave --kind-bin out"):
            publications(Source.AUTO).kind(str(tmp_path / "kind"))

    def test_that_says_no_version_is_told(self, tmp_path: Path) -> None:
        with pytest.raises(EnvironmentFault, match="version says a version"):
            kind_version(program(tmp_path, "of-nobody"))
