"""A copy of MetalLB's configuration and of the Services it serves, taken away and brought back."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from harness.cluster.api import Api, Object, named
from harness.model.budgets import DELETION, REUSE
from harness.probes.waiting import eventually
from harness.systems.kubernetes.load_balancers import assigned_addresses
from harness.systems.kubernetes.readiness import wait_ready
from harness.systems.metallb.custom_resources import NAMESPACE, custom_resource
from harness.systems.metallb.services import Service

KINDS = ("IPAddressPool", "L2Advertisement")
#: What the API server fills in, and refuses or ignores when it comes back.
ASSIGNED = ("clusterIP", "clusterIPs", "healthCheckNodePort")


@dataclass(slots=True)
class Backup:
    """What a statement of this label has made: configuration of MetalLB's and Services, each bound to the addresses that it had."""

    api: Api
    label: str
    annotation_prefix: str
    configuration: list[Object] = field(default_factory=list)
    services: list[Object] = field(default_factory=list)
    addresses: dict[str, list[str]] = field(default_factory=dict)

    def take(self) -> None:
        """Copy it as it is now; addresses are written down as requests for them."""
        found = [item for kind in KINDS for item in self.api.list(kind, NAMESPACE) if item["metadata"]["name"].startswith(self.label)]
        services = [item for item in self.api.list("Service", self.label) if assigned_addresses(item)]
        self.configuration = [custom_resource(item["kind"], item["metadata"]["name"], item["spec"]) for item in found]
        self.services = [_restorable(item, self.annotation_prefix) for item in services]
        self.addresses = {item["metadata"]["name"]: assigned_addresses(item) for item in services}

    def delete_originals(self) -> None:
        """Delete all that was copied, and wait until it is gone.

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

    def wait_until_addresses_are_back(self, services: Iterable[Service]) -> None:
        """Wait until every Service has the addresses it had."""
        __tracebackhide__ = True
        by_name = {service.name: service for service in services}

        def poll() -> dict[str, list[str]]:
            found = {name: by_name[name].addresses for name in self.addresses}
            assert found == self.addresses, self._listed(found)
            return found

        eventually(poll, within=REUSE, expected=self._listed(self.addresses))

    def _listed(self, addresses: dict[str, list[str]]) -> str:
        return "; ".join(f"Service {self.label}/{name} has {', '.join(found) or 'no address'}" for name, found in addresses.items())

    def _nothing_left(self) -> str:
        copied = (*self.services, *self.configuration)
        left = named(item for item in copied if self.api.get(item["kind"], item["metadata"]["name"], item["metadata"]["namespace"]))
        assert not left, f"still there: {', '.join(left)}"
        return "nothing left"


def _restorable(service: Object, prefix: str) -> Object:
    spec = {key: value for key, value in service["spec"].items() if key not in ASSIGNED}
    spec["ports"] = [{key: value for key, value in port.items() if key != "nodePort"} for port in spec["ports"]]
    notes = {key: value for key, value in service["metadata"].get("annotations", {}).items() if "ip-allocated-from-pool" not in key}
    notes[f"{prefix}/loadBalancerIPs"] = ",".join(assigned_addresses(service))
    metadata = {"name": service["metadata"]["name"], "namespace": service["metadata"]["namespace"], "annotations": notes}
    return {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec}
