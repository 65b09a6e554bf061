"""Where the project stands and how its command is called: in a clone, or inside of the installed package."""

import tomllib
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
NAME = "metallb-ingress-conformance"
#: Whether this is the copy inside of the installed package (the wheel's table in ``pyproject.toml`` names its folder).
INSTALLED = ROOT.name == "_project"
#: How the command is called from here.
COMMAND = NAME if INSTALLED else "python -m harness"
#: What a report and a baseline are called where nobody says otherwise, from the folder that they belong to.
RUNS, BASELINES = "reports/runs", "reports/baselines"


@cache
def version() -> str:
    """The version of the suite."""
    return str(tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"])
