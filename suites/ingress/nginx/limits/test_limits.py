"""Limits of size, rate and number by the annotations of ingress-nginx."""

from harness.model.expectations import Expectation, Request, reaches, refused
from harness.model.statements import INGRESS_NGINX, MUST, statement
from harness.systems.ingress.client import IngressClient
from suites.cases import rows

HOST = "example.test"
ANNOTATIONS = "https://kubernetes.github.io/ingress-nginx/user-guide/nginx-configuration/annotations/"


def post(size: int, host: str = HOST) -> Request:
    return Request("/", host=host, method="POST", body=b"x" * size)


@statement("LIM-01", MUST, INGRESS_NGINX, source=f"{ANNOTATIONS}#custom-max-body-size", system="ingress-nginx", covers=("ROW-LIM-01",))
@rows(
    [
        (post(1024), reaches("one"), "at the limit"),
        (post(1025), refused(413)),
        (post(1024 * 1024, f"default.{HOST}"), reaches("one"), "the default is 1 MiB"),
        (post(1024 * 1024 + 1, f"default.{HOST}"), refused(413)),
        (post(2 * 1024 * 1024, f"unlimited.{HOST}"), reaches("one")),
    ]
)
def test_large_body_is_refused(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """A body beyond the limit MUST be refused with 413, and one at the limit reach the backend."""
    client.answers(request_, expectation, times=2)


@statement("LIM-02", MUST, INGRESS_NGINX, source=f"{ANNOTATIONS}#rate-limiting", system="ingress-nginx", covers=("ROW-LIM-02",))
def test_requests_beyond_their_rate_are_refused(client: IngressClient) -> None:
    """Requests beyond the rate and its burst of five times as many MUST be refused with 503 until the rate has fallen, others not."""
    client.is_limited(Request(host=HOST), reaches("one"), refused(503), burst=5, rate=1)
    client.answers(Request(host=f"other.{HOST}"), reaches("two"))
    client.comes_to_answer(Request(host=HOST), reaches("one"), measured="limit recovered", consecutive=1)


@statement("LIM-03", MUST, INGRESS_NGINX, source=f"{ANNOTATIONS}#rate-limiting", system="ingress-nginx", covers=("ROW-LIM-02",))
def test_burst_of_requests_can_be_set(client: IngressClient) -> None:
    """Requests beyond the rate and its burst MUST be refused with 503 where the burst is a multiple of the statement's own."""
    client.is_limited(Request(host=HOST), reaches("one"), refused(503), burst=2, rate=1)


@statement("LIM-04", MUST, INGRESS_NGINX, source=f"{ANNOTATIONS}#rate-limiting", system="ingress-nginx", covers=("ROW-LIM-02",))
def test_connections_beyond_their_number_are_refused(client: IngressClient) -> None:
    """Of five connections at once as many as the limit allows MUST be served, the rest be refused with 503, and later ones be served."""
    answers = client.together(*[Request("/?echo-delay=2", host=HOST)] * 5)
    assert sorted(answer.status for answer in answers) == [200, 200, 503, 503, 503]
    client.answers(Request(host=HOST), reaches("one"))
