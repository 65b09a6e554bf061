"""The command line of a run: every option of the suite; what they mean together stands in ``settings.py``."""

from argparse import ArgumentTypeError

import pytest

from harness.cluster.sources import Source

#: When a cluster stays after its run.
KEEP = ("never", "on-failure", "always")


def add_options(parser: pytest.Parser) -> None:
    """Declare the options of the plugin."""
    _add_judging(parser.getgroup("conformance", "conformance of MetalLB and ingress controllers"))
    _add_systems(parser.getgroup("cluster", "the cluster that statements run on"))
    _add_cluster(parser.getgroup("cluster"))


def _add_judging(group: pytest.OptionGroup) -> None:
    """What is judged and where the report goes."""
    add = group.addoption
    add(
        "--timeout-scale",
        type=positive,
        default=1.0,
        metavar="FACTOR",
        help="multiply every budget, for slow machines; recorded in the report (default: 1)",
    )
    add(
        "--report-dir",
        default="reports/runs",
        metavar="DIR",
        help="directory of the runs' reports, one folder a run (default: reports/runs)",
    )
    add("--statements", action="store_true", help="list the selected statements and run nothing")
    add("--baselines", metavar="DIR", help="directory of known deviations, one TOML file an implementation (default: reports/baselines)")
    add("--update-baseline", action="store_true", help="write NAME.proposed.toml beside each baseline that this run contradicts")


def _add_systems(group: pytest.OptionGroup) -> None:
    """What is under test and where it comes from."""
    add = group.addoption
    add("--metallb", metavar="VERSION", help="version of MetalLB under test (default: the newest that packages give)")
    add("--ingress", metavar="NAME[@VERSION]", help="ingress controller under test (default: ingress-nginx)")
    add("--kubernetes", metavar="VERSION", help="version of Kubernetes, that is of the kind node image")
    add(
        "--images",
        choices=tuple(Source),
        default="auto",
        help="where images come from: what the engine has, else a registry that answers, else packages (auto), or one of the two",
    )
    add("--image-mirror", metavar="PREFIX", default="", help="put before every public image reference, for instance registry.example.org/")
    add("--image", metavar="COMPONENT=REF", action="append", default=[], help="test an image of your own (repeatable)")


def _add_cluster(group: pytest.OptionGroup) -> None:
    """What the cluster is like, and whether it stays."""
    add = group.addoption
    add("--nodes", type=int, default=3, help="nodes of the cluster, the control plane included (default: 3)")
    add("--ip-family", choices=("ipv4", "ipv6", "dual"), default="ipv4", help="address families of the cluster (default: ipv4)")
    add("--kind-bin", metavar="FILE", help="the kind binary (default: the one on PATH, or the lab's)")
    add("--subnet", metavar="CIDR", help="IPv4 subnet of the run's Docker network (default: the engine chooses)")
    add("--pool", metavar="RANGE", help="the example project's address pool (default: .200 to .250 of the network's last /24)")
    add("--keep-cluster", choices=KEEP, default="never", help="whether the cluster stays after the run (default: never)")
    add("--reuse-cluster", metavar="NAME", help="run on a cluster that an earlier run kept; latest for the last one")


def positive(text: str) -> float:
    """A number above zero.

    :raises ArgumentTypeError: anything else
    """
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number < float("inf"):
        raise ArgumentTypeError(f"{text!r} is not a number above zero")
    return number
