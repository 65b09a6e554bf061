"""A Kubernetes API that holds its objects in memory: what the judgements of ``harness/systems`` are shown to fail on."""

from collections.abc import Callable, Iterable
from copy import deepcopy
from itertools import count
from time import sleep
from typing import Any

from harness.cluster.api import API_VERSIONS, Api, Denied, NotServed, Object, Refused
from harness.cluster.changes import Pause

Key = tuple[str, str | None, str]


class FakeApi(Api):
    """Stores, merges and deletes as the API server does, and does what a test has planned whenever it is read.

    :param objects: what is there from the beginning
    :param kinds: the kinds that are served; any by default
    """

    def __init__(self, *objects: Object, kinds: Iterable[str] | None = None) -> None:
        self.objects: dict[Key, Object] = {}
        self.kinds = None if kinds is None else set(kinds)
        self.refusals: dict[str, Refused] = {}
        self.held: set[str] = set()
        self.planned: list[Callable[[], object]] = []
        self.reads = 0
        self.calls: list[tuple[str, str, str]] = []
        self.answers: dict[tuple[str, str], str] = {}
        self._uids = count(1)
        for item in objects:
            self._store(item)

    def on_read(self, *actions: Callable[[], object]) -> None:
        """Have one of these happen before each of the next reads, in this order: what other components do meanwhile."""
        self.planned += actions

    def deny(self, kind: str, message: str) -> None:
        """Have a webhook deny every write of a kind."""
        self.refuse(kind, Denied(403, message))

    def refuse(self, kind: str, refusal: Refused) -> None:
        """Have every write of a kind refused."""
        self.refusals[kind] = refusal

    def hold(self, kind: str) -> None:
        """Have objects of a kind stay when they are deleted, as what has not ended yet does: all but Pods without any grace."""
        self.held.add(kind)

    def apply(self, *documents: Object, dry_run: bool = False) -> list[Object]:
        return [self._write("apply", document, dry_run=dry_run) for document in documents]

    def create(self, document: Object, *, dry_run: bool = False) -> Object:
        kind, metadata = document["kind"], document["metadata"]
        if (kind, metadata.get("namespace"), metadata.get("name", "")) in self.objects:
            raise Refused(409, f"{kind} {metadata['name']} already exists")
        return self._write("create", document, dry_run=dry_run)

    def warnings(self, document: Object) -> list[str]:
        return [self.answers[document["kind"], "warning"]] if (document["kind"], "warning") in self.answers else []

    def get(self, kind: str, name: str, namespace: str | None = None) -> Object | None:
        self._read(kind)
        return deepcopy(self.objects.get((kind, namespace, name)))

    def list(self, kind: str, namespace: str | None = None, *, labels: str | None = None, fields: str | None = None) -> list[Object]:
        self._read(kind)
        found = [item for (one, where, _), item in self.objects.items() if one == kind and namespace in (None, where)]
        chosen = [item for item in found if _selected(item["metadata"].get("labels", {}), labels) and _fields_match(item, fields)]
        return deepcopy(chosen)

    def changed(self, kind: str, namespace: str) -> Pause:
        return lambda seconds: sleep(min(seconds, 0.001))

    def merge(self, kind: str, name: str, namespace: str | None, patch: Object, *, subresource: str | None = None) -> Object:
        self._serves(kind)
        self.calls.append(("merge", kind, name))
        stored = self.objects.get((kind, namespace, name))
        if stored is None:
            raise Refused(404, f"{kind} {name} not found")
        if kind in self.refusals:
            raise self.refusals[kind]
        merged: Object = _merged(stored, patch)
        if subresource is None and "spec" in patch:
            merged["metadata"]["generation"] = merged["metadata"].get("generation", 1) + 1
        self.objects[kind, namespace, name] = merged
        return deepcopy(merged)

    def delete(self, kind: str, name: str, namespace: str | None = None, *, grace: int | None = None) -> None:
        self._serves(kind)
        self.calls.append(("delete", kind, name))
        if kind not in self.held or (kind == "Pod" and grace == 0):
            self.objects.pop((kind, namespace, name), None)

    def delete_all(self, kind: str, namespace: str, labels: str = "") -> None:
        for item in self.list(kind, namespace, labels=labels or None):
            self.delete(kind, item["metadata"]["name"], namespace)

    def logs(self, pod: str, namespace: str, *, since: int | None = None, container: str | None = None) -> str:
        return self.answers.get(("logs" if since is not None else "logs before", pod), "")

    def ask_pod(self, method: str, pod: str, namespace: str, port: int, path: str) -> str:
        self.calls.append((method, pod, path))
        if (method, path) not in self.answers:
            raise Refused(503, f"no answer of {pod} to {method} {path}")
        return self.answers[method, path]

    def token(self, account: str, namespace: str) -> str:
        return f"token of {namespace}/{account}"

    def status(self, kind: str, name: str, namespace: str | None, **status: Any) -> None:
        """Write the status of an object, as its controller does."""
        self.objects[kind, namespace, name].setdefault("status", {}).update(status)

    def _write(self, verb: str, document: Object, *, dry_run: bool) -> Object:
        kind = document["kind"]
        self._serves(kind)
        self.calls.append((f"{verb}{' (dry run)' if dry_run else ''}", kind, document["metadata"].get("name", "")))
        if kind in self.refusals:
            raise self.refusals[kind]
        return deepcopy(document) if dry_run else deepcopy(self._store(document))

    def _store(self, document: Object) -> Object:
        fresh = deepcopy(document)
        metadata = fresh["metadata"]
        key = (fresh["kind"], metadata.get("namespace"), metadata["name"])
        before = self.objects.get(key)
        metadata.setdefault("uid", before["metadata"]["uid"] if before else f"uid-{next(self._uids)}")
        metadata.setdefault("generation", before["metadata"]["generation"] + 1 if before else 1)
        if before and "status" in before:
            fresh.setdefault("status", before["status"])
        self.objects[key] = fresh
        return fresh

    def _read(self, kind: str) -> None:
        self._serves(kind)
        self.reads += 1
        if self.planned:
            self.planned.pop(0)()

    def _serves(self, kind: str) -> None:
        if self.kinds is not None and kind not in self.kinds:
            raise NotServed(
                "an API that serves the kind asked for", f"No matches found for {kind}", "check that MetalLB's CRDs are installed"
            )


