"""Statements that need features: what the controller lacks, or the user's own file takes away, does not apply."""

import pytest

from harness.model.verdicts import Outcome
from selftests.plugin.conftest import WITH_WORKERS, Suite


@pytest.mark.parametrize("arguments", [pytest.param((), id="one process"), WITH_WORKERS])
def test_what_the_controller_does_not_offer_does_not_apply_and_what_it_offers_is_judged(suite: Suite, arguments: tuple[str, ...]) -> None:
    suite.add("CAN-01", "assert False", folder="ingress/nginx/canary", profile="EXTENDED")
    suite.add("CAN-02", "assert False", folder="ingress/nginx/canary", options="features={Feature.PATH_REWRITE, Feature.GRPC}")
    suite.add("SUB-01", folder="ingress/routing")
    ran = suite.run(*arguments)
    assert ran.outcomes == {"CAN-01": Outcome.FAILED, "CAN-02": Outcome.NOT_APPLICABLE, "SUB-01": Outcome.PASSED}
    assert ran.results["CAN-02"].reason == "needs grpc, path-rewrite, which traefik 3.7.15 does not offer"
    assert ran.results["CAN-02"].features == ("grpc", "path-rewrite", "canary")


def test_what_the_mode_of_metallb_does_not_offer_does_not_apply(suite: Suite) -> None:
    suite.add("BGP-53", folder="metallb/bgp", profile="EXTENDED", options="features={Feature.LARGE_COMMUNITIES}")
    assert suite.run().results["BGP-53"].reason == "needs large-communities, which MetalLB in the mode native does not offer"
    assert suite.run("--metallb-mode=frr").outcomes == {"BGP-53": Outcome.PASSED}


@pytest.mark.parametrize("arguments", [pytest.param((), id="one process"), WITH_WORKERS])
def test_the_users_file_takes_features_away(suite: Suite, arguments: tuple[str, ...]) -> None:
    suite.write("conformance.toml", '# ours\n[features]\nunsupported = [\n  "grpc",\n  "canary",\n]\n')
    suite.add("CAN-01", "assert False", folder="ingress/nginx/canary")
    suite.add("COR-01", folder="ingress/nginx/cors")
    ran = suite.run(*arguments)
    assert ran.code == 0
    assert ran.outcomes == {"CAN-01": Outcome.NOT_APPLICABLE, "COR-01": Outcome.PASSED}
    assert ran.results["CAN-01"].reason == "conformance.toml line 5 says that canary is not supported"
    assert "conformance.toml: 0 skipped, 0 deviations, 2 features unsupported" in ran.output


def test_features_that_no_selected_statement_needs_are_left_alone(suite: Suite) -> None:
    suite.write("conformance.toml", '[features]\nunsupported = ["canary"]\n')
    suite.add("COR-01", folder="ingress/nginx/cors")
    assert suite.run().outcomes == {"COR-01": Outcome.PASSED}


def test_an_unknown_feature_is_told_with_its_line_and_the_nearest(suite: Suite) -> None:
    suite.write("conformance.toml", '[features]\nunsupported = ["canary", "path-rewrites"]\n')
    suite.add("CAN-01", folder="ingress/nginx/canary")
    ran = suite.run()
    assert ran.code == 4
    assert "line 2: there is no feature 'path-rewrites'; did you mean path-rewrite?" in ran.output
    assert ran.report is None


def test_marks_select_by_feature(suite: Suite) -> None:
    suite.add("CAN-01", folder="ingress/nginx/canary")
    suite.add("COR-01", folder="ingress/nginx/cors", options="features={Feature.PATH_REWRITE, Feature.CANARY}")
    suite.add("COR-02", folder="ingress/nginx/cors")
    assert sorted(suite.run("-m", "canary").outcomes) == ["CAN-01", "COR-01"]
    assert sorted(suite.run("-m", "cors and not path-rewrite").outcomes) == ["COR-02"]
