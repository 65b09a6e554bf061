"""A controller in a package of its own is found by its entry point; without a cluster."""

from pathlib import Path

import pytest

from enginetests import stub
from enginetests.environments import Environment
from enginetests.stub_controller.stub_ingress_controller import proxy
from harness.model.project import NAME


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    return stub.environment(tmp_path_factory.mktemp("stub"))


def test_its_module_is_in_order(installed: Environment, tmp_path: Path) -> None:
    told = installed.run(tmp_path, NAME, "check-controller", "stub")
    assert told.startswith("stub 1.0.0: nothing is wrong\n")
    assert f"manifest          {installed.packages}/stub_ingress_controller/deploy.yaml\n" in told


def test_it_is_one_of_those_that_can_be_judged(installed: Environment, tmp_path: Path) -> None:
    told = installed.run(tmp_path, NAME, "images", "list", "--ingress", "stub", "--images", "packages")
    assert f"stub                       1.0.0     missing  {stub.IMAGE}\n" in told or "at hand" in told


def path(value: str, service: str, kind: str = "Prefix") -> dict[str, object]:
    return {"path": value, "pathType": kind, "backend": {"service": {"name": service, "port": {"number": 80}}}}


def ingress(*rules: tuple[str, list[dict[str, object]]], ingress_class: str = "stub", default: str = "") -> dict[str, object]:
    spec: dict[str, object] = {"ingressClassName": ingress_class}
    spec |= {"rules": [{"host": host, "http": {"paths": paths}} for host, paths in rules]} if rules else {}
    spec |= {"defaultBackend": {"service": {"name": default, "port": {"name": "http"}}}} if default else {}
    return {"metadata": {"namespace": "n"}, "spec": spec}


CLASSES = [
    {"metadata": {"name": "stub"}, "spec": {"controller": proxy.CONTROLLER}},
    {"metadata": {"name": "x"}, "spec": {"controller": "y"}},
]
SERVICES = [
    {"metadata": {"namespace": "n", "name": name}, "spec": {"clusterIP": name, "ports": [{"name": "http", "port": 80}]}} for name in "abcd"
]
ROUTES = proxy.routes_of(
    [
        ingress(("one.test", [path("/", "a"), path("/foo", "b"), path("/foo", "c", "Exact")]), ("*.wild.test", [path("/x", "d")])),
        ingress(("foreign.test", [path("/", "a")]), ingress_class="x"),
        ingress(("own.test", [path("/own", "a")]), default="d"),
        ingress(("gone.test", [path("/", "nobody")])),
    ],
    CLASSES,
    SERVICES,
)


@pytest.mark.parametrize(
    ("host", "target", "service"),
    [
        ("one.test", "/", "a"),
        ("one.test", "/foo", "c"),
        ("one.test", "/foo/", "b"),
        ("one.test", "/foobar", "a"),
        ("a.wild.test", "/x/y", "d"),
        (".wild.test", "/x", None),
        ("a.b.wild.test", "/x", None),
        ("foreign.test", "/", None),
        ("own.test", "/own", "a"),
        ("own.test", "/other", "d"),
        ("other.test", "/", None),
    ],
)
def test_a_request_is_handed_to_its_service(host: str, target: str, service: str | None) -> None:
    found = proxy.chosen(ROUTES, host, target)
    assert (found and found.to) == (service and (service, 80))


def test_a_route_to_nobody_is_one_all_the_same() -> None:
    found = proxy.chosen(ROUTES, "gone.test", "/")
    assert found is not None
    assert found.to is None


@pytest.mark.parametrize(
    ("head", "host", "target"),
    [
        ("GET /a HTTP/1.1\r\nHost: One.test:8080", "one.test", "/a"),
        ("GET http://two.test/b?c HTTP/1.1\r\nHost: one.test", "two.test", "/b"),
        ("GET /%7Ea%2Fb HTTP/1.0", "", "/~a%2Fb"),
        ("GET / HTTP/1.1\r\nHost: [2001:db8::1]:80", "[2001:db8::1]", "/"),
    ],
)
def test_a_head_is_read(head: str, host: str, target: str) -> None:
    read = proxy.parsed(f"{head}\r\n\r\n".encode())
    assert (read.host, read.path) == (host, target)


@pytest.mark.parametrize("head", ["GET / HTTP/1.1", "GET / HTTP/1.1\r\nHost: a\r\nHost: b", "GET / HTTP/1.1\r\nHost: a b", "nonsense"])
def test_a_malformed_head_is_refused(head: str) -> None:
    with pytest.raises(proxy.Malformed):
        proxy.parsed(f"{head}\r\n\r\n".encode())
