"""The routes that the statements of a run share: set up once for all workers, and removed by the last of them."""

from base64 import b64decode
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from itertools import repeat
from pathlib import Path

import pytest
import trustme
import yaml
from cryptography import x509

from harness.cluster.api import Denied, Object
from harness.model.errors import Blocked, EnvironmentFault, StatementFailed
from harness.model.http_exchange import Exchange, Request
from harness.model.record import Record, recording
from harness.systems.ingress import shared_setup
from harness.systems.ingress.controllers import Timing, controller, controllers
from harness.systems.ingress.shared_routes import (
    NAMESPACE,
    OTHER_NAMESPACE,
    WEBHOOK_EXEMPT,
    SharedRoutes,
    backend_objects,
    collect_routes_on_failure,
    own_objects,
    routes_of,
    slug,
    tls_context,
)
from harness.systems.ingress.shared_setup import SharedSetups, set_up, shared_by_workers
from harness.systems.kubernetes.manifests import MANIFESTS
from selftests.systems.fake_api import FakeApi
from selftests.systems.ingress.scripted import ScriptedProbe, refused_with, served_by

NGINX = controller("ingress-nginx", "1.12.1")
FOLDER = MANIFESTS / "ingress"
SPREAD = FOLDER / "routing/paths/paths_of_a_host_may_be_spread.yaml"
CERTIFICATES = FOLDER / "tls/certificates/tls_host_gets_its_certificate.yaml"
FILES = {"test_spread": SPREAD, "test_certificates": CERTIFICATES}
ANSWERING = ScriptedProbe("192.0.2.10", answers=repeat(served_by("one", namespace=NAMESPACE)))


@pytest.fixture(autouse=True)
def brief(monkeypatch: pytest.MonkeyPatch) -> Iterator[Record]:
    """Rollouts of an eighth of a second, and two answers in a row."""
    monkeypatch.setattr(NGINX, "timing", Timing(consecutive=2))
    with recording(Record(scale=0.001)) as kept:
        yield kept


class Ready(FakeApi):
    """An API whose Deployments are ready as soon as they are there.

    :param broken: the name of one that never is
    :param refused: the name of an object that a webhook denies
    """

    def __init__(self, *, broken: str = "", refused: str = "") -> None:
        super().__init__()
        self.broken, self.refused = broken, refused

    def _write(self, verb: str, document: Object, *, dry_run: bool) -> Object:
        if document["metadata"]["name"] == self.refused:
            raise Denied(403, "denied the request")
        return super()._write(verb, document, dry_run=dry_run)

    def _store(self, document: Object) -> Object:
        stored = super()._store(document)
        if stored["kind"] == "Deployment":
            replicas = int(stored["spec"]["replicas"]) if stored["metadata"]["name"] != self.broken else 0
            stored["status"] = {"observedGeneration": 9, "updatedReplicas": replicas, "readyReplicas": replicas}
        return stored

    def ingresses(self) -> list[str]:
        return sorted(item["metadata"]["name"] for item in self.list("Ingress"))


@cache
def objects() -> list[Object]:
    return backend_objects("echo:1", "n0nce")


def made(api: FakeApi, probe: ScriptedProbe = ANSWERING) -> SharedRoutes:
    return set_up(api, NGINX, probe, FILES, objects())


def test_every_route_is_made_for_a_host_of_its_test_and_the_sentinel_last() -> None:
    api = Ready()
    routes = made(api)
    assert routes.refused == {}
    assert routes.host("test_spread") == f"spread.{routes.label}.test"
    applied = [name for verb, kind, name in api.calls if (verb, kind) == ("apply", "Ingress")]
    assert applied[-1] == routes.sentinel
    hosts = {rule["host"] for item in api.list("Ingress", NAMESPACE) for rule in item["spec"]["rules"]}
    assert {routes.sentinel_host, routes.host("test_spread")} <= hosts
    assert api.list("Ingress", OTHER_NAMESPACE)
    assert all(item["metadata"]["labels"] == {WEBHOOK_EXEMPT: "yes"} for item in api.list("Namespace"))


def test_what_ingresses_name_stands_before_the_first_of_them() -> None:
    api = Ready()
    made(api)
    kinds = [kind for verb, kind, _ in api.calls if verb == "apply"]
    assert max(at for at, kind in enumerate(kinds) if kind == "Secret") < kinds.index("Ingress")


