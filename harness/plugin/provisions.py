"""What a run has to provide: declared by the fixtures that need it, and read off the statements that use these fixtures."""

from collections.abc import Callable
from enum import StrEnum
from typing import Any, TypeVar

import pytest

Fixture = TypeVar("Fixture", bound=Callable[..., Any])
ATTRIBUTE = "__provision__"


class Provision(StrEnum):
    """What has to exist for a statement: a run makes what statements share, where one needs it, and fixtures what is a statement's own."""

    CLUSTER = "the run's cluster"
    ROUTER_IMAGE = "the image of the routers beside the cluster"
    NAMESPACE = "a namespace of the statement's own, of which nothing may be left"
    SHARED_ROUTES = "the routes and backends that statements share, once on a cluster"
    LOST_NODE = "a node that is lost once on a cluster, for all statements that judge what happened then"
    UNUSED_NAMESPACE = "that no statement had before: pods end slowly, and labels or policies would be found by the next one"
    MANIFEST = "the routes in the statement's manifest, among the shared ones"


def needs(provision: Provision) -> Callable[[Fixture], Fixture]:
    """Declare what the decorated fixture function needs; stands below ``@pytest.fixture``."""

    def declare(fixture: Fixture) -> Fixture:
        setattr(fixture, ATTRIBUTE, provision)
        return fixture

    return declare


def needs_of(item: pytest.Item) -> tuple[Provision, ...]:
    """What the fixtures of a test need, those included that it asks for through others."""
    if not isinstance(item, pytest.Function):
        return ()
    definitions = item._fixtureinfo.name2fixturedefs.values()  # pytest has no public way from a test to the functions of its fixtures
    found = {getattr(one.func, ATTRIBUTE, None) for several in definitions for one in several}
    return tuple(provision for provision in Provision if provision in found)
