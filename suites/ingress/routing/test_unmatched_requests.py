"""Routing by path with ``rewrite-target: /``: one host, two applications that see every request as ``/``."""

from harness.model.expectations import Expectation, Request, reaches, refused
from harness.model.statements import CORE, INGRESS_NGINX, MUST, statement
from harness.systems.ingress.client import IngressClient
from suites.cases import rows

HOST = "example.com"
CONTROL = (Request("/nginx", host=HOST), reaches("nginx", "/"))

REWRITTEN = [
    (Request("/nginx", host=HOST), reaches("nginx", "/")),
    (Request("/nginx/", host=HOST), reaches("nginx", "/")),
    (Request("/nginx/sub?q=1", host=HOST), reaches("nginx", "/?q=1")),
    (Request("/nginx?a=1&a=2&b=%20", host=HOST), reaches("nginx", "/?a=1&a=2&b=%20")),
    (Request("/nginx", host=HOST, method="POST", body=b"payload"), reaches("nginx", "/")),
    (Request("/other", host=HOST), reaches("other", "/")),
    (Request("/other/deep/er?q=1", host=HOST), reaches("other", "/?q=1")),
]
UNROUTED = [
    (Request("/", host=HOST), refused(404)),
    (Request("/unknown", host=HOST), refused(404)),
    (Request("/a/nginx", host=HOST), refused(404)),
    (Request("/ngin", host=HOST), refused(404)),
]
FOREIGN = [
    (Request("/nginx", host="example.org"), refused(404)),
    (Request("/nginx", host="www.example.com"), refused(404)),
    (Request("/nginx", host="example.com.example.org"), refused(404)),
    (Request("/nginx"), refused(404)),
]


@statement(
    "RWR-01",
    MUST,
    INGRESS_NGINX,
    source="https://kubernetes.github.io/ingress-nginx/examples/rewrite/",
    system="ingress-nginx",
    covers=("ROW-RW-01",),
)
@rows(REWRITTEN)
def test_path_is_rewritten(request_: Request, expectation: Expectation, example_client: IngressClient) -> None:
    """A request below a path of the by-path Ingress MUST reach that path's application as "/", its query kept."""
    example_client.answers(request_, expectation)


@statement(
    "PTH-01", MUST, CORE, source="https://kubernetes.io/docs/concepts/services-networking/ingress/#path-types", covers=("ROW-DEF-01",)
)
@rows(UNROUTED)
def test_path_without_a_rule_is_refused(request_: Request, expectation: Expectation, example_client: IngressClient) -> None:
    """A request for a path that no rule of its host names MUST be refused by the controller itself."""
    example_client.answers(*CONTROL)
    example_client.answers(request_, expectation)


@statement(
    "HST-01",
    MUST,
    CORE,
    source="https://kubernetes.io/docs/concepts/services-networking/ingress/#hostname-wildcards",
    covers=("ROW-HOST-01",),
)
@rows(FOREIGN)
def test_host_without_a_rule_is_refused(request_: Request, expectation: Expectation, example_client: IngressClient) -> None:
    """A request for a host that no rule names MUST be refused by the controller itself."""
    example_client.answers(*CONTROL)
    example_client.answers(request_, expectation)
