"""The example project, as its manifests have it and as it is in a cluster."""

import pytest

from harness.model.errors import EnvironmentFault, StatementFailed
from harness.systems.apps import example
from harness.systems.apps.example import ExampleProject
from selftests.systems.fake_api import FakeApi, an_object


def test_example_project_is_what_it_says() -> None:
    ingresses = example.route_objects("nginx")
    hosts = [rule["host"] for item in ingresses for rule in item["spec"]["rules"]]
    assert hosts == ["example.com", "nginx.example.com", "other.example.com"]
    by_path, by_sub_domain = ingresses
    assert by_path["metadata"]["annotations"]["kubernetes.io/ingress.class"] == "nginx"
    assert by_sub_domain["spec"]["ingressClassName"] == "nginx"
    services = [item for item in example.app_objects("python", "0") if item["kind"] == "Service"]
    assert {item["metadata"]["name"]: item["spec"]["ports"][0]["port"] for item in services} == {"nginx": 80, "other": 9090}
    assert {item["spec"]["type"] for item in services} == {"ClusterIP"}


def test_the_pool_of_the_example_is_known() -> None:
    project = ExampleProject(FakeApi(an_object("Service", "nginx", "example", spec={})), ["198.18.0.1-198.18.0.9", "fd00::1-fd00::9"])
    assert [str(item.first) for item in project.ranges] == ["198.18.0.1", "fd00::1"]
    assert project.service("nginx")["metadata"]["name"] == "nginx"
    with pytest.raises(StatementFailed, match=r"Service example/other exists\nlast: *it does not"):
        project.service("other")


def test_the_ingresses_of_the_example_are_stored_as_written() -> None:
    by_path, by_sub_domain = example.route_objects("nginx", "-one")
    ExampleProject(FakeApi(by_path, by_sub_domain), []).expect_routes_stored("nginx", "-one")
    with pytest.raises(StatementFailed, match="Ingress example/by-sub-domain-one exists"):
        ExampleProject(FakeApi(by_path), []).expect_routes_stored("nginx", "-one")
    other = by_sub_domain | {"spec": by_sub_domain["spec"] | {"ingressClassName": "other"}}
    with pytest.raises(StatementFailed, match=r"Ingress example/by-sub-domain-one with .*nginx"):
        ExampleProject(FakeApi(by_path, other), []).expect_routes_stored("nginx", "-one")


@pytest.mark.usefixtures("short")
def test_applications_are_waited_for() -> None:
    ready = {"observedGeneration": 1, "updatedReplicas": 1, "readyReplicas": 1}
    apps = [an_object("Deployment", name, "example", spec={"replicas": 1}, status=ready) for name in example.APPS]
    example.wait_for_apps(FakeApi(*apps))
    with pytest.raises(EnvironmentFault, match="the application other is ready"):
        example.wait_for_apps(FakeApi(apps[0]))
