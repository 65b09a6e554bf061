"""What MetalLB stores is written when something has changed, and not otherwise."""

import pytest

from harness.model.errors import NotApplicable
from harness.model.resources import METALLB
from harness.model.statements import CORE, MUST, statement
from harness.systems.metallb.advertisements import AnnouncedServices
from harness.systems.metallb.installation import KINDS, MetalLB
from harness.systems.metallb.interfaces import Interfaces
from harness.systems.metallb.layer2 import Segment
from harness.systems.metallb.status import Speakers
from harness.systems.metallb.writes import Writes
from harness.systems.scenarios.failover import Failover

STATUS = "https://metallb.io/apis/#servicel2status"
REMADE = "https://github.com/metallb/metallb/issues/3063"
#: What hosts of several kinds may call the interface on the network.
NAMES = ("ens3", "enp1s0", "eno1", "bond0", "br0")


@statement("OBS-13", MUST, CORE, source="https://metallb.io/apis/", covers=("ROW-MLB-067",))
@pytest.mark.serial(METALLB)  # what others change is written down in the same objects
@pytest.mark.parametrize("kind", ["Service", "IPAddressPool", "ServiceL2Status", "ConfigurationState"])
def test_nothing_is_written_while_nothing_changes(
    kind: str, announced_services: AnnouncedServices, segment: Segment, metallb: MetalLB, writes: Writes
) -> None:
    """What is stored of an announced Service MUST NOT be written or made anew while nothing changes."""
    if kind in KINDS and not metallb.serves(kind):
        raise NotApplicable(f"MetalLB {metallb.version} has no {kind}")
    service = announced_services.service()
    segment.wait_until_announced(service.address)
    writes.consistently_unwritten(kind, service)


@statement("OBS-14", MUST, CORE, source=REMADE, since="0.14.6", covers=("ROW-MLB-067",))
@pytest.mark.serial(METALLB)
def test_status_comes_to_rest_after_a_move(failover: Failover, speakers: Speakers, writes: Writes) -> None:
    """The ServiceL2Status of a Service MUST come to rest when its address has moved to another node."""
    failover.move()
    failover.segment.wait_until_announced_by(failover.address, failover.after)
    speakers.wait_for_assignment(failover.service, failover.after)
    writes.consistently_unwritten("ServiceL2Status", failover.service)


@statement("OBS-15", MUST, CORE, source=STATUS, since="0.14.6", covers=("ROW-MLB-063", "ROW-MLB-067"))
@pytest.mark.serial(METALLB)
def test_status_with_interfaces_comes_to_rest(
    announced_services: AnnouncedServices, segment: Segment, interfaces: Interfaces, writes: Writes
) -> None:
    """The ServiceL2Status of a Service MUST come to rest, too, where its advertisement names several interfaces."""
    service = announced_services.service(advertised={"interfaces": [interfaces.on_the_network, *NAMES]})
    segment.wait_until_announced(service.address)
    writes.consistently_unwritten("ServiceL2Status", service)
