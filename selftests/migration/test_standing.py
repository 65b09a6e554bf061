"""What stands in the cluster for somebody's own."""

import json
from base64 import b64decode
from pathlib import Path
from typing import Any, cast

import pytest

from harness.cluster.api import Api
from harness.migration.routes import ROUNDS, covers, expressive_hosts, paths_of, rounds, specified
from harness.migration.standing import Standing
from harness.model.errors import UsageFault
from harness.systems.ingress.controllers import controller
from selftests.migration.routes_of_a_shop import SHOP, ingress, path, routes, written


def standing(*items: dict[str, Any]) -> Standing:
    return Standing(routes(*items), "image", "nonce")


def made(found: Standing, kind: str) -> dict[str, Any]:
    return {item["metadata"]["name"]: item for item in found.before_routes() if item["kind"] == kind}


def test_services_have_their_ports_and_one_process_stands_behind_all(tmp_path: Path) -> None:
    found = Standing(written(tmp_path, SHOP), "image", "nonce")
    services = made(found, "Service")
    assert services["web"]["spec"]["ports"] == [{"name": "http", "port": 80, "targetPort": 8001}]
    assert services["api"]["spec"]["ports"] == [{"port": 8080, "targetPort": 8002}]
    (container,) = made(found, "Deployment")["conformance-backends"]["spec"]["template"]["spec"]["containers"]
    environment = {one["name"]: one.get("value") for one in container["env"]}
    assert environment["PORTS"] == "8000 8001 8002"
    assert json.loads(environment["SERVICES"]) == {"8001": "web", "8002": "api"}
    assert found.assumed == []


def test_a_service_that_a_namespace_with_services_lacks_is_missing(tmp_path: Path) -> None:
    found = Standing(written(tmp_path, SHOP.replace("name: api, port", "name: absent, port")), "image", "nonce")
    assert "absent" not in made(found, "Service")


def test_services_are_taken_for_granted_where_the_input_has_none() -> None:
    found = standing(ingress("one", path("/"), path("/b", "other")))
    assert found.assumed == [("shop", "other"), ("shop", "web")]
    assert {"web", "other"} <= set(made(found, "Service"))


def test_an_ingress_is_changed_in_its_class_and_in_who_is_asked_only() -> None:
    own = ingress(notes={"auth-url": "https://auth.example.org/check?rd=1", "proxy-body-size": "1m"}, ingressClassName="nginx")
    own["metadata"]["annotations"] |= {"kubernetes.io/ingress.class": "nginx", "example.org/x": "y"}
    own["status"] = {"loadBalancer": {}}
    found = standing(own).ingress(own, "traefik")
    assert found["spec"] == {**own["spec"], "ingressClassName": "traefik"}
    notes = found["metadata"]["annotations"]
    assert notes.pop("nginx.ingress.kubernetes.io/auth-url") == "http://authority.conformance-stand-ins.svc.cluster.local/-/auth?rd=1"
    assert notes == {"nginx.ingress.kubernetes.io/proxy-body-size": "1m", "example.org/x": "y"}
    assert "status" not in found


def test_secrets_are_made_anew() -> None:
    found = standing(ingress(notes={"auth-secret": "passwords"}, tls=[{"hosts": ["one.example.test", "not_a host"], "secretName": "cert"}]))
    secrets = made(found, "Secret")
    assert b64decode(secrets["passwords"]["data"]["auth"]).startswith(b"conformance:{SHA}")
    assert set(secrets["cert"]["data"]) == {"tls.crt", "tls.key"}


@pytest.mark.parametrize(("namespace", "made_here"), [("shop", False), ("elsewhere", True)])
def test_a_secret_is_missing_where_the_namespace_has_others(namespace: str, *, made_here: bool) -> None:
    other = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "x", "namespace": namespace}}
    found = standing(other, ingress(tls=[{"hosts": ["one.example.test"], "secretName": "cert"}]))
    assert ("cert" in made(found, "Secret")) is made_here


@pytest.mark.parametrize(
    ("host", "target", "service"),
    [
        ("one.example.test", "/app", "app"),
        ("one.example.test", "/app/x?y", "app"),
        ("one.example.test", "/appx", "web"),
        ("one.example.test", "/exact", "exact"),
        ("one.example.test", "/exact/", "web"),
        ("two.example.test", "/", None),
    ],
)
def test_the_backend_is_the_one_that_the_api_names(host: str, target: str, service: str | None) -> None:
    item = ingress("one", path("/"), path("/app", "app"), path("/exact", "exact", "Exact"))
    found = specified(list(paths_of(item, ())), host, target)
    assert found == (("shop", service) if service else None)


def test_nothing_is_said_where_paths_are_expressions() -> None:
    item = ingress("one", path("/a(.*)"), notes={"use-regex": "true"})
    assert expressive_hosts([item]) == {"one.example.test"}
    assert specified(list(paths_of(item, {"one.example.test"})), "one.example.test", "/ab") is None
    assert expressive_hosts([ingress(notes={"use-regex": "false"})]) == set()


