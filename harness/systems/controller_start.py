"""How MetalLB's controller starts."""

from time import monotonic

from harness.cluster.api import Api
from harness.systems.installing import accepted, rolled_out, settle
from harness.systems.metallb import NAMESPACE, pool
from harness.systems.metallb_control import replace_controller


def admits_when_ready(api: Api) -> float:
    """Restart the controller and return the seconds between its being ready and the first configuration that it admits."""
    replace_controller(api)
    settle(rolled_out(api, "Deployment", "controller", NAMESPACE), "the controller of MetalLB is ready")
    ready = monotonic()
    settle(accepted(api, pool("readiness-probe", ["192.0.2.1/32"])), "the webhook of MetalLB accepts an address pool")
    return monotonic() - ready