def _merged(stored: Any, patch: Any) -> Any:
    """RFC 7386."""
    if not isinstance(patch, dict):
        return deepcopy(patch)
    result = deepcopy(stored) if isinstance(stored, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = _merged(result.get(key), value)
    return result


def _selected(labels: dict[str, str], selector: str | None) -> bool:
    parts = [part.partition("=") for part in (selector or "").split(",") if part]
    return all(key in labels and (not equal or labels[key] == value) for key, equal, value in parts)


def _fields_match(item: Object, selector: str | None) -> bool:
    for part in (selector or "").split(","):
        if part:
            path, value = part.split("=", 1)
            found: Any = item
            for step in path.split("."):
                found = found.get(step, {}) if isinstance(found, dict) else {}
            if found != value:
                return False
    return True


def an_object(kind: str, name: str, namespace: str | None = None, *, labels: dict[str, str] | None = None, **rest: Any) -> Object:
    """An object as the API server stores it: ``an_object("Service", "one", "t1", spec={...}, status={...})``."""
    metadata: Object = {"name": name, **({"namespace": namespace} if namespace else {}), **({"labels": labels} if labels else {})}
    return {"apiVersion": API_VERSIONS[kind], "kind": kind, "metadata": metadata, **rest}


def external(*addresses: str) -> Object:
    """The status of a Service or an Ingress that has these external addresses."""
    return {"loadBalancer": {"ingress": [{"ip": address} for address in addresses]}}


def of_metallb(kind: str, part: str, *, name: str = "", status: Object | None = None, **fields: Any) -> Object:
    """A workload of MetalLB's as its manifests have it, whose Pods are those with its labels."""
    app = "metallb" if part in {"controller", "speaker"} else "frr-k8s"
    labels = {"app": app, "component": part}
    pod = {"containers": [{"name": part, "image": f"quay.io/metallb/{part}:v1"}], "serviceAccountName": part, **fields}
    spec = {"replicas": 1, "selector": {"matchLabels": labels}, "template": {"metadata": {"labels": labels}, "spec": pod}}
    return an_object(kind, name or part, "metallb-system", labels=labels, spec=spec, status=status or {})
