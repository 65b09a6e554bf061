"""What is said of a cluster, and of one object: for people, and as a document."""

import json
from datetime import UTC, datetime
from pathlib import Path

import jsonschema
import pytest

from harness.cluster.api import NotServed, Refused
from harness.doctor import rendering
from harness.doctor.diagnosis import Diagnosis, Doctor
from harness.doctor.snapshot import KINDS, read
from harness.model.errors import UsageFault
from harness.systems.metallb.found import version_of
from selftests.doctor.cluster import Cluster, endpoints, service, workload
from selftests.systems.fake_api import FakeApi

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)


def diagnosis(cluster: Cluster, explain: str = "") -> Diagnosis:
    return Doctor(cluster.read(), NOW).diagnosis("mine", explain)


def test_a_finding_is_told_with_what_is_seen_what_it_means_and_what_repairs_it() -> None:
    cluster = Cluster()
    cluster["IPAddressPool/first"]["spec"]["addresses"] = ["172.18.255.200/31"]
    cluster.add(service("late"), endpoints("late", "worker"))
    text = rendering.in_words(diagnosis(cluster))
    assert text.startswith("mine: Kubernetes 1.36.4, MetalLB 0.16.1\n\nService shop/late: pool-exhausted\n")
    assert "  seen    all 2 addresses of pool first are taken\n  means   All addresses" in text
    assert "\n  repair  kubectl get services -A" in text
    assert "\n  source  https://metallb.io/" in text
    assert text.endswith("1 finding; 24 objects were looked at, and nothing was changed")


def test_a_healthy_cluster_is_told_on_two_lines() -> None:
    assert [line for line in rendering.in_words(diagnosis(Cluster())).splitlines() if line] == [
        "mine: Kubernetes 1.36.4, MetalLB 0.16.1",
        "nothing found; 22 objects were looked at, and nothing was changed",
    ]


def test_what_stands_in_the_cluster_cannot_write_to_the_terminal() -> None:
    cluster = Cluster()
    cluster.add(service("late"), endpoints("late", "worker"))
    cluster.event("Service/late", "AllocationFailed", "\x1b[2Jno available IPs")
    assert "MetalLB said: \\x1b[2Jno available IPs" in rendering.in_words(diagnosis(cluster))


def test_the_document_follows_its_schema() -> None:
    cluster = Cluster()
    cluster.remove("EndpointSlice/web")
    document = json.loads(rendering.as_json(diagnosis(cluster)))
    jsonschema.validate(document, rendering.schema())
    assert {one["rule"] for one in document["findings"]} == {"no-endpoint", "backend-without-endpoint"}


def test_a_stale_schema_is_told(tmp_path: Path) -> None:
    rendering.check_schema(rendering.write_schema(tmp_path / "schema.json"))
    (tmp_path / "schema.json").write_text("{}")
    with pytest.raises(UsageFault, match="make documents"):
        rendering.check_schema(tmp_path / "schema.json")


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("service/shop/web", "172.18.255.200 is of pool first, advertised by all, and may be announced by control-plane, worker, worker2"),
        ("svc/shop/other", "172.18.255.201 is of pool first, advertised by all, and may be announced by worker2"),
        ("service/shop/web", "ping is not answered, by design"),
        ("service/metallb-system/webhook", "it is of type ClusterIP: MetalLB leaves it alone"),
        ("ingress/shop/web", "its class is nginx, of controller k8s.io/ingress-nginx"),
        ("ing/shop/web", "web.test/ (Prefix) leads to web: 1 endpoints are ready"),
    ],
)
def test_an_object_is_explained(name: str, says: str) -> None:
    found = diagnosis(Cluster(), name)
    assert any(says in line for line in found.explained), found.explained
    assert says in rendering.in_words(found)


def test_an_explanation_has_the_objects_own_findings_alone() -> None:
    cluster = Cluster()
    cluster.remove("EndpointSlice/web")
    cluster.add(service("cloud", "10.0.0.1"))
    assert [one.rule for one in diagnosis(cluster, "ingress/shop/web").findings] == ["backend-without-endpoint"]
    assert "10.0.0.1 is of no pool: somebody else gave it" in diagnosis(cluster, "service/shop/cloud").explained


@pytest.mark.parametrize("name", ["web", "service/web", "pod/shop/web", "service/shop/webb", "ingress/other/web"])
def test_an_object_that_is_not_there_is_told_with_those_that_are(name: str) -> None:
    with pytest.raises(UsageFault, match=r"service/NAMESPACE/NAME or ingress/NAMESPACE/NAME[^\0]*there are [^\0]*shop/web"):
        diagnosis(Cluster(), name)


def test_what_may_not_be_read_is_said_and_the_rest_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    listed = FakeApi.list

    def forbidding(self: FakeApi, kind: str, *words: object, **options: object) -> object:
        if kind == "Ingress":
            raise Refused(403, "ingresses is forbidden")
        return listed(self, kind, *words, **options)  # type: ignore[arg-type]  # handed on as given

    monkeypatch.setattr(FakeApi, "list", forbidding)
    found = diagnosis(Cluster())
    assert list(found.unread) == ["Ingress: ingresses is forbidden"]
    assert "not looked at, since it may not be read:\n  Ingress: ingresses is forbidden" in rendering.in_words(found)


def test_a_kind_that_metallb_did_not_bring_is_none_and_one_of_kubernetes_is_a_fault() -> None:
    own = {"ConfigurationState", "ServiceL2Status", "BGPPeer"}
    assert Cluster().read({*KINDS, "Pod", "Event", "ConfigMap"} - own).of("ConfigurationState") == []
    with pytest.raises(NotServed):
        Cluster().read({*KINDS, "Pod", "Event", "ConfigMap"} - {"Service"})


def test_nothing_is_written() -> None:
    api = FakeApi(*Cluster().objects)
    api.server_version = lambda: "1.36.4"  # type: ignore[method-assign]  # an API in memory has no version
    read(api)
    assert api.calls == []


@pytest.mark.parametrize(
    ("image", "version"),
    [
        ("quay.io/metallb/controller:v0.16.1", "0.16.1"),
        ("localhost:5000/controller:0.15.3@sha256:00", "0.15.3"),
        ("localhost/lab/metallb-controller:v0.16.1-39a23d6715dc", "0.16.1"),
        ("localhost:5000/controller", ""),
        ("controller:main", ""),
        ("controller:v", ""),
    ],
)
def test_the_version_is_the_one_of_the_tag(image: str, version: str) -> None:
    found = workload("Deployment", "controller", {})
    found["spec"]["template"]["spec"]["containers"][0]["image"] = image
    assert version_of(found, "controller") == version
