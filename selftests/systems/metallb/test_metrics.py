"""What metrics of MetalLB's pods are expected to say, by pods that answer what a test has written down."""

from collections.abc import Callable
from typing import Any, cast

import pytest

from harness.cluster.api import Object
from harness.model.errors import StatementFailed, Unanswered
from harness.probes.in_cluster import InClusterProbe, Response
from harness.systems.metallb.custom_resources import NAMESPACE
from harness.systems.metallb.installation import MetalLB
from harness.systems.metallb.metrics import Metrics, MetricsAccess, MetricsEndpoint, counts
from harness.systems.metallb.modes import Mode
from selftests.systems.fake_api import FakeApi, an_object, of_metallb

TEXT = """# HELP stale Whether it is stale.
stale 1
up{peer="192.0.2.100:179"} 1
up{peer="192.0.2.101:179"} 0
metallb_bgp_session_up{peer="192.0.2.100:179"} 1
frrk8s_bgp_session_up{peer="192.0.2.100"} 0
"""


WORKLOADS = of_metallb("Deployment", "controller"), of_metallb("DaemonSet", "speaker")


class Pods:
    """Pods that answer with this text, but to nobody without the token of a reader where that is asked for."""

    def __init__(self, text: str = TEXT, *, secured: bool = False) -> None:
        self.text, self.secured = text, secured
        self.asked: list[str] = []

    def get(self, url: str, *, token: str | None = None, timeout: float = 5.0) -> Response:
        self.asked.append(url)
        if self.secured and token is None:
            return Response(401, "Unauthorized")
        if self.secured and token != "token of t1/reader":
            return Response(403, "Forbidden")
        return Response(200, self.text)


def pod(component: str, node: str, address: str) -> Object:
    labels = {"app": "metallb", "component": component}
    return an_object("Pod", f"{component}-{node}", NAMESPACE, labels=labels, spec={"nodeName": node}, status={"podIP": address})


def metrics(pods: Pods, version: str = "0.15.3", mode: Mode = Mode.NATIVE) -> Metrics:
    api = FakeApi(*WORKLOADS, pod("controller", "one", "10.0.0.1"), pod("speaker", "one", "10.0.0.2"), pod("speaker", "two", "fd00::3"))
    metallb = MetalLB(version, mode)
    access = MetricsAccess(api, "t1") if MetricsEndpoint.of(metallb).scheme == "https" else None
    return Metrics(api, cast(InClusterProbe, pods), metallb, access)


def test_metrics_moved_with_0_16() -> None:
    assert MetricsEndpoint.of(MetalLB("0.16.0")).url("10.0.0.1") == "https://10.0.0.1:9120/metrics"
    assert MetricsEndpoint.of(MetalLB("0.15.3")).url("fd00::1") == "http://[fd00::1]:7472/metrics"


def test_counts_are_named_by_family() -> None:
    assert counts(total=2, in_use=1, prefix="ipv4_") == {
        "metallb_allocator_ipv4_addresses_total": 2.0,
        "metallb_allocator_ipv4_addresses_in_use_total": 1.0,
    }


def test_the_pod_of_a_node_is_asked() -> None:
    pods = Pods()
    assert {"stale", "up"} < {one.name for one in metrics(pods).scrape("speaker", "two")}
    metrics(pods).scrape("controller")
    assert pods.asked == ["http://[fd00::3]:7472/metrics", "http://10.0.0.1:7472/metrics"]


def test_metrics_of_a_release_that_asks_who_reads() -> None:
    secured = metrics(Pods(secured=True), "0.16.0")
    answers = {account: secured.ask("controller", account=account).status for account in (None, "stranger", "reader")}
    assert answers == {None: 401, "stranger": 403, "reader": 200}
    assert secured.scrape("controller")
    secured.access = None
    secured.reader = None
    with pytest.raises(Unanswered, match="401: Unauthorized"):
        secured.scrape("controller")


@pytest.mark.usefixtures("short")
def test_metrics_that_are_as_expected() -> None:
    one = metrics(Pods())
    one.wait_until_equal("controller", {"stale": 1})
    one.wait_until_equal("speaker", {"up": 1}, node="one", peer="192.0.2.100:179")
    one.wait_until_absent("speaker", peer="192.0.2.102:179")


@pytest.mark.usefixtures("short")
@pytest.mark.parametrize(
    ("judged", "told"),
    [
        (lambda one: one.wait_until_equal("controller", {"stale": 0}), "metrics of the controller: stale 0\nlast: *stale 1(\n|$)"),
        (
            lambda one: one.wait_until_equal("speaker", {"up": 1.0}, peer="192.0.2.101:179"),
            'metrics of the speaker with peer="192.0.2.101:179": up 1\nlast: *up 0(\n|$)',
        ),
        (lambda one: one.wait_until_equal("speaker", {"down": 1.0}), "last: *none of them"),
        (
            lambda one: one.wait_until_absent("speaker", peer="192.0.2.101:179"),
            'no series with peer="192.0.2.101:179"\nlast: *up{peer="192.0.2.101:179"} 0',
        ),
    ],
)
def test_metrics_that_are_not_as_expected(judged: Callable[[Metrics], None], told: str) -> None:
    with pytest.raises(StatementFailed, match=told):
        judged(metrics(Pods()))


@pytest.mark.usefixtures("short")
@pytest.mark.parametrize(
    ("mode", "version", "up", "asked"),
    [
        (Mode.NATIVE, "0.15.3", True, "http://10.0.0.2:7472/metrics"),
        (Mode.FRR, "0.15.3", True, "http://10.0.0.2:7473/metrics"),
        (Mode.FRR, "0.16.2", True, "https://10.0.0.2:9121/metrics"),
        (Mode.FRR_K8S, "0.16.1", False, "https://10.0.0.2:9141/metrics"),
    ],
)
def test_a_session_is_told_of_where_it_ends(mode: Mode, version: str, up: bool, asked: str) -> None:
    pods = Pods()
    metrics(pods, version, mode).wait_until_session_is(up, "one", "192.0.2.100:179")
    assert set(pods.asked) == {asked}
    with pytest.raises(StatementFailed, match=f"is {int(not up)}\nlast: *{int(up)}(\n|$)"):
        metrics(pods, version, mode).wait_until_session_is(not up, "one", "192.0.2.100:179")
    with pytest.raises(StatementFailed, match=r"of 192\.0\.2\.9"):
        metrics(pods, version, mode).wait_until_session_is(up, "one", "192.0.2.9:179")


class Reviewing(FakeApi):
    """An API that says of every reader whether it may read."""

    def __init__(self, *, allowed: bool) -> None:
        super().__init__(*WORKLOADS)
        self.allowed = allowed

    def create(self, document: Object, *, dry_run: bool = False) -> Object:
        if document["kind"] == "SubjectAccessReview":
            return {"status": {"allowed": self.allowed}}
        return super().create(document, dry_run=dry_run)


@pytest.mark.usefixtures("short")
def test_what_was_granted_is_revoked() -> None:
    api = Reviewing(allowed=True)
    access = MetricsAccess(api, "t1")
    access.grant()
    subjects: list[Any] = [item["subjects"] for item in api.list("ClusterRoleBinding")]
    assert [{"kind": "ServiceAccount", "name": "reader", "namespace": "t1"}] in subjects
    access.revoke()
    assert api.list("ClusterRole") == api.list("ClusterRoleBinding") == []


@pytest.mark.usefixtures("short")
def test_what_is_not_granted_is_told() -> None:
    with pytest.raises(StatementFailed, match="the API allows t1/reader to read metrics"):
        MetricsAccess(Reviewing(allowed=False), "t1").grant()
