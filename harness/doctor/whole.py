"""What concerns the whole cluster: MetalLB's pods and configuration, versions, kube-proxy, webhooks."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from harness.cluster.api import Object
from harness.doctor import rules
from harness.doctor.metallb import FoundMetalLB
from harness.doctor.pools import Pools
from harness.doctor.rules import Finding
from harness.doctor.snapshot import Snapshot, called, spec_of
from harness.model.versions import version as ordered
from harness.systems.kubernetes.nodes import internal_ips
from harness.systems.metallb.found import version_of

#: The release whose BGPPeer Kubernetes from this version on stores again.
NEW_KUBERNETES, FITTING = "1.36", "0.16.0"


@dataclass(frozen=True, slots=True)
class Whole:
    """Looks at what no single Service or Ingress is concerned by alone."""

    snapshot: Snapshot
    metallb: FoundMetalLB
    pools: Pools

    def findings(self) -> Iterator[Finding]:
        """Everything that is found."""
        if not (self.metallb.controller or self.metallb.speaker):
            yield rules.METALLB_MISSING.found(
                "the cluster", "no Deployment or DaemonSet has MetalLB's labels", "kubectl apply -f metallb-native.yaml"
            )
        else:
            yield from self._running()
            yield from self._versions()
            yield from self._configuration()
            yield from self._proxy()
            yield from self._advertised()
            yield from self._node_addresses()
        yield from self._webhooks()

    def _running(self) -> Iterator[Finding]:
        controller, speaker, namespace = self.metallb.controller, self.metallb.speaker, self.metallb.namespace
        if controller is None or not controller["status"].get("readyReplicas"):
            seen = "it has no ready Pod" if controller else "there is none"
            what = called("Deployment", controller) if controller else "MetalLB's controller"
            yield rules.CONTROLLER_DOWN.found(what, seen, f"kubectl -n {namespace} describe deployment,pods")
        if speaker is None:
            yield rules.SPEAKERS_MISSING.found("MetalLB's speaker", "there is no DaemonSet", f"kubectl -n {namespace} get daemonsets")
        elif (ready := speaker["status"].get("numberReady", 0)) < (wanted := speaker["status"].get("desiredNumberScheduled", 0)):
            yield self._speakers(speaker, f"{ready} of {wanted} are ready")

    def _speakers(self, speaker: Object, seen: str) -> Finding:
        what, namespace = called("DaemonSet", speaker), speaker["metadata"]["namespace"]
        refused = [one for one in self.snapshot.events(speaker, "DaemonSet", "FailedCreate") if "PodSecurity" in str(one.get("message"))]
        if refused and not speaker["status"].get("currentNumberScheduled"):
            repair = f"kubectl label --overwrite namespace {namespace} pod-security.kubernetes.io/enforce=privileged"
            return rules.SPEAKERS_REFUSED.found(what, str(refused[-1]["message"]), repair)
        return rules.SPEAKERS_MISSING.found(what, seen, f"kubectl -n {namespace} get pods -o wide")

    def _versions(self) -> Iterator[Finding]:
        ours, theirs = self.metallb.version, version_of(self.metallb.speaker, "speaker")
        if ours and theirs and ours != theirs:
            seen = f"the controller is {ours}, the speakers are {theirs}"
            yield rules.VERSIONS_DIFFER.found("MetalLB", seen, f"kubectl -n {self.metallb.namespace} get deployments,daemonsets -o wide")
        if ours and ordered(ours) < ordered(FITTING) and ordered(self.snapshot.kubernetes) >= ordered(NEW_KUBERNETES):
            seen = f"Kubernetes is {self.snapshot.kubernetes}, MetalLB is {ours}"
            yield rules.KUBERNETES_TOO_NEW.found("MetalLB", seen, f"kubectl apply -f metallb-native.yaml  # of MetalLB {FITTING} or later")

    def _configuration(self) -> Iterator[Finding]:
        for state in self.snapshot.of("ConfigurationState"):
            status = state.get("status") or {}
            if status.get("result") == "Invalid":
                repair = (
                    f"kubectl -n {state['metadata']['namespace']} get ipaddresspools,l2advertisements,bgpadvertisements,bgppeers -o yaml"
                )
                yield rules.CONFIGURATION_INVALID.found(called("ConfigurationState", state), str(status.get("errorSummary")), repair)

    def _proxy(self) -> Iterator[Finding]:
        proxy: Any = self.snapshot.proxy
        strict = (proxy.get("ipvs") or {}).get("strictARP")
        if proxy.get("mode") == "ipvs" and not strict and self.snapshot.of("L2Advertisement"):
            repair = "kubectl -n kube-system edit configmap kube-proxy  # mode: ipvs, ipvs: {strictARP: true}; then restart its Pods"
            yield rules.STRICT_ARP.found("ConfigMap kube-system/kube-proxy", "mode is ipvs, strictARP is false", repair)

    def _advertised(self) -> Iterator[Finding]:
        """Advertisements that name what does not exist."""
        peers = {str(one["metadata"]["name"]) for one in self.snapshot.of("BGPPeer")}
        for kind in ("L2Advertisement", "BGPAdvertisement"):
            for one in self.snapshot.of(kind):
                unknown = [name for name in spec_of(one).get("ipAddressPools") or () if self.pools.named(name) is None]
                edit = f"kubectl -n {one['metadata']['namespace']} edit {kind.lower()} {one['metadata']['name']}"
                if unknown:
                    yield rules.UNKNOWN_POOL_ADVERTISED.found(called(kind, one), f"it names pool {', '.join(unknown)}", edit)
                if kind == "BGPAdvertisement" and not peers:
                    yield rules.NO_PEER.found(
                        called(kind, one), "there is no BGPPeer", f"kubectl -n {one['metadata']['namespace']} apply -f BGPPEER.yaml"
                    )
                elif strangers := [name for name in spec_of(one).get("peers") or () if name not in peers]:
                    yield rules.UNKNOWN_PEER.found(
                        called(kind, one), f"it names {', '.join(strangers)}; there are {', '.join(sorted(peers))}", edit
                    )

    def _node_addresses(self) -> Iterator[Finding]:
        for node in self.snapshot.of("Node"):
            for address in internal_ips(node):
                if pool := self.pools.with_address(address):
                    seen = f"pool {pool.name} has {address}"
                    repair = f"kubectl -n {self.metallb.namespace} edit ipaddresspool {pool.name}"
                    yield rules.NODE_ADDRESS.found(called("Node", node), seen, repair)

    def _webhooks(self) -> Iterator[Finding]:
        for configuration in self.snapshot.of("ValidatingWebhookConfiguration"):
            asking = [hook for hook in configuration.get("webhooks") or () if _keeps_us_out(hook)]
            if seen := next(filter(None, map(self._unanswered, asking)), ""):
                name = configuration["metadata"]["name"]
                repair = f"kubectl get endpointslices,pods -A  # or: kubectl delete validatingwebhookconfiguration {name}"
                yield rules.WEBHOOK_DOWN.found(called("ValidatingWebhookConfiguration", configuration), seen, repair)

    def _unanswered(self, hook: Object) -> str:
        """What is missing of who answers for a webhook; empty where there is somebody, or where it is not in the cluster."""
        behind = (hook.get("clientConfig") or {}).get("service")
        service = self.snapshot.find("Service", behind["name"], behind["namespace"]) if behind else None
        if not behind or (service and self.snapshot.ready_endpoints(service)):
            return ""
        lacks = "behind which nothing is ready" if service else "which does not exist"
        return f"{hook['name']} asks Service {behind['namespace']}/{behind['name']}, {lacks}"


def _keeps_us_out(hook: Object) -> bool:
    """Whether Ingresses or objects of MetalLB's cannot be written while a webhook does not answer."""
    concerned = [word for rule in hook.get("rules") or () for word in (*rule.get("resources", ()), *rule.get("apiGroups", ()))]
    return hook.get("failurePolicy", "Fail") == "Fail" and ("ingresses" in concerned or "metallb.io" in concerned)
