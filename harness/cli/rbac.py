"""``rbac``: the rights that a run needs on a cluster that somebody else made."""

import argparse

from harness.cli import Commands
from harness.cluster import rights


def add_command(commands: Commands) -> None:
    """Declare ``rbac``."""
    parser = commands.add_parser("rbac", help="print the ClusterRole with the rights that run --context needs")
    parser.set_defaults(command=print_role)


def print_role(_: argparse.Namespace) -> None:
    """Print it."""
    print(rights.manifest(), end="")
