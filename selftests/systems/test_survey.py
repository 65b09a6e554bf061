"""What is found on a cluster that somebody else made."""

from typing import Any

import pytest

from harness.cluster.api import Object
from harness.cluster.disruptions import EXCLUDED
from harness.model.addresses import AddressRange
from harness.model.errors import UsageFault
from harness.systems.metallb.modes import Mode
from harness.systems.survey import survey
from selftests.systems.fake_api import FakeApi, an_object


class Somebodys(FakeApi):
    """A cluster in memory that says its version."""

    def server_version(self) -> str:
        return "1.36.4"


def workload(kind: str, name: str, namespace: str, image: str, labels: dict[str, str], **container: Any) -> Object:
    pod = {"containers": [{"name": name, "image": image, **container}]}
    spec = {"selector": {"matchLabels": labels}, "template": {"metadata": {"labels": labels}, "spec": pod}}
    return an_object(kind, name, namespace, labels=labels, spec=spec)


def metallb(part: str, kind: str, image: str, namespace: str = "metallb-system", **container: Any) -> Object:
    return workload(kind, part, namespace, image, {"app": "metallb", "component": part}, **container)


def service(name: str, namespace: str, selector: dict[str, str], address: str) -> Object:
    status = {"loadBalancer": {"ingress": [{"ip": address}]}} if address else {}
    return an_object("Service", name, namespace, spec={"type": "LoadBalancer", "selector": selector}, status=status)


NAMES = ("front", "speaking", "without")
NGINX = {"app.kubernetes.io/name": "ingress-nginx", "app.kubernetes.io/component": "controller"}
USUAL = (
    an_object("Node", "one", spec={"podCIDRs": ["10.244.0.0/24"]}, status={"addresses": [{"type": "InternalIP", "address": "192.0.2.1"}]}),
    metallb("controller", "Deployment", "quay.io/metallb/controller:v0.16.2"),
    metallb("speaker", "DaemonSet", "quay.io/metallb/speaker:v0.16.2"),
    an_object("IPAddressPool", "theirs", "metallb-system", spec={"addresses": ["192.0.2.64-192.0.2.80"]}),
    an_object("IngressClass", "public", spec={"controller": "k8s.io/ingress-nginx"}),
    workload("Deployment", "edge", "web", "registry.k8s.io/ingress-nginx/controller:v1.12.1@sha256:abc", NGINX),
    service("front", "web", NGINX, "192.0.2.64"),
)


def test_everything_is_found_under_whatever_name() -> None:
    found = survey(Somebodys(*USUAL))
    assert (found.kubernetes, found.nodes, found.ip_family, found.metallb, found.mode) == ("1.36.4", 1, "ipv4", "0.16.2", Mode.NATIVE)
    (controller,) = found.controllers
    assert (controller.name, controller.version, controller.addresses) == ("ingress-nginx", "1.12.1", ("192.0.2.64",))
    assert controller.placement.workloads[0][:3] == ("Deployment", "edge", "web")
    assert (controller.placement.service, controller.placement.ingress_class) == ("front", "public")
    assert found.pools == {"theirs": [AddressRange.parse("192.0.2.64-192.0.2.80")]}
    assert found.taken == {"192.0.2.1": "node one", "192.0.2.64": "Service web/front"}


def test_nodes_that_announce_nothing_are_told_from_the_others() -> None:
    labels = {"app": "metallb", "component": "speaker"}
    nodes = [an_object("Node", name, labels={EXCLUDED: ""} if name == "front" else {}, spec={}, status={"addresses": []}) for name in NAMES]
    pods = [an_object("Pod", f"speaker-{name}", "metallb-system", labels=labels, spec={"nodeName": name}) for name in ("front", "speaking")]
    assert survey(Somebodys(*USUAL[1:], *nodes, *pods)).silent == ["front", "without"]
    heedless = metallb("speaker", "DaemonSet", "quay.io/metallb/speaker:v0.16.2", args=["--port=7472", "--ignore-exclude-lb"])
    assert survey(Somebodys(USUAL[1], heedless, *USUAL[3:], *nodes, *pods)).silent == ["without"]


def test_the_mode_is_that_of_the_speakers() -> None:
    api = Somebodys(*USUAL)
    api.apply(metallb("speaker", "DaemonSet", "quay.io/metallb/speaker:v0.16.2", env=[{"name": "METALLB_BGP_TYPE", "value": "frr"}]))
    assert survey(api).mode is Mode.FRR


@pytest.mark.parametrize(
    ("subnets", "family"), [(["10.0.0.0/24"], "ipv4"), (["fd00::/64"], "ipv6"), (["10.0.0.0/24", "fd00::/64"], "dual"), ([], "ipv4")]
)
def test_families_are_those_of_the_pods(subnets: list[str], family: str) -> None:
    api = Somebodys(*USUAL)
    api.apply(an_object("Node", "one", spec={"podCIDRs": subnets}, status={"addresses": []}))
    assert survey(api).ip_family == family


@pytest.mark.parametrize(
    "lacking",
    [an_object("IngressClass", "public", spec={"controller": "of/another"}), service("front", "web", {"app": "other"}, "192.0.2.64")],
    ids=["no class", "no Service in front"],
)
def test_a_controller_without_class_or_service_is_none(lacking: Object) -> None:
    api = Somebodys(*USUAL)
    api.apply(lacking)
    assert survey(api).controllers == ()


def test_a_controller_without_an_address_is_none() -> None:
    api = Somebodys(*USUAL[:-1], service("front", "web", NGINX, ""))
    assert survey(api).controllers == ()


def test_metallb_in_another_namespace_is_told() -> None:
    moved = metallb("controller", "Deployment", "quay.io/metallb/controller:v0.16.2", "elsewhere")
    with pytest.raises(UsageFault, match="Deployment elsewhere/controller"):
        survey(Somebodys(USUAL[0], moved, USUAL[2]))
    with pytest.raises(UsageFault, match="no DaemonSet with MetalLB's labels"):
        survey(Somebodys(*USUAL[:2]))
