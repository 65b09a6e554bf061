"""``doctor``: says why what users ask for does not work on a cluster of theirs, and changes nothing."""

import argparse
from pathlib import Path
from tempfile import TemporaryDirectory

from harness.cli import Commands
from harness.cluster.api import Api
from harness.cluster.kubeconfig import kubeconfig, require_context
from harness.doctor import rendering
from harness.doctor.diagnosis import Doctor
from harness.doctor.snapshot import read
from harness.model.verdicts import ExitCode

_ABOUT = """Look at a cluster, and say why a Service stays pending, an address does not answer, or a route answers 404 or 503: the object,
what is seen, what it means, the command that repairs it, and the source. It only reads. Exit code 0: nothing found, 1: findings."""


def add_command(commands: Commands) -> None:
    """Declare ``doctor``."""
    parser = commands.add_parser(
        "doctor", help="say what is wrong with MetalLB, Services and routes of a cluster of yours", description=_ABOUT
    )
    parser.add_argument("--context", required=True, metavar="NAME", help="the context of the kubeconfig; never the current one by itself")
    parser.add_argument("--kubeconfig", type=Path, metavar="FILE", help="the kubeconfig (default: KUBECONFIG, or ~/.kube/config)")
    what = "one object, as service/NAMESPACE/NAME or ingress/NAMESPACE/NAME: how it gets what it has, and what is wrong with it"
    parser.add_argument("--explain", metavar="OBJECT", default="", help=what)
    parser.add_argument("--json", action="store_true", help="print a document that follows harness/doctor/doctor.schema.json")
    parser.set_defaults(command=examine)


def examine(options: argparse.Namespace) -> int:
    """Print what is found.

    :raises UsageFault: there is no such kubeconfig, context or object
    :raises EnvironmentFault: the API server does not answer
    """
    file = kubeconfig(options.kubeconfig)
    require_context(file, options.context)
    with TemporaryDirectory() as folder:
        snapshot = read(Api(file, options.context, Path(folder) / "discovery.json"))
    diagnosis = Doctor(snapshot).diagnosis(options.context, options.explain)
    print(rendering.as_json(diagnosis) if options.json else rendering.in_words(diagnosis))
    return ExitCode.CHANGED if diagnosis.findings else ExitCode.AS_EXPECTED
