"""What is recorded of many routes, at an address in memory."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from harness.model.budgets import SAMPLING
from harness.model.errors import StatementFailed
from harness.model.expectations import Expectation
from harness.model.http_exchange import Request
from harness.model.outages import Attempt
from harness.model.record import Record, recording
from harness.probes.load import Load
from harness.systems.ingress.client import IngressClient
from harness.systems.ingress.controllers import USUAL
from harness.systems.ingress.many_routes import ADDED, ManyRoutes
from harness.systems.ingress.resources import Ingresses
from selftests.systems.fake_api import FakeApi
from selftests.systems.ingress.scripted import client, refused_with, served_by


@pytest.fixture(autouse=True)
def loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    """A load that ran for two seconds."""

    @contextmanager
    def saturated(_client: IngressClient, _request: Request, _expectation: Expectation) -> Iterator[Load]:
        yield Load([Attempt(0.1, 0.002), Attempt(1.1, 0.004)])

    monkeypatch.setattr(IngressClient, "saturated", saturated)


def many(api: FakeApi, asked: IngressClient, count: int = 120) -> ManyRoutes:
    return ManyRoutes(Ingresses(api, "shared", "t1", "nginx"), replace(asked, timing=replace(USUAL, consecutive=2)), count)


def test_rules_have_hosts_of_their_own_and_the_last_is_waited_for() -> None:
    api = FakeApi()
    with recording(Record()) as kept:
        many(api, client(refused_with(404), served_by("one"))).create()
    rules = [rule["host"] for item in api.list("Ingress") for rule in item["spec"]["rules"]]
    assert len(api.list("Ingress")) == 3
    assert len(set(rules)) == 120
    assert [one.name for one in kept.measurements] == ["120 rules served"]


@pytest.mark.usefixtures("short")
def test_routes_that_are_not_served_are_told() -> None:
    with pytest.raises(StatementFailed, match=r"h119.* reaches one"):
        many(FakeApi(), client(refused_with(404))).create()


def test_requests_are_measured_before_during_and_after_changes() -> None:
    api = FakeApi()
    with recording(Record(scale=0.001)) as kept:
        routes = many(api, client(served_by("two")))
        routes.serve("before changes")
        routes.add_while_serving()
    names = [one.name for one in kept.measurements]
    assert names.count("120 rules: one more served") == ADDED
    assert len(api.list("Ingress")) == ADDED
    for when in ("before changes", "during changes"):
        assert f"120 rules, {when}: requests a second" in names
    assert [wait.budget for wait in kept.waits if wait.budget == SAMPLING.name] == [SAMPLING.name]
