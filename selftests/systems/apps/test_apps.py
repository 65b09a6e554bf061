"""The applications of the example project, and the echo backend."""

import pytest

from harness.model.addresses import AddressRange
from harness.model.errors import EnvironmentFault, StatementFailed, Unanswered
from harness.systems.apps import example
from harness.systems.apps.echo import echo_objects, require_running
from harness.systems.apps.example import APPS, ExampleProject, app_objects, pool_objects, route_objects, wait_for_apps
from selftests.systems.fake_api import FakeApi, an_object

READY = {"observedGeneration": 9, "updatedReplicas": 1, "readyReplicas": 1}


def test_its_objects_have_what_a_run_puts_in() -> None:
    pool, advertisement = pool_objects([AddressRange.parse("192.0.2.1-192.0.2.9"), AddressRange.parse("2001:db8::1-2001:db8::9")])
    assert pool["spec"]["addresses"] == ["192.0.2.1-192.0.2.9", "2001:db8::1-2001:db8::9"]
    assert advertisement["spec"]["ipAddressPools"] == [example.POOL]
    assert all("a-class" in str(item) for item in route_objects("a-class"))
    namespace, program, *apps = app_objects("echo:1", "n0nce")
    assert (namespace["metadata"]["name"], program["kind"]) == (example.NAMESPACE, "ConfigMap")
    assert {item["metadata"]["name"] for item in apps if item["kind"] == "Service"} == set(APPS)


def test_services_and_ranges_of_the_project_are_told() -> None:
    project = ExampleProject(FakeApi(an_object("Service", "nginx", example.NAMESPACE, spec={})), ["192.0.2.1-192.0.2.9"])
    assert len(project.ranges[0]) == 9
    assert project.service("nginx")["spec"] == {}
    with pytest.raises(StatementFailed, match="Service example/other exists"):
        project.service("other")


@pytest.mark.usefixtures("short")
def test_both_applications_are_waited_for() -> None:
    api = FakeApi(*(an_object("Deployment", name, example.NAMESPACE, spec={"replicas": 1}, status=READY) for name in APPS))
    wait_for_apps(api)
    api.status("Deployment", "other", example.NAMESPACE, readyReplicas=0)
    with pytest.raises(EnvironmentFault, match=r"application other is ready\n.*0 of 1 ready"):
        wait_for_apps(api)


def test_an_echo_backend_runs_when_a_pod_has_an_address() -> None:
    assert [item["kind"] for item in echo_objects("t1", "echo:1", "n0nce")] == ["ConfigMap", "Deployment", "Service"]
    api = FakeApi(an_object("Pod", "echo-1", "t1", labels={"app": "echo"}, status={}))
    with pytest.raises(Unanswered, match="no pod runs"):
        require_running(api, "t1")
    api.status("Pod", "echo-1", "t1", podIP="10.0.0.1")
    assert require_running(api, "t1") == "echo-1"
