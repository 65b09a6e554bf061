"""The shared backend, and Services that have some of its pods as endpoints."""

from typing import Any

import pytest

from harness.model.errors import EnvironmentFault, NotApplicable
from harness.systems.metallb.endpoints import BACKEND, Backends, shared_backend
from harness.systems.metallb.services import Service
from selftests.systems.fake_api import FakeApi, an_object


def pod(node: str, *addresses: str, **metadata: Any) -> dict[str, Any]:
    found = an_object("Pod", f"echo-{node}", BACKEND, labels={"app": "echo"}, spec={"nodeName": node})
    found["metadata"].update(metadata)
    return {**found, "status": {"podIPs": [{"ip": address} for address in addresses]} if addresses else {}}


def service(api: FakeApi) -> Service:
    ports = [{"name": "main", "port": 80, "protocol": "TCP"}, {"name": "dns", "port": 53, "protocol": "UDP"}]
    api.apply(an_object("Service", "one", "t1", spec={"ports": ports, "ipFamilies": ["IPv4", "IPv6"]}))
    return Service(api, "one", "t1", "metallb.io")


def test_running_pods_are_known_by_their_nodes() -> None:
    gone, starting = pod("c", "10.0.0.3", deletionTimestamp="now"), pod("d")
    backends = Backends(FakeApi(pod("b", "10.0.0.2"), pod("a", "10.0.0.1"), gone, starting))
    assert backends.nodes == ["a", "b"]
    assert backends.pair == ["a", "b"]
    assert backends.other("a") == "b"


def test_a_single_node_is_no_pair() -> None:
    with pytest.raises(NotApplicable, match="two worker nodes"):
        assert Backends(FakeApi(pod("a", "10.0.0.1"))).pair


def test_endpoints_are_set_for_every_family() -> None:
    api = FakeApi(pod("a", "10.0.0.1", "fd00::1"), pod("b", "10.0.0.2", "fd00::2"))
    Backends(api).set_endpoints(service(api), "a", ready=False)
    slices = {item["addressType"]: item for item in api.list("EndpointSlice", "t1")}
    conditions = {"ready": False, "serving": False, "terminating": False}
    assert slices["IPv4"]["endpoints"] == [{"addresses": ["10.0.0.1"], "nodeName": "a", "conditions": conditions}]
    assert slices["IPv6"]["endpoints"] == [{"addresses": ["fd00::1"], "nodeName": "a", "conditions": conditions}]
    assert [(port["port"], port["protocol"]) for port in slices["IPv4"]["ports"]] == [(8080, "TCP"), (8081, "UDP")]
    assert slices["IPv4"]["metadata"]["labels"]["kubernetes.io/service-name"] == "one"


def test_a_service_can_have_no_endpoints() -> None:
    api = FakeApi(pod("a", "10.0.0.1", "fd00::1"))
    Backends(api).set_endpoints(service(api))
    assert [item["endpoints"] for item in api.list("EndpointSlice", "t1")] == [[], []]


def test_the_shared_backend_is_waited_for() -> None:
    api = FakeApi()
    ready = {"desiredNumberScheduled": 2, "updatedNumberScheduled": 2, "numberReady": 2, "observedGeneration": 1}
    api.on_read(lambda: None, lambda: api.status("DaemonSet", "echo", BACKEND, **ready))
    api.on_read(lambda: api.status("DaemonSet", "echo", BACKEND, **{**ready, "numberReady": 1}))
    api.planned.reverse()
    assert shared_backend(api, "program:1", "nonce").api is api


@pytest.mark.usefixtures("short")
def test_a_shared_backend_that_is_not_ready() -> None:
    api = FakeApi()
    api.on_read(lambda: api.status("DaemonSet", "echo", BACKEND, desiredNumberScheduled=2, observedGeneration=1))
    with pytest.raises(EnvironmentFault, match="the shared backend is ready on every worker node"):
        shared_backend(api, "program:1", "nonce")


def test_an_endpoint_that_ends_serves_still() -> None:
    api = FakeApi(pod("a", "10.0.0.1", "fd00::1"), pod("b", "10.0.0.2", "fd00::2"))
    Backends(api).set_endpoints(service(api), "a", "b", terminating=["b"])
    (found,) = [item for item in api.list("EndpointSlice", "t1") if item["addressType"] == "IPv4"]
    assert [one["conditions"] for one in found["endpoints"]] == [
        {"ready": True, "serving": True, "terminating": False},
        {"ready": False, "serving": True, "terminating": True},
    ]


def test_endpoints_may_stand_in_a_second_slice() -> None:
    api = FakeApi(pod("a", "10.0.0.1", "fd00::1"))
    Backends(api).set_endpoints(service(api), "a")
    Backends(api).set_endpoints(service(api), "a", second=True)
    names = [item["metadata"]["name"] for item in api.list("EndpointSlice", "t1")]
    assert names == ["one-ipv4", "one-ipv6", "one-ipv4-second", "one-ipv6-second"]
