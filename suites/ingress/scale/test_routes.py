"""Hundreds and thousands of routes."""

import pytest

from harness.model.statements import OBSERVED, SHOULD, statement
from harness.systems.ingress.client import IngressClient
from harness.systems.ingress.many_routes import ManyRoutes
from harness.systems.ingress.resources import Ingresses


@pytest.mark.serial
@pytest.mark.slow
@statement("SCL-03", SHOULD, OBSERVED, source="https://kubernetes.io/docs/concepts/services-networking/ingress/")
@pytest.mark.parametrize("count", [500, 2000])
def test_one_more_route_among_many(count: int, ingresses: Ingresses, own_client: IngressClient) -> None:
    """One more route among hundreds or thousands SHOULD be served soon, and the others meanwhile; how soon and how fast is recorded."""
    routes = ManyRoutes(ingresses, own_client, count)
    routes.create()
    routes.serve("before changes")
    routes.add_while_serving()
    routes.serve("after changes")
