"""What is collected when a statement failed."""

import pytest
import yaml

from harness.systems.kubernetes.evidence import logs_of, network_view, objects_of
from selftests.systems.fake_api import FakeApi, an_object


def test_the_objects_of_namespaces_are_written_as_yaml() -> None:
    api = FakeApi(an_object("Pod", "one", "t1"), an_object("Service", "two", "t2"), an_object("Pod", "three", "t3"))
    found = list(yaml.safe_load_all(objects_of(api, "t1", "t2", kinds=["Pod", "Service"])))
    assert [item["metadata"]["name"] for item in found] == ["one", "two"]


@pytest.mark.usefixtures("short")
def test_the_logs_of_a_selection_are_named_by_pod() -> None:
    api = FakeApi(*(an_object("Pod", name, "t1", labels={"app": app}) for name, app in {"one": "echo", "two": "other"}.items()))
    api.answers["logs", "one"] = "a line"
    assert logs_of(api, lambda: api.list("Pod", "t1", labels="app=echo"))() == "=== one\na line"


@pytest.mark.usefixtures("short")
def test_the_logs_of_a_pod_with_several_containers_are_named_by_both() -> None:
    api = FakeApi(an_object("Pod", "one", "t1", spec={"containers": [{"name": "proxy"}, {"name": "manager"}]}))
    api.answers["logs", "one"] = "a line"
    assert logs_of(api, lambda: api.list("Pod", "t1"))() == "=== one proxy\na line\n=== one manager\na line"


@pytest.mark.usefixtures("short")
def test_what_a_container_printed_before_its_restart_is_kept() -> None:
    states = [{"name": "proxy", "restartCount": 0}, {"name": "manager", "restartCount": 1}]
    pod = an_object("Pod", "one", "t1", spec={"containers": [{"name": "proxy"}, {"name": "manager"}]}, status={"containerStatuses": states})
    api = FakeApi(pod)
    api.answers |= {("logs", "one"): "a line", ("logs before", "one"): "its last"}
    told = "=== one proxy\na line\n=== one manager\na line\n=== one manager, before its restart\nits last"
    assert logs_of(api, lambda: api.list("Pod", "t1"))() == told


def test_the_view_of_the_network_is_that_of_the_kernel() -> None:
    assert all(line.startswith("===") for line in network_view().splitlines()[:1])
