"""Manifests: read from files, with the run's images put in."""

from pathlib import Path

import pytest

from harness.cluster.api import Object
from harness.model.errors import EnvironmentFault
from harness.systems.kubernetes.manifests import read, repository_of, with_images, with_namespace


def deployment(image: str) -> Object:
    return {"kind": "Deployment", "spec": {"template": {"spec": {"containers": [{"name": "c", "image": image}]}}}}


@pytest.mark.parametrize(
    ("reference", "repository"),
    [
        ("quay.io/metallb/controller:v0.16.1", "quay.io/metallb/controller"),
        ("registry.k8s.io/ingress-nginx/controller:v1@sha256:00ff", "registry.k8s.io/ingress-nginx/controller"),
        ("localhost:5000/a/b", "localhost:5000/a/b"),
        ("python", "python"),
    ],
)
def test_repository_of_a_reference(reference: str, repository: str) -> None:
    assert repository_of(reference) == repository


def test_images_are_replaced_and_never_pulled_again() -> None:
    (changed,) = with_images([deployment("quay.io/x/y:v1")], {"quay.io/x/y": "me/y:pr"})
    container = changed["spec"]["template"]["spec"]["containers"][0]
    assert container["image"] == "me/y:pr"
    assert container["imagePullPolicy"] == "IfNotPresent"


def test_image_that_nobody_accounts_for_is_told() -> None:
    with pytest.raises(EnvironmentFault, match="one more component"):
        with_images([deployment("quay.io/x/new:v1")], {"quay.io/x/y": "me/y:pr"})


def test_manifest_that_is_missing_or_broken_is_told(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentFault, match="a manifest at"):
        read(tmp_path / "none.yaml")
    (tmp_path / "broken.yaml").write_text("a: [")
    with pytest.raises(EnvironmentFault, match="restore the file"):
        read(tmp_path / "broken.yaml")


def test_a_namespace_comes_first_and_is_added_where_it_is_left_to_whoever_applies() -> None:
    own, space = deployment("a:1"), {"kind": "Namespace", "metadata": {"name": "n", "labels": {}}}
    assert with_namespace([own, space], "n") == [space, own]
    (added, rest) = with_namespace([own], "n")
    assert (added["kind"], added["metadata"], rest) == ("Namespace", {"name": "n"}, own)
