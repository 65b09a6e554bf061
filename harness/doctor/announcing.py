"""Why an address that a Service has does not answer."""

from collections.abc import Sequence
from dataclasses import dataclass

from harness.cluster.api import Object
from harness.cluster.disruptions import EXCLUDED
from harness.doctor import rules
from harness.doctor.metallb import FoundMetalLB
from harness.doctor.pools import Pool, Pools, Wish, given
from harness.doctor.rules import Finding
from harness.doctor.snapshot import Snapshot, called, labels, spec_of
from harness.systems.kubernetes.selectors import matches_any

KINDS = ("L2Advertisement", "BGPAdvertisement")


@dataclass(frozen=True, slots=True)
class Announcing:
    """Looks for what keeps addresses from being announced."""

    snapshot: Snapshot
    metallb: FoundMetalLB
    pools: Pools

    def why(self, service: Object) -> list[Finding]:
        """What is wrong with each address of a Service; nothing where all are as they should be."""
        found = [self._address(service, address) for address in given(service)]
        return list(dict.fromkeys(filter(None, found)))

    def advertisements(self, service: Object, pool: Pool) -> list[Object]:
        """Those that are for a Service with an address of a pool (https://metallb.io/configuration/_advanced_l2_configuration/)."""
        return [one for kind in KINDS for one in self.snapshot.of(kind) if _covers(one, pool) and _selects(one, service)]

    def candidates(self, service: Object, advertisements: Sequence[Object]) -> set[str]:
        """The nodes that may announce a Service."""
        nodes = self._selected(advertisements) & self.metallb.speaker_nodes
        nodes -= self._excluded() | self._unavailable()
        return nodes & self._with_endpoint(service) if _is_local(service) else nodes

    def _address(self, service: Object, address: str) -> Finding | None:
        pool = self.pools.with_address(address)
        if pool is None:  # given by somebody else, or of a pool that has just gone
            return None
        advertisements = self.advertisements(service, pool)
        if not advertisements:
            seen = f"{address} is of pool {pool.name}, which no advertisement covers"
            repair = f"kubectl -n {self.metallb.namespace} apply -f L2ADVERTISEMENT.yaml  # with ipAddressPools: [{pool.name}]"
            return rules.NOT_ANNOUNCED.found(called("Service", service), seen, repair)
        return (
            self._twice(service, address)
            or self._no_endpoint(service)
            or self._nodes(service, advertisements)
            or self._shared_with_selectors(service, address, advertisements)
            or self._interface(service, advertisements)
        )

    def _twice(self, service: Object, address: str) -> Finding | None:
        ours = Wish.of(service, self.metallb).sharing
        for other in self.pools.holders[address]:
            if other is not service and (not ours or Wish.of(other, self.metallb).sharing != ours):
                seen = f"{address} is {called('Service', other)}'s, too"
                repair = f"kubectl -n {other['metadata']['namespace']} delete service {other['metadata']['name']}  # and create it anew"
                return rules.GIVEN_TWICE.found(called("Service", service), seen, repair)
        return None

    def _no_endpoint(self, service: Object) -> Finding | None:
        if self.snapshot.ready_endpoints(service):
            return None
        selector = ",".join(f"{key}={value}" for key, value in (service["spec"].get("selector") or {}).items())
        seen = f"no endpoint is ready; it selects {selector or 'nothing'}"
        return rules.NO_ENDPOINT.found(
            called("Service", service), seen, f"kubectl -n {service['metadata']['namespace']} get pods -l '{selector}'"
        )

    def _nodes(self, service: Object, advertisements: Sequence[Object]) -> Finding | None:
        """Why no node may announce it."""
        if self.candidates(service, advertisements):
            return None
        what, selected = called("Service", service), self._selected(advertisements) & self.metallb.speaker_nodes
        names = ", ".join(f"{one['kind']} {one['metadata']['name']}" for one in map(_with_kind, advertisements))
        if not selected:
            return rules.NO_NODE_SELECTED.found(
                what, f"{names}: no node with a ready speaker has such labels", "kubectl get nodes --show-labels"
            )
        if not (left := selected - self._excluded()):
            node = sorted(selected)[0]
            return rules.NODES_EXCLUDED.found(what, f"excluded are {', '.join(sorted(selected))}", f"kubectl label node {node} {EXCLUDED}-")
        if not (left := left - self._unavailable()):
            return rules.NODES_UNAVAILABLE.found(
                what, "NetworkUnavailable of all of them is True", f"kubectl describe node {sorted(selected)[0]}"
            )
        endpoints = ", ".join(sorted(self._with_endpoint(service))) or "none"
        seen = f"it may be announced by {', '.join(sorted(left))}; ready endpoints are on {endpoints}"
        patch = '{"spec":{"externalTrafficPolicy":"Cluster"}}'
        repair = f"kubectl -n {service['metadata']['namespace']} patch service {service['metadata']['name']} -p '{patch}'"
        return rules.LOCAL_ELSEWHERE.found(what, seen, repair)

    def _shared_with_selectors(self, service: Object, address: str, advertisements: Sequence[Object]) -> Finding | None:
        selecting = [one["metadata"]["name"] for one in advertisements if spec_of(one).get("serviceSelectors")]
        if not selecting or len(self.pools.holders[address]) == 1:
            return None
        seen = f"{address} is shared by {len(self.pools.holders[address])} Services, and {', '.join(selecting)} has serviceSelectors"
        repair = f"kubectl -n {self.metallb.namespace} edit l2advertisement {selecting[0]}  # select the pool, not the Services"
        return rules.SHARED_WITH_SELECTORS.found(called("Service", service), seen, repair)

    def _interface(self, service: Object, advertisements: Sequence[Object]) -> Finding | None:
        """MetalLB itself has to say that an interface is missing: nothing else in the API knows the interfaces of nodes.

        Its event stays for an hour; that the address is announced since is said by a ServiceL2Status. It tells of a node that announces,
        by an event, in both cases.
        """
        naming = [one for one in advertisements if spec_of(one).get("interfaces")]
        events = self.snapshot.events(service, "Service", "announceFailed")
        name = (service["metadata"]["namespace"], service["metadata"]["name"])
        statuses = [one.get("status") or {} for one in self.snapshot.of("ServiceL2Status")]
        announced = any((one.get("serviceNamespace"), one.get("serviceName")) == name for one in statuses)
        if len(naming) < len(advertisements) or not events or announced:
            return None
        repair = f"kubectl -n {self.metallb.namespace} edit l2advertisement {naming[0]['metadata']['name']}"
        return rules.INTERFACE_MISSING.found(called("Service", service), str(events[-1]["message"]), repair)

    def _selected(self, advertisements: Sequence[Object]) -> set[str]:
        nodes = self.snapshot.of("Node")
        return {
            str(node["metadata"]["name"])
            for node in nodes
            for one in advertisements
            if matches_any(spec_of(one).get("nodeSelectors"), labels(node))
        }

    def _excluded(self) -> set[str]:
        if not self.metallb.minds_exclusion:
            return set()
        return {str(node["metadata"]["name"]) for node in self.snapshot.of("Node") if EXCLUDED in labels(node)}

    def _unavailable(self) -> set[str]:
        return {str(node["metadata"]["name"]) for node in self.snapshot.of("Node") if _says(node, "NetworkUnavailable")}

    def _with_endpoint(self, service: Object) -> set[str]:
        return {str(one["nodeName"]) for one in self.snapshot.ready_endpoints(service) if one.get("nodeName")}


def _covers(advertisement: Object, pool: Pool) -> bool:
    """Whether an advertisement is for a pool: by its name, by its labels, or for all where it says neither."""
    spec = spec_of(advertisement)
    names, selectors = spec.get("ipAddressPools") or (), spec.get("ipAddressPoolSelectors") or ()
    if not names and not selectors:
        return True
    return pool.name in names or (bool(selectors) and matches_any(selectors, pool.labels))


def _selects(advertisement: Object, service: Object) -> bool:
    return matches_any(spec_of(advertisement).get("serviceSelectors"), labels(service))


def _is_local(service: Object) -> bool:
    return bool(service["spec"].get("externalTrafficPolicy") == "Local")


def _says(node: Object, condition: str) -> bool:
    return any(one["type"] == condition and one["status"] == "True" for one in node["status"].get("conditions") or ())


def _with_kind(advertisement: Object) -> Object:
    """An item of a list need not name its kind."""
    return {"kind": "advertisement", **advertisement}
