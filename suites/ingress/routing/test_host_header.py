"""The host as the request spells it: case, port, a whole URL, none."""

from dataclasses import replace

import pytest

from harness.model.expectations import Expectation, reaches, refused
from harness.model.features import Feature
from harness.model.http_exchange import Request
from harness.model.statements import CORE, EXTENDED, MUST, statement
from harness.systems.ingress.client import IngressClient
from suites.ingress.cases import cases
from suites.ingress.requests import HOST, request


@statement("HST-07", MUST, CORE, source="https://www.rfc-editor.org/rfc/rfc9110#section-4.2.3", covers=("ROW-HOST-04",))
@pytest.mark.manifest("host_matches_in_any_spelling.yaml")
@cases(
    [
        (request(host=f"UPPER.{HOST}"), reaches("one")),
        (request(host=HOST.upper()), reaches("one")),
        (request(host=f"{HOST}:80"), reaches("one")),
        (request(host=f"{HOST}:8443"), reaches("one")),
    ]
)
def test_host_matches_in_any_spelling(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """The host of a request MUST be matched whatever its case and whatever port follows it.

    Whether the backend is told that port is not what is judged.
    """
    client.expect_one_of(request_, expectation, replace(expectation, host=(request_.host or "").partition(":")[0]))


@statement(
    "HST-14",
    MUST,
    EXTENDED,
    source="https://www.rfc-editor.org/rfc/rfc3986#section-3.2.2",
    features={Feature.ROOT_LABEL},
    covers=("ROW-HOST-04",),
)
@pytest.mark.manifest("root_label_may_be_written.yaml")
@cases([(request(host=f"{HOST}."), reaches("one")), (request(host=f"{HOST}.:80"), reaches("one"))])
def test_root_label_may_be_written(request_: Request, expectation: Expectation, client: IngressClient) -> None:
    """The host of a request MUST be matched with the root label, a dot at its end, as without it."""
    client.expect_one_of(request_, expectation, replace(expectation, host=client.host))


@statement("HST-09", MUST, CORE, source="https://www.rfc-editor.org/rfc/rfc9112#section-3.2.2", covers=("ROW-HOST-01",))
@pytest.mark.manifest("absolute_target_names_the_host.yaml")
def test_absolute_target_names_the_host(client: IngressClient) -> None:
    """The rule for a request whose target is a whole URL MUST be chosen by the target, and the Host field be ignored."""
    for host, other, backend in ((f"one.{HOST}", f"two.{HOST}", "one"), (f"two.{HOST}", f"one.{HOST}", "two")):
        found = client.send(request(f"http://{host}/x?y", host=other)).identity
        assert found is not None, f"no backend answered for http://{host}/"
        assert found.service == backend, f"http://{host}/ with the Host field {other} reached {found.service}, not {backend}"


@statement(
    "HST-13",
    MUST,
    EXTENDED,
    source="https://www.rfc-editor.org/rfc/rfc9112#section-3.2.2",
    features={Feature.ABSOLUTE_TARGET_HOST},
    covers=("ROW-HDR-03",),
)
@pytest.mark.manifest("host_of_an_absolute_target_arrives.yaml")
def test_host_of_an_absolute_target_arrives(client: IngressClient) -> None:
    """The host in a target that is a whole URL MUST reach the backend in the place of the Host field."""
    client.expect(request(f"http://one.{HOST}/x?y", host=f"two.{HOST}"), reaches("one", "/x?y", host=f"one.{HOST}"))


@statement("HST-10", MUST, CORE, source="https://www.rfc-editor.org/rfc/rfc9112#section-3.2", covers=("ROW-HOST-01",))
@pytest.mark.manifest("request_without_a_host_is_malformed.yaml")
@pytest.mark.parametrize(
    ("head", "expectation"),
    [
        pytest.param("GET / HTTP/1.1", refused(400), id="HTTP 1.1 without a host"),
        pytest.param("GET / HTTP/1.1\r\nHost: example.test\r\nHost: other.test", refused(400), id="HTTP 1.1 with two hosts"),
        pytest.param("GET / HTTP/1.1\r\nHost: a b", refused(400), id="HTTP 1.1 with a blank in the host"),
        pytest.param("GET / HTTP/1.0", refused(400, 404), id="HTTP 1.0 without a host"),
        pytest.param("GET / HTTP/1.0\r\nHost: example.test", reaches("one"), id="HTTP 1.0 with a host"),
    ],
)
def test_request_without_a_host_is_malformed(head: str, expectation: Expectation, client: IngressClient) -> None:
    """A request of HTTP/1.1 without exactly one valid host MUST be refused as malformed, while one of HTTP/1.0 with a host is served.

    One of HTTP/1.0 without a host is valid and names no target: it may be refused as such, or as one that no rule matches.
    """
    client.expect_raw(head, expectation)
