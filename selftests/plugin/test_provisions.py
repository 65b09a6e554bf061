"""What a run has to provide is read off the fixtures, the project's own ones here."""

from pathlib import Path

import pytest

from harness.model.resources import DEFAULTS, METALLB
from harness.plugin import provisions
from harness.plugin.collection import PLAN, Case
from harness.plugin.provisions import Provision, out_of_reach
from selftests.plugin.conftest import ROOT, Suite


class Planned:
    """Keeps what was planned."""

    def __init__(self) -> None:
        self.cases: dict[str, Case] = {}

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self.cases = {case.statement.id: case for case in session.config.stash[PLAN].values()}


@pytest.mark.parametrize(
    ("fixture", "needs"),
    [
        ("client", {Provision.CLUSTER, Provision.INGRESS, Provision.SHARED_ROUTES, Provision.MANIFEST}),
        ("own_client", {Provision.CLUSTER, Provision.INGRESS, Provision.SHARED_ROUTES}),
        ("external_peer", {Provision.CLUSTER, Provision.ROUTER_IMAGE, Provision.ROUTER}),
        ("routers", {Provision.CLUSTER, Provision.ROUTER_IMAGE, Provision.NETWORK}),
        ("namespace", {Provision.CLUSTER, Provision.NAMESPACE}),
        ("metallb_controller", {Provision.CLUSTER, Provision.CONTROLLER_RESTART}),
        ("speaker_settings", {Provision.CLUSTER, Provision.ARGUMENTS}),
        ("node_loss", {Provision.CLUSTER, Provision.NAMESPACE, Provision.LOST_NODE, Provision.NETWORK, Provision.WIRE}),
        ("upgrades", {Provision.CLUSTER, Provision.ROUTER_IMAGE, Provision.RELEASES, Provision.NETWORK, Provision.WIRE}),
        ("label", set()),
    ],
)
def test_a_statement_needs_what_its_fixtures_declare(suite: Suite, fixture: str, needs: set[Provision]) -> None:
    suite.write("conftest.py", Path(ROOT, "conftest.py").read_text())
    suite.write("manifests/metallb/exhaustion/exh_01/routes.yaml", "")
    suite.add("EXH-01", parameters=fixture, before="@pytest.mark.manifest('routes.yaml')" if Provision.MANIFEST in needs else "")
    planned = Planned()
    suite.pytester.inline_run("--collect-only", "-q", plugins=[planned])
    assert set(planned.cases["EXH-01"].needs) == needs


def test_a_fixture_that_needs_nothing_declares_nothing(suite: Suite) -> None:
    suite.add("EXH-01", parameters="tmp_path, thing", before="@pytest.fixture\ndef thing(): pass")
    planned = Planned()
    suite.pytester.inline_run("--collect-only", "-q", plugins=[planned])
    assert planned.cases["EXH-01"].needs == ()


def test_what_is_allowed_is_judged_although_others_notice(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    request.node.add_marker(pytest.mark.disruptive(METALLB))
    monkeypatch.setattr(provisions, "needs_of", lambda item: (Provision.SPEAKER_RESTART, Provision.NODE_CORDON))
    assert out_of_reach(request.node, (Provision.SPEAKER_RESTART, Provision.NODE_CORDON)) == ""
    assert "--allow-disruption node-cordon" in out_of_reach(request.node, (Provision.SPEAKER_RESTART,))


@pytest.mark.parametrize(
    ("marks", "expected"),
    [
        ([], ""),
        ([pytest.mark.disruptive(METALLB)], "breaks something"),
        ([pytest.mark.serial(METALLB)], ""),
        ([pytest.mark.serial(DEFAULTS)], "whose host is in no rule"),
        ([pytest.mark.serial], "whose host is in no rule"),
    ],
)
def test_what_others_would_notice_is_not_judged_on_their_cluster(
    request: pytest.FixtureRequest, marks: list[pytest.MarkDecorator], expected: str
) -> None:
    for mark in marks:
        request.node.add_marker(mark)
    found = out_of_reach(request.node, ())
    assert (expected in found) if expected else not found