@pytest.mark.parametrize(
    ("pattern", "host", "fits"),
    [("*.a.test", "b.a.test", True), ("*.a.test", "a.test", False), ("*.a.test", "c.b.a.test", False), ("", "x", True), ("a", "b", False)],
)
def test_a_wildcard_is_one_label(pattern: str, host: str, fits: bool) -> None:
    assert covers(pattern, host) is fits


def test_a_service_without_ports_has_those_that_routes_ask_for() -> None:
    outside = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web", "namespace": "shop"}, "spec": {"type": "ExternalName"}}
    assert made(standing(outside, ingress()), "Service")["web"]["spec"]["ports"] == [{"name": "port-80", "port": 80, "targetPort": 8001}]


def test_ingresses_of_one_host_are_created_one_after_the_other() -> None:
    of_c = [ingress(name, path("/", "other"), host="c.test") for name in "ce"]
    items = [ingress("a"), ingress("b"), of_c[0], ingress("d"), of_c[1]]
    assert rounds(items) == [["shop/a", "shop/c"], ["shop/b", "shop/e"], ["shop/d"]]
    assert len(rounds([ingress(f"i{number}") for number in range(100)])) == ROUNDS


def test_what_has_a_service_or_a_name_in_common_is_created_one_after_the_other() -> None:
    alias = ingress("alias", path("/", "x"), host="x.test", notes={"server-alias": "c.test"})
    assert rounds([ingress("a"), ingress("b", host="b.test")]) == [["shop/a"], ["shop/b"]]
    assert rounds([alias, ingress("c", path("/", "c"), host="c.test")]) == [["shop/alias"], ["shop/c"]]


@pytest.mark.parametrize(("canary", "tls"), [({"canary": "true"}, True), ({"canary": "false"}, False), ({}, False)])
def test_the_backend_of_a_canary_is_spoken_to_as_that_of_its_main_route(canary: dict[str, str], *, tls: bool) -> None:
    main = ingress("main", path("/"), notes={"backend-protocol": "HTTPS"})
    beside = ingress("beside", path("/api", "new"))
    found = standing(main, beside, ingress("canary", path("/", "new"), notes=canary))
    assert {one.service[1]: one.tls for one in found.ports} == {"web": True, "new": tls}


def test_the_controller_asks_nobody_of_theirs_about_all_requests() -> None:
    key = ("ingress-nginx", "ingress-nginx-controller")
    found = standing(ingress())
    found.routes.config_maps[key] = {"global-auth-url": "https://auth.example.org/check", "use-gzip": "true"}
    assert found.config_maps == {
        key: {"global-auth-url": "http://authority.conformance-stand-ins.svc.cluster.local/-/auth", "use-gzip": "true"}
    }


class Merging:
    """An API that keeps what is merged."""

    def __init__(self) -> None:
        self.merged: list[tuple[str, str, str | None, dict[str, Any]]] = []

    def merge(self, kind: str, name: str, namespace: str | None, patch: dict[str, Any]) -> None:
        self.merged.append((kind, name, namespace, patch))


@pytest.mark.parametrize(
    ("maps", "annotations", "data"),
    [
        ({}, ("rewrite-target",), {}),
        ({("ingress-nginx", "other"): {"a": "b"}}, (), {}),
        ({("ingress-nginx", "ingress-nginx-controller"): {"use-gzip": "true"}}, (), {"use-gzip": "true"}),
        ({}, ("server-snippet",), {"allow-snippet-annotations": "true", "annotations-risk-level": "Critical"}),
    ],
)
def test_ingress_nginx_has_the_settings_that_routes_rely_on(
    maps: dict[tuple[str, str], dict[str, str]], annotations: tuple[str, ...], data: dict[str, str]
) -> None:
    api = Merging()
    controller("ingress-nginx", "1.11.0").adapt(cast(Api, api), maps, annotations)
    assert [patch["data"] for *_, patch in api.merged] == ([data] if data else [])


@pytest.mark.parametrize("host", ["*.", "ab--cd.example.test", "xn--zz.example.test", "a_b.example.test", "*", "ok.example.test"])
def test_a_host_that_no_certificate_can_be_made_for_keeps_nothing_else_away(host: str) -> None:
    secrets = made(
        standing(ingress(host=host, tls=[{"hosts": [host], "secretName": "own"}], notes={"auth-tls-secret": "shop/503,4"})), "Secret"
    )
    assert {"own", "503,4"} <= set(secrets)


@pytest.mark.parametrize("backend", [{"service": "web"}, {"service": None}, {"resource": {"kind": "Bucket", "name": "x"}}, {}])
def test_a_backend_that_is_no_service_has_nothing_behind_it(backend: dict[str, Any]) -> None:
    own = ingress("one", {"path": "/", "pathType": "Prefix", "backend": backend})
    assert [one.backend for one in paths_of(own, set())] == [""]
    assert not made(standing(own), "Service").keys() - {"authority"}


