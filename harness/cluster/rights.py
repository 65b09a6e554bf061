"""The rights that a run needs on a cluster that somebody else made: as a ClusterRole, and as a question to the API server."""

from collections.abc import Collection, Iterator
from typing import Any

import yaml

from harness.cluster.api import Api
from harness.cluster.disruptions import OF_NODES, Disruption
from harness.model.errors import UsageFault
from harness.model.project import COMMAND, ROOT

#: The ClusterRole, the one place where the rights stand, and the rules that options add.
FOLDER = ROOT / "manifests" / "existing"
#: The file with the rules that an option adds.
OF_OPTION = {"--wire-probe": "rights-wire-probe.yaml", "--allow-disruption": "rights-nodes.yaml", "--router": "rights-router.yaml"}
#: Missing rights that are named on one screen.
SHOWN = 12


def options(*, wire_probe: bool, disruptions: Collection[str], router: bool) -> list[str]:
    """The words of a command line that need more than the rest.

    :param router: whether Pods stand for routers; one that somebody has needs no right here
    """
    of_nodes = [f"--allow-disruption {one}" for one in disruptions if Disruption(one) in OF_NODES]
    return [*(["--wire-probe"] if wire_probe else ()), *of_nodes, *(["--router frr-pod"] if router else ())]


def manifest(*words: str) -> str:
    """The ClusterRole, as it is applied, with what :func:`options` need besides."""
    files = dict.fromkeys(OF_OPTION[word.partition(" ")[0]] for word in words)
    return "".join((FOLDER / name).read_text(encoding="utf-8") for name in ("rights.yaml", *files))


def needed(*words: str) -> Iterator[tuple[str, str, str]]:
    """Every group, resource (with its subresource behind a slash) and verb."""
    role: Any = yaml.safe_load(manifest(*words))
    for rule in role["rules"]:
        for group in rule["apiGroups"]:
            yield from ((group, resource, verb) for resource in rule["resources"] for verb in rule["verbs"])


def require(api: Api, *words: str) -> None:
    """Check that the user of the kubeconfig has all of them, before anything is created.

    :raises UsageFault: some are missing; they are named
    """
    asked = needed(*words)
    missing = [f"{verb} {resource}{f'.{group}' if group else ''}" for group, resource, verb in asked if not api.may(group, resource, verb)]
    if missing:
        asking = "".join(f" {word}" for word in words)
        shown = ", ".join(missing[:SHOWN]) + (f" and {len(missing) - SHOWN} more" if len(missing) > SHOWN else "")
        raise UsageFault(
            "the rights that a run needs", f"these are missing: {shown}", f"`{COMMAND} rbac{asking}` prints the ClusterRole that has all"
        )
