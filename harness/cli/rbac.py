"""``rbac``: the rights that a run needs on a cluster that somebody else made."""

import argparse

from harness.cli import Commands
from harness.cluster import rights


def add_command(commands: Commands) -> None:
    """Declare ``rbac``."""
    parser = commands.add_parser("rbac", help="print the ClusterRole with the rights that run --context needs")
    parser.add_argument("--wire-probe", action="store_true", help="with what run --wire-probe needs besides")
    parser.set_defaults(command=print_role)


def print_role(options: argparse.Namespace) -> None:
    """Print it."""
    print(rights.manifest(wire_probe=options.wire_probe), end="")
