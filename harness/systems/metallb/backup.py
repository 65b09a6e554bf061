"""A copy of MetalLB's configuration and of the Services it serves, taken away and brought back."""

from collections.abc import Iterable
from dataclasses import dataclass

from harness.cluster.api import Api, Object
from harness.model.budgets import DELETION, REUSE
from harness.probes.waiting import eventually
from harness.systems.kubernetes.load_balancers import assigned_addresses
from harness.systems.kubernetes.readiness import wait_ready
from harness.systems.metallb.custom_resources import NAMESPACE, custom_resource
from harness.systems.metallb.services import Service

KINDS = ("IPAddressPool", "L2Advertisement")
#: What the API server fills in, and refuses or ignores when it comes back.
ASSIGNED = ("clusterIP", "clusterIPs", "healthCheckNodePort")


@dataclass(frozen=True, slots=True)
class Backup:
    """What was there: configuration of MetalLB's and Services, each bound to the addresses that it had."""

    api: Api
    configuration: tuple[Object, ...]
    services: tuple[Object, ...]
    addresses: dict[str, list[str]]

    @classmethod
    def take(cls, api: Api, label: str, annotation_prefix: str) -> "Backup":
        """Copy what a statement of this label has made; addresses are written down as requests for them."""
        found = [item for kind in KINDS for item in api.list(kind, NAMESPACE) if item["metadata"]["name"].startswith(label)]
        services = [item for item in api.list("Service", label) if assigned_addresses(item)]
        return cls(
            api,
            tuple(custom_resource(item["kind"], item["metadata"]["name"], item["spec"]) for item in found),
            tuple(_restorable(item, annotation_prefix) for item in services),
            {item["metadata"]["name"]: assigned_addresses(item) for item in services},
        )

    def empty_the_cluster(self) -> None:
        """Delete all of it, and wait until it is gone.

        :raises EnvironmentFault: something stays
        """
        for item in [*self.services, *reversed(self.configuration)]:
            self.api.delete(item["kind"], item["metadata"]["name"], item["metadata"]["namespace"])
        wait_ready(self._nothing_left, "what was backed up is gone", within=DELETION)

    def restore(self) -> None:
        """Bring everything back; the Services in the opposite order, so that order alone would give them other addresses."""
        self.api.apply(*self.configuration)
        for item in reversed(self.services):
            self.api.create(item)

    def everything_is_as_before(self, services: Iterable[Service]) -> None:
        """Wait until every Service has the addresses it had."""
        __tracebackhide__ = True
        named = {service.name: service for service in services}

        def poll() -> dict[str, list[str]]:
            found = {name: named[name].addresses for name in self.addresses}
            assert found == self.addresses, f"{found}"
            return found

        eventually(poll, within=REUSE, expected=f"{self.addresses}")

    def _nothing_left(self) -> str:
        left = [
            item["metadata"]["name"]
            for item in (*self.services, *self.configuration)
            if self.api.get(item["kind"], item["metadata"]["name"], item["metadata"]["namespace"])
        ]
        assert not left, f"still there: {left}"
        return "nothing left"


def _restorable(service: Object, prefix: str) -> Object:
    spec = {key: value for key, value in service["spec"].items() if key not in ASSIGNED}
    spec["ports"] = [{key: value for key, value in port.items() if key != "nodePort"} for port in spec["ports"]]
    notes = {key: value for key, value in service["metadata"].get("annotations", {}).items() if "ip-allocated-from-pool" not in key}
    notes[f"{prefix}/loadBalancerIPs"] = ",".join(assigned_addresses(service))
    metadata = {"name": service["metadata"]["name"], "namespace": service["metadata"]["namespace"], "annotations": notes}
    return {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec}
