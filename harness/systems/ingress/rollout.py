"""The ingress controller as it runs: its Deployment, its Pods, and the Service before them."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from harness.cluster.api import Api, Object
from harness.model.errors import Unanswered
from harness.systems.ingress.controllers import Controller
from harness.systems.kubernetes.load_balancers import external_addresses
from harness.systems.kubernetes.readiness import rolled_out, wait_ready
from harness.systems.kubernetes.workloads import Workloads


@dataclass(frozen=True, slots=True)
class ControllerDeployment:
    """What runs of the controller under test."""

    api: Api
    controller: Controller

    @property
    def name(self) -> str:
        """The name of the Deployment."""
        return self.controller.deployment

    @property
    def namespace(self) -> str:
        """Its namespace."""
        return self.controller.namespace

    def restart(self) -> None:
        """Replace its Pods as ``kubectl rollout restart`` does, and wait until the old ones no longer serve.

        :raises EnvironmentFault: the new Pods do not become ready
        """
        before = {pod["metadata"]["name"] for pod in self.pods()}
        Workloads(self.api).restart("Deployment", self.name, self.namespace)
        wait_ready(rolled_out(self.api, "Deployment", self.name, self.namespace), f"the new Pods of {self.controller.name} are ready")
        wait_ready(lambda: self._ending(before), f"the old Pods of {self.controller.name} end")

    def _ending(self, before: set[str]) -> str:
        serving = {str(pod["metadata"]["name"]) for pod in self.pods() if "deletionTimestamp" not in pod["metadata"]}
        assert not serving & before, f"still serving: {', '.join(sorted(serving & before))}"
        return "the old Pods end"

    def pods(self) -> list[Object]:
        """Its Pods, those included that are ending."""
        return self.api.list("Pod", self.namespace, labels=self.controller.pod_labels)

    @property
    def service(self) -> str:
        """Its Service, for messages."""
        return f"Service {self.namespace}/{self.controller.service}"

    @property
    def addresses(self) -> list[str]:
        """Every external address of its Service, as of now.

        :raises Unanswered: there is no such Service
        """
        return external_addresses(self._stored())

    @contextmanager
    def external_ip(self, address: str) -> Iterator[None]:
        """Give its Service one more external address for the block."""
        before = self._stored()["spec"].get("externalIPs")
        self._set_external_ips([*(before or []), address])
        try:
            yield
        finally:
            self._set_external_ips(before)

    def _set_external_ips(self, addresses: list[str] | None) -> None:
        self.api.merge("Service", self.controller.service, self.namespace, {"spec": {"externalIPs": addresses}})

    def _stored(self) -> Object:
        found = self.api.get("Service", self.controller.service, self.namespace)
        if found is None:
            raise Unanswered(f"{self.service} does not exist")
        return found
