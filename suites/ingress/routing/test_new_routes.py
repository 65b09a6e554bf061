"""That a route is served at all, also as the last of many: what every other statement of routing rests on."""

from harness.model.http_exchange import Request
from harness.model.statements import CORE, MUST, statement
from harness.systems.apps.example import APPS, DOMAIN
from harness.systems.ingress.client import IngressClient
from harness.systems.ingress.shared_routes import SharedRoutes

RULES = "https://kubernetes.io/docs/concepts/services-networking/ingress/#ingress-rules"


@statement("RTE-01", MUST, CORE, source=RULES)
def test_route_is_answered_by_its_backend(example_client: IngressClient) -> None:
    """A request for the host of a rule MUST be answered by the backend that the rule names."""
    for app in APPS:
        example_client.expect_backend(Request("/", host=f"{app}.{DOMAIN}"), app)


@statement("RTE-02", MUST, CORE, source=RULES)
def test_new_route_is_served_beside_all_others(applied_routes: SharedRoutes) -> None:
    """An Ingress that comes after others MUST be served, whatever the others ask for."""
    applied_routes.expect_served()
