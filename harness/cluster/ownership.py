"""What a run may write on a cluster that somebody else made: what it made itself, and what it may disturb. The one place that decides."""

import copy
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from harness.cluster import disruptions
from harness.cluster.api import API_VERSIONS, Api, Object, Refused
from harness.cluster.disruptions import Allowed
from harness.model.errors import NotApplicable

#: The label of everything that a run makes on such a cluster; its value is the name of the run.
LABEL = "metallb-ingress-conformance/run"
#: The kinds without a namespace that a run makes.
CLUSTER_WIDE = ("Namespace", "IngressClass")
#: The kinds that it makes in MetalLB's namespace; a BGPPeer would have the speakers call strangers.
OF_METALLB = ("BGPPeer", "L2Advertisement", "BGPAdvertisement", "IPAddressPool", "Community")
#: What the Pods of a run ask for: nothing (https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted).
POD: Mapping[str, Any] = {"runAsNonRoot": True, "runAsUser": 65534, "seccompProfile": {"type": "RuntimeDefault"}}
CONTAINER: Mapping[str, Any] = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}


#: What is allowed to be disturbed unless somebody allows more.
NOTHING = Allowed()
#: The file in a run's folder that says what it disturbed.
DISTURBED = "disturbed.txt"


class Untouchable(NotApplicable):
    """Something would be written that the run did not make: what needs it does not apply to a cluster of somebody else's."""


