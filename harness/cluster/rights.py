"""The rights that a run needs on a cluster that somebody else made: as a ClusterRole, and as a question to the API server."""

from collections.abc import Iterator
from typing import Any

import yaml

from harness.cluster.api import Api
from harness.model.errors import UsageFault
from harness.model.project import COMMAND, ROOT

#: The ClusterRole; the one place where they stand.
FILE = ROOT / "manifests" / "existing" / "rights.yaml"
#: Missing rights that are named on one screen.
SHOWN = 12


def manifest() -> str:
    """The ClusterRole, as it is applied."""
    return FILE.read_text(encoding="utf-8")


def needed() -> Iterator[tuple[str, str, str]]:
    """Every group, resource (with its subresource behind a slash) and verb."""
    role: Any = yaml.safe_load(manifest())
    for rule in role["rules"]:
        for group in rule["apiGroups"]:
            yield from ((group, resource, verb) for resource in rule["resources"] for verb in rule["verbs"])


def require(api: Api) -> None:
    """Check that the user of the kubeconfig has all of them, before anything is created.

    :raises UsageFault: some are missing; they are named
    """
    missing = [
        f"{verb} {resource}{f'.{group}' if group else ''}" for group, resource, verb in needed() if not api.may(group, resource, verb)
    ]
    if missing:
        shown = ", ".join(missing[:SHOWN]) + (f" and {len(missing) - SHOWN} more" if len(missing) > SHOWN else "")
        raise UsageFault(
            "the rights that a run needs", f"these are missing: {shown}", f"`{COMMAND} rbac` prints the ClusterRole that has all"
        )
