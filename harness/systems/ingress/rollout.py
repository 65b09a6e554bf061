"""The ingress controller as it runs: its workloads, their Pods, and the Service before them."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

from harness.cluster.api import Api, Object
from harness.model.errors import StatementFailed, Unanswered
from harness.systems.ingress.controllers import Controller, Timing
from harness.systems.kubernetes.load_balancers import external_addresses
from harness.systems.kubernetes.readiness import rolled_out, wait_ready
from harness.systems.kubernetes.workloads import Workload, Workloads


@dataclass(frozen=True, slots=True)
class ControllerDeployment:
    """What runs of the controller under test."""

    api: Api
    controller: Controller

    @property
    def serving(self) -> Workload:
        """The workload whose Pods clients reach."""
        return self.controller.serving

    @property
    def timing(self) -> Timing:
        """How long it may take."""
        return self.controller.timing

    def restart(self, *workloads: Workload) -> None:
        """Replace its Pods, or those of some workloads, as ``kubectl rollout restart`` does, and wait until the old ones no longer serve.

        :raises EnvironmentFault: the new Pods do not become ready
        """
        restarted = workloads or self.controller.workloads
        before = {pod["metadata"]["name"] for one in restarted for pod in self._pods_of(one)}
        for one in restarted:
            Workloads(self.api).restart(*one[:3])
        for one in restarted:
            wait_ready(rolled_out(self.api, one.kind, one.name, one.namespace), f"the new Pods of {one} are ready")
            wait_ready(partial(self._ending, one, before), f"the old Pods of {one} end")

    def _ending(self, workload: Workload, before: set[str]) -> str:
        pods = self._pods_of(workload)
        serving = {str(pod["metadata"]["name"]) for pod in pods if "deletionTimestamp" not in pod["metadata"]}
        assert not serving & before, f"still serving: {', '.join(sorted(serving & before))}"
        return "the old Pods end"

    def pods(self) -> list[Object]:
        """The Pods that clients reach, those included that are ending."""
        return self._pods_of(self.serving)

    def where_it_stays(self) -> tuple[str, int]:
        """Where http reaches one of its Pods by way of that Pod's node, so that a connection outlives the Pod's readiness (``nodePort``).

        The external address moves to the next Pod's node (``externalTrafficPolicy: Local``), which resets connections that it does not
        know. It is what is returned where nodes have no port for http.
        """
        ports = [port["nodePort"] for port in self._stored()["spec"]["ports"] if port["port"] == 80 and "nodePort" in port]
        hosts = [pod["status"]["hostIP"] for pod in self.pods() if "deletionTimestamp" not in pod["metadata"]]
        return (hosts[0], ports[0]) if hosts and ports else (self.address, 80)

    def _pods_of(self, workload: Workload) -> list[Object]:
        return self.api.list("Pod", workload.namespace, labels=workload.selector)

    @property
    def service(self) -> str:
        """Its Service, for messages."""
        return f"Service {self.controller.namespace}/{self.controller.service}"

    @property
    def addresses(self) -> list[str]:
        """Every external address of its Service, as of now.

        :raises Unanswered: there is no such Service
        """
        return external_addresses(self._stored())

    @property
    def address(self) -> str:
        """The first of them.

        :raises StatementFailed: there is none
        """
        __tracebackhide__ = True
        found = self.addresses
        if not found:
            raise StatementFailed(f"{self.service} has an external address", "it has none")
        return found[0]

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
        self.api.merge("Service", self.controller.service, self.controller.namespace, {"spec": {"externalIPs": addresses}})

    def _stored(self) -> Object:
        found = self.api.get("Service", self.controller.service, self.controller.namespace)
        if found is None:
            raise Unanswered(f"{self.service} does not exist")
        return found
