"""MetalLB: its installation, its readiness, and the names and texts that depend on its version."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from harness.cluster.api import Api, Object, Refused
from harness.cluster.state import ClusterState, Release
from harness.model.budgets import WEBHOOK
from harness.model.errors import StatementFailed, Unanswered
from harness.model.prometheus import Series, parse
from harness.model.versions import version as ordered
from harness.systems.kubernetes.manifests import containers, read, with_images, with_namespace
from harness.systems.kubernetes.preconditions import unless_crashing
from harness.systems.kubernetes.readiness import rolled_out, wait_ready
from harness.systems.kubernetes.workloads import Workload
from harness.systems.metallb.components import CONTROLLER, KIND_OF, SPEAKER, labels, pods_of, selected, speaker_nodes, workload
from harness.systems.metallb.configuration_state import ConfigurationStates
from harness.systems.metallb.custom_resources import NAMESPACE
from harness.systems.metallb.modes import VARIABLE, Mode
from harness.systems.metallb.webhook import wait_until_webhook_answers

#: What MetalLB's annotations began with before 0.14.9; still read (https://metallb.io/release-notes/#version-0-14-9).
FORMER_PREFIX = "metallb.universe.tf"
#: What the annotation ends with by which MetalLB says of which pool an address is, since 0.13.9.
POOL_OF_ADDRESS = "/ip-allocated-from-pool"
#: The port of the metrics before 0.16, served without TLS to everybody.
PLAIN_METRICS = 7472
#: The kinds of MetalLB's API: their plural, the first version that serves them, and the first that no longer does
#: (https://metallb.io/apis/). This table is the one place that knows; :meth:`MetalLB.serves` is how it is asked.
KINDS: Mapping[str, tuple[str, str, str | None]] = {
    "AddressPool": ("addresspools", "0.13.2", "0.14.3"),
    "BFDProfile": ("bfdprofiles", "0.13.2", None),
    "BGPAdvertisement": ("bgpadvertisements", "0.13.2", None),
    "BGPPeer": ("bgppeers", "0.13.2", None),
    "Community": ("communities", "0.13.2", None),
    "ConfigurationState": ("configurationstates", "0.15.3", None),
    "IPAddressPool": ("ipaddresspools", "0.13.2", None),
    "L2Advertisement": ("l2advertisements", "0.13.2", None),
    "ServiceBGPStatus": ("servicebgpstatuses", "0.15.0", None),
    "ServiceL2Status": ("servicel2statuses", "0.14.4", None),
}

#: The component of the image of what has to run in every mode.
_PARTS = {"metallb-controller": CONTROLLER, "metallb-speaker": SPEAKER}
#: Its speakers use the network of their nodes (https://metallb.io/installation/#installation-with-helm).
_NAMESPACE: Object = {
    "apiVersion": "v1",
    "kind": "Namespace",
    "metadata": {"name": NAMESPACE, "labels": {f"pod-security.kubernetes.io/{one}": "privileged" for one in ("enforce", "audit", "warn")}},
}


@dataclass(frozen=True, slots=True)
class MetalLB:
    """A version of MetalLB, in one of its modes."""

    version: str
    mode: Mode = Mode.NATIVE

    @classmethod
    def of(cls, state: ClusterState) -> "MetalLB":
        """That of a cluster."""
        return cls(state.metallb, Mode(state.metallb_mode))

    @classmethod
    def released(cls, release: Release) -> "MetalLB":
        """That of a release that can be installed."""
        return cls(release.version, Mode(release.mode))

    def at_least(self, version: str) -> bool:
        """Whether the version under test is this one or a later one."""
        return ordered(self.version) >= ordered(version)

    @property
    def annotation_prefix(self) -> str:
        """What MetalLB's annotations begin with: renamed in 0.14.9 (https://metallb.io/release-notes/#version-0-14-9)."""
        return "metallb.io" if self.at_least("0.14.9") else FORMER_PREFIX

    @property
    def custom_resources(self) -> frozenset[str]:
        """The custom resource definitions this version installs (https://metallb.io/apis/)."""
        return frozenset(f"{plural}.metallb.io" for kind, (plural, _, _) in KINDS.items() if self.serves(kind))

    def serves(self, kind: str) -> bool:
        """Whether this version has a kind of MetalLB's API; the API server knows no other, so nothing asks for one."""
        _, first, end = KINDS[kind]
        return self.at_least(first) and not (end and self.at_least(end))

    @property
    def writes_layer2_statuses(self) -> bool:
        """Whether speakers write a ServiceL2Status without being asked to (https://metallb.io/release-notes/#version-0-14-6)."""
        return self.at_least("0.14.6")

    def install(self, api: Api, manifest: Path, images: Mapping[str, str]) -> None:
        """Apply a manifest of MetalLB's with the run's images; ``images`` maps a repository in it to the run's reference."""
        api.apply(*self.objects(manifest, images))

    def objects(self, manifest: Path, images: Mapping[str, str]) -> list[Object]:
        """What :meth:`install` applies."""
        found: list[Object] = _without_repeated_rules(read(manifest))
        own = [] if any(item["kind"] == "Namespace" for item in found) else [_NAMESPACE]  # a chart makes none
        return with_images(with_namespace([*own, *found], NAMESPACE), images)

    def wait_until_usable(self, api: Api) -> None:
        """Wait until pods run, the webhook accepts a pool and, where the version has them, every ConfigurationState is valid.

        :raises EnvironmentFault: it does not become usable in time
        """
        __tracebackhide__ = True
        self.wait_until_ready(api)
        if self.serves("ConfigurationState"):
            wait_ready(ConfigurationStates(api).expect_all_valid, "every ConfigurationState of MetalLB is valid")

    def wait_until_ready(self, api: Api) -> None:
        """Wait until pods run, and the webhook accepts a pool; what they say of the configuration is another matter.

        :raises EnvironmentFault: they do not in time
        """
        __tracebackhide__ = True
        for part in self.mode.parts:
            wait_ready(unless_crashing(api, NAMESPACE, partial(_ready, api, part)), f"MetalLB's {part} is ready")
        wait_until_webhook_answers(api, within=WEBHOOK)


