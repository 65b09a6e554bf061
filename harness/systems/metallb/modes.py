"""The ways in which MetalLB speaks BGP: each has a manifest of its own (https://metallb.io/installation/#installation-by-manifest)."""

from collections.abc import Mapping
from enum import StrEnum

from harness.model.features import Feature
from harness.systems.kubernetes.workloads import Workload
from harness.systems.metallb.components import CONTROLLER, SPEAKER
from harness.systems.metallb.custom_resources import NAMESPACE

#: The variable of a speaker's, and of a controller's, that says it; without it the mode is native.
VARIABLE = "METALLB_BGP_TYPE"


class Mode(StrEnum):
    """A way to speak BGP, by the name that MetalLB has for it."""

    NATIVE = "native"
    FRR = "frr"
    FRR_K8S = "frr-k8s"

    @property
    def manifest(self) -> str:
        """The manifest that installs it, as the lab calls it."""
        return "metallb" if self is Mode.NATIVE else f"metallb-{self}"

    @property
    def components(self) -> Mapping[str, str]:
        """The repository of each image in that manifest, and the component that stands for it."""
        return {"quay.io/metallb/controller": "metallb-controller", "quay.io/metallb/speaker": "metallb-speaker", **_BESIDE[self]}

    @property
    def workloads(self) -> tuple[Workload, ...]:
        """What runs of it in every cluster."""
        return Workload("Deployment", CONTROLLER, NAMESPACE), Workload("DaemonSet", SPEAKER, NAMESPACE), *_FURTHER.get(self, ())

    @property
    def routing(self) -> Workload:
        """What of it the sessions end in."""
        return self.workloads[2] if self is Mode.FRR_K8S else self.workloads[1]

    @property
    def features(self) -> frozenset[Feature]:
        """What a statement may need that is not in every mode."""
        return _FEATURES[self]


_BESIDE: Mapping[Mode, Mapping[str, str]] = {
    Mode.NATIVE: {},
    Mode.FRR: {"quay.io/frrouting/frr": "metallb-frr"},
    Mode.FRR_K8S: {"quay.io/metallb/frr-k8s": "metallb-frr-k8s", "quay.io/frrouting/frr": "metallb-frr-k8s-frr"},
}
_FURTHER: Mapping[Mode, tuple[Workload, ...]] = {
    Mode.FRR_K8S: (Workload("DaemonSet", "frr-k8s-daemon", NAMESPACE), Workload("Deployment", "frr-k8s-statuscleaner", NAMESPACE)),
}
_FRR = frozenset({Feature.GRACEFUL_RESTART, Feature.DYNAMIC_ASN, Feature.KEEPALIVE_TIME, Feature.LARGE_COMMUNITIES})
_FEATURES: Mapping[Mode, frozenset[Feature]] = {
    Mode.NATIVE: frozenset({Feature.ROUTER_ID_OF_A_PEER}),
    Mode.FRR: _FRR | {Feature.LOCAL_ASN},
    Mode.FRR_K8S: _FRR,
}
#: The features that MetalLB's mode decides about.
OF_MODES = frozenset().union(*_FEATURES.values())
