"""What MetalLB stores is written when something has changed, and not otherwise."""

from itertools import count

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
#: What the interface on the network is called on hosts of other kinds.
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
@pytest.mark.parametrize("named", ["no interface", "several interfaces"])
def test_status_is_not_written_because_its_service_is(
    named: str, announced_services: AnnouncedServices, segment: Segment, interfaces: Interfaces, writes: Writes
) -> None:
    """The ServiceL2Status of a Service MUST NOT be written when something of the Service changes that it does not tell of."""
    advertised = {"interfaces": [interfaces.on_the_network, *NAMES]} if named == "several interfaces" else {}
    service = announced_services.service(advertised=advertised)
    segment.wait_until_announced(service.address)
    changes = count()
    writes.consistently_unwritten("ServiceL2Status", service, meanwhile=lambda: service.label(change=str(next(changes))))
