"""``rbac``: the rights that a run needs on a cluster that somebody else made."""

import argparse

from harness.cli import Commands
from harness.cluster import rights
from harness.cluster.disruptions import Disruption
from harness.systems.metallb.router_access import PODS


def add_command(commands: Commands) -> None:
    """Declare ``rbac``."""
    parser = commands.add_parser("rbac", help="print the ClusterRole with the rights that run --context needs")
    parser.add_argument("--wire-probe", action="store_true", help="with what run --wire-probe needs besides")
    allowed = "with what run --allow-disruption NAME needs besides (repeatable)"
    parser.add_argument("--allow-disruption", action="append", default=[], choices=tuple(map(str, Disruption)), help=allowed)
    parser.add_argument("--router", choices=(PODS,), help="with what run --router frr-pod needs besides")
    parser.set_defaults(command=print_role)


def print_role(options: argparse.Namespace) -> None:
    """Print it."""
    words = rights.options(wire_probe=options.wire_probe, disruptions=options.allow_disruption, router=bool(options.router))
    print(rights.manifest(*words), end="")
