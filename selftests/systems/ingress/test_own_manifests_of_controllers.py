"""The manifests that the suite has of its own for controllers, and Contour's, which it changes."""

import re
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml

from harness.cluster.api import Object
from harness.cluster.sources import components
from harness.model.features import Feature
from harness.systems.ingress.controllers import Controller, controller, known
from harness.systems.ingress.instances import INSTANCE
from selftests.systems.fake_api import FakeApi, an_object

BROUGHT = tuple(name for name, made in known().items() if made("1.0.0").manifest)


def installed(ingress: Controller, manifest: Path) -> FakeApi:
    api = FakeApi()
    ingress.install(api, manifest, {repository: f"local/{component}:1" for repository, component in ingress.components.items()})
    return api


@pytest.fixture(params=BROUGHT)
def ingress(request: pytest.FixtureRequest) -> Controller:
    return controller(request.param, "1.0.0")


@pytest.fixture
def objects(ingress: Controller) -> Mapping[tuple[str, str | None, str], Object]:
    assert ingress.manifest is not None
    return installed(ingress, ingress.manifest).objects


def selects(selector: str, labels: Mapping[str, str]) -> bool:
    return all(labels.get(key) == value for key, _, value in (one.partition("=") for one in selector.split(",")))


def test_every_workload_is_there_and_known_by_its_labels(
    ingress: Controller, objects: Mapping[tuple[str, str | None, str], Object]
) -> None:
    for one in ingress.workloads:
        labels = objects[one.kind, one.namespace, one.name]["spec"]["template"]["metadata"]["labels"]
        assert selects(one.selector, labels)


def test_its_service_of_type_load_balancer_selects_those_pods(
    ingress: Controller, objects: Mapping[tuple[str, str | None, str], Object]
) -> None:
    service = objects["Service", ingress.namespace, ingress.service]["spec"]
    serving = objects[ingress.serving.kind, ingress.serving.namespace, ingress.serving.name]["spec"]["template"]
    assert service["type"] == "LoadBalancer"
    assert service["selector"].items() <= serving["metadata"]["labels"].items()
    named = {port["name"] for container in serving["spec"]["containers"] for port in container["ports"]}
    assert {port["targetPort"] for port in service["ports"]} <= named
    assert {port["port"] for port in service["ports"]} == {80, 443}


def test_its_class_names_the_controller(ingress: Controller, objects: Mapping[tuple[str, str | None, str], Object]) -> None:
    assert objects["IngressClass", None, ingress.ingress_class]["spec"]["controller"] == ingress.class_controller


def test_accounts_have_the_roles_that_are_bound_to_them(ingress: Controller, objects: Mapping[tuple[str, str | None, str], Object]) -> None:
    pod = objects[ingress.serving.kind, ingress.serving.namespace, ingress.serving.name]["spec"]["template"]["spec"]
    account = (ingress.namespace, pod["serviceAccountName"])
    assert ("ServiceAccount", *account) in objects
    bindings = [item for (kind, _, _), item in objects.items() if kind.endswith("RoleBinding")]
    assert bindings
    for binding in bindings:
        assert [(one["namespace"], one["name"]) for one in binding["subjects"]] == [account]
        kind, name = binding["roleRef"]["kind"], binding["roleRef"]["name"]
        assert (kind, None if kind == "ClusterRole" else ingress.namespace, name) in objects


@pytest.mark.parametrize("name", [*BROUGHT, "contour", "kong"])
def test_its_features_have_links_and_its_images_are_known(name: str) -> None:
    ingress = controller(name, "1.0.0")
    assert all(link.startswith("https://") for link in ingress.features.values())
    known = components()
    for repository, component in ingress.components.items():
        if pulled := ingress.references.get(component):
            assert pulled.partition(":")[0].removeprefix("docker.io/").removeprefix("library/") == repository.removeprefix("docker.io/")
            assert re.fullmatch(r"\d+\.\d+\.\d+", ingress.component_versions.get(component, ingress.default_version))
            continue
        version = ingress.component_versions.get(component, known[component].default)
        assert known[component].reference(version).partition(":")[0] == repository
        assert version in known[component].versions


class TestContour:
    INGRESS = controller("contour", "1.33.8")

    def test_its_manifest_is_applied_with_one_pod_of_each_without_ports_of_the_nodes_and_with_a_class(self, tmp_path: Path) -> None:
        container = {
            "name": "envoy",
            "image": "docker.io/envoyproxy/envoy:distroless-v1",
            "ports": [{"containerPort": 8080, "hostPort": 80}, {"containerPort": 8002}],
        }
        spec = {"replicas": 2, "template": {"spec": {"containers": [container]}}}
        job = {"containers": [{"name": "contour", "image": "ghcr.io/projectcontour/contour:v1"}]}
        manifest = tmp_path / "contour.yaml"
        manifest.write_text(
            yaml.safe_dump_all(
                [
                    {**an_object("Deployment", "certgen", "projectcontour", spec={"template": {"spec": job}}), "kind": "Job"},
                    an_object("Deployment", "envoy", "projectcontour", spec=spec),
                ]
            )
        )
        objects = installed(self.INGRESS, manifest).objects
        envoy = objects["Deployment", "projectcontour", "envoy"]["spec"]
        (container,) = envoy["template"]["spec"]["containers"]
        assert envoy["replicas"] == 1
        assert container["image"] == "local/envoy:1"
        assert container["ports"] == [{"containerPort": 8080}, {"containerPort": 8002}]
        assert objects["Job", "projectcontour", "certgen"]["spec"]["template"]["spec"]["containers"][0]["image"] == "local/contour:1"
        assert objects["IngressClass", None, "contour"]["spec"] == {"controller": "projectcontour.io/ingress-controller"}

    def test_clients_reach_envoy_while_the_version_is_that_of_contour(self) -> None:
        assert self.INGRESS.serving.name == "envoy"
        assert next(iter(self.INGRESS.components.values())) == "contour"


SEVERAL = tuple(name for name in BROUGHT if Feature.SEVERAL_INSTANCES in controller(name, "4.0.0").features)


@pytest.mark.parametrize("name", SEVERAL)
def test_one_more_instance_has_a_class_and_arguments_of_its_own(name: str) -> None:
    ingress = controller(name, "4.0.0")
    assert ingress.manifest is not None
    first = installed(ingress, ingress.manifest)
    made = {item["kind"]: item for item in ingress.another(first, "second")}
    assert made["IngressClass"]["metadata"]["name"] == "second"
    assert made["ClusterRoleBinding"]["subjects"] == [{"kind": "ServiceAccount", "name": "second", "namespace": "second"}]
    assert ("ClusterRole", None, made["ClusterRoleBinding"]["roleRef"]["name"]) in first.objects
    deployment = made["Deployment"]["spec"]["template"]
    assert deployment["metadata"]["labels"] == {INSTANCE: "second"}
    (arguments,) = (container["args"] for container in deployment["spec"]["containers"])
    options = [one.partition("=")[0] for one in arguments]
    assert len(options) == len(set(options)), "an option of the first instance is left beside that of the second"
    assert "second/second" in " ".join(arguments)
    serving = first.objects[ingress.serving.kind, ingress.serving.namespace, ingress.serving.name]["spec"]["template"]["spec"]
    assert arguments != serving["containers"][0]["args"]
