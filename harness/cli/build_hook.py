"""Runs when the package is built: writes into it which commit it was made from, and lets an editable one be the clone itself."""

import subprocess
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

PACKAGE = "metallb_ingress_conformance"
#: Where the project's folders stand in the wheel.
PROJECT = f"{PACKAGE}/_project"


class ProjectHook(BuildHookInterface[Any]):
    """Adds the file ``commit``, which :mod:`harness.plugin.suite_version` reads; an editable package holds the launcher alone."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Say what is added. The commit is known to git in a clone, and to the file in what was made from one."""
        if version == "editable":
            build_data["force_include_editable"] = {str(Path(self.root, "harness", "cli", "launcher.py")): f"{PACKAGE}/__init__.py"}
            return
        commit = Path(self.root, "commit")
        if not commit.is_file():
            self._folder = tempfile.TemporaryDirectory()  # goes with the hook
            commit = Path(self._folder.name, "commit")
            commit.write_text(_described(self.root))
        if commit.is_file() and commit.read_text():
            build_data["force_include"][str(commit)] = f"{PROJECT}/commit" if self.target_name == "wheel" else "commit"


def _described(root: str) -> str:
    argv = ["git", "-C", root, "describe", "--always", "--dirty", "--exclude=*", "--abbrev=12"]
    try:
        return subprocess.run(argv, capture_output=True, text=True, check=True, timeout=10).stdout
    except (OSError, subprocess.SubprocessError):
        return ""
