from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import replace
from typing import Any, cast

import pytest

from harness.cluster.api import Api
from harness.model.errors import EnvironmentFault, Leak, Unanswered
from harness.model.record import Record, recording
from harness.model.resources import Claim, Resource
from harness.systems import invariants
from harness.systems.invariants import Invariant
from harness.systems.metallb.installation import KINDS, MetalLB

#: A version that has every kind the invariant looks at, and one that has not.
METALLB, EARLY = MetalLB("0.16.1"), MetalLB("0.13.12")


class Stored:
    """An API that holds what it is given, and knows the kinds of one version of MetalLB."""

    def __init__(self, metallb: MetalLB = METALLB, /, **kinds: list[dict[str, Any]]) -> None:
        self.metallb = metallb
        self.kinds = kinds

    def list(self, kind: str, namespace: str | None = None) -> list[dict[str, Any]]:
        if kind in KINDS and not self.metallb.serves(kind):
            raise EnvironmentFault("an API that serves the kind asked for", f"No matches found for {kind}", "")
        return [item for item in self.kinds.get(kind, []) if namespace in {None, "metallb-system", item["metadata"]["namespace"]}]


def named(name: str, **more: Any) -> dict[str, Any]:
    return {"metadata": {"name": name, "namespace": more.pop("namespace", "metallb-system")}, **more}


def node(**labels: str) -> dict[str, Any]:
    return {"metadata": {"name": "one", "namespace": "", "labels": labels}, "spec": {"taints": [{"key": "node.kubernetes.io/not-ready"}]}}


PORTS = [{"port": 80}, {"port": 53, "protocol": "UDP"}]


def exposed(address: str, namespace: str = "elsewhere") -> dict[str, Any]:
    return {**named("controller", namespace=namespace, status={"loadBalancer": {"ingress": [{"ip": address}]}}), "spec": {"ports": PORTS}}


@pytest.fixture(autouse=True)
def short() -> Iterator[None]:
    with recording(Record(scale=0.001)):
        yield


@pytest.fixture(autouse=True)
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """The ends that were asked for a connection; all accept it until told otherwise."""
    ends: list[tuple[str, int]] = []

    def accepting(address: str, port: int) -> str:
        ends.append((address, port))
        return "accepts connections"

    monkeypatch.setattr(invariants, "port_open", accepting)
    return ends


def remembered(api: Stored, metallb: MetalLB = METALLB, *alone: Resource) -> Invariant:
    return Invariant.of(cast(Api, api), metallb, "t1", Claim(frozenset(alone)), ["ingress"])


def after(*alone: Resource, before: Stored | None = None, **kinds: list[dict[str, Any]]) -> None:
    invariant = remembered(before or Stored(**kinds), METALLB, *alone)
    replace(invariant, api=cast(Api, Stored(**kinds))).expect_restored()


def test_what_others_have_is_no_leak() -> None:
    after(
        IPAddressPool=[named("example")],
        Service=[exposed("198.18.0.1"), named("own", namespace="t1", status={})],
        ServiceL2Status=[named("l2-1", status={"serviceNamespace": "ingress", "serviceName": "controller", "node": "one"})],
        Node=[node()],
    )


@pytest.mark.parametrize(
    ("kinds", "told"),
    [
        ({"IPAddressPool": [named("t1-0")]}, "IPAddressPool t1-0"),
        ({"L2Advertisement": [named("t1-0")]}, "L2Advertisement t1-0"),
        (
            {"Service": [named("s", namespace="t1-other", status={"loadBalancer": {"ingress": [{"ip": "198.18.0.1"}]}})]},
            "198.18.0.1",
        ),
        ({"ServiceL2Status": [named("l2-1", status={"serviceNamespace": "t1", "serviceName": "s", "node": "one"})]}, "t1/s on one"),
        ({"Node": [node(pool="t1")]}, "left on one"),
    ],
)
def test_what_is_left_is_named(kinds: dict[str, Any], told: str) -> None:
    with pytest.raises(Leak, match=told):
        after(**kinds)


def test_a_kind_that_the_version_does_not_serve_is_not_asked_for() -> None:
    without = Stored(EARLY, Service=[exposed("198.18.0.1")], Node=[node()])
    remembered(without, EARLY, Resource.METALLB).expect_restored()
    with pytest.raises(EnvironmentFault, match="ServiceL2Status"):
        remembered(without, METALLB, Resource.METALLB).expect_restored()


def test_leaks_are_found_in_a_version_without_statuses() -> None:
    left = Stored(EARLY, IPAddressPool=[named("t1-0")])
    with pytest.raises(Leak, match="IPAddressPool t1-0"):
        remembered(left, EARLY).expect_restored()


def test_nodes_are_compared_after_a_statement_that_had_metallb_to_itself() -> None:
    changed: dict[str, Any] = {"before": Stored(Node=[node(zone="a")]), "Node": [node(zone="b")]}
    after(Resource.INGRESS, **changed)
    with pytest.raises(Leak, match="before"):
        after(Resource.METALLB, **changed)


def test_addresses_of_others_are_compared_after_a_statement_that_had_metallb_to_itself() -> None:
    changed: dict[str, Any] = {"before": Stored(Service=[exposed("198.18.0.1")]), "Service": [exposed("198.18.0.2")]}
    after(Resource.INGRESS, **changed)
    with pytest.raises(Leak, match=r"198\.18\.0\.1"):
        after(Resource.METALLB, **changed)


@pytest.mark.parametrize(
    ("alone", "ports"),
    [
        ((), []),
        ((Resource.METALLB,), [("198.18.0.1", 80)]),
        ((Resource.INGRESS,), [("198.18.0.2", 80)]),
        ((Resource.DEFAULTS,), [("198.18.0.2", 80)]),
        ((Resource.METALLB, Resource.INGRESS), [("198.18.0.1", 80), ("198.18.0.2", 80)]),
    ],
)
def test_what_answered_before_has_to_answer_where_it_was_not_shared(
    alone: tuple[Resource, ...], ports: list[tuple[str, int]], asked: list[tuple[str, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def silent(address: str, port: int) -> str:
        raise Unanswered(f"{address}:{port}: timed out")

    invariant = remembered(Stored(Service=[exposed("198.18.0.1"), exposed("198.18.0.2", namespace="ingress")]), METALLB, *alone)
    invariant.expect_restored()
    assert asked == ports * 2
    monkeypatch.setattr(invariants, "port_open", silent)
    with pytest.raises(Leak, match="80: timed out") if ports else nullcontext():
        invariant.expect_restored()


def test_pods_of_an_ingress_controller_that_was_replaced_have_to_end() -> None:
    ending = {"metadata": {"name": "controller-1", "namespace": "ingress", "deletionTimestamp": "2026-01-01T00:00:00Z"}}
    elsewhere = {"metadata": {"name": "app-1", "namespace": "elsewhere", "deletionTimestamp": "2026-01-01T00:00:00Z"}}
    left: dict[str, Any] = {"Pod": [ending, elsewhere, named("controller-2", namespace="ingress")]}
    after(Resource.METALLB, **left)
    with pytest.raises(Leak, match=r"still there: controller-1\n"):
        after(Resource.INGRESS, **left)
