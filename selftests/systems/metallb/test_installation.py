"""What depends on the version of MetalLB, and what of it is installed."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from harness.cluster.api import Object
from harness.model.errors import EnvironmentFault, StatementFailed, Unanswered
from harness.systems.metallb.custom_resources import NAMESPACE, ip_address_pool
from harness.systems.metallb.installation import PLAIN_METRICS, Installation, MetalLB, mode_of, scrape_controller, workloads_of
from harness.systems.metallb.modes import VARIABLE, Mode
from selftests.systems.fake_api import FakeApi, an_object, of_metallb

ALWAYS = {"bfdprofiles", "bgpadvertisements", "bgppeers", "communities", "ipaddresspools", "l2advertisements"}


@pytest.mark.parametrize(
    ("version", "more"),
    [
        ("0.13.12", {"addresspools"}),
        ("0.14.2", {"addresspools"}),
        ("0.14.3", set()),
        ("0.14.8", {"servicel2statuses"}),
        ("0.15.2", {"servicel2statuses", "servicebgpstatuses"}),
        ("0.15.3", {"servicel2statuses", "servicebgpstatuses", "configurationstates"}),
        ("main", {"servicel2statuses", "servicebgpstatuses", "configurationstates"}),
    ],
)
def test_the_custom_resources_of_a_version(version: str, more: set[str]) -> None:
    assert {f"{name}.metallb.io" for name in ALWAYS | more} == MetalLB(version).custom_resources


def test_a_kind_is_served_from_its_first_version_to_its_last() -> None:
    assert [MetalLB(version).serves("AddressPool") for version in ("0.14.2", "0.14.3")] == [True, False]
    assert [MetalLB(version).serves("ConfigurationState") for version in ("0.15.2", "0.15.3-rc1")] == [False, True]


@pytest.mark.parametrize(("version", "prefix"), [("0.14.8", "metallb.universe.tf"), ("0.14.9", "metallb.io"), ("0.16.1", "metallb.io")])
def test_annotations_follow_the_version(version: str, prefix: str) -> None:
    assert MetalLB(version).annotation_prefix == prefix


def workload(kind: str, name: str, image: str = "", called: str = "") -> Object:
    ready = {"observedGeneration": 1, "updatedReplicas": 1, "readyReplicas": 1}
    ready |= {"desiredNumberScheduled": 1, "updatedNumberScheduled": 1, "numberReady": 1}
    return of_metallb(kind, name, name=called, status=ready, containers=[{"name": name, "image": image}])


def speaker() -> Object:
    labels = {"app": "metallb", "component": "speaker"}
    return an_object("Pod", "speaker-1", NAMESPACE, labels=labels, spec={"nodeName": "one"})


def test_the_manifest_is_applied_with_the_images_of_the_run(tmp_path: Path) -> None:
    file = tmp_path / "metallb.yaml"
    file.write_text(yaml.safe_dump_all([workload("Deployment", "controller", "quay.io/metallb/controller:v0.16.1")]))
    api = FakeApi()
    MetalLB("0.16.1").install(api, file, {"quay.io/metallb/controller": "mine:1"})
    (stored,) = api.list("Deployment")
    assert stored["spec"]["template"]["spec"]["containers"][0]["image"] == "mine:1"


def test_a_rule_that_a_manifest_says_twice_is_applied_once(tmp_path: Path) -> None:
    rule, other = ({"rule": text, "message": text} for text in ("self == oldSelf", "self != ''"))
    schema = {
        "properties": {"serviceName": {"x-kubernetes-validations": [rule, other, rule]}, "node": {"x-kubernetes-validations": [rule]}}
    }
    definition = an_object("CustomResourceDefinition", "servicel2statuses.metallb.io", spec={"versions": [{"schema": schema}]})
    file = tmp_path / "metallb.yaml"
    file.write_text(yaml.safe_dump(definition))
    api = FakeApi()
    MetalLB("0.14.6").install(api, file, {"quay.io/metallb/controller": "mine:1"})
    (stored,) = api.list("CustomResourceDefinition")
    fields = stored["spec"]["versions"][0]["schema"]["properties"]
    assert fields["serviceName"]["x-kubernetes-validations"] == [rule, other]
    assert fields["node"]["x-kubernetes-validations"] == [rule]


@pytest.mark.parametrize(("value", "mode"), [(None, Mode.NATIVE), ("native", Mode.NATIVE), ("frr", Mode.FRR), ("frr-k8s", Mode.FRR_K8S)])
def test_a_manifest_says_how_metallb_speaks_bgp(tmp_path: Path, value: str | None, mode: Mode) -> None:
    speakers = workload("DaemonSet", "speaker")
    names = [{"name": "OTHER", "value": "frr"}, *([{"name": VARIABLE, "value": value}] if value else [])]
    speakers["spec"]["template"]["spec"]["containers"][0]["env"] = names
    file = tmp_path / "metallb.yaml"
    file.write_text(yaml.safe_dump_all([workload("Deployment", "controller"), speakers]))
    assert mode_of(file) == mode


@pytest.mark.usefixtures("short")
def test_frr_runs_beside_the_speakers_or_in_pods_of_its_own() -> None:
    with_frr = MetalLB("0.16.1", Mode.FRR_K8S)
    api = FakeApi(*installed())
    with pytest.raises(EnvironmentFault, match="MetalLB's frr-k8s is ready"):
        with_frr.wait_until_usable(api)
    api.create(workload("DaemonSet", "frr-k8s", called="frr-k8s-daemon"))
    api.create(workload("Deployment", "statuscleaner", called="frr-k8s-statuscleaner"))
    with_frr.wait_until_usable(api)
    routing = [str(Installation(api).workload(mode.routing)) for mode in Mode]
    assert routing == [f"DaemonSet {NAMESPACE}/{name}" for name in ("speaker", "speaker", "frr-k8s-daemon")]


def charts(part: str, kind: str) -> Object:
    """A workload as the Helm chart of MetalLB renders it."""
    labels = {"app.kubernetes.io/name": "metallb", "app.kubernetes.io/instance": "lb", "app.kubernetes.io/component": part}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": part, "image": f"quay.io/metallb/{part}:v1"}]}}
    return an_object(kind, f"lb-metallb-{part}", NAMESPACE, labels=labels, spec={"selector": {"matchLabels": labels}, "template": template})


def test_what_a_chart_installs_is_found_by_its_labels(tmp_path: Path) -> None:
    objects = [charts("controller", "Deployment"), charts("speaker", "DaemonSet")]
    assert {component: one.name for component, one in workloads_of(objects).items()} == {
        "metallb-controller": "lb-metallb-controller",
        "metallb-speaker": "lb-metallb-speaker",
    }
    named = {component: str(one) for component, one in workloads_of([]).items()}
    assert named == {
        "metallb-controller": "Deployment metallb-system/controller",
        "metallb-speaker": "DaemonSet metallb-system/speaker",
    }
    (file := tmp_path / "rendered.yaml").write_text(yaml.safe_dump_all(objects))
    namespace, *rest = MetalLB("0.16.2").objects(file, {f"quay.io/metallb/{part}": part for part in ("controller", "speaker")})
    assert (namespace["kind"], namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"]) == ("Namespace", "privileged")
    assert [one["kind"] for one in rest] == ["Deployment", "DaemonSet"]
    one = Installation(FakeApi(*objects))
    assert [str(found) for found in one.workloads(Mode.NATIVE)] == [
        "Deployment metallb-system/lb-metallb-controller",
        "DaemonSet metallb-system/lb-metallb-speaker",
    ]
    assert one.labels("speaker")["app.kubernetes.io/instance"] == "lb"


def installed() -> Iterator[Object]:
    yield workload("Deployment", "controller")
    yield workload("DaemonSet", "speaker")
    yield speaker()
    for name in ("controller", "speaker-one"):
        yield an_object("ConfigurationState", name, NAMESPACE, status={"result": "Valid"})


@pytest.mark.usefixtures("short")
def test_metallb_is_usable() -> None:
    MetalLB("0.16.1").wait_until_usable(FakeApi(*installed()))


@pytest.mark.usefixtures("short")
@pytest.mark.parametrize(
    ("missing", "told"),
    [
        ("Deployment", "MetalLB's controller is ready"),
        ("DaemonSet", "MetalLB's speaker is ready"),
        ("ConfigurationState", "every ConfigurationState of MetalLB is valid"),
    ],
)
def test_metallb_is_not_usable_without(missing: str, told: str) -> None:
    api = FakeApi(*(item for item in installed() if item["kind"] != missing))
    with pytest.raises(EnvironmentFault, match=told):
        MetalLB("0.16.1").wait_until_usable(api)


@pytest.mark.usefixtures("short")
def test_a_version_without_configuration_states_is_not_asked_for_them() -> None:
    kinds = {"Deployment", "DaemonSet", "Pod", "IPAddressPool"}
    MetalLB("0.15.2").wait_until_usable(FakeApi(*(item for item in installed() if item["kind"] in kinds), kinds=kinds))


def test_what_is_installed_is_read() -> None:
    established = {"conditions": [{"type": "Established", "status": "True"}]}
    names = {"ipaddresspools.metallb.io": "metallb.io", "others.example.com": "example.com"}
    definitions = [an_object("CustomResourceDefinition", name, spec={"group": group}, status=established) for name, group in names.items()]
    one = Installation(FakeApi(speaker(), *definitions, ip_address_pool("example", ["192.0.2.1/32"])))
    assert one.speaker_nodes == ["one"]
    assert one.definitions() == {"ipaddresspools.metallb.io": {"Established": "True"}}
    assert one.configured("IPAddressPool", "example") == {"addresses": ["192.0.2.1/32"]}
    with pytest.raises(StatementFailed, match=r"L2Advertisement metallb-system/example exists\nlast: *it does not"):
        one.configured("L2Advertisement", "example")


def test_the_controller_tells_its_metrics() -> None:
    labels = {"app": "metallb", "component": "controller"}
    api = FakeApi(an_object("Pod", "controller-1", NAMESPACE, labels=labels, spec={"nodeName": "one"}))
    with pytest.raises(Unanswered, match="no answer of controller-1"):
        scrape_controller(api)
    api.answers["GET", "/metrics"] = "up 1\n"
    assert [str(one) for one in scrape_controller(api)] == ["up{} 1"]
    assert PLAIN_METRICS == 7472
