"""MetalLB behind network policies."""

import pytest

from harness.model.resources import METALLB
from harness.model.statements import EXTENDED, MUST, statement
from harness.systems.kubernetes.admission import Admission
from harness.systems.kubernetes.network_policies import NetworkPolicies
from harness.systems.metallb.components import CONTROLLER, WEBHOOK_PORT
from harness.systems.metallb.custom_resources import NAMESPACE
from harness.systems.metallb.installation import Installation
from harness.systems.metallb.metrics import Metrics
from harness.systems.metallb.pools import Pools
from harness.systems.metallb.services import Services

STALE = "metallb_k8s_client_config_stale_bool"


@statement("CFG-20", MUST, EXTENDED, source="https://metallb.io/installation/", since="0.15.3")
@pytest.mark.disruptive(METALLB)
def test_network_policies_leave_metallb_working(  # noqa: PLR0917 -- a statement is given what it names
    backend: dict[str, str],
    pools: Pools,
    services: Services,
    metrics: Metrics,
    network_policies: NetworkPolicies,
    admission: Admission,
    installation: Installation,
) -> None:
    """With network policies that allow no more than the controller needs, addresses, admission and metrics MUST work as without."""
    network_policies.require_enforcement(services.namespace, backend)
    with network_policies.isolated(NAMESPACE, installation.labels(CONTROLLER), WEBHOOK_PORT, metrics.endpoint.port):
        pool = pools.create(size=1)
        assert services.create(pool=pool).address in pool
        admission.expect_accepted(pools.document(str(pools.take(1))))
        metrics.wait_until_equal("controller", {STALE: 0})
