"""A system that is broken as a whole turns few statements red, and blocks all others by these, within five minutes.

Each is the published manifest with one text in it changed, installed by a run on a cluster of its own: of the whole suite where MetalLB is
broken, and of all that an ingress controller has to do with where that is, since everything else is judged as ever. The runs take half an
hour together, so they have a command of their own: `make broken-test`.
"""

import json
import sys
from collections import Counter
from dataclasses import dataclass
from time import monotonic
from typing import Any

import pytest

import lab
from harness.cluster.sources import components
from harness.faults.catalogue import Change, SeededFault, changed_text
from harness.faults.judging import ended
from harness.model.verdicts import ExitCode, Outcome

#: Seconds within which a run is over, and how much of it may be red.
OVER, FAILED = 300, 10
#: The component whose version a manifest has, by the option that takes the manifest.
COMPONENT = {"--metallb-manifest": "metallb-controller", "--ingress-manifest": "ingress-nginx-controller"}
SYSTEM = {"--metallb-manifest": "metallb", "--ingress-manifest": "ingress-nginx"}
#: What is judged, by the option that takes the manifest.
JUDGED: dict[str, list[str]] = {"--metallb-manifest": [], "--ingress-manifest": ["ingress", "installation", "kubernetes"]}
RED = (Outcome.FAILED, Outcome.STALE_DEVIATION)
#: What follows the arguments of MetalLB's controller, and of its speakers, and one more argument of each.
CONTROLLER, SPEAKERS = (f"\n        env:\n        - name: METALLB_{one}_NAME" for one in ("POD", "NODE"))
NOBODYS = "\n        - --lb-class=example.test/nobody"
BROKEN = {
    "--metallb-manifest": (
        SeededFault(
            "webhook-without-a-service",
            "every object of MetalLB's is refused, as the webhook is not reached",
            ("DEP-03",),
            (Change("kind: Service\nmetadata:\n  name: metallb-webhook-service", "kind: Service\nmetadata:\n  name: nobodys"),),
        ),
        SeededFault(
            "nothing-allocated",
            "MetalLB's controller minds Services of another class",
            ("ALC-01",),
            (Change(CONTROLLER, NOBODYS + CONTROLLER),),
        ),
        SeededFault(
            "speakers-silent",
            "MetalLB's speakers mind Services of another class",
            ("ANN-40",),
            (Change(SPEAKERS, NOBODYS + SPEAKERS),),
        ),
    ),
    "--ingress-manifest": (
        SeededFault(
            "every-route-answers-404",
            "the ingress controller answers every request by itself",
            ("RTE-01",),
            (Change('  allow-snippet-annotations: "false"', '  allow-snippet-annotations: "false"\n  location-snippet: return 404;'),),
        ),
        SeededFault(
            "crash-loop",
            "the ingress controller ends as soon as it begins",
            ("DEP-05",),
            (Change("        - --enable-metrics=false", "        - --no-such-flag"),),
        ),
        SeededFault(
            "ingresses-refused",
            "every Ingress is refused, as the webhook is not reached",
            ("DEP-06",),
            (Change("      name: ingress-nginx-controller-admission", "      name: nobodys"),),
        ),
    ),
}


@dataclass(frozen=True, slots=True)
class Run:
    """What a run of the whole suite says of a system that is broken."""

    fault: SeededFault
    code: int
    seconds: float
    results: list[dict[str, Any]]

    def of(self, *outcomes: Outcome) -> list[dict[str, Any]]:
        """The results with one of these outcomes."""
        return [one for one in self.results if one["outcome"] in outcomes]


@pytest.fixture(scope="module", params=[(option, one) for option, some in BROKEN.items() for one in some], ids=lambda it: it[1].id)
def run(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Run:
    option, fault = request.param
    folder = tmp_path_factory.mktemp(fault.id)
    published = lab.manifest(SYSTEM[option], components()[COMPONENT[option]].default)
    manifest = folder / "manifest.yaml"
    manifest.write_text(changed_text(published.read_text(), fault.change, "the manifest"))
    began = monotonic()
    with (folder / "output.txt").open("wb") as output:
        words = ["run", *JUDGED[option], "-n", "9", "--images=packages", f"{option}={manifest}", f"--report-dir={folder / 'runs'}"]
        argv = [sys.executable, "-m", "harness", *words]
        code = ended(argv, output.fileno())
    seconds = monotonic() - began
    (report,) = folder.glob("runs/*/report.json")
    return Run(fault, code, seconds, json.loads(report.read_text())["results"])


def test_it_is_over_within_five_minutes_and_says_changed(run: Run) -> None:
    assert (run.code, run.seconds < OVER) == (ExitCode.CHANGED, True), f"exit code {run.code} after {run.seconds:.0f} s"


def test_few_are_red_and_those_that_have_to_be_are(run: Run) -> None:
    red = [one["id"] for one in run.of(*RED)]
    assert len(red) <= FAILED, red
    assert set(run.fault.kills) <= set(red)


def test_all_that_could_not_be_judged_is_blocked_by_what_is_red(run: Run) -> None:
    assert not run.of(Outcome.ENVIRONMENT_ERROR, Outcome.NOT_RUN), Counter(one["outcome"] for one in run.results)
    red, blocked = {one["id"] for one in run.of(*RED)}, run.of(Outcome.BLOCKED)
    assert blocked
    assert not [one["id"] for one in blocked if not red & set(one["blocked_by"])]
