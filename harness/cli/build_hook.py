"""Runs when the package is built: writes into it which commit it was made from."""

import subprocess
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

#: Where the project's folders stand in the wheel.
PROJECT = "metallb_ingress_conformance/_project"


class CommitHook(BuildHookInterface[Any]):
    """Adds the file ``commit``, which :mod:`harness.plugin.suite_version` reads."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Find the commit: git knows it in a clone, and the file in what was made from one."""
        commit = Path(self.root, "commit")
        if version != "editable" and not commit.is_file():
            commit = Path(tempfile.mkdtemp(prefix="commit-"), "commit")
            commit.write_text(_described(self.root))
        if commit.is_file() and commit.read_text():
            build_data["force_include"][str(commit)] = f"{PROJECT}/commit" if self.target_name == "wheel" else "commit"


def _described(root: str) -> str:
    argv = ["git", "-C", root, "describe", "--always", "--dirty", "--exclude=*", "--abbrev=12"]
    try:
        return subprocess.run(argv, capture_output=True, text=True, check=True, timeout=10).stdout
    except (OSError, subprocess.SubprocessError):
        return ""
