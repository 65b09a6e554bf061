"""What ``--allow-disruption`` lets a run change of what somebody else made, and how that is put back, also by another run."""

import json
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from harness.cluster.api import Object

#: The annotation of what is disturbed at the moment: by which run, and the merge patch that puts it back.
MARK = "metallb-ingress-conformance/disturbed"
#: What ``kubectl rollout restart`` writes; it stays, as putting it back would be one more restart.
RESTARTED = "kubectl.kubernetes.io/restartedAt"
#: https://kubernetes.io/docs/reference/labels-annotations-taints/#node-kubernetes-io-exclude-from-external-load-balancers
EXCLUDED = "node.kubernetes.io/exclude-from-external-load-balancers"
#: https://kubernetes.io/docs/reference/labels-annotations-taints/#pod-deletion-cost
DELETION_COST = "controller.kubernetes.io/pod-deletion-cost"
#: The kinds of which something may be disturbed, and put back; Pods are replaced.
KINDS = ("Deployment", "DaemonSet", "Node")
#: The fields of a merge patch, each a path.
Path = tuple[str, ...]
_OF_WORKLOADS: frozenset[Path] = frozenset({("spec", "replicas"), ("spec", "template", "metadata", "annotations", RESTARTED)})
_OF_PODS: frozenset[Path] = frozenset({("metadata", "annotations", DELETION_COST)})


class Disruption(StrEnum):
    """What a run may do to a cluster that others use."""

    CONTROLLER_RESTART = "controller-restart"
    SPEAKER_RESTART = "speaker-restart"
    INGRESS_RESTART = "ingress-restart"
    NODE_CORDON = "node-cordon"
    NODE_EXCLUDE = "node-exclude"


#: What each does, for people.
MEANING: Mapping[Disruption, str] = {
    Disruption.CONTROLLER_RESTART: "MetalLB's controller is restarted, and away for seconds",
    Disruption.SPEAKER_RESTART: "speakers of MetalLB are restarted",
    Disruption.INGRESS_RESTART: "the ingress controller is restarted, scaled to two replicas, and loses one",
    Disruption.NODE_CORDON: "a node takes no new Pods for a while",
    Disruption.NODE_EXCLUDE: "a node is excluded from external load balancers for a while",
}
#: The fields of a Node that each may change; a taint closes it to Pods that a cordon does not keep away.
OF_NODES: Mapping[Disruption, frozenset[Path]] = {
    Disruption.NODE_CORDON: frozenset({("spec", "unschedulable"), ("spec", "taints")}),
    Disruption.NODE_EXCLUDE: frozenset({("metadata", "labels", EXCLUDED)}),
}


@dataclass(frozen=True, slots=True)
class Disturbable:
    """A workload that may be restarted and scaled, and whose Pods, those with its labels, may be deleted."""

    kind: str
    name: str
    namespace: str
    labels: Mapping[str, str]

    @classmethod
    def selecting(cls, kind: str, name: str, namespace: str, selector: str) -> "Disturbable":
        """One whose Pods a label selector of equalities finds (``app=metallb,component=speaker``)."""
        return cls(kind, name, namespace, dict(one.split("=", 1) for one in selector.split(",")))


@dataclass(frozen=True, slots=True)
class Allowed:
    """What of somebody's a run may disturb: these workloads, these fields of every node, and MetalLB by peers of these names."""

    workloads: tuple[Disturbable, ...] = ()
    nodes: frozenset[Path] = field(default_factory=frozenset)
    peers: frozenset[str] = field(default_factory=frozenset)

    def changes(self, kind: str, stored: Object, patch: Object) -> bool:
        """Whether a merge patch of an object changes nothing else."""
        fields = set(_paths(patch))
        match kind:
            case "Node":
                return fields <= self.nodes
            case "Pod":
                return fields <= _OF_PODS and self.deletes(kind, stored)
        named = (kind, stored["metadata"].get("name"), stored["metadata"].get("namespace"))
        return fields <= _OF_WORKLOADS and any(named == (one.kind, one.name, one.namespace) for one in self.workloads)

    def deletes(self, kind: str, stored: Object) -> bool:
        """Whether an object is a Pod of one of the workloads."""
        labels, namespace = (stored["metadata"].get("labels") or {}).items(), stored["metadata"].get("namespace")
        return kind == "Pod" and any(one.namespace == namespace and one.labels.items() <= labels for one in self.workloads)


def marked(stored: Object, patch: Object, run: str) -> Object:
    """The patch, with a mark on what it disturbs that tells how to put it back, or without one where it puts the last of it back."""
    _, earlier = mark_of(stored)
    undo = _merged(_undo(patch, stored), earlier, keep_removals=True)  # what it was at first, whatever it became since
    after = _merged(stored, patch)
    mark = None if _merged(after, undo) == after else json.dumps({"run": run, "undo": undo})
    return _merged(patch, {"metadata": {"annotations": {MARK: mark}}}, keep_removals=True) if undo else patch


def mark_of(stored: Object) -> tuple[str, Object]:
    """Which run has disturbed an object, and the merge patch that puts it back; empty where none has."""
    text = (stored["metadata"].get("annotations") or {}).get(MARK)
    found: Any = json.loads(text) if text else {"run": "", "undo": {}}
    return str(found["run"]), found["undo"]


def without_mark(undo: Object) -> Object:
    """A patch that puts back, and removes the mark, too."""
    return _merged(undo, {"metadata": {"annotations": {MARK: None}}}, keep_removals=True)


def described(patch: Object) -> str:
    """A merge patch on one line: ``spec.replicas = 0``."""
    return ", ".join(f"{'.'.join(path)} = {json.dumps(_at(patch, path))}" for path in _paths(patch))


def _paths(patch: Any, before: Path = ()) -> Iterator[Path]:
    if isinstance(patch, dict):
        for key, value in patch.items():
            yield from _paths(value, (*before, key))
    else:
        yield before


def _at(tree: Any, path: Path) -> Any:
    for key in path:
        tree = (tree or {}).get(key)
    return tree


def _undo(patch: Object, stored: Object) -> Object:
    """The merge patch that gives every field of another the value that it has now."""
    undo: Object = {}
    for path in _paths(patch):
        if path[-1] != RESTARTED:
            place = undo
            for key in path[:-1]:
                place = place.setdefault(key, {})
            place[path[-1]] = _at(stored, path)
    return undo


def _merged(target: Object, patch: Object, *, keep_removals: bool = False) -> Object:
    """What a merge patch makes of an object (https://www.rfc-editor.org/rfc/rfc7386#section-2).

    :param keep_removals: both are patches: what the second removes has to stay in what comes out
    """
    made = dict(target)
    for key, value in patch.items():
        if value is None and not keep_removals:
            made.pop(key, None)
        elif isinstance(value, dict):
            made[key] = _merged(made.get(key) or {}, value, keep_removals=keep_removals)
        else:
            made[key] = deepcopy(value)
    return made
