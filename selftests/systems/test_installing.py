from pathlib import Path

import pytest

from harness.cluster.api import Object
from harness.model.errors import EnvironmentFault
from harness.systems.apps import example
from harness.systems.kubernetes.manifests import read, repository_of, with_images
from harness.systems.metallb.installation import MetalLB


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


def test_example_project_is_what_it_says() -> None:
    ingresses = example.route_objects("nginx")
    hosts = [rule["host"] for item in ingresses for rule in item["spec"]["rules"]]
    assert hosts == ["example.com", "nginx.example.com", "other.example.com"]
    assert all(item["metadata"]["annotations"]["kubernetes.io/ingress.class"] == "nginx" for item in ingresses)
    services = [item for item in example.app_objects("python", "0") if item["kind"] == "Service"]
    assert {item["metadata"]["name"]: item["spec"]["ports"][0]["port"] for item in services} == {"nginx": 80, "other": 9090}
    assert {item["spec"]["type"] for item in services} == {"ClusterIP"}


@pytest.mark.parametrize(
    ("version", "prefix", "text"),
    [
        ("0.13.12", "metallb.universe.tf", 'no available IPs in pool "p"'),
        ("0.14.9", "metallb.io", "no available IPs in pool p"),
        ("0.16.1", "metallb.io", "no available IPs in pool p"),
    ],
)
def test_names_and_texts_follow_the_version(version: str, prefix: str, text: str) -> None:
    assert MetalLB(version).annotation_prefix == prefix
    assert MetalLB(version).exhausted_message("p") == text


def test_custom_resources_follow_the_version() -> None:
    assert "addresspools.metallb.io" in MetalLB("0.13.12").custom_resources
    assert len(MetalLB("0.14.9").custom_resources) == 7
    assert len(MetalLB("0.16.1").custom_resources) == 9