def workloads_of(objects: Sequence[Object]) -> dict[str, Workload]:
    """What has to run of a manifest, by the component whose image that runs: found by its labels, else called as in MetalLB's own."""
    named = {}
    for component, part in _PARTS.items():
        item = selected(part, (one for one in objects if one["kind"] == KIND_OF[part]))
        named[component] = Workload(KIND_OF[part], item["metadata"]["name"] if item else part, NAMESPACE)
    return named


def _ready(api: Api, part: str) -> str:
    one = workload(api, part)
    return rolled_out(api, one.kind, one.name, NAMESPACE)()


def mode_of(manifest: Path) -> Mode:
    """The way in which the speakers of a manifest speak BGP."""
    return mode_in(item for item in read(manifest) if item["kind"] == "DaemonSet")


def mode_in(speakers: Iterable[Object]) -> Mode:
    """The way in which speakers speak BGP, of which these are the workloads."""
    every = [container for item in speakers for container in containers({"kind": "DaemonSet", **item})]
    named = [str(one.get("value")) for container in every for one in container.get("env", []) if one["name"] == VARIABLE]
    return next((mode for mode in Mode if mode in named), Mode.NATIVE)


@dataclass(frozen=True, slots=True)
class Installation:
    """What of MetalLB is installed in the cluster, and how it is configured."""

    api: Api

    def workloads(self, mode: Mode) -> list[Workload]:
        """What runs of it in a mode.

        :raises Unanswered: something of it is not there
        """
        return [self.workload(part) for part in mode.parts]

    def workload(self, part: str) -> Workload:
        """What runs of a component.

        :raises Unanswered: nothing does
        """
        return workload(self.api, part)

    def labels(self, part: str) -> dict[str, str]:
        """The labels that a component's Pods are selected by."""
        return labels(self.api, part)

    @property
    def speaker_nodes(self) -> list[str]:
        """The nodes that a speaker runs on."""
        return speaker_nodes(self.api)

    def definitions(self) -> dict[str, dict[str, str]]:
        """The conditions of the custom resource definitions of MetalLB's group, by their names."""
        found = [item for item in self.api.list("CustomResourceDefinition") if item["spec"]["group"] == "metallb.io"]
        conditions = {item["metadata"]["name"]: item["status"]["conditions"] for item in found}
        return {name: {entry["type"]: entry["status"] for entry in entries} for name, entries in conditions.items()}

    def configured(self, kind: str, name: str) -> Object:
        """The specification of an object of MetalLB's configuration.

        :raises StatementFailed: it does not exist
        """
        __tracebackhide__ = True
        found = self.api.get(kind, name, NAMESPACE)
        if found is None:
            raise StatementFailed(f"{kind} {NAMESPACE}/{name} exists", "it does not")
        spec: Object = found["spec"]
        return spec


def _without_repeated_rules(node: Any) -> Any:
    """A manifest in which every rule of a schema stands once: 0.14.6 has one twice, which the API server does not apply.

    https://github.com/metallb/metallb/issues/2460
    """
    if isinstance(node, list):
        return [_without_repeated_rules(child) for child in node]
    if not isinstance(node, dict):
        return node
    rules = {"x-kubernetes-validations": list({rule["rule"]: rule for rule in node.get("x-kubernetes-validations", [])}.values())}
    return {key: rules.get(key) or _without_repeated_rules(child) for key, child in node.items()}


def scrape_controller(api: Api) -> list[Series]:
    """The controller's metrics, in the versions before 0.16 that serve them to everybody (https://metallb.io/prometheus-metrics/).

    :raises Unanswered: one does not serve them
    """
    names = [pod["metadata"]["name"] for pod in pods_of(api, CONTROLLER)]
    try:
        texts = [api.ask_pod("GET", name, NAMESPACE, PLAIN_METRICS, "/metrics") for name in names]
    except Refused as refusal:
        raise Unanswered(str(refusal)) from refusal
    return [series for text in texts for series in parse(text)]