@pytest.mark.parametrize(("protocol", "encrypted"), [("HTTPS", True), ("https", True), (" GRPCS", True), ("HTTP", False), ("GRPC", False)])
def test_whether_a_backend_is_spoken_to_encrypted_is_said_in_any_case(protocol: str, encrypted: bool) -> None:
    assert {one.tls for one in standing(ingress(notes={"backend-protocol": protocol})).ports} == {encrypted}


def containers(found: Standing) -> dict[str, dict[str, str]]:
    """The environment of each container of the backends."""
    listed = made(found, "Deployment")["conformance-backends"]["spec"]["template"]["spec"]["containers"]
    return {one["name"]: {entry["name"]: entry.get("value", "") for entry in one["env"]} for one in listed}


def test_what_is_spoken_to_by_grpc_takes_calls_and_an_echo_only_what_somebody_else_sends() -> None:
    called, both = {"backend-protocol": "GRPC"}, {"backend-protocol": "grpcs"}
    found = standing(
        ingress("calls", path("/", "calls"), notes=called),
        ingress("calls-of-both", path("/", "both"), notes=both),
        ingress("pages-of-both", path("/", "both"), notes={"backend-protocol": "HTTPS"}),
        ingress("plain", path("/", "plain")),
    )
    echo, calls = (containers(found)[name] for name in ("echo", "calls"))
    assert (echo["PORTS"], calls["PORTS"]) == ("8000 8002/once 8003", "18001 18002/tls/8002")
    assert json.loads(echo["SERVICES"]) == {"8001": "calls", "18001": "calls", "8002": "both", "18002": "both", "8003": "plain"}
    assert calls["IDENTITY"] == "shop/{service}/$(POD)/$(NODE)/nonce"
    assert [made(found, "Service")[name]["spec"]["ports"][0]["targetPort"] for name in ("calls", "both", "plain")] == [18001, 18002, 8003]
    assert "calls" not in containers(standing(ingress()))


def test_services_with_several_pods_have_a_deployment_with_as_many(tmp_path: Path) -> None:
    many = [
        {"apiVersion": "v1", "kind": "Service", "metadata": meta(name), "spec": {"selector": {"app": name}, "ports": [{"port": 80}]}}
        for name in ("web", "api", "gone", "huge")
    ]
    pods = {"web": 2, "gone": 0, "huge": 9}
    workloads = [
        {"kind": "Deployment", "metadata": meta(name), "spec": {"replicas": number, "template": {"metadata": {"labels": {"app": name}}}}}
        for name, number in pods.items()
    ]
    found = standing(ingress("one", *(path(f"/{name}", name) for name in (*pods, "api"))), *many, *workloads)
    assert {name: item["spec"]["replicas"] for name, item in made(found, "Deployment").items()} == {
        "authority": 1,
        "conformance-backends": 1,
        "conformance-backends-2": 2,
        "conformance-backends-3": 3,
    }
    behind = {name: item["spec"]["selector"]["app"] for name, item in made(found, "Service").items()}
    assert behind["api"] == "conformance-backends"
    assert (behind["web"], behind["huge"]) == ("conformance-backends-2", "conformance-backends-3")
    assert behind["gone"] == "conformance-backends-0", "nothing stands behind it"
    assert len(found.deployments()) == len(made(found, "Deployment"))
    assert {"conformance-backends-2", "conformance-backends-3"} <= set(made(found, "Secret"))


def test_two_pods_stand_where_an_annotation_is_about_which_of_them_answers() -> None:
    found = standing(ingress("one", path("/")), ingress("two", path("/b", "sticky"), notes={"affinity": "cookie"}))
    assert (found.pods["shop", "web"], found.pods["shop", "sticky"]) == (1, 2)


@pytest.mark.parametrize(("namespaces", "most"), [(60, 3), (90, 2), (150, 1)])
def test_there_are_as_many_pods_as_the_node_has_room_for(namespaces: int, most: int) -> None:
    template = {"metadata": {"labels": {"app": "web"}}}
    items = []
    for number in range(namespaces):
        about = {"name": "web", "namespace": f"n{number}"}
        items.append(
            {"apiVersion": "v1", "kind": "Service", "metadata": about, "spec": {"selector": {"app": "web"}, "ports": [{"port": 80}]}}
        )
        items.append({"kind": "Deployment", "metadata": about, "spec": {"replicas": 5, "template": template}})
        items.append(elsewhere(f"n{number}"))
    assert set(standing(*items).pods.values()) == {most}


def test_more_namespaces_than_the_node_has_room_for_are_refused() -> None:
    found = standing(*(elsewhere(f"n{number}") for number in range(201)))
    with pytest.raises(UsageFault, match="at most 200 namespaces"):
        found.before_routes()


def elsewhere(namespace: str) -> dict[str, Any]:
    found = ingress("one", path("/"))
    return {**found, "metadata": {**found["metadata"], "namespace": namespace}}


def meta(name: str) -> dict[str, str]:
    return {"name": name, "namespace": "shop"}
