"""What a changed controller does otherwise is found by a migration to it, and named as what it is.

One cluster with ingress-nginx and all inputs is asked, changed in one way after the other (``faults/ingress-nginx.toml``), and asked again.
"""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest

from harness.cli.migrate import USUAL
from harness.cluster.lifetime import kind_cluster, tear_down
from harness.cluster.publications import Publications
from harness.cluster.state import ClusterState
from harness.cluster.steps import Steps
from harness.faults import catalogue, swap
from harness.faults.catalogue import SeededFault
from harness.faults.swap import Swap
from harness.migration.acceptance import Acceptance
from harness.migration.asking import Asked, Bench
from harness.migration.comparison import Harm
from harness.migration.conclusion import Sides, conclude
from harness.migration.findings import Migration
from harness.migration.reading import Routes, read_paths
from harness.migration.requests import Derived, derive
from harness.model.budgets import SHARED_ROUTES
from harness.model.project import ROOT
from harness.plugin.options import add_images
from harness.plugin.settings import systems_under_test
from harness.systems.environment import Settings, bring_up

NAME = "ingress-nginx"
INPUTS = ROOT / "enginetests" / "migration_inputs"
#: Of every change an Ingress about which it is seen, and the harm.
SEEN = {
    "passwords-not-asked-for": ("metrics/prometheus", Harm.OPENED),
    "allowed-ranges-ignored": ("accounts/admin", Harm.OPENED),
    "external-check-not-made": ("wiki/wiki", Harm.OPENED),
    "body-size-unlimited": ("delivery/hooks", Harm.OPENED),
    "prefix-by-characters": ("interface/cors", Harm.GAINED),
    "canary-header-always-ignored": ("shop/checkout-canary", Harm.OTHER_BACKEND),
    "canary-header-never-chosen": ("shop/checkout-canary", Harm.OTHER_BACKEND),
    "rewritten-path-minds-case": ("shop/api", Harm.ARRIVAL),
    "backend-tls-not-spoken": ("delivery/server", Harm.LOST),
    "aliases-ignored": ("site/alias", Harm.LOST),
    "preflights-passed-on": ("interface/cors", Harm.ANSWERED),
    "wildcard-for-several-labels": ("forge/pages", Harm.GAINED),
    "application-root-for-good": ("site/blog", Harm.REDIRECT),
    "redirect-to-https-for-now": ("monitoring/grafana", Harm.REDIRECT),
    "www-redirect-to-the-root": ("site/blog", Harm.REDIRECT),
    "moved-for-good-with-301": ("site/former", Harm.REDIRECT),
    "auth-headers-emptied": ("wiki/wiki", Harm.HEADER),
    "wildcard-certificate-ignored": ("forge/pages", Harm.REDIRECT),
    "origins-by-their-beginning": ("interface/cors", Harm.HEADER),
    "affinity-cookie-not-sent": ("interface/sticky", Harm.HEADER),
    "affinity-cookie-ignored": ("interface/sticky", Harm.SHARE),
    "burst-of-one": ("interface/limited", Harm.CLOSED),
    "web-socket-upgrade-dropped": ("forge/web", Harm.LOST),
    "request-id-lost": ("forge/web", Harm.HEADER),
    "forwarded-scheme-always-http": ("forge/web", Harm.HEADER),
    "http2-off": ("forge/web", Harm.HEADER),
}


@dataclass
class Changing:
    """A controller that is changed, and what it answered before."""

    settings: Settings
    state: ClusterState
    bench: Bench
    place: Swap
    sides: tuple[Routes, list[Derived], Asked]
    steps: Steps

    def found_with(self, fault: SeededFault) -> Migration:
        """What a migration finds once the controller has a fault."""
        versions = {one: self.settings.components[one] for one in fault.components}
        cluster = kind_cluster(self.state, self.bench.publications.kind(), image="")
        with swap.built(fault, versions, cluster, self.steps) as built:
            self.place.put(fault, built)
        assert self.bench.serves(SHARED_ROUTES)
        routes, derived, before = self.sides
        return conclude(Sides(routes, derived, before, self.bench.send(derived)), self.settings, Acceptance.read(None), "")


@pytest.fixture(scope="module")
def changing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Changing]:
    parser = argparse.ArgumentParser()
    add_images(parser.add_argument)
    options = {**vars(parser.parse_args([])), **USUAL, "ingress": [NAME]}
    settings = replace(systems_under_test(options.__getitem__), nodes=1)
    steps, logs = Steps(print), tmp_path_factory.mktemp("logs")
    publications = Publications(settings.images, settings.web, steps)
    state = bring_up(settings, steps, logs)
    try:
        place = Swap.of(NAME, settings, state, publications)
        place.restore()
        routes = read_paths([INPUTS], [])
        routes.keep_class(settings.controllers[0].ingress_class)
        derived, bench = derive(routes), Bench(state, routes, steps, publications)
        bench.stand_up()
        yield Changing(settings, state, bench, place, (routes, derived, bench.send(derived)), steps)
    finally:
        tear_down(state, publications.kind(), steps)


@pytest.mark.parametrize("fault", catalogue.read(NAME).selected(SEEN), ids=lambda one: one.id)
def test_what_a_changed_controller_does_otherwise_is_named(fault: SeededFault, changing: Changing) -> None:
    found = changing.found_with(fault)
    named = {(one.ingress, difference.harm) for one in found.compared for difference in one.differences}
    assert SEEN[fault.id] in named
