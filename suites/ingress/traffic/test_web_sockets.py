"""Web sockets."""

import pytest

from harness.model.expectations import reaches, refused
from harness.model.statements import EXTENDED, MUST, SHOULD, statement
from harness.systems.ingress.client import IngressClient
from harness.systems.ingress.resources import Ingresses, path
from harness.systems.ingress.shared_routes import NAMESPACE
from suites.ingress.requests import request


@statement("PRO-01", MUST, EXTENDED, source="https://www.rfc-editor.org/rfc/rfc6455", covers=("ROW-PROTO-01",))
@pytest.mark.manifest("web_socket_passes.yaml")
def test_web_socket_passes(client: IngressClient) -> None:
    """A web socket MUST be opened at the backend of its host and path, and messages of every size pass in both directions."""
    with client.web_socket("/chat?room=1") as socket:
        socket.expect_greeting("one", "/chat?room=1", namespace=NAMESPACE)
        for message in (b"", b"hello", b"x" * 125, b"y" * 70_000):
            assert socket.send_and_receive(message) == message


@statement("PRO-02", MUST, EXTENDED, source="https://www.rfc-editor.org/rfc/rfc6455", covers=("ROW-PROTO-01",))
@pytest.mark.manifest("quiet_web_socket_stays_open.yaml")
def test_quiet_web_socket_stays_open(client: IngressClient) -> None:
    """A web socket on which nothing is said for some seconds MUST stay open."""
    with client.web_socket("/") as socket:
        socket.expect_greeting("one", "/", namespace=NAMESPACE)
        socket.consistently_quiet()
        assert socket.send_and_receive(b"still here") == b"still here"


@statement("PRO-08", SHOULD, EXTENDED, source="https://github.com/kubernetes/ingress-nginx/issues/8977", covers=("ROW-PROTO-01",))
@pytest.mark.manifest("web_socket_outlives_changes_of_other_routes.yaml")
@pytest.mark.parametrize("change", ["added", "changed", "removed"])
def test_web_socket_outlives_changes_of_other_routes(
    change: str, client: IngressClient, own_client: IngressClient, ingresses: Ingresses
) -> None:
    """A web socket SHOULD stay open while a route of another host is added, changed or removed."""
    added = ingresses.ingress(path("/", "one"))
    if change != "added":
        ingresses.add(added)
        own_client.wait_until_answered(request(), reaches("one"), measured="route added")
    with client.web_socket("/") as socket:
        socket.expect_greeting("one", "/", namespace=NAMESPACE)
        match change:
            case "added":
                ingresses.add(added)
                own_client.wait_until_answered(request(), reaches("one"), measured="route added")
            case "changed":
                ingresses.add(ingresses.ingress(path("/", "two")))
                own_client.wait_until_answered(request(), reaches("two"), measured="route changed")
            case "removed":
                ingresses.delete(ingresses.label)
                own_client.wait_until_answered(request(), refused(404), measured="route removed")
        assert socket.send_and_receive(b"still here") == b"still here"
