"""Network policies, in clusters that enforce them and in one that does not."""

from typing import cast

import pytest

from harness.model.errors import NotApplicable, StatementFailed, Unanswered
from harness.probes.in_cluster import InClusterProbe, Response
from harness.systems.kubernetes.network_policies import NetworkPolicies
from selftests.systems.fake_api import FakeApi, an_object

BACKEND = {"app": "echo"}
POD = an_object("Pod", "echo-1", "t1", labels=BACKEND, status={"podIP": "10.0.0.1"})
NODE = an_object("Node", "one", spec={"podCIDRs": ["10.0.0.0/24", "fd00::/64"]})


class Pod:
    """The backend, which answers, until a policy that somebody enforces forbids it."""

    def __init__(self, api: FakeApi, *, enforced: bool, status: int = 200) -> None:
        self.api, self.enforced, self.status = api, enforced, status

    def get(self, url: str, *, token: str | None = None, timeout: float = 5.0) -> Response:
        assert url == "http://10.0.0.1:8080/"
        if self.enforced and self.api.list("NetworkPolicy"):
            raise Unanswered("timed out")
        return Response(self.status, "")


def policies(*, enforced: bool = True, status: int = 200) -> tuple[FakeApi, NetworkPolicies]:
    api = FakeApi(POD, NODE)
    return api, NetworkPolicies(api, cast(InClusterProbe, Pod(api, enforced=enforced, status=status)))


def test_a_cluster_that_enforces_policies() -> None:
    api, made = policies()
    made.require_enforcement("t1", BACKEND)
    assert [item["spec"] for item in api.list("NetworkPolicy", "t1")] == [{"podSelector": {}, "policyTypes": ["Ingress"]}]


@pytest.mark.usefixtures("short")
def test_a_cluster_that_does_not() -> None:
    with pytest.raises(NotApplicable, match="does not enforce network policies"):
        policies(enforced=False)[1].require_enforcement("t1", BACKEND)


def test_a_backend_that_does_not_answer_before_proves_nothing() -> None:
    with pytest.raises(StatementFailed, match=r"the echo backend answers at http://10\.0\.0\.1:8080/"):
        policies(status=503)[1].require_enforcement("t1", BACKEND)


def test_nothing_but_what_is_needed_is_allowed_for_a_while() -> None:
    api, made = policies()
    with made.isolated("system", {"component": "controller"}, 9443, 9120):
        allowed, nothing = (item["spec"] for item in api.list("NetworkPolicy", "system"))
        assert [port["port"] for port in allowed["ingress"][0]["ports"]] == [9443, 9120]
        assert [port["port"] for port in allowed["egress"][0]["ports"]] == [6443]
        assert allowed["podSelector"] == {"matchLabels": {"component": "controller"}}
        assert nothing == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    assert api.list("NetworkPolicy") == []


def test_pods_are_not_outside() -> None:
    api, made = policies()
    made.allow_only_from_outside("t1")
    (policy,) = api.list("NetworkPolicy", "t1")
    assert [source["ipBlock"] for source in policy["spec"]["ingress"][0]["from"]] == [
        {"cidr": "0.0.0.0/0", "except": ["10.0.0.0/24"]},
        {"cidr": "::/0", "except": ["fd00::/64"]},
    ]
