"""The rights that a run needs on a cluster that somebody else made: as a ClusterRole, and as a question to the API server."""

from collections.abc import Iterator
from typing import Any

import yaml

from harness.cluster.api import Api
from harness.model.errors import UsageFault
from harness.model.project import COMMAND, ROOT

#: The ClusterRole, and the rules that a probe of the nodes' network adds; the one place where they stand.
FILE, OF_WIRE_PROBE = (ROOT / "manifests" / "existing" / name for name in ("rights.yaml", "rights-wire-probe.yaml"))
#: Missing rights that are named on one screen.
SHOWN = 12


def manifest(*, wire_probe: bool = False) -> str:
    """The ClusterRole, as it is applied."""
    return "".join(file.read_text(encoding="utf-8") for file in (FILE, *([OF_WIRE_PROBE] if wire_probe else ())))


def needed(*, wire_probe: bool = False) -> Iterator[tuple[str, str, str]]:
    """Every group, resource (with its subresource behind a slash) and verb."""
    role: Any = yaml.safe_load(manifest(wire_probe=wire_probe))
    for rule in role["rules"]:
        for group in rule["apiGroups"]:
            yield from ((group, resource, verb) for resource in rule["resources"] for verb in rule["verbs"])


def require(api: Api, *, wire_probe: bool = False) -> None:
    """Check that the user of the kubeconfig has all of them, before anything is created.

    :raises UsageFault: some are missing; they are named
    """
    asked = needed(wire_probe=wire_probe)
    missing = [f"{verb} {resource}{f'.{group}' if group else ''}" for group, resource, verb in asked if not api.may(group, resource, verb)]
    if missing:
        asking = " --wire-probe" if wire_probe else ""
        shown = ", ".join(missing[:SHOWN]) + (f" and {len(missing) - SHOWN} more" if len(missing) > SHOWN else "")
        raise UsageFault(
            "the rights that a run needs", f"these are missing: {shown}", f"`{COMMAND} rbac{asking}` prints the ClusterRole that has all"
        )
