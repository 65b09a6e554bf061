"""A second controller beside the first: what is installed of it, and what is expected of its route and its status."""

from collections.abc import Iterator

import pytest

from harness.cluster.api import Object
from harness.model.errors import EnvironmentFault, StatementFailed
from harness.model.record import Record, recording
from harness.systems.ingress.controllers import controller
from harness.systems.ingress.instances import INSTANCE
from harness.systems.metallb import clients
from harness.systems.metallb.services import Service, Services
from harness.systems.scenarios.second_controller import SecondController
from selftests.systems.fake_api import FakeApi, an_object, external

NGINX = controller("ingress-nginx", "1.11.0")
WHERE = NGINX.namespace


@pytest.fixture(autouse=True)
def brief() -> Iterator[None]:
    with recording(Record(scale=0.005)):
        yield


class Ready(FakeApi):
    """An API on which the second controller's Deployment is ready as soon as it is there."""

    def _store(self, document: Object) -> Object:
        stored = super()._store(document)
        if (stored["kind"], stored["metadata"].get("namespace")) == ("Deployment", "t1"):
            stored["spec"]["replicas"] = 1
            stored["status"] = {"observedGeneration": 9, "updatedReplicas": 1, "readyReplicas": 1}
        return stored


@pytest.fixture
def api() -> FakeApi:
    arguments = ["/nginx", "--ingress-class=nginx", "--publish-service=a/b", "--election-id=c"]
    container = {"name": "controller", "image": "nginx:1", "args": arguments, "volumeMounts": [], "lifecycle": {}}
    pod = {"containers": [container], "serviceAccountName": "ingress-nginx", "volumes": []}
    ports = [{"name": "https", "port": 443, "targetPort": "websecure"}, {"name": "http", "port": 80, "targetPort": "web"}]
    return Ready(
        an_object("Service", NGINX.service, WHERE, spec={"ports": ports}),
        an_object("Deployment", NGINX.serving.name, WHERE, spec={"replicas": 1, "template": {"spec": pod}}),
        an_object("Role", NGINX.name, WHERE, rules=[{"verbs": ["get"]}]),
        an_object(
            "Deployment", "t1", "t1", spec={"replicas": 1}, status={"observedGeneration": 9, "updatedReplicas": 1, "readyReplicas": 1}
        ),
        an_object("Ingress", "t1", "t1", status={}),
    )


def second(api: FakeApi) -> SecondController:
    return SecondController(api, NGINX, Services(api, "t1", "metallb.io"), "t1")


def test_it_has_a_class_and_arguments_of_its_own(api: FakeApi) -> None:
    made = second(api)
    service = made.install(pool="p")  # type: ignore[arg-type]  # a pool may be named
    assert service.object["spec"]["selector"] == {INSTANCE: "t1"}
    assert service.object["spec"]["ports"] == [{"name": "main", "port": 80, "targetPort": "web", "protocol": "TCP"}]
    (container,) = api.objects["Deployment", "t1", "t1"]["spec"]["template"]["spec"]["containers"]
    assert container["args"] == [
        "/nginx",
        "--election-id=c",
        "--publish-service=t1/t1",
        "--controller-class=k8s.io/t1",
        "--ingress-class=t1",
        "--watch-namespace=t1",
    ]
    assert api.objects["IngressClass", None, "t1"]["spec"]["controller"] == "k8s.io/t1"
    made.close()
    assert ("IngressClass", None, "t1") not in api.objects
    assert ("ClusterRoleBinding", None, "t1") not in api.objects


def test_a_first_controller_that_is_not_there_is_told() -> None:
    with pytest.raises(EnvironmentFault, match=f"Service {WHERE}/{NGINX.service}"):
        second(FakeApi()).install(pool="p")  # type: ignore[arg-type]  # a pool may be named


def test_its_status_shows_the_address_or_nothing(api: FakeApi) -> None:
    made = second(api)
    made.consistently_without_status()
    with pytest.raises(StatementFailed, match=r"Ingress (t1/)?t1 shows 192\.0\.2\.10"):
        made.wait_until_status_shows("192.0.2.10")
    api.status("Ingress", "t1", "t1", **external("192.0.2.10"))
    made.wait_until_status_shows("192.0.2.10")
    with pytest.raises(StatementFailed, match=r"last: +.*192\.0\.2\.10"):
        made.consistently_without_status()


def test_a_route_that_is_not_served_is_told_with_the_node_port(api: FakeApi, monkeypatch: pytest.MonkeyPatch) -> None:
    class Foreign:
        identity = echo = None
        status = 404

        def __init__(self, address: str, port: int, timeout: float) -> None:
            assert (address, port, timeout) == ("172.18.0.2", 30080, 2)

        def send(self, request: object) -> "Foreign":
            return self

    monkeypatch.setattr(clients, "HttpProbe", Foreign)
    api.apply(an_object("Node", "one", status={"addresses": [{"type": "InternalIP", "address": "172.18.0.2"}]}))
    api.apply(an_object("Service", "service-1", "t1", spec={"ports": [{"nodePort": 30080}]}))
    with pytest.raises(StatementFailed, match=r"172\.18\.0\.2(:|, port )30080[^\n]*\nlast: [^\n]*404"):
        second(api).wait_until_served_at_a_node_port(Service(api, "service-1", "t1", "metallb.io"))
