"""Requests in the present and the former spelling: metallb.io/ and metallb.universe.tf/."""

import pytest

from harness.model.statements import CORE, EXTENDED, MUST, statement
from harness.systems.metallb.installation import FORMER_PREFIX, MetalLB
from harness.systems.metallb.pools import Pools
from harness.systems.metallb.services import Services

RENAMED = "https://metallb.io/release-notes/#version-0-14-9"


@statement("ALC-17", MUST, CORE, source=RENAMED, covers=("ROW-MLB-018",))
@pytest.mark.parametrize("asks", ["for an address", "for a pool"])
def test_former_spelling_is_followed(asks: str, pools: Pools, services: Services) -> None:
    """A request whose annotation has the former prefix MUST be followed like one with the present prefix."""
    preferred = pools.create(size=3)
    pool = pools.create(size=3, autoAssign=False)
    wanted = pool.addresses[2]
    request = {"loadBalancerIPs": wanted} if asks == "for an address" else {"address-pool": pool.name}
    service = services.create(annotations={f"{FORMER_PREFIX}/{name}": value for name, value in request.items()})
    assert service.address not in preferred
    assert service.address in ([wanted] if asks == "for an address" else pool)


@statement("ALC-18", MUST, CORE, source=RENAMED, since="0.14.9", covers=("ROW-MLB-018",))
def test_former_spelling_is_called_deprecated(pools: Pools, services: Services) -> None:
    """MetalLB MUST warn in an event on a Service that an annotation with the former prefix is deprecated."""
    pool = pools.create(size=2)
    key = f"{FORMER_PREFIX}/address-pool"
    service = services.create(annotations={key: pool.name})
    assert service.address in pool
    service.events.wait_for("deprecatedAnnotation", f"Service uses deprecated annotation {key}", type_="Warning")


@statement("ALC-19", MUST, EXTENDED, source=RENAMED, since="0.14.9", covers=("ROW-MLB-018",))
def test_present_spelling_wins(pools: Pools, services: Services, metallb: MetalLB) -> None:
    """Of two requests that differ in the prefix of the annotation only, the present one MUST be followed."""
    pool = pools.create(size=2)
    former, present = pool.addresses
    both = {f"{FORMER_PREFIX}/loadBalancerIPs": former, f"{metallb.annotation_prefix}/loadBalancerIPs": present}
    assert services.create(annotations=both).address == present


@statement("ALC-20", MUST, EXTENDED, source=RENAMED, until="0.14.9")
def test_later_spelling_is_unknown(pools: Pools, services: Services) -> None:
    """A release before the renaming MUST ignore annotations with the later prefix."""
    pool = pools.create(size=2)
    service = services.create(annotations={"metallb.io/loadBalancerIPs": pool.addresses[1]})
    assert service.address == pool.addresses[0]
