"""A first run on a machine with nothing but Python and Docker: the package, installed into an environment of its own, runs in a container.

Images, manifests and kind come from a registry and a web server on loopback, which hold the lab's builds under their public names.
Creates a cluster and takes some four minutes, so it has a command of its own: `make published-test`.
"""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import lab
from enginetests import publisher
from enginetests.environments import Environment, build_wheel, create
from harness.cluster.engine import docker
from harness.cluster.sources import NODE_IMAGE, components
from harness.model.project import NAME

#: What a run pulls, and what the container of a run is made of.
NEEDED = (NODE_IMAGE, "metallb-controller", "metallb-speaker", "ingress-nginx-controller", "python", "base")
MANIFESTS = {"metallb": "metallb-controller", "ingress-nginx": "ingress-nginx-controller"}
#: Seconds for the run and for its container to be prepared.
TIMEOUT = 900


@pytest.fixture(scope="module")
def registry() -> Iterator[publisher.Registry]:
    with publisher.registry() as held:
        publisher.hold_components(held, NEEDED)
        yield held


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[publisher.Web]:
    with publisher.web(tmp_path_factory.mktemp("web")) as held:
        for name, component in MANIFESTS.items():
            held.hold_manifest(name, components()[component].default)
        held.hold_kind()
        yield held


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory, registry: publisher.Registry) -> Environment:
    """The package in an environment; it knows the node image by the digest that this registry has, as nobody can have kind's own."""
    environment = create(tmp_path_factory.mktemp("environment"))
    environment.pip("install", "--no-deps", "--no-index", str(build_wheel(tmp_path_factory.mktemp("dist"))))
    catalogue = environment.packages / "metallb_ingress_conformance" / "_project" / "lab" / "images.toml"
    node = components()[NODE_IMAGE]
    catalogue.write_text(catalogue.read_text().replace(node.published[node.default], registry.digests[NODE_IMAGE]))
    return environment


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A user's own folder, with an empty cache, and `docker` as the only program."""
    home = tmp_path_factory.mktemp("home")
    (home / "bin").mkdir()
    (home / "bin" / "docker").symlink_to(str(shutil.which("docker")))
    return home


@pytest.fixture(scope="module")
def report(
    installed: Environment, registry: publisher.Registry, web: publisher.Web, home: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Any]:
    here = tmp_path_factory.mktemp("here")
    variables = {"PATH": str(home / "bin"), "XDG_CACHE_HOME": str(home / "cache"), "XDG_STATE_HOME": str(home / "state")}
    mirrors = ["--image-mirror", registry.prefix, "--download-mirror", web.url]
    words = ["run", "--in-container", "--level", "smoke", "--images", "registry", *mirrors]
    installed.run(here, NAME, *words, timeout=TIMEOUT, variables=variables)
    (file,) = here.glob("reports/runs/*/report.json")
    read: dict[str, Any] = json.loads(file.read_text())
    return read


def test_everything_is_as_expected(report: dict[str, Any]) -> None:
    assert report["gate"] == "as expected"
    assert len({result["id"] for result in report["results"]}) >= 20


def test_every_image_was_pulled(report: dict[str, Any], registry: publisher.Registry) -> None:
    origins = {image["component"]: image["origin"] for image in report["images"]}
    assert origins == dict.fromkeys(set(NEEDED) - {"base"}, "registry")


def test_manifests_and_kind_came_from_the_web_and_nothing_was_built(report: dict[str, Any], web: publisher.Web, home: Path) -> None:
    kind = f"/kind.sigs.k8s.io/dl/{lab.binary_version('kind')}/kind-linux-"
    assert [path for path in web.asked if path.startswith("/raw.githubusercontent.com/")]
    assert [path for path in web.asked if path.startswith(kind)]
    made = {path.name for path in (home / "cache" / NAME / "lab").iterdir()}
    assert made <= {"locks", "logs"}, "there is neither Go nor a program that it compiled"


def test_nothing_is_left(report: dict[str, Any], home: Path) -> None:
    assert docker("ps", "--all", "--quiet", f"--filter=name={NAME}-") == ""
    assert list((home / "state" / NAME).iterdir()) == []
