"""How an address changes hands: who makes it known, and how soon clients follow."""

from harness.model.budgets import BRIEF_OUTAGE, TAKEOVER
from harness.model.statements import CORE, EXTENDED, MUST, SHOULD, statement
from harness.systems.kubernetes.nodes import nodes_named
from harness.systems.metallb.advertisements import AnnouncedServices
from harness.systems.metallb.endpoints import Backends
from harness.systems.metallb.layer2 import Segment, TrafficMonitor
from harness.systems.metallb.status import Speakers
from harness.systems.scenarios.failover import Failover

LAYER_2 = "https://metallb.io/concepts/layer2/"
GRATUITOUS = "https://www.rfc-editor.org/rfc/rfc5227#section-3"


@statement("ANN-60", MUST, CORE, source=LAYER_2, covers=("ROW-MLB-059",))
def test_takeover_is_made_known_unasked(failover: Failover, lan_monitor: TrafficMonitor) -> None:
    """The node that takes an address over MUST make it known by gratuitous frames, as request and reply for IPv4, several times."""
    with failover.monitored(lan_monitor) as taken:
        taken.wait_until_gratuitous_seen(bursts=3)


@statement("ANN-61", MUST, CORE, source=GRATUITOUS, covers=("ROW-MLB-059",))
def test_clients_are_corrected_without_asking(failover: Failover, lan_monitor: TrafficMonitor) -> None:
    """A client that remembers the former node MUST come to remember the new one without sending anything."""
    with failover.monitored_by_an_idle_client(lan_monitor) as taken:
        taken.wait_until_cached_by(lan_monitor)


@statement("ANN-62", SHOULD, EXTENDED, source=LAYER_2, covers=("ROW-MLB-059",))
def test_first_announcement_is_made_known(
    announced_services: AnnouncedServices, backends: Backends, lan_monitor: TrafficMonitor, segment: Segment
) -> None:
    """An address that is announced for the first time SHOULD be made known by gratuitous frames of its node."""
    service = announced_services.service(advertised={"nodeSelectors": nodes_named("none")})
    node = backends.nodes[0]
    with lan_monitor.watch(service.address, traffic=None) as observation:
        announced_services.advertisements.create(*announced_services.pools.pools, nodeSelectors=nodes_named(node))
        segment.wait_until_gratuitous_seen(observation, node, bursts=1)


@statement("ANN-63", MUST, CORE, source=LAYER_2, covers=("ROW-MLB-053",))
def test_change_of_node_has_one_answerer_at_a_time(failover: Failover, lan_monitor: TrafficMonitor) -> None:
    """Soon after an address moved between two live nodes, every request MUST be answered by the new one, and by no other."""
    with failover.monitored(lan_monitor, resolve=True) as taken:
        taken.wait_until_one_announcer()


@statement("ANN-64", MUST, CORE, source=LAYER_2, covers=("ROW-MLB-062",))
def test_change_of_node_interrupts_briefly(failover: Failover, traffic_monitor: TrafficMonitor) -> None:
    """When an address moves between two live nodes, its clients MUST be served again within the time limit of a brief outage."""
    with failover.monitored(traffic_monitor, traffic="http") as taken:
        taken.expect_interruption_within(BRIEF_OUTAGE)


@statement("ANN-65", MUST, CORE, since="0.14.6", source="https://github.com/metallb/metallb/issues/2930", covers=("ROW-MLB-067",))
def test_status_follows_the_address(failover: Failover, speakers: Speakers) -> None:
    """There MUST be exactly one ServiceL2Status of an announced Service, which names the new node after a move."""
    speakers.wait_until_statuses_name(failover.service, failover.before)
    failover.move()
    speakers.wait_until_statuses_name(failover.service, failover.after, within=TAKEOVER)


@statement("ANN-66", MUST, CORE, source="https://metallb.io/usage/#traffic-policies", covers=("ROW-MLB-056",))
def test_moving_endpoint_interrupts_briefly(
    announced_services: AnnouncedServices, backends: Backends, segment: Segment, traffic_monitor: TrafficMonitor
) -> None:
    """Under the Local policy clients MUST be served again within the time limit of a brief outage when the only endpoint moves."""
    here, there = backends.pair
    service = announced_services.service(here, externalTrafficPolicy="Local")
    segment.wait_until_announced_by(service.address, here)
    with traffic_monitor.watch(service.address) as observation:
        moved = Failover.clock()
        backends.set_endpoints(service, there)
        segment.wait_until_served_by(observation, there, since=moved, within=BRIEF_OUTAGE)
