"""The ways in which MetalLB speaks BGP: each has a manifest of its own (https://metallb.io/installation/#installation-by-manifest)."""

from collections.abc import Mapping
from enum import StrEnum

from harness.model.features import Feature
from harness.systems.metallb.components import CONTROLLER, FRR_K8S, SPEAKER, STATUS_CLEANER

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
    def parts(self) -> tuple[str, ...]:
        """The components of it that run in every cluster, by their labels."""
        return (CONTROLLER, SPEAKER, *((FRR_K8S, STATUS_CLEANER) if self is Mode.FRR_K8S else ()))

    @property
    def routing(self) -> str:
        """The component that the sessions end in."""
        return FRR_K8S if self is Mode.FRR_K8S else SPEAKER

    @property
    def hold_time(self) -> int:
        """Seconds that a session is held where its peer names none: https://www.rfc-editor.org/rfc/rfc4271#section-10, FRR's own."""
        return 90 if self is Mode.NATIVE else 180

    @property
    def features(self) -> frozenset[Feature]:
        """What a statement may need that is not in every mode."""
        return _FEATURES[self]


_BESIDE: Mapping[Mode, Mapping[str, str]] = {
    Mode.NATIVE: {},
    Mode.FRR: {"quay.io/frrouting/frr": "metallb-frr"},
    Mode.FRR_K8S: {"quay.io/metallb/frr-k8s": "metallb-frr-k8s", "quay.io/frrouting/frr": "metallb-frr-k8s-frr"},
}
_FRR = frozenset({Feature.BFD, Feature.GRACEFUL_RESTART, Feature.DYNAMIC_ASN, Feature.KEEPALIVE_TIME, Feature.LARGE_COMMUNITIES})
_FEATURES: Mapping[Mode, frozenset[Feature]] = {
    Mode.NATIVE: frozenset({Feature.ROUTER_ID_OF_A_PEER}),
    Mode.FRR: _FRR | {Feature.LOCAL_ASN},
    Mode.FRR_K8S: _FRR,
}
#: The features that MetalLB's mode decides about.
OF_MODES = frozenset().union(*_FEATURES.values())
