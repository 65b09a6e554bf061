"""MetalLB in another version, by an API in memory."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
import yaml

from harness.cluster.api import Denied, Object
from harness.cluster.state import Release
from harness.model.errors import EnvironmentFault
from harness.systems.metallb.custom_resources import NAMESPACE, custom_resource, ip_address_pool
from harness.systems.metallb.replacement import Replacement, configuration
from selftests.systems.fake_api import FakeApi, an_object, of_metallb

pytestmark = pytest.mark.usefixtures("short")
READY = {"observedGeneration": 9, "updatedReplicas": 1, "readyReplicas": 1}
READY |= {"desiredNumberScheduled": 1, "updatedNumberScheduled": 1, "numberReady": 1}


class Running(FakeApi):
    """One whose workloads are ready, and whose kinds are served, as soon as they are applied."""

    served = "True"

    def _store(self, document: Object) -> Object:
        stored = super()._store(document)
        if stored["kind"] in {"Deployment", "DaemonSet"}:
            stored["status"] = dict(READY)
        if stored["kind"] == "CustomResourceDefinition":
            stored["status"] = {"conditions": [{"type": "Established", "status": self.served}]}
        return stored


def release(folder: Path, version: str, *more: Object) -> Release:
    definition = an_object("CustomResourceDefinition", "ipaddresspools.metallb.io", spec={"group": "metallb.io"})
    webhook = an_object("ValidatingWebhookConfiguration", "metallb-webhook-configuration", webhooks=[])
    file = folder / f"{version}.yaml"
    file.write_text(
        yaml.safe_dump_all([definition, webhook, of_metallb("Deployment", "controller"), of_metallb("DaemonSet", "speaker"), *more])
    )
    return Release(version, str(file), {f"quay.io/metallb/{one}": f"{one}:{version}" for one in ("controller", "speaker")})


def image(api: FakeApi, kind: str = "Deployment", name: str = "controller") -> Any:
    return api.objects[kind, NAMESPACE, name]["spec"]["template"]["spec"]["containers"][0]["image"]


def written(api: FakeApi, verbs: Iterable[str] = ("apply", "delete")) -> list[tuple[str, str, str]]:
    return [call for call in api.calls if call[0] in verbs]


def test_a_manifest_is_applied_over_what_is_there(tmp_path: Path) -> None:
    api = Running()
    older, newer = release(tmp_path, "0.14.8", an_object("Service", "webhook-service", NAMESPACE)), release(tmp_path, "0.14.9")
    Replacement(api).apply(older)
    Replacement(api).apply(newer)
    assert image(api) == "controller:0.14.9"
    assert api.get("Service", "webhook-service", NAMESPACE), "nobody takes away what a newer manifest leaves out"


def test_a_version_that_does_not_get_ready_is_told(tmp_path: Path) -> None:
    api = Running(kinds=None)
    api.deny("IPAddressPool", 'admission webhook "x" denied the request')
    with pytest.raises(EnvironmentFault, match="the webhook of MetalLB accepts an address pool"):
        Replacement(api).apply(release(tmp_path, "0.14.9"))


def test_one_is_installed_as_where_there_was_none(tmp_path: Path) -> None:
    pool = ip_address_pool("example", ["192.0.2.1/32"])
    api = Running(an_object("Secret", "memberlist", NAMESPACE), pool)
    older, newer = release(tmp_path, "0.14.9"), release(tmp_path, "0.15.2", an_object("Service", "new", NAMESPACE))
    Replacement(api).apply(newer)
    api.calls.clear()
    Replacement(api).install_anew(older, [pool], instead_of=[newer])
    assert image(api) == "controller:0.14.9"
    assert api.get("Service", "new", NAMESPACE) is None
    assert api.get("Secret", "memberlist", NAMESPACE) is None
    order = written(api)
    assert order[0] == ("delete", "ValidatingWebhookConfiguration", "metallb-webhook-configuration")
    kept = order.index(("apply", "IPAddressPool", "example"))
    assert order.index(("delete", "CustomResourceDefinition", "ipaddresspools.metallb.io")) < kept, "all of it goes"
    assert kept < order.index(("apply", "Deployment", "controller")), "without pools a controller would take the addresses away"


@pytest.mark.parametrize(
    ("held", "told"),
    [("Pod", "no pod of MetalLB is left"), ("CustomResourceDefinition", "no kind of MetalLB is left")],
)
def test_what_stays_is_told(tmp_path: Path, held: str, told: str) -> None:
    pod = an_object("Pod", "controller-1", NAMESPACE, labels={"app": "metallb", "component": "controller"}, spec={}, status={})
    api = Running(*([pod] if held == "Pod" else []))
    newer = release(tmp_path, "0.16.1")
    api.hold(held)
    api.apply(an_object("CustomResourceDefinition", "bgppeers.metallb.io", spec={"group": "metallb.io"}))
    with pytest.raises(EnvironmentFault, match=told):
        Replacement(api).install_anew(release(tmp_path, "0.14.9"), [], instead_of=[newer])


def test_kinds_that_are_not_served_are_told(tmp_path: Path) -> None:
    api = Running()
    api.served = "False"
    with pytest.raises(EnvironmentFault, match=r"the API server serves the kinds of MetalLB 0\.14\.9"):
        Replacement(api).install_anew(release(tmp_path, "0.14.9"), [], instead_of=[])


def test_configuration_that_is_refused_is_told(tmp_path: Path) -> None:
    api = Running()
    api.refuse("BGPPeer", Denied(422, "must be of type integer"))
    with pytest.raises(EnvironmentFault, match=r"BGPPeer router is stored again(.|\n)*must be of type integer"):
        Replacement(api).install_anew(release(tmp_path, "0.14.9"), [custom_resource("BGPPeer", "router", {})], instead_of=[])


def test_configuration_is_what_somebody_wrote() -> None:
    stored = ip_address_pool("t1-0", ["192.0.2.1/32"])
    api = FakeApi(stored | {"status": {"assignedIPv4": 1}}, ip_address_pool("example", ["192.0.2.2/32"]))
    assert configuration(api, "t1") == [stored]
    assert [one["metadata"]["name"] for one in configuration(api)] == ["t1-0", "example"]