def test_routes_of_several_controllers_stand_beside_each_other_and_go_by_themselves(tmp_path: Path) -> None:
    api, under_test = Ready(), controllers({"traefik": "3.7.15", "skipper": "0.24.1"})
    with SharedSetups() as first, SharedSetups() as second:
        for setups, one in zip((first, second), under_test, strict=True):
            one.timing = Timing(consecutive=2)
            file = tmp_path / f"routes{one.suffix}.json"
            setups.enter(one, shared_by_workers(file, api, one, probe=ANSWERING, manifests=FILES, objects=objects()))
        routes = [*first.made.values(), *second.made.values()]
        assert [one.sentinel for one in routes] == ["sentinel-traefik", "sentinel-skipper"]
        assert {"spread-traefik", "spread-skipper", "sentinel-traefik", "sentinel-skipper"} <= set(api.ingresses())
        classes = {item["metadata"]["name"]: item["spec"]["ingressClassName"] for item in api.list("Ingress")}
        assert all(name.find(one) > 0 for name, one in classes.items()), classes
        first.__exit__(None, None, None)
        assert {name.rpartition("-")[2] for name in api.ingresses() if "sentinel" in name} == {"skipper"}
    assert api.ingresses() == []


def test_a_refused_route_fails_its_statement_and_no_other() -> None:
    api = Ready(refused="certificates")
    routes = made(api)
    assert routes.refused == {"test_certificates": "tls_host_gets_its_certificate.yaml: HTTP 403: denied the request"}
    assert routes.sentinel in api.ingresses()


def test_a_sentinel_that_is_never_served_blocks_what_rests_on_it() -> None:
    routes = made(Ready(), ScriptedProbe("192.0.2.10", answers=repeat(refused_with(404))))
    with pytest.raises(Blocked, match=r"blocked by RTE-02: an Ingress made after all others is served, but 404 from no backend"):
        routes.require_served()
    with pytest.raises(StatementFailed, match=r"an Ingress made after all others is served\n.*404"):
        routes.expect_served()


def test_a_sentinel_is_served_whatever_else_is_in_the_answer() -> None:
    def changed(request: Request) -> Exchange:
        found = served_by("one", namespace=NAMESPACE)(request)
        assert found.echo
        return replace(found, echo=replace(found.echo, host="changed.test", path="/elsewhere"), status=203)

    routes = made(Ready(), ScriptedProbe("192.0.2.10", answers=repeat(changed)))
    routes.require_served()
    routes.expect_served()
    with pytest.raises(Blocked, match=r"404|shared-routes/two"):
        made(Ready(), ScriptedProbe("192.0.2.10", answers=repeat(served_by("two", namespace=NAMESPACE)))).require_served()


class Choking:
    """A controller that serves what it has loaded, and loads nothing while an Ingress that it cannot digest is there."""

    def __init__(self, api: "Ready", bad: str) -> None:
        self.api, self.bad = api, bad
        self.loaded: set[str] = set()

    def __call__(self, request: Request) -> Exchange:
        if self.bad not in self.api.ingresses():
            self.loaded = {rule["host"] for item in self.api.list("Ingress") for rule in item["spec"].get("rules", [])}
        answer = served_by("one", namespace=NAMESPACE) if request.host in self.loaded else refused_with(404)
        return answer(request)

    def probe(self) -> ScriptedProbe:
        return ScriptedProbe("192.0.2.10", answers=repeat(self))


@pytest.mark.parametrize("culprit", list(FILES))
def test_a_route_that_cannot_be_digested_is_put_aside_and_named(culprit: str) -> None:
    api, objects_of = Ready(), routes_of(SharedRoutes("t1", "", "", {}), culprit, FILES[culprit], NGINX, trustme.CA())
    bad = next(item["metadata"]["name"] for item in objects_of if item["kind"] == "Ingress")
    routes = made(api, Choking(api, bad).probe())
    assert (routes.culprits, routes.suspects, routes.unserved) == ([culprit], [], "")
    assert bad not in api.ingresses()
    assert [name for name in api.ingresses() if name.startswith("sentinel")] == ["sentinel", "sentinel-alone"]
    routes.require_served()
    with pytest.raises(StatementFailed, match=f"routes made after those of {culprit} are served"):
        routes.expect_accepted(culprit)
    routes.expect_accepted(next(test for test in FILES if test != culprit))
    with pytest.raises(StatementFailed, match=f"once the routes of these are taken away: {culprit}"):
        routes.expect_served()


