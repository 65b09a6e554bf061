"""The command line of a run."""

from argparse import ArgumentTypeError

import pytest


def add_options(parser: pytest.Parser) -> None:
    """Declare the options of the plugin."""
    group = parser.getgroup("conformance", "conformance of MetalLB and ingress controllers")
    add_report_options(group)


def add_report_options(group: pytest.OptionGroup) -> None:
    """Options that say what is judged and where the report goes."""
    group.addoption(
        "--timeout-scale",
        type=positive,
        default=1.0,
        metavar="FACTOR",
        help="multiply every budget, for slow machines; recorded in the report (default: 1)",
    )
    group.addoption(
        "--report-dir",
        default="reports/runs",
        metavar="DIR",
        help="directory of the runs' reports, one folder a run (default: reports/runs)",
    )
    group.addoption("--statements", action="store_true", help="list the selected statements and run nothing")
    group.addoption(
        "--baselines", metavar="DIR", help="directory of known deviations, one TOML file an implementation (default: reports/baselines)"
    )
    group.addoption(
        "--update-baseline", action="store_true", help="write NAME.proposed.toml beside each baseline that this run contradicts"
    )


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
