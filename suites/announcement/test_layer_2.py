"""Layer 2: ARP for IPv4, neighbour discovery for IPv6, seen from another host on the network."""

from harness.model.budgets import ANNOUNCEMENT
from harness.model.sightings import exactly_one, silence
from harness.model.statements import CORE, MUST, statement
from harness.probes.waiting import eventually
from harness.probes.wire import WireProbe
from harness.systems.addresses import Pools, Services

#: Requests that a single answerer is asked with; two that take turns would show.
REQUESTS = 20


@statement("ANN-01", MUST, CORE, source="https://metallb.io/concepts/layer2/", covers=("MLB-053", "LB-02"))
def test_one_node_answers_for_the_vip(vip: str, wire: WireProbe, node_macs: dict[str, str]) -> None:
    """Exactly one MAC MUST answer for the controller's external address, and it belongs to a node of the cluster."""
    mac = exactly_one(wire.ask(vip, requests=REQUESTS, interval=0.05))
    assert mac in node_macs, f"{mac} is none of the nodes': {node_macs}"


@statement("ANN-02", MUST, CORE, source="https://metallb.io/configuration/#layer-2-configuration", covers=("MLB-052",))
def test_address_without_advertisement_is_silent(
    pools: Pools, services: Services, backend: dict[str, str], wire: WireProbe, node_macs: dict[str, str]
) -> None:
    """An address whose pool is not advertised MUST be given out but answered for by nobody, until an advertisement is created."""
    pool = pools.create(size=1)
    service = services.create(pool=pool, selector=backend)
    address = service.address
    assert address in pool
    silence(wire.ask(address, requests=10, interval=0.3))
    pools.advertise(pool)
    mac = eventually(lambda: exactly_one(wire.ask(address)), within=ANNOUNCEMENT, expected=f"one node answers for {address}")
    assert mac in node_macs, f"{mac} is none of the nodes': {node_macs}"
