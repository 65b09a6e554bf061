"""Modules of controllers: what fits passes, and what does not is told."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from harness.cluster.api import Api, Object
from harness.model.expectations import Signature
from harness.model.features import Feature
from harness.systems.ingress.controller_check import complaints
from harness.systems.ingress.controllers import Controller, controller
from harness.systems.ingress.instances import deployment_like, ingress_class, stored
from harness.systems.kubernetes.workloads import Workload
from selftests.systems.fake_api import an_object

WHERE = "proxy-system"


class Proxy(Controller):
    """A controller that says what it has to."""

    name = "proxy"
    namespace = WHERE
    service = "proxy"
    ingress_class = "proxy"
    class_controller = "example.com/proxy"
    workloads = (Workload("Deployment", "proxy", WHERE, "app=proxy"), Workload("DaemonSet", "agent", WHERE, "app=agent"))
    components: Mapping[str, str] = {"example.com/proxy": "proxy", "example.com/agent": "proxy-agent"}
    references: Mapping[str, str] = {"proxy": "example.com/proxy:{version}", "proxy-agent": "example.com/agent:{version}"}
    default_version = "1.0.0"
    signature = Signature("proxy", body="nobody")
    features: Mapping[Feature, str] = {Feature.PATH_TYPES: "https://example.com/paths", Feature.REPLICAS: "https://example.com/replicas"}


class Several(Proxy):
    """The same, which can be there twice."""

    features: Mapping[Feature, str] = {Feature.SEVERAL_INSTANCES: "https://example.com/several"}

    def another(self, api: Api, name: str) -> list[Object]:
        first = stored(api, "Deployment", "proxy", WHERE)
        return [ingress_class(name, "example.com/other"), deployment_like(first, name, without=(), arguments=())]


def workload(kind: str, name: str) -> Object:
    template = {
        "metadata": {"labels": {"app": name}},
        "spec": {"containers": [{"name": name, "image": f"example.com/{name}:1", "args": []}]},
    }
    return an_object(kind, name, WHERE, spec={"template": template})


def manifest() -> dict[str, Object]:
    ports = [{"port": 80}, {"port": 443}]
    service = an_object("Service", "proxy", WHERE, spec={"type": "LoadBalancer", "selector": {"app": "proxy"}, "ports": ports})
    return {
        "class": an_object("IngressClass", "proxy", spec={"controller": "example.com/proxy"}),
        "proxy": workload("Deployment", "proxy"),
        "agent": workload("DaemonSet", "agent"),
        "service": service,
    }


def wrong(
    tmp_path: Path, proxy: Controller, objects: dict[str, Object] | None = None, *, name: str = "proxy", baseline: str = ""
) -> list[str]:
    file, listed = tmp_path / "deploy.yaml", tmp_path / f"{baseline or 'proxy'}.toml"
    file.write_text(yaml.safe_dump_all((manifest() if objects is None else objects).values()))
    return complaints(proxy, name, file, components=["traefik"], baseline=listed)


def test_what_fits_passes(tmp_path: Path) -> None:
    assert wrong(tmp_path, Proxy("1")) == []
    assert wrong(tmp_path, Several("1")) == []


@pytest.mark.parametrize("name", ["traefik", "traefik-nginx"])
def test_those_with_manifests_of_their_own_pass(name: str) -> None:
    found = controller(name, "3.7.15")
    assert found.manifest is not None
    assert complaints(found, name, found.manifest, components=["traefik"], baseline=Path(f"{name}.toml")) == []


SAID: dict[str, tuple[dict[str, Any], str]] = {
    "nothing": ({"service": ""}, "nothing is said of its service"),
    "another name": ({"name": "other"}, "found as proxy and says that its name is other"),
    "no signature": ({"signature": Signature("x")}, "signature tells nothing"),
    "no feature": ({"features": {"nonsense": "https://example.com"}}, "'nonsense' is no feature"),
    "no link": ({"features": {Feature.CORS: "see above"}}, "feature cors has no link but 'see above'"),
    "no second instance": ({"features": {Feature.SEVERAL_INSTANCES: "https://example.com"}}, "several-instances and the method another"),
    "no default certificate": (
        {"features": {Feature.DEFAULT_CERTIFICATE: "https://e.com"}},
        "default-certificate needs a default_certificate",
    ),
    "an unknown image": ({"components": {"example.com/proxy": "proxy"}}, "image example.com/agent of the manifest is no component"),
    "an unused component": (
        {"components": {**Proxy.components, "example.com/x": "traefik"}},
        "component example.com/x is no image of the manifest",
    ),
    "no reference": ({"references": {}}, "component proxy is none of the lab's"),
    "no version": ({"default_version": ""}, "no default_version"),
    "a workload that is not there": (
        {"workloads": (Workload("Deployment", "x", WHERE, "app=x"),)},
        "Deployment proxy-system/x is not installed, but Deployment proxy-system/proxy, DaemonSet proxy-system/agent",
    ),
    "a selector of nothing": (
        {"workloads": (Workload("Deployment", "proxy", WHERE, "app=x"),)},
        "selector 'app=x' of Deployment proxy-system/proxy selects the Pods of none",
    ),
    "a selector of everything": (
        {"workloads": (Workload("Deployment", "proxy", WHERE),)},
        "selects the Pods of Deployment proxy-system/proxy, DaemonSet proxy-system/agent",
    ),
    "no Deployment serves": (
        {"workloads": tuple(reversed(Proxy.workloads))},
        "replicas needs a Deployment, and clients are served by DaemonSet proxy-system/agent",
    ),
    "another serves": ({"serving": Workload("Deployment", "other", WHERE)}, "which is none of its workloads"),
    "another class": ({"class_controller": "x"}, "the IngressClass proxy of x is not installed, but proxy of example.com/proxy"),
}


@pytest.mark.parametrize("case", SAID)
def test_what_a_module_says_wrongly_is_told(case: str, tmp_path: Path) -> None:
    said, told = SAID[case]
    found = wrong(tmp_path, type("Changed", (Proxy,), said)("1"))
    assert any(told in one for one in found), found


def changed(part: str, **spec: Any) -> dict[str, Object]:
    objects = manifest()
    objects[part]["spec"] |= spec
    return objects


INSTALLED: dict[str, tuple[dict[str, Object], str]] = {
    "no service": ({key: one for key, one in manifest().items() if key != "service"}, "the Service proxy-system/proxy is not installed"),
    "no load balancer": (changed("service", type="NodePort"), "of the type NodePort"),
    "a service of others": (changed("service", selector={"app": "agent"}), "does not select the Pods of Deployment proxy-system/proxy"),
    "no port": (changed("service", ports=[{"port": 443}]), "no port 80"),
    "no class": ({key: one for key, one in manifest().items() if key != "class"}, "but none"),
}


@pytest.mark.parametrize("case", INSTALLED)
def test_what_a_manifest_lacks_is_told(case: str, tmp_path: Path) -> None:
    objects, told = INSTALLED[case]
    found = wrong(tmp_path, Proxy("1"), objects)
    assert any(told in one for one in found), found


def test_no_manifest_is_told(tmp_path: Path) -> None:
    (found,) = complaints(Proxy("1"), "proxy", tmp_path / "none.yaml", components=[], baseline=tmp_path / "proxy.toml")
    assert re.search("a manifest at .*none.yaml", found)


def test_a_baseline_that_is_none_is_told(tmp_path: Path) -> None:
    (tmp_path / "proxy.toml").write_text("[[deviation]]\n")
    (found,) = wrong(tmp_path, Proxy("1"))
    assert "'statement' is missing" in found
    assert "its baseline is other.toml, not proxy.toml" in wrong(tmp_path, Proxy("1"), baseline="other")


class Careless(Several):
    """Its methods do not do what they have to."""

    def install(self, api: Api, manifest: Path, images: Mapping[str, str]) -> None:
        super().install(api, manifest, {repository: f"{repository}:latest" for repository in images})
        webhooks = [{"name": "judge.example.com"}]
        api.apply({**an_object("ValidatingWebhookConfiguration", "judge"), "webhooks": webhooks})

    def another(self, api: Api, name: str) -> list[Object]:
        return [an_object("Deployment", name, "elsewhere", spec={"template": {}})]


def test_what_methods_do_wrongly_is_told(tmp_path: Path) -> None:
    told = "\n".join(wrong(tmp_path, Careless("1")))
    assert "install() does not install Deployment proxy-system/proxy with the run's images, but with example.com/proxy:latest" in told
    assert "exempt_from_webhook() leaves judge.example.com to judge" in told
    assert "another() has objects outside of its namespace: Deployment another" in told
    assert "another() has no IngressClass called after it" in told
    assert "the Pods of another() have not the label" in told


class Failing(Proxy):
    """Fails."""

    def wait_until_usable(self, api: Api) -> None:
        raise ValueError("not written yet")


def test_a_method_that_fails_is_told(tmp_path: Path) -> None:
    assert wrong(tmp_path, Failing("1")) == ["one of its methods raises ValueError: not written yet"]
