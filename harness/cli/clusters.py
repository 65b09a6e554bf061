"""``clusters``: what runs have kept."""

import argparse
from pathlib import Path
from tempfile import TemporaryDirectory

from harness.cli import Commands
from harness.cluster import engine, lifetime
from harness.cluster.api import Api
from harness.cluster.downloads import Web
from harness.cluster.kubeconfig import kubeconfig, require_context
from harness.cluster.publications import Publications
from harness.cluster.sources import Source
from harness.cluster.steps import Steps
from harness.systems import existing
from harness.systems.leftovers import sentence

_NAMES = f"the cluster's name, or {lifetime.LATEST} for the one kept last, or {lifetime.LEFTOVERS} for what killed runs left"


def add_command(commands: Commands) -> None:
    """Declare ``clusters``."""
    parser = commands.add_parser("clusters", help="list the clusters that runs have kept, or delete one")
    parser.set_defaults(command=print_list)
    actions = parser.add_subparsers(metavar="ACTION")
    command = actions.add_parser("delete", help="delete a cluster that a run kept, with all that belongs to it")
    command.add_argument("name", metavar="NAME", help=_NAMES)
    command.set_defaults(command=delete)
    command = actions.add_parser("recover", help="remove what ended runs left on a cluster that somebody else made")
    command.add_argument("--context", required=True, metavar="NAME", help="the context of the kubeconfig; never the current one by itself")
    command.add_argument("--kubeconfig", type=Path, metavar="FILE", help="the kubeconfig (default: KUBECONFIG, or ~/.kube/config)")
    command.add_argument("--run", metavar="NAME", default="", help="a run of somebody else's, which is known to have ended")
    command.set_defaults(command=recover)


def print_list(_: argparse.Namespace) -> None:
    """Print the clusters that were kept, the one kept last at the end."""
    kept = [state for state in lifetime.known_clusters() if state.kept]
    for state in kept:
        ingress = ", ".join(f"{name} {version}" for name, version in state.ingress.items())
        systems = f"metallb {state.metallb}, kubernetes {state.kubernetes}, {ingress}"
        print(f"{state.name}  {systems}, {state.ip_family}, {state.nodes} nodes\n  export KUBECONFIG={state.kubeconfig}")
    if not kept:
        print("none is kept")


def delete(options: argparse.Namespace) -> None:
    """Delete a kept cluster, or what killed runs left.

    :raises UsageFault: there is none of that name, or a run is using it
    :raises EnvironmentFault: something could not be deleted
    """
    if options.name == lifetime.LEFTOVERS:
        engine.require_engine()
        lifetime.remove_leftovers(Steps(print))
        return
    lifetime.remove(options.name, Publications(Source.AUTO, Web(), Steps(print)).kind(), Steps(print))


def recover(options: argparse.Namespace) -> None:
    """Remove what ended runs left on a cluster that somebody else made.

    :raises UsageFault: there is no such kubeconfig, context or run
    :raises EnvironmentFault: something could not be removed
    """
    file = kubeconfig(options.kubeconfig)
    require_context(file, options.context)
    with TemporaryDirectory() as folder:
        api = Api(file, options.context, Path(folder) / "discovery.json")
        removed = existing.recover(api, file, options.context, Steps(print), named=options.run)
    print(sentence(removed) or f"nothing was left on {options.context}")
