"""A fault comes into a cluster and leaves it again."""

from collections.abc import Iterator, Mapping
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import yaml

from harness.cluster.api import Api, Object
from harness.faults import catalogue
from harness.faults.catalogue import Change, SeededFault
from harness.faults.swap import Swap
from harness.model.errors import EnvironmentFault, UsageFault
from harness.model.record import Record, recording
from harness.plugin.settings import systems_under_test
from harness.systems.ingress.controllers import known
from harness.systems.kubernetes.manifests import read, with_images
from selftests.systems.fake_api import FakeApi

MANIFEST = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: proxy, namespace: proxy}
spec: {template: {spec: {containers: [{name: proxy, image: example.org/proxy, args: [--strict=true]}]}}}
---
apiVersion: v1
kind: Service
metadata: {name: proxy, namespace: proxy}
---
apiVersion: batch/v1
kind: Job
metadata: {name: certificates, namespace: proxy}
spec: {template: {spec: {containers: [{name: proxy, image: example.org/proxy}]}}}
"""
LOOSE = Change("--strict=true", "--strict=false")
WITH_FILE = Change("kind: Service\n", "kind: ConfigMap\nmetadata: {name: file, namespace: proxy}\n---\napiVersion: v1\nkind: Service\n")


@pytest.fixture(autouse=True)
def brief() -> Iterator[None]:
    with recording(Record(scale=0.001)):
        yield


class Proxy:
    """A system of one manifest."""

    def install(self, api: Api, manifest: Path, images: Mapping[str, str]) -> None:
        api.apply(*with_images(read(manifest), images))

    def wait_until_usable(self, api: Api) -> None:
        assert api.get("Deployment", "proxy", "proxy")


class Daemon(Proxy):
    """One that runs on every node."""

    def wait_until_usable(self, api: Api) -> None:
        assert api.get("DaemonSet", "proxy", "proxy")


def swap(api: FakeApi) -> Swap:
    api.apply(*with_images(yaml.safe_load_all(MANIFEST), {"example.org/proxy": "proxy:1"}))
    for item in api.objects.values():
        item["status"] = {"replicas": 1, "updatedReplicas": 1}
    place = Swap(api, Proxy(), "proxy", MANIFEST, {"example.org/proxy": "proxy"}, {"proxy": "proxy:1"})
    place.restore()
    api.calls.clear()
    return place


def fault(*changes: Change) -> SeededFault:
    return SeededFault("one", "something is wrong", ("PTH-06",), changes)


def container(api: FakeApi) -> Object:
    found: Object = api.objects["Deployment", "proxy", "proxy"]["spec"]["template"]["spec"]["containers"][0]
    return found


def test_only_what_differs_is_applied_and_what_was_added_goes() -> None:
    api = FakeApi()
    place = swap(api)
    place.put(fault(LOOSE, WITH_FILE), {})
    assert api.calls == [("apply", "Deployment", "proxy"), ("apply", "ConfigMap", "file")]
    assert container(api)["args"] == ["--strict=false"]
    api.calls.clear()
    place.restore()
    assert api.calls == [("apply", "Deployment", "proxy"), ("delete", "ConfigMap", "file")]
    assert container(api)["args"] == ["--strict=true"]


def test_the_pods_of_a_changed_daemonset_are_replaced_at_once() -> None:
    manifest = MANIFEST.replace("kind: Deployment", "kind: DaemonSet").replace(
        "spec: {template", "spec: {selector: {matchLabels: {app: proxy}}, template"
    )
    api = FakeApi()
    api.apply(*with_images(yaml.safe_load_all(manifest), {"example.org/proxy": "proxy:1"}))
    for name in ("one", "two", "other"):
        metadata = {"name": name, "namespace": "proxy", "labels": {"app": "other" if name == "other" else "proxy"}}
        api.apply({"apiVersion": "v1", "kind": "Pod", "metadata": metadata})
    status = {"observedGeneration": 9, "desiredNumberScheduled": 2}
    api.status("DaemonSet", "proxy", "proxy", **status, updatedNumberScheduled=2)
    place = Swap(api, Daemon(), "proxy", manifest, {"example.org/proxy": "proxy"}, {"proxy": "proxy:1"})
    place.restore()
    assert not any(call[0] == "delete" for call in api.calls), "as they are, they stay"
    api.status("DaemonSet", "proxy", "proxy", **status, updatedNumberScheduled=0)
    place.put(fault(LOOSE), {})
    assert [call for call in api.calls if call[0] == "delete"] == [("delete", "Pod", "one"), ("delete", "Pod", "two")]


def test_what_was_interrupted_is_restored(monkeypatch: pytest.MonkeyPatch) -> None:
    api = FakeApi()
    place = swap(api)

    def interrupted(*documents: Object) -> list[Object]:
        FakeApi.apply(api, documents[0])
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(api, "apply", interrupted)
        with pytest.raises(KeyboardInterrupt):
            place.put(fault(LOOSE, WITH_FILE), {})
    assert container(api)["args"] == ["--strict=false"]
    place.restore()
    assert container(api)["args"] == ["--strict=true"]
    assert ("delete", "ConfigMap", "file") in api.calls


def test_what_a_killed_run_left_is_restored() -> None:
    api = FakeApi()
    swap(api).put(fault(LOOSE), {})
    swap(api)
    assert container(api)["args"] == ["--strict=true"]


def test_one_fault_takes_the_place_of_another() -> None:
    api = FakeApi()
    place = swap(api)
    place.put(fault(WITH_FILE), {})
    place.put(fault(Change("main.go", "b", "proxy", "main.go")), {"proxy": "proxy:changed"})
    assert container(api)["image"] == "proxy:changed"
    assert ("ConfigMap", "proxy", "file") not in api.objects


def test_what_every_installation_makes_anew_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    certificates = count()

    def install(self: Proxy, api: Api, manifest: Path, images: Mapping[str, str]) -> None:
        secret = {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": "tls", "namespace": "proxy"},
            "data": {"crt": next(certificates)},
        }
        api.apply(secret, *with_images(read(manifest), images))

    monkeypatch.setattr(Proxy, "install", install)
    api = FakeApi()
    place = swap(api)
    place.put(fault(LOOSE), {})
    place.restore()
    assert {kind for _, kind, _ in api.calls} == {"Deployment"}


def test_former_pods_are_not_waited_for() -> None:
    api = FakeApi()
    place = swap(api)
    ending = {"name": "former", "namespace": "proxy", "deletionTimestamp": "now"}
    api.apply({"apiVersion": "v1", "kind": "Pod", "metadata": ending})
    place.put(fault(LOOSE), {})
    assert ("delete", "Pod", "former") in api.calls


def test_a_former_pod_is_there_until_its_containers_have_ended() -> None:
    api = FakeApi()
    place = swap(api)
    api.apply({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "former", "namespace": "proxy", "deletionTimestamp": "now"}})
    api.hold("Pod")
    with pytest.raises(EnvironmentFault, match="ending: former"):
        place.put(fault(LOOSE), {})


def test_a_former_pod_that_stays_is_an_error() -> None:
    api = FakeApi()
    place = swap(api)
    api.status("Deployment", "proxy", "proxy", replicas=2, updatedReplicas=1)
    with pytest.raises(EnvironmentFault, match="1 of 2 Pods of proxy are new"):
        place.put(fault(LOOSE), {})


def test_a_change_that_does_not_fit_is_an_error_and_nothing_is_applied() -> None:
    api = FakeApi()
    place = swap(api)
    with pytest.raises(UsageFault, match="0 times"):
        place.put(fault(Change("--lax", "")), {})
    assert api.calls == []


@pytest.mark.parametrize("system", [name for name in catalogue.systems() if name in known()])
def test_the_changes_here_fit_the_manifests_here(system: str) -> None:
    usual = dict.fromkeys(("metallb", "metallb_mode", "kubernetes", "metallb_manifest", "ingress_manifest"), None)
    options: dict[str, Any] = {**usual, "ingress": [system], "images": "auto", "image_mirror": "", "download_mirror": "", "image": []}
    controller = systems_under_test(options.__getitem__).controllers[0]
    for one in catalogue.read(system).fault:
        if one.in_manifest and controller.manifest:
            assert list(yaml.safe_load_all(catalogue.changed_text(controller.manifest.read_text(), one.in_manifest, one.id)))
