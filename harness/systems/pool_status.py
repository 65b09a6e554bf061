"""The counters in the status of a pool (https://metallb.io/apis/#ipaddresspoolstatus)."""

from harness.cluster.api import Api
from harness.model.budgets import ALLOCATION
from harness.probes.waiting import eventually
from harness.systems.addresses import Pool
from harness.systems.metallb import NAMESPACE


def counters(api: Api, name: str, family: int) -> dict[str, int]:
    """How many addresses of a family are assigned and available, as the status says now.

    :raises AssertionError: the pool does not exist
    """
    found = api.get("IPAddressPool", name, NAMESPACE)
    assert found is not None, f"the pool {name} does not exist"
    return {kind: int(found.get("status", {}).get(f"{kind}IPv{family}", 0)) for kind in ("assigned", "available")}


def comes_to_count(api: Api, pool: Pool, *, assigned: int, available: int) -> None:
    """Wait until the status of a pool counts this many addresses of its family."""
    __tracebackhide__ = True
    wanted = {"assigned": assigned, "available": available}
    family = pool.ranges[0].family

    def look() -> dict[str, int]:
        found = counters(api, pool.name, family)
        assert found == wanted, f"{pool}: {found}"
        return found

    eventually(look, within=ALLOCATION, expected=f"the status of {pool} counts {wanted}", pause=api.changed("IPAddressPool", NAMESPACE))


def overwrite(api: Api, pool: Pool, *, assigned: int, available: int) -> None:
    """Write counters into the status, as somebody who should not might."""
    family = pool.ranges[0].family
    status = {f"assignedIPv{family}": assigned, f"availableIPv{family}": available}
    api.merge("IPAddressPool", pool.name, NAMESPACE, {"status": status}, subresource="status")
