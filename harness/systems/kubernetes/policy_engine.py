"""What enforces network policies on clusters that a run makes, where that is asked for: kube-router, as a firewall only."""

from ipaddress import ip_network

from harness.cluster.api import Api
from harness.systems.kubernetes.manifests import MANIFESTS, read
from harness.systems.kubernetes.readiness import rolled_out, wait_ready

#: The component of its image.
COMPONENT = "kube-router"
_NAMESPACE = "kube-system"
#: The range of Services of each family, as kubeadm and kind have them.
_SERVICES = {4: "10.96.0.0/16", 6: "fd00:10:96::/112"}


def install(api: Api, image: str) -> None:
    """Apply it, and wait until it is ready on every node.

    :raises EnvironmentFault: it does not get ready
    """
    families = sorted({ip_network(subnet).version for node in api.list("Node") for subnet in node["spec"]["podCIDRs"]})
    enabled = {f"ipv{family}": str(family in families).lower() for family in _SERVICES}
    api.apply(
        *read(MANIFESTS / "kubernetes" / "kube-router.yaml", image=image, services=",".join(_SERVICES[one] for one in families), **enabled)
    )
    wait_ready(rolled_out(api, "DaemonSet", COMPONENT, _NAMESPACE), "network policies are enforced on every node")
