"""The status of Ingresses, and the Service that it follows."""

import pytest

from harness.cluster.api import Object
from harness.model.errors import EnvironmentFault, NoAnswer, StatementFailed, Unanswered, Violated, WrongAnswer
from harness.model.record import Record
from harness.systems.ingress.controllers import controller
from harness.systems.ingress.rollout import ControllerDeployment
from harness.systems.ingress.status import IngressStatus
from selftests.systems.fake_api import FakeApi, an_object, external

NGINX = controller("ingress-nginx", "1.12.1")
WHERE = NGINX.namespace
pytestmark = pytest.mark.usefixtures("short")


def service(*addresses: str, **spec: object) -> Object:
    return an_object("Service", NGINX.service, WHERE, spec=spec, status=external(*addresses))


def shown(*addresses: str) -> FakeApi:
    return FakeApi(an_object("Ingress", "one", "t1", status=external(*addresses)), service("192.0.2.10", externalIPs=["192.0.2.77"]))


class TestStatus:
    def test_an_address_is_waited_for_and_measured(self, short: Record) -> None:
        api = shown()
        api.on_read(lambda: None, lambda: api.status("Ingress", "one", "t1", **external("192.0.2.10", "192.0.2.77")))
        IngressStatus(api).wait_until_shown("one", "192.0.2.10", namespace="t1")
        assert [one.name for one in short.measurements] == ["address in the status"]

    @pytest.mark.parametrize(("addresses", "kind", "found"), [((), NoAnswer, "nothing"), (("192.0.2.9",), WrongAnswer, "192.0.2.9")])
    def test_another_address_or_none_is_told(self, addresses: tuple[str, ...], kind: type[StatementFailed], found: str) -> None:
        with pytest.raises(kind, match=rf"Ingress t1/one shows 192\.0\.2\.10\n.*{found}"):
            IngressStatus(shown(*addresses)).wait_until_shown("one", "192.0.2.10", namespace="t1")

    def test_a_missing_ingress_is_told(self) -> None:
        with pytest.raises(StatementFailed, match="Ingress shared-routes/one exists"):
            IngressStatus(FakeApi()).wait_until_shown("one", "192.0.2.10")

    def test_the_status_has_what_the_service_has(self) -> None:
        api = shown("192.0.2.77", "192.0.2.10")
        assert IngressStatus(api).wait_until_same("one", ControllerDeployment(api, NGINX), namespace="t1") == ["192.0.2.77", "192.0.2.10"]

    def test_a_status_with_less_than_the_service_is_told(self) -> None:
        api = shown("192.0.2.10")
        with pytest.raises(WrongAnswer, match=r"addresses of Service .*\n.*shown: 192.0.2.10; the Service has 192.0.2.10, 192.0.2.77"):
            IngressStatus(api).wait_until_same("one", ControllerDeployment(api, NGINX), namespace="t1")

    def test_an_empty_status_stays_empty(self) -> None:
        IngressStatus(shown()).consistently_empty("one", namespace="t1")

    def test_an_address_that_comes_is_told(self) -> None:
        with pytest.raises(Violated, match=r"Ingress t1/one is empty\n.*192\.0\.2\.9"):
            IngressStatus(shown("192.0.2.9")).consistently_empty("one", namespace="t1")


class Rolling(FakeApi):
    """An API that replaces the controller's Pod when the template changes.

    :param stays: whether the old Pod goes on serving
    """

    def __init__(self, *, stays: bool = False) -> None:
        deployment = an_object("Deployment", NGINX.serving.name, WHERE, spec={"replicas": 1, "template": {"metadata": {}}}, status={})
        super().__init__(deployment, service("192.0.2.10"))
        self.stays = stays
        self.start("old")

    def start(self, name: str) -> None:
        key, _, value = NGINX.serving.selector.partition("=")
        self._store(an_object("Pod", name, WHERE, labels={key: value}, spec={}, status={}))
        self.status("Deployment", NGINX.serving.name, WHERE, observedGeneration=9, updatedReplicas=1, readyReplicas=1)

    def merge(self, kind: str, name: str, namespace: str | None, patch: Object, *, subresource: str | None = None) -> Object:
        merged = super().merge(kind, name, namespace, patch, subresource=subresource)
        if kind == "Deployment":
            self.start("new")
            if not self.stays:
                self.objects["Pod", WHERE, "old"]["metadata"]["deletionTimestamp"] = "now"
        return merged


class TestDeployment:
    def test_a_restart_ends_with_the_old_pod(self) -> None:
        deployment = ControllerDeployment(Rolling(), NGINX)
        deployment.restart()
        assert [pod["metadata"]["name"] for pod in deployment.pods()] == ["old", "new"]

    def test_a_connection_by_way_of_a_pods_node_stays_there(self) -> None:
        api = Rolling()
        deployment = ControllerDeployment(api, NGINX)
        api.objects["Pod", WHERE, "old"]["status"] = {"hostIP": "172.18.0.3"}
        api.objects["Service", WHERE, NGINX.service]["spec"]["ports"] = [{"port": 443, "nodePort": 30443}, {"port": 80}]
        assert deployment.where_it_stays() == ("192.0.2.10", 80)
        api.objects["Service", WHERE, NGINX.service]["spec"]["ports"][1]["nodePort"] = 30080
        assert deployment.where_it_stays() == ("172.18.0.3", 30080)

    def test_only_some_workloads_are_restarted_where_they_are_named(self) -> None:
        deployment = ControllerDeployment(Rolling(), NGINX)
        deployment.restart(NGINX.serving)
        assert [pod["metadata"]["name"] for pod in deployment.pods()] == ["old", "new"]

    def test_an_old_pod_that_serves_on_is_told(self) -> None:
        with pytest.raises(
            EnvironmentFault, match=r"old Pods of Deployment ingress-nginx/ingress-nginx-controller end\n.*still serving: old"
        ):
            ControllerDeployment(Rolling(stays=True), NGINX).restart()

    def test_a_further_address_is_there_for_the_block(self) -> None:
        deployment = ControllerDeployment(Rolling(), NGINX)
        with deployment.external_ip("192.0.2.77"):
            assert deployment.addresses == ["192.0.2.10", "192.0.2.77"]
        assert deployment.addresses == ["192.0.2.10"]

    def test_a_missing_service_is_no_answer(self) -> None:
        with pytest.raises(Unanswered, match="Service ingress-nginx/ingress-nginx-controller does not exist"):
            assert ControllerDeployment(FakeApi(), NGINX).addresses