def test_what_the_search_had_no_time_for_is_blocked(monkeypatch: pytest.MonkeyPatch) -> None:
    api = Ready()
    monkeypatch.setattr(shared_setup, "SEARCH", 0)
    routes = made(api, Choking(api, "certificates").probe())
    assert routes.suspects == ["test_certificates", "test_spread"]
    with pytest.raises(Blocked, match=r"blocked by RTE-02: a new route is served, but none was beside those of 2 tests"):
        routes.expect_accepted("test_spread")


def test_a_backend_that_is_not_ready_is_a_fault_of_the_environment() -> None:
    with pytest.raises(EnvironmentFault, match=r"backend shared-routes/many is ready\n.*0 of 3 ready"):
        made(Ready(broken="many"))


def test_certificates_are_issued_for_the_names_asked_for() -> None:
    authority = trustme.CA()
    routes = SharedRoutes("t1", "", "", {})
    secret = next(item for item in routes_of(routes, "test_certificates", CERTIFICATES, NGINX, authority) if item["kind"] == "Secret")
    certificate = x509.load_pem_x509_certificate(b64decode(secret["data"]["tls.crt"]))
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value.get_values_for_type(x509.DNSName)
    assert names == [routes.host("test_certificates")]


def test_the_authority_travels_as_text() -> None:
    authority = trustme.CA()
    routes = SharedRoutes("t1", authority.cert_pem.bytes().decode(), authority.private_key_pem.bytes().decode(), {})
    assert routes.authority.cert_pem.bytes() == authority.cert_pem.bytes()
    assert routes.another_authority().cert_pem.bytes() != authority.cert_pem.bytes()
    assert len(tls_context(routes.authority, authority.issue_cert("guest.test")).get_ca_certs()) == 1


def test_a_test_whose_routes_were_refused_is_told_why() -> None:
    routes = SharedRoutes("t1", "", "", {"test_bad": "bad.yaml: HTTP 403: no"})
    routes.expect_accepted("test_good")
    with pytest.raises(StatementFailed, match=r"routes of test_bad are accepted\n.*bad\.yaml: HTTP 403: no"):
        routes.expect_accepted("test_bad")


def test_names_of_tests_become_labels_of_hosts() -> None:
    assert slug("test_a_b") == "a-b"
    assert len(slug(f"test_{'x' * 80}")) == 60


def test_workers_share_the_routes_and_the_last_one_removes_them(tmp_path: Path) -> None:
    api, file = Ready(), tmp_path / "shared-routes.json"
    with shared_by_workers(file, api, NGINX, probe=ANSWERING, manifests=FILES, objects=objects()) as first:
        with shared_by_workers(file, api, NGINX, probe=ANSWERING, manifests={}, objects=[]) as second:
            assert second == first
        assert "sentinel" in api.ingresses()
        assert file.stat().st_mode & 0o077 == 0
    assert api.ingresses() == []
    assert not file.exists()


def test_a_fault_of_the_set_up_is_told_to_every_worker_at_once(tmp_path: Path) -> None:
    file = tmp_path / "shared-routes.json"
    faults = []
    for api in (Ready(broken="one"), Ready()):
        with (
            pytest.raises(EnvironmentFault, match="backend shared-routes/one is ready") as caught,
            shared_by_workers(file, api, NGINX, probe=ANSWERING, manifests={}, objects=objects()),
        ):
            pass
        faults.append((str(caught.value), bool(api.calls)))
    assert faults[0][0] == faults[1][0]
    assert [asked for _, asked in faults] == [True, False]


def test_the_manifest_and_what_became_of_it_are_evidence(brief: Record) -> None:
    api, authority = FakeApi(), trustme.CA()
    routes = SharedRoutes("t1", authority.cert_pem.bytes().decode(), authority.private_key_pem.bytes().decode(), {})
    collect_routes_on_failure(api, routes, "test_spread", SPREAD, NGINX)
    api.apply(*routes_of(routes, "test_spread", SPREAD, NGINX, authority)[:1])
    manifest, stored = brief.evidence["manifest.yaml"], brief.evidence["routes.yaml"]
    assert manifest.what.startswith("manifests/ingress/routing/paths/paths_of_a_host_may_be_spread.yaml")
    assert routes.host("test_spread") in manifest.collect()
    assert len(list(yaml.safe_load_all(manifest.collect()))) > len(list(yaml.safe_load_all(stored.collect()))) == 1


def test_a_backend_of_a_statements_own_has_its_program() -> None:
    assert {item["kind"] for item in own_objects("t1", "echo:1", "n0nce")} == {"ConfigMap", "Deployment", "Service"}
