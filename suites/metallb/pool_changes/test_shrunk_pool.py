"""A pool loses addresses that are in use."""

import pytest

from harness.model.addresses import AddressRange
from harness.model.resources import METALLB
from harness.model.statements import CORE, MUST, statement
from harness.systems.metallb.pools import Pools
from harness.systems.metallb.services import Services

REVOCATION = "https://metallb.io/release-notes/#version-0-14-2"


@statement("LIF-01", MUST, CORE, source=REVOCATION, since="0.14.2", covers=("ROW-MLB-036",))
@pytest.mark.serial(METALLB)  # the release of an address elsewhere would reconsider the Service, too
def test_holder_outside_a_shrunk_pool_moves(pools: Pools, services: Services) -> None:
    """A Service whose address leaves its pool MUST be told so and get another one, and the others keep theirs."""
    lower, upper = (pools.take(2) for _ in range(2))
    pool = pools.create(ranges=[lower, upper])
    stays = services.create(address=str(lower.first))
    assert stays.address == str(lower.first)
    moves = services.create(pool=pool)
    assert moves.address == str(lower.last)
    third = services.create(address=str(upper.last))
    assert third.address == str(upper.last)
    pools.set_ranges(pool, [AddressRange(lower.first, lower.first), upper])
    moves.wait_until_address_is(str(upper.first))
    moves.events.wait_for("ClearAssignment", "not allowed by config")
    assert [stays.addresses, third.addresses] == [[str(lower.first)], [str(upper.last)]], f"{stays} or {third} has not kept its address"
