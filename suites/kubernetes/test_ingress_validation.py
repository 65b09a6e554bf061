"""What the API server itself refuses to store, whatever controller is behind it."""

from typing import Any

import pytest

from harness.model.statements import CORE, MUST, statement
from harness.systems.ingress.controllers import LEGACY_CLASS
from harness.systems.ingress.resources import Ingresses, path, rule
from harness.systems.kubernetes.admission import Admission

PATH_TYPES = "https://kubernetes.io/docs/concepts/services-networking/ingress/#path-types"
PATH = "spec.rules[0].http.paths[0]"
API = "https://kubernetes.io/docs/reference/kubernetes-api/service-resources/ingress-v1/"
ONE = {"service": {"name": "one", "port": {"number": 80}}}


@statement("API-01", MUST, CORE, source=PATH_TYPES, covers=("ROW-API-01",))
@pytest.mark.parametrize("kind", ["Exact", "Prefix"])
@pytest.mark.parametrize("value", ["foo", "", "//", "/a//b", "/a/./b", "/a/../b", "/a/..", "/a/.", "/a%2fb", "/a%2Fb"])
def test_malformed_path_is_refused(value: str, kind: str, admission: Admission, ingresses: Ingresses) -> None:
    """An Exact or Prefix path that is not absolute, or has empty, dot or escaped separators, MUST be refused."""
    assert f"{PATH}.path: " in admission.refusal(ingresses.ingress(path(value, "one", kind=kind)), create=True)


@statement("API-02", MUST, CORE, source=PATH_TYPES, covers=("ROW-API-01",))
@pytest.mark.parametrize(
    ("value", "kind"), [("/", "Prefix"), ("/a/b/", "Exact"), ("/a.b/..c", "Prefix"), ("/re/[a-z]+", "ImplementationSpecific")]
)
def test_proper_path_is_accepted(value: str, kind: str, admission: Admission, ingresses: Ingresses) -> None:
    """A proper path of each type MUST be accepted and stored as it was written."""
    stored = admission.expect_accepted(ingresses.ingress(path(value, "one", kind=kind)), create=True)
    assert stored["spec"]["rules"][0]["http"]["paths"] == [path(value, "one", kind=kind)], "the path is stored in another way than written"


@statement("API-03", MUST, CORE, source=PATH_TYPES, covers=("ROW-API-01",))
@pytest.mark.parametrize("kind", [None, "Regex", "prefix"])
def test_path_type_is_required(kind: str | None, admission: Admission, ingresses: Ingresses) -> None:
    """A path without a type, or with one that does not exist, MUST be refused."""
    untyped = {**path("/", "one"), "pathType": kind}
    assert f"{PATH}.pathType: " in admission.refusal(
        ingresses.ingress({key: value for key, value in untyped.items() if value is not None}), create=True
    )


@statement("API-04", MUST, CORE, source=API, covers=("ROW-API-01",))
@pytest.mark.parametrize(
    "host", ["192.0.2.1", "example.test:80", "*", "*.*.test", "a.*.test", "*a.test", "UPPER.test", "a_b.test", "2001:db8::1"]
)
def test_malformed_host_is_refused(host: str, admission: Admission, ingresses: Ingresses) -> None:
    """A host that is an address, has a port, is no DNS name, or a wildcard other than the whole first label, MUST be refused."""
    assert "spec.rules[0].host: " in admission.refusal(ingresses.ingress(rules=[rule(host, path("/", "one"))]), create=True)


@statement("API-05", MUST, CORE, source=API, covers=("ROW-API-01",))
@pytest.mark.parametrize("host", ["a.test", "*.a.test", "a-b.c.test", "test"])
def test_proper_host_is_accepted(host: str, admission: Admission, ingresses: Ingresses) -> None:
    """A DNS name, also with a wildcard as its first label, MUST be accepted as a host."""
    name = host if host.startswith("*") else f"{ingresses.label}.{host}"
    stored = admission.expect_accepted(ingresses.ingress(rules=[rule(name, path("/", "one"))]), create=True)
    assert stored["spec"]["rules"][0]["host"] == name, "the host is stored in another way than written"


@statement("API-06", MUST, CORE, source=API, covers=("ROW-API-01",))
def test_contradicting_classes_are_refused(admission: Admission, ingresses: Ingresses) -> None:
    """A class field and a legacy annotation that name different classes MUST be refused on creation."""
    assert LEGACY_CLASS in admission.refusal(ingresses.ingress(path("/", "one"), annotations={LEGACY_CLASS: "another-class"}), create=True)
    admission.expect_accepted(ingresses.ingress(path("/", "one")), create=True)


#: What is wrong with an Ingress: its paths, what else is in its specification, and the field that is at fault.
WRONG: dict[str, tuple[list[dict[str, Any]], dict[str, Any], str]] = {
    "neither rules nor a default backend": ([], {}, "spec"),
    "a rule without paths": ([], {"rules": [rule("a.test")]}, "spec.rules[0].http.paths"),
    "both a service and a resource": (
        [{**path("/", "one"), "backend": {**ONE, "resource": {"kind": "Bucket", "name": "x"}}}],
        {},
        f"{PATH}.backend",
    ),
    "a backend of nothing": ([{**path("/", "one"), "backend": {}}], {}, f"{PATH}.backend"),
    "both a port number and a port name": (
        [{**path("/", "one"), "backend": {"service": {"name": "one", "port": {"number": 80, "name": "http"}}}}],
        {},
        f"{PATH}.backend",
    ),
    "no port": ([{**path("/", "one"), "backend": {"service": {"name": "one"}}}], {}, f"{PATH}.backend"),
    "a port out of range": ([path("/", "one", port=65536)], {}, f"{PATH}.backend.service.port.number"),
    "a Service that cannot be": ([path("/", "No_Name")], {}, f"{PATH}.backend.service.name"),
    "a TLS host that is none": ([path("/", "one")], {"tls": [{"hosts": ["*.*"], "secretName": "x"}]}, "spec.tls[0].hosts[0]"),
}


@statement("API-07", MUST, CORE, source=API, covers=("ROW-API-01",))
@pytest.mark.parametrize("what", WRONG)
def test_contradiction_is_refused(what: str, admission: Admission, ingresses: Ingresses) -> None:
    """An Ingress that says nothing, too little or two things at once MUST be refused, with the field at fault."""
    paths, spec, field = WRONG[what]
    assert f"{field}: " in admission.refusal(ingresses.ingress(*paths, **spec), create=True)