class OwnedApi(Api):
    """An API of which only that can be written that carries the run's label, or is in a namespace that does, or that it may disturb.

    What is only tried (a dry run) changes nothing and may be anything. What is disturbed is written down, a line each, in a file.

    :raises Untouchable: (every method that writes) the object is not the run's
    """

    def __init__(self, kubeconfig: Path, context: str, cache: Path, run: str, allowed: Allowed = NOTHING) -> None:
        super().__init__(kubeconfig, context, cache)
        self.run = run
        self.allowed = allowed
        self.disturbed = cache.parent / DISTURBED
        self._own: set[str] = set()

    def _apply(self, document: Object, *, dry_run: bool) -> Object:
        return super()._apply(document if dry_run else self._made(document), dry_run=dry_run)

    def create(self, document: Object, *, dry_run: bool = False) -> Object:
        """Create one object, labelled."""
        return super().create(document if dry_run else self._made(document), dry_run=dry_run)

    def merge(self, kind: str, name: str, namespace: str | None, patch: Object, *, subresource: str | None = None) -> Object:
        """Merge-patch an object of the run's, or one that it may disturb, which is marked with what puts it back."""
        stored = self._stored(kind, name, namespace)
        if stored and not subresource and self.allowed.changes(kind, stored, patch):
            return self._disturb(kind, stored, patch)
        self._require(kind, name, namespace, stored)
        return super().merge(kind, name, namespace, patch, subresource=subresource)

    def _disturb(self, kind: str, stored: Object, patch: Object) -> Object:
        name, namespace = stored["metadata"]["name"], stored["metadata"].get("namespace")
        by, _ = disruptions.mark_of(stored)
        if by not in {"", self.run}:
            raise Untouchable(f"{kind} {name} is disturbed by {by}, another run")
        self._tell(f"{kind} {name}: {disruptions.described(patch)}")
        return super().merge(kind, name, namespace, disruptions.marked(stored, patch, self.run) if kind != "Pod" else patch)

    def put_back(self) -> list[str]:
        """Put back what this run has disturbed and did not put back itself, and return what that was."""
        done = []
        for kind in disruptions.KINDS:
            for item in self.list(kind):
                by, undo = disruptions.mark_of(item)
                if by == self.run:
                    name, namespace = item["metadata"]["name"], item["metadata"].get("namespace")
                    super().merge(kind, name, namespace, disruptions.without_mark(undo))
                    done.append(f"{kind} {name}: {disruptions.described(undo)}")
        return done

    def _tell(self, line: str) -> None:
        with self.disturbed.open("a", encoding="utf-8") as file:
            file.write(f"{line}\n")

    def delete(self, kind: str, name: str, namespace: str | None = None, *, grace: int | None = None) -> None:
        """Ask for the removal of an object of the run's, or of a Pod that it may disturb; one that is not there is no error."""
        if stored := self._stored(kind, name, namespace):
            if self.allowed.deletes(kind, stored):
                self._tell(f"{kind} {name}: deleted")
            else:
                self._require(kind, name, namespace, stored)
            super().delete(kind, name, namespace, grace=grace)

    def delete_all(self, kind: str, namespace: str, labels: str = "") -> None:
        """Ask for the removal of every object of a kind in a namespace of the run's."""
        self._require(f"every {kind}", "", namespace, None)
        super().delete_all(kind, namespace, labels)

    def ask_pod(self, method: str, pod: str, namespace: str, port: int, path: str) -> str:
        """Send a request to a Pod by way of the API server; one that may change something only to Pods of the run's."""
        if method.upper() not in {"GET", "HEAD"}:
            self._require("Pod", pod, namespace, None)
        return super().ask_pod(method, pod, namespace, port, path)

    def execute(self, pod: str, namespace: str, *words: str, timeout: float) -> str:
        """Run a command in a Pod of the run's."""
        self._require("Pod", pod, namespace, None)
        return super().execute(pod, namespace, *words, timeout=timeout)

    def token(self, account: str, namespace: str) -> str:
        """A token of a ServiceAccount of the run's."""
        self._require("ServiceAccount", account, namespace, None)
        return super().token(account, namespace)

    def _made(self, document: Object) -> Object:
        """The document as it is written: labelled, with Pods that ask for no rights.

        :raises Untouchable: there is such an object and it is not the run's, or the run makes none there
        """
        kind, metadata = document["kind"], document["metadata"]
        name, namespace = metadata.get("name", ""), metadata.get("namespace")
        stored = self._stored(kind, name, namespace, document["apiVersion"]) if name else None
        if stored or not _may_be_made(document) or (kind == "BGPPeer" and name not in self.allowed.peers):
            self._require(kind, name, namespace, stored)
        if kind == "IPAddressPool" and _is_open(document["spec"]):
            raise Untouchable("would offer addresses to every Service of a cluster that somebody else made")
        return shaped(document, self.run)

    def _stored(self, kind: str, name: str, namespace: str | None, api_version: str | None = None) -> Object | None:
        if namespace in self._own:
            return {"metadata": {"labels": {LABEL: self.run}}}  # everything in it is the run's: no need to look
        try:
            found: Object = self._call("get", kind, name=name, namespace=namespace, api_version=api_version or API_VERSIONS[kind])
        except Refused as refusal:
            if refusal.status == 404:
                return None
            raise
        return found

    def _require(self, kind: str, name: str, namespace: str | None, stored: Object | None) -> None:
        if stored and owner(stored) == self.run:
            return
        if namespace and self._is_own(namespace):
            return
        what = f"{kind} {'/'.join(filter(None, (namespace, name)))}"
        raise Untouchable(f"would change {what}, which is not this run's, on a cluster that somebody else made")

    def _is_own(self, namespace: str) -> bool:
        if namespace not in self._own and owner(self.get("Namespace", namespace) or {"metadata": {}}) == self.run:
            self._own.add(namespace)
        return namespace in self._own


def owner(stored: Object) -> str:
    """The name of the run that made an object; empty where none did."""
    return str((stored["metadata"].get("labels") or {}).get(LABEL, ""))


def _is_open(pool: Mapping[str, Any]) -> bool:
    """Whether the addresses of a pool are for Services that ask for none and are in any namespace."""
    return pool.get("autoAssign", True) is not False and not (pool.get("serviceAllocation") or {}).get("namespaces")


def _may_be_made(document: Object) -> bool:
    """Whether a run makes such objects outside of its own namespaces."""
    kind = document["kind"]
    return kind in CLUSTER_WIDE or (kind in OF_METALLB and document["apiVersion"].startswith("metallb.io/"))


def shaped(document: Object, run: str) -> Object:
    """A document with the label of a run, whose Pods a cluster lets in that allows nothing."""
    made = copy.deepcopy(document)
    made["metadata"].setdefault("labels", {})[LABEL] = run
    pod = (made.get("spec") or {}).get("template", {}).get("spec") if made["kind"] in {"Deployment", "DaemonSet"} else None
    if pod:
        pod["securityContext"] = {**POD, **pod.get("securityContext", {})}
        for container in (*pod.get("initContainers", ()), *pod["containers"]):
            container["securityContext"] = {**CONTAINER, **container.get("securityContext", {})}
    return made
