"""``check-controller``: judges the module of an ingress controller, not the controller."""

import argparse

from harness.cli import Commands
from harness.cluster.downloads import Web
from harness.cluster.publications import Publications
from harness.cluster.sources import Source, components
from harness.cluster.steps import Steps
from harness.model.baselines import read_baseline
from harness.model.errors import UsageFault
from harness.model.project import BASELINES, ROOT
from harness.systems.ingress.controller_check import complaints
from harness.systems.ingress.controllers import controller


def add_command(commands: Commands) -> None:
    """Declare the command."""
    command = commands.add_parser("check-controller", help="say what is wrong with the module of an ingress controller; needs no cluster")
    command.add_argument("name", metavar="NAME[@VERSION]", help="a controller, as --ingress takes it")
    command.set_defaults(command=check)


def check(options: argparse.Namespace) -> None:
    """Print what a controller's module says, if it says all that it has to.

    :raises UsageFault: it does not, with everything that is wrong
    :raises EnvironmentFault: its published manifest cannot be had
    """
    name, _, version = options.name.partition("@")
    found = controller(name, version)
    if not version and getattr(found, "components", None):
        found = controller(name, found.usual_version)
    baseline = found.baseline or ROOT / BASELINES / f"{name}.toml"
    manifest = found.manifest or Publications(Source.AUTO, Web(), Steps(print)).manifest(name, found.version, set())
    if wrong := complaints(found, name, manifest, components=components(), baseline=baseline):
        raise UsageFault(
            "a controller whose module, manifest and baseline fit each other",
            "\n          ".join(wrong),
            "correct what is named; docs/add-a-controller.md says what each part is for",
        )
    listed = len(read_baseline(baseline)) if baseline.is_file() else 0
    facts = {
        "features": ", ".join(found.features),
        "workloads": ", ".join(map(str, found.workloads)),
        "images": ", ".join(found.components),
        "manifest": str(manifest),
        "known deviations": f"{listed} in {baseline}",
    }
    print(f"{name} {found.version}: nothing is wrong\n" + "\n".join(f"{key:<17} {value}" for key, value in facts.items()))
