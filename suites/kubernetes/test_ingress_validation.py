"""What the API server itself refuses to store, whatever controller is behind it."""

from collections.abc import Callable

import pytest

from harness.cluster.api import Object
from harness.model.statements import CORE, MUST, statement
from harness.systems.ingress.controllers import LEGACY_CLASS
from harness.systems.ingress.resources import Ingresses, path, rule

PATH_TYPES = "https://kubernetes.io/docs/concepts/services-networking/ingress/#path-types"
PATH = "spec.rules[0].http.paths[0]"
API = "https://kubernetes.io/docs/reference/kubernetes-api/service-resources/ingress-v1/"
ONE = {"service": {"name": "one", "port": {"number": 80}}}


@statement("API-01", MUST, CORE, source=PATH_TYPES, covers=("ROW-API-01",))
@pytest.mark.parametrize("kind", ["Exact", "Prefix"])
@pytest.mark.parametrize("value", ["foo", "", "//", "/a//b", "/a/./b", "/a/../b", "/a/..", "/a/.", "/a%2fb", "/a%2Fb"])
def test_malformed_path_is_refused(value: str, kind: str, ingresses: Ingresses) -> None:
    """An Exact or Prefix path that is not absolute, or has empty, dot or escaped separators, MUST be refused."""
    assert f"{PATH}.path: " in ingresses.refusal(ingresses.ingress(path(value, "one", kind=kind)))


@statement("API-02", MUST, CORE, source=PATH_TYPES, covers=("ROW-API-01",))
@pytest.mark.parametrize(
    ("value", "kind"), [("/", "Prefix"), ("/a/b/", "Exact"), ("/a.b/..c", "Prefix"), ("/re/[a-z]+", "ImplementationSpecific")]
)
def test_proper_path_is_accepted(value: str, kind: str, ingresses: Ingresses) -> None:
    """A proper path of each type MUST be accepted and stored as it was written."""
    stored = ingresses.accepts(ingresses.ingress(path(value, "one", kind=kind)))
    assert stored["spec"]["rules"][0]["http"]["paths"] == [path(value, "one", kind=kind)]


@statement("API-03", MUST, CORE, source=PATH_TYPES, covers=("ROW-API-01",))
@pytest.mark.parametrize("kind", [None, "Regex", "prefix"])
def test_path_type_is_required(kind: str | None, ingresses: Ingresses) -> None:
    """A path without a type, or with one that does not exist, MUST be refused."""
    untyped = {**path("/", "one"), "pathType": kind}
    assert f"{PATH}.pathType: " in ingresses.refusal(ingresses.ingress({key: value for key, value in untyped.items() if value is not None}))


@statement("API-04", MUST, CORE, source=API, covers=("ROW-API-01",))
@pytest.mark.parametrize(
    "host", ["192.0.2.1", "example.test:80", "*", "*.*.test", "a.*.test", "*a.test", "UPPER.test", "a_b.test", "2001:db8::1"]
)
def test_malformed_host_is_refused(host: str, ingresses: Ingresses) -> None:
    """A host that is an address, has a port, is no DNS name, or a wildcard other than the whole first label, MUST be refused."""
    assert "spec.rules[0].host: " in ingresses.refusal(ingresses.ingress(rules=[rule(host, path("/", "one"))]))


@statement("API-05", MUST, CORE, source=API, covers=("ROW-API-01",))
@pytest.mark.parametrize("host", ["a.test", "*.a.test", "a-b.c.test", "test"])
def test_proper_host_is_accepted(host: str, ingresses: Ingresses) -> None:
    """A DNS name, also with a wildcard as its first label, MUST be accepted as a host."""
    name = host if host.startswith("*") else f"{ingresses.label}.{host}"
    stored = ingresses.accepts(ingresses.ingress(rules=[rule(name, path("/", "one"))]))
    assert stored["spec"]["rules"][0]["host"] == name


@statement("API-06", MUST, CORE, source=API, covers=("ROW-API-01",))
def test_contradicting_classes_are_refused(ingresses: Ingresses) -> None:
    """A class field and a legacy annotation that name different classes MUST be refused on creation."""
    assert LEGACY_CLASS in ingresses.refusal(ingresses.ingress(path("/", "one"), annotations={LEGACY_CLASS: "another-class"}))
    ingresses.accepts(ingresses.ingress(path("/", "one")))


WRONG: dict[str, tuple[Callable[[Ingresses], Object], str]] = {
    "neither rules nor a default backend": (lambda ingresses: ingresses.ingress(), "spec"),
    "a rule without paths": (lambda ingresses: ingresses.ingress(rules=[rule("a.test")]), "spec.rules[0].http.paths"),
    "both a service and a resource": (
        lambda ingresses: ingresses.ingress({**path("/", "one"), "backend": {**ONE, "resource": {"kind": "Bucket", "name": "x"}}}),
        f"{PATH}.backend",
    ),
    "a backend of nothing": (lambda ingresses: ingresses.ingress({**path("/", "one"), "backend": {}}), f"{PATH}.backend"),
    "both a port number and a port name": (
        lambda ingresses: ingresses.ingress(
            {**path("/", "one"), "backend": {"service": {"name": "one", "port": {"number": 80, "name": "http"}}}}
        ),
        f"{PATH}.backend",
    ),
    "no port": (lambda ingresses: ingresses.ingress({**path("/", "one"), "backend": {"service": {"name": "one"}}}), f"{PATH}.backend"),
    "a port out of range": (lambda ingresses: ingresses.ingress(path("/", "one", port=65536)), f"{PATH}.backend.service.port.number"),
    "a Service that cannot be": (lambda ingresses: ingresses.ingress(path("/", "No_Name")), f"{PATH}.backend.service.name"),
    "a TLS host that is none": (
        lambda ingresses: ingresses.ingress(path("/", "one"), tls=[{"hosts": ["*.*"], "secretName": "x"}]),
        "spec.tls[0].hosts[0]",
    ),
}


@statement("API-07", MUST, CORE, source=API, covers=("ROW-API-01",))
@pytest.mark.parametrize("what", WRONG)
def test_contradiction_is_refused(what: str, ingresses: Ingresses) -> None:
    """An Ingress that says nothing, too little or two things at once MUST be refused, with the field at fault."""
    build, field = WRONG[what]
    assert f"{field}: " in ingresses.refusal(build(ingresses))
