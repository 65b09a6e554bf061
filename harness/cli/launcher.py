"""All that the installed package adds: it starts the command of the project that lies within it.

In the wheel this file is ``metallb_ingress_conformance/__init__.py``, and the project's folders are below ``_project`` beside it: they are
importable in the process of the command and in no other.
"""

import os
import sys
from pathlib import Path

PROJECT = Path(__file__).with_name("_project")


def main() -> int:
    """Run the command and return its exit code."""
    if PROJECT.is_dir():  # it is not where the package is installed as editable: then the clone is importable
        sys.path.insert(0, str(PROJECT))
        # pytest's compiled tests are no files of the package, and would stay when it is removed
        sys.dont_write_bytecode = True
        os.environ["PYTHONDONTWRITEBYTECODE"] = "1"  # in the processes of pytest-xdist, too
    from harness.cli.command import main as command

    return command()
