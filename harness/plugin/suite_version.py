"""Who judges: the version of the suite, and the commit it was made from."""

from harness.cluster.process import run_command
from harness.model.errors import EnvironmentFault
from harness.model.project import ROOT, version


def suite_version() -> str:
    """The version, with the commit where it is known."""
    known = commit()
    return f"{version()} ({known})" if known else version()


def commit() -> str:
    """The commit that this copy was made from, with ``-dirty`` where files were changed since; empty where nobody knows."""
    written = ROOT / "commit"  # when the package was built
    if written.is_file():
        return written.read_text(encoding="utf-8").strip()
    if not (ROOT / ".git").exists():
        return ""
    try:
        return run_command(["git", "-C", str(ROOT), "describe", "--always", "--dirty", "--exclude=*", "--abbrev=12"], timeout=10).strip()
    except EnvironmentFault:
        return ""
