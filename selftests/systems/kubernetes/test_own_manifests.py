"""Manifests of the user's: what they install, and what is refused before anything is created."""

from pathlib import Path

import pytest
import yaml

from harness.cluster.api import Object
from harness.model.errors import UsageFault
from harness.systems.kubernetes.own_manifests import own_manifest, version_of
from harness.systems.kubernetes.workloads import Workload


def controller_only(_: list[Object]) -> dict[str, Workload]:
    return {"metallb-controller": Workload("Deployment", "controller", "metallb-system")}


def workload(name: str, *images: str, kind: str = "Deployment", namespace: str | None = "metallb-system") -> Object:
    containers = [{"name": image.partition("/")[0], "image": image} for image in images]
    metadata = {"name": name, **({"namespace": namespace} if namespace else {})}
    return {"kind": kind, "metadata": metadata, "spec": {"template": {"spec": {"containers": containers}}}}


def written(tmp_path: Path, *objects: Object) -> str:
    file = tmp_path / "own.yaml"
    file.write_text(yaml.safe_dump_all(objects))
    return str(file)


def test_the_image_of_a_component_is_that_of_the_container_called_like_its_workload(tmp_path: Path) -> None:
    own = own_manifest(
        "--metallb-manifest", written(tmp_path, workload("controller", "proxy/p:1", "controller/c:2@sha256:00")), controller_only
    )
    assert own.images == {"metallb-controller": "controller/c:2@sha256:00", "proxy/p:1": "proxy/p:1"}
    assert own.components == {"controller/c": "metallb-controller", "proxy/p": "proxy/p:1"}


def test_a_name_that_ends_like_its_container_will_do_and_jobs_are_not_installed(tmp_path: Path) -> None:
    objects = [workload("nginx-controller", "other/o", "controller/c:1", namespace="n"), workload("job", "certgen/g:1", kind="Job")]
    assert own_manifest(
        "--ingress-manifest", written(tmp_path, *objects), lambda _: {"x": Workload("Deployment", "nginx-controller", "n")}
    ).images == {"x": "controller/c:1", "other/o": "other/o"}


def test_the_first_container_is_taken_where_none_is_called_so(tmp_path: Path) -> None:
    own = own_manifest("--metallb-manifest", written(tmp_path, workload("controller", "me/c:1", "me/d:1")), controller_only)
    assert own.images["metallb-controller"] == "me/c:1"


@pytest.mark.parametrize(
    ("objects", "found"),
    [
        ([workload("metallb-controller", "c:1")], "has Deployment metallb-system/metallb-controller"),
        ([workload("controller", "c:1", kind="DaemonSet")], "has DaemonSet metallb-system/controller"),
        ([workload("controller", "c:1", namespace=None)], "has Deployment default/controller"),
        ([{"kind": "Namespace", "metadata": {"name": "metallb-system"}}], "has no workload"),
        ([{"a": 1}], "no object of Kubernetes'"),
        ([], "an empty file"),
    ],
)
def test_what_does_not_install_the_system_is_refused(tmp_path: Path, objects: list[Object], found: str) -> None:
    with pytest.raises(UsageFault, match=f"(?s)expected: --metallb-manifest with a manifest.*found: .*own.yaml.*{found}"):
        own_manifest("--metallb-manifest", written(tmp_path, *objects), controller_only)


def test_what_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageFault, match="No such file"):
        own_manifest("--metallb-manifest", str(tmp_path / "none.yaml"), controller_only)
    with pytest.raises(UsageFault, match=r"the manifest of --metallb-manifest at http://127.0.0.1:1/x.yaml\nfound:    no answer"):
        own_manifest("--metallb-manifest", "http://127.0.0.1:1/x.yaml", controller_only)


@pytest.mark.parametrize(
    ("image", "version"),
    [
        ("quay.io/metallb/controller:v0.16.1", "0.16.1"),
        ("localhost:5000/c:main@sha256:00", "main"),
        ("localhost:5000/c", ""),
        ("c@sha256:00", ""),
    ],
)
def test_the_version_is_that_of_the_tag(image: str, version: str) -> None:
    assert version_of(image) == version
