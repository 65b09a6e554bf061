"""Several ingress controllers in one run: what depends on the controller is judged once with each, everything else once."""

import pytest

from harness.model.verdicts import Outcome
from selftests.plugin.conftest import WITH_WORKERS, Suite

#: In a run with two controllers, and the fixture by which a statement depends on them; how often its dependents were made is in a file.
TWO = """
import pytest

from harness.model.features import Feature
from harness.plugin.run_facts import RUN

pytest_plugins = ["harness.plugin"]


@pytest.hookimpl(trylast=True)
def pytest_configure(config):
    config.stash[RUN].versions = {"metallb": "0.14.9", "kubernetes": "1.36.3", "traefik": "3.7.15", "contour": "1.33.0"}
    config.stash[RUN].features = {"traefik": frozenset({Feature.CANARY}), "contour": frozenset({Feature.CORS})}


@pytest.fixture(scope="session")
def ingress_controller(request):
    return getattr(request, "param", "the only one")


@pytest.fixture
def client(ingress_controller):
    return ingress_controller
"""
ENTRY = '[[deviation]]\nstatement = "{}"\nobserved = "o"\nsays = "assert"\nreason = "r"\nlink = "https://example.org/1"\n'
BOTH = pytest.mark.parametrize("arguments", [pytest.param((), id="one process"), WITH_WORKERS])


@pytest.fixture
def two(suite: Suite) -> Suite:
    suite.write("conftest.py", TWO)
    return suite


def outcomes(suite: Suite, *arguments: str) -> dict[str, Outcome]:
    ran = suite.run(*arguments)
    assert ran.report, ran.output
    return {f"{result.id} {result.which}".rstrip(): result.outcome for result in ran.report.results}


@BOTH
def test_what_depends_on_the_controller_is_judged_with_each_and_the_rest_once(two: Suite, arguments: tuple[str, ...]) -> None:
    two.add("SUB-01", "assert client == 'traefik'", folder="ingress/routing", parameters="client")
    two.add("EXH-01", parameters="ingress_controller")
    two.add("EXH-02")
    assert outcomes(two, *arguments) == {
        "SUB-01 traefik": Outcome.PASSED,
        "SUB-01 contour": Outcome.FAILED,
        "EXH-01 traefik": Outcome.PASSED,
        "EXH-01 contour": Outcome.PASSED,
        "EXH-02": Outcome.PASSED,
    }


def test_the_controller_stands_before_the_case_and_is_no_part_of_it(two: Suite) -> None:
    two.add("SUB-01", before="@pytest.mark.parametrize('row', ['a', 'traefik-b'])", parameters="row, client", folder="ingress/routing")
    report = two.run().report
    assert report
    assert [(result.controller, result.case, result.cases) for result in sorted(report.results, key=lambda result: result.nodeid)] == [
        ("contour", "a", 2),
        ("contour", "traefik-b", 2),
        ("traefik", "a", 2),
        ("traefik", "traefik-b", 2),
    ]
    assert {result.nodeid.partition("[")[2] for result in report.results} == {
        *("contour-a]", "contour-traefik-b]", "traefik-a]", "traefik-traefik-b]"),
    }
    assert report.controllers == ["traefik", "contour"]


def test_with_one_controller_nothing_is_called_after_it(suite: Suite) -> None:
    suite.write("conftest.py", TWO.replace(', "contour": frozenset({Feature.CORS})', ""))
    suite.add("SUB-01", "assert client == 'the only one'", folder="ingress/routing", parameters="client")
    report = suite.run().report
    assert report
    (result,) = report.results
    assert (result.nodeid.partition("::")[2], result.case, result.controller, result.outcome) == ("test_sub_01", "", "", Outcome.PASSED)
    assert report.controllers == []


@BOTH
def test_features_and_versions_are_those_of_the_controller(two: Suite, arguments: tuple[str, ...]) -> None:
    two.add("CAN-01", folder="ingress/nginx/canary", parameters="client", profile="EXTENDED")
    two.add("SUB-01", folder="ingress/routing", parameters="client", options='system="contour", since="1.30"')
    ran = two.run(*arguments)
    assert ran.report
    assert {f"{result.id} {result.which}": (result.outcome, result.reason) for result in ran.report.results} == {
        "CAN-01 traefik": (Outcome.PASSED, ""),
        "CAN-01 contour": (Outcome.NOT_APPLICABLE, "needs canary, which contour 1.33.0 does not offer"),
        "SUB-01 traefik": (Outcome.NOT_APPLICABLE, "needs contour >= 1.30, which is not under test"),
        "SUB-01 contour": (Outcome.PASSED, ""),
    }


def test_known_deviations_are_those_of_the_controller(two: Suite) -> None:
    two.write("reports/baselines/contour.toml", ENTRY.format("SUB-01"))
    two.add("SUB-01", "assert False", folder="ingress/routing", parameters="client")
    assert outcomes(two) == {"SUB-01 traefik": Outcome.FAILED, "SUB-01 contour": Outcome.KNOWN_DEVIATION}


def test_a_deviation_that_is_gone_is_stale_for_its_controller_and_proposals_go_to_their_files(two: Suite) -> None:
    two.write("reports/baselines/contour.toml", ENTRY.format("SUB-01"))
    two.add("SUB-01", "assert client == 'contour'", folder="ingress/routing", parameters="client")
    ran = two.run("--propose-deviations")
    assert ran.code == 1
    assert {file.name: 'statement = "SUB-01"' in file.read_text() for file in two.pytester.path.glob("reports/runs/*/*.toml")} == {
        "contour.proposed.toml": False,
        "traefik.proposed.toml": True,
    }


def test_evidence_and_the_terminal_tell_the_controllers_apart(two: Suite) -> None:
    two.add("SUB-01", "assert False", folder="ingress/routing", parameters="client")
    ran = two.run()
    assert {file.name for file in two.pytester.path.glob("reports/runs/*/evidence/*")} == {"SUB-01-traefik", "SUB-01-contour"}
    assert "conformance of traefik 3.7.15, in statements" in ran.output
    assert "traefik: CORE failure; contour: CORE failure" in ran.output
    assert "traefik: sub 01" in ran.output


def test_a_session_fixture_is_made_anew_when_the_controller_changes(two: Suite) -> None:
    two.write("conftest.py", TWO + "\n\n@pytest.fixture(scope='session')\ndef vip(ingress_controller):\n    return ingress_controller\n")
    for number in (1, 2, 3):
        two.add(f"EXH-0{number}", "assert vip == ingress_controller", parameters="vip, ingress_controller")
    assert set(outcomes(two, "-n2").values()) == {Outcome.PASSED}


def test_collecting_lists_the_cases_of_each(two: Suite) -> None:
    two.add("SUB-01", folder="ingress/routing", parameters="client")
    ran = two.run("--collect-only", "-q")
    assert "test_sub_01[traefik]" in ran.output
    assert "test_sub_01[contour]" in ran.output
