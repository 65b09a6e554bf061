"""The controller itself is rolled out, scaled, or loses a replica."""

import pytest

from harness.model.expectations import reaches
from harness.model.features import Feature
from harness.model.resources import INGRESS
from harness.model.statements import EXTENDED, MUST, SHOULD, statement
from harness.systems.ingress.backends import NAME, OwnBackend
from harness.systems.ingress.client import IngressClient
from harness.systems.ingress.resources import Ingresses, path
from harness.systems.ingress.rollout import ControllerDeployment
from harness.systems.scenarios.ingress_rollout import IngressRollout
from suites.ingress.requests import request

DEPLOYMENT = "https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#rolling-update-deployment"
ENDING = "https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-termination"
# On a busy machine a probe comes late, and an interruption lasts from the first that is lost to the last.
# What others do to MetalLB has it look at every Service again, which would hide that it does not follow the endpoints by itself.
ALONE = pytest.mark.disruptive


@pytest.mark.disruptive(INGRESS)
@statement(
    "DYN-07",
    SHOULD,
    EXTENDED,
    source=ENDING,
    covers=("ROW-DYN-04", "ROW-MLB-074"),
)
def test_rolling_restart_of_the_controller_is_brief(
    restartable_controller: ControllerDeployment, ingresses: Ingresses, own_client: IngressClient, vip: str
) -> None:
    """While the controller is replaced by a rolling restart requests SHOULD be answered again within a time limit, at the same address."""
    ingresses.add(ingresses.ingress(path("/", "one")))
    own_client.wait_until_answered(request(), reaches("one"), measured="route added")
    with own_client.under_load(request(), reaches("one")) as load:
        restartable_controller.restart()
        own_client.wait_until_answered(request(), reaches("one"), measured="controller replaced")
    load.expect_outage_within(restartable_controller.timing.restart)
    assert restartable_controller.addresses == [vip], f"{restartable_controller.service} has another address after the restart"


@pytest.mark.disruptive(INGRESS)
@statement(
    "DYN-08",
    MUST,
    EXTENDED,
    source=ENDING,
    covers=("ROW-DYN-05",),
)
def test_request_under_way_survives_a_graceful_stop(restartable_controller: ControllerDeployment, own_backend: OwnBackend) -> None:
    """A request under way MUST be answered although the controller that has it is replaced meanwhile."""
    client = own_backend.client
    client.wait_until_answered(request(), reaches(NAME), measured="route added")
    staying_client = client.at(*restartable_controller.where_it_stays()).with_timeout(60)
    with staying_client.in_flight(request(f"/?echo-delay={client.timing.under_way}"), reaches(NAME)):
        restartable_controller.restart(restartable_controller.serving)


@ALONE
@statement("FLO-50", MUST, EXTENDED, source=DEPLOYMENT, features={Feature.REPLICAS}, covers=("ROW-MLB-074",))
def test_rollout_of_the_ingress_controller_keeps_the_address(ingress_rollout: IngressRollout) -> None:
    """A rollout of the ingress controller to another node MUST keep its address, and routes answer within the time of a graceful end."""
    ingress_rollout.roll_out()


@ALONE
@statement("FLO-51", SHOULD, EXTENDED, source=DEPLOYMENT, features={Feature.REPLICAS}, covers=("ROW-MLB-074",))
def test_loss_of_a_replica_interrupts_briefly(ingress_rollout: IngressRollout) -> None:
    """The sudden loss of one of two replicas of the ingress controller SHOULD NOT interrupt its clients for longer than a brief outage."""
    ingress_rollout.lose_a_replica()


@ALONE
@statement("FLO-52", SHOULD, EXTENDED, source=DEPLOYMENT, features={Feature.REPLICAS}, covers=("ROW-MLB-074",))
def test_scaling_of_the_ingress_controller_interrupts_for_a_bounded_time(ingress_rollout: IngressRollout) -> None:
    """Growth of the ingress controller SHOULD interrupt clients briefly at most, shrinking no longer than a graceful end may take."""
    ingress_rollout.scale()
