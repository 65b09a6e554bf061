"""What a run has to provide, and what has to hold: declared by fixtures, and read off the statements that use them."""

from collections.abc import Callable, Collection
from enum import StrEnum
from typing import Any, TypeVar

import pytest

from harness.cluster.disruptions import Disruption
from harness.model.preconditions import Precondition
from harness.model.resources import EVERYTHING, Resource

Fixture = TypeVar("Fixture", bound=Callable[..., Any])
ATTRIBUTE, PRECONDITION = "__provision__", "__precondition__"


class Provision(StrEnum):
    """What has to exist for a statement: a run makes what statements share, where one needs it, and fixtures what is a statement's own."""

    CLUSTER = "the run's cluster"
    ROUTER_IMAGE = "the image of the routers beside the cluster"
    NAMESPACE = "a namespace of the statement's own, of which nothing may be left"
    SHARED_ROUTES = "the routes and backends that statements share, once on a cluster"
    LOST_NODE = "a node that is lost once on a cluster, for all statements that judge what happened then"
    RELEASES = "the versions of MetalLB between which an upgrade is judged"
    UNUSED_NAMESPACE = "that no statement had before: pods end slowly, and labels or policies would be found by the next one"
    ROUTER = "a router that MetalLB has sessions with, whose table is read"
    NETWORK = "containers on the network of the nodes, which a cluster that somebody else made has not"
    WIRE = "a host on the network of the nodes, which asks who has an address"
    INGRESS = "an ingress controller"
    EXAMPLE = "the example project, as it is on clusters that the suite makes"
    ARGUMENTS = "a MetalLB whose arguments may be changed"
    CONTROLLER_RESTART = "a MetalLB whose controller may be restarted"
    SPEAKER_RESTART = "a MetalLB whose speakers may be restarted"
    INGRESS_RESTART = "an ingress controller that may be restarted"
    NODE_CORDON = "nodes that may be closed to new Pods"
    NODE_EXCLUDE = "nodes that may be excluded from external load balancers"
    MANIFEST = "the routes in the statement's manifest, among the shared ones"


#: What somebody who has a cluster may allow.
ALLOWED = {
    Provision.CONTROLLER_RESTART: Disruption.CONTROLLER_RESTART,
    Provision.SPEAKER_RESTART: Disruption.SPEAKER_RESTART,
    Provision.INGRESS_RESTART: Disruption.INGRESS_RESTART,
    Provision.NODE_CORDON: Disruption.NODE_CORDON,
    Provision.NODE_EXCLUDE: Disruption.NODE_EXCLUDE,
}
#: What a run has on clusters of its own only, and why a statement that needs it is not judged elsewhere.
OUT_OF_REACH = {
    Provision.NETWORK: "looks from the network of the nodes, on which the suite has a host on clusters of its own only",
    Provision.WIRE: "asks on the network of the nodes who has an address, which --wire-probe NODE lets a Pod do",
    Provision.ROUTER: "reads the routes that a router gets, which --router lets it do",
    Provision.INGRESS: "needs an ingress controller that the suite knows, behind a Service that has an address",
    Provision.EXAMPLE: "is about the example project, which clusters of the suite's own have",
    Provision.ARGUMENTS: "changes the arguments that MetalLB runs with",
    **{provision: f"breaks something that others use, which --allow-disruption {one} lets it do" for provision, one in ALLOWED.items()},
}


def needs(*provisions: Provision) -> Callable[[Fixture], Fixture]:
    """Declare what the decorated fixture function needs; stands below ``@pytest.fixture``."""

    def declare(fixture: Fixture) -> Fixture:
        setattr(fixture, ATTRIBUTE, provisions)
        return fixture

    return declare


def needs_of(item: pytest.Item) -> tuple[Provision, ...]:
    """What the fixtures of a test need, those included that it asks for through others."""
    found = {provision for several in _declared(item, ATTRIBUTE) for provision in several or ()}
    return tuple(provision for provision in Provision if provision in found)


def out_of_reach(item: pytest.Item, there: Collection[Provision]) -> str:
    """Why a test cannot be judged on a cluster that somebody else made; empty where it can.

    :param there: what there is of that which such a cluster may have, or not
    """
    needed = needs_of(item)
    if any(item.iter_markers("disruptive")) and ALLOWED.keys().isdisjoint(needed):
        return "breaks something that others on the cluster use"
    if any(Resource.DEFAULTS in (mark.args or EVERYTHING) for mark in item.iter_markers("serial")):
        return "changes how requests are answered whose host is in no rule, or which class an Ingress has that names none"
    lacking = {provision: reason for provision, reason in OUT_OF_REACH.items() if provision not in there}
    return next((reason for provision, reason in lacking.items() if provision in needed), "")


def rests_on(precondition: Precondition) -> Callable[[Fixture], Fixture]:
    """Declare what the decorated fixture function cannot do without; stands below ``@pytest.fixture``."""

    def declare(fixture: Fixture) -> Fixture:
        setattr(fixture, PRECONDITION, precondition)
        return fixture

    return declare


def preconditions_of_fixtures(item: pytest.Item) -> set[Precondition]:
    """What the fixtures of a test rest on, those included that it asks for through others."""
    return _declared(item, PRECONDITION) - {None}


def _declared(item: pytest.Item, attribute: str) -> set[Any]:
    if not isinstance(item, pytest.Function):
        return set()
    definitions = item._fixtureinfo.name2fixturedefs.values()  # pytest has no public way from a test to the functions of its fixtures
    return {getattr(one.func, attribute, None) for several in definitions for one in several}
