"""Namespaces: their labels, and which of them a statement may use after another."""

import secrets
from dataclasses import dataclass, field
from time import monotonic

from harness.cluster.api import Api, Object

#: What statements make in a namespace that is used again, and what is written about it; fixtures delete most of it.
MADE = ("EndpointSlice", "Event", "Service", "Ingress", "Secret", "ConfigMap")
#: Those that components write or remove in their own time: nobody but the emptying removes them.
FOLLOWING = ("EndpointSlice", "Event")
#: What Kubernetes keeps in every namespace (https://kubernetes.io/docs/concepts/configuration/configmap/).
KEPT = {("ConfigMap", "kube-root-ca.crt")}


@dataclass(frozen=True, slots=True)
class Namespaces:
    """Changes namespaces of the statement's own."""

    api: Api

    def label(self, namespace: str, **labels: str | None) -> None:
        """Set labels of a namespace; ``None`` removes one."""
        self.api.merge("Namespace", namespace, None, {"metadata": {"labels": labels}})

    def delete(self, namespace: str) -> float:
        """Begin the deletion of a namespace and return when (clock of ``time.monotonic``)."""
        self.api.delete("Namespace", namespace)
        return monotonic()


@dataclass(slots=True)
class NamespacePool:
    """Namespaces that the statements of one process use one after the other.

    To delete one costs the API server a request for every kind it serves, and is half of all it is asked during statements about addresses.

    :param created: the metadata of each, as it was created
    :param free: empty, and no system remembers anything about them
    :param left: by a statement that ended, and not yet known to be as they were; with whether the configuration of a system named them
    :param remembered: empty since a moment (clock of ``time.monotonic``), but the system may not have read yet that they are named no more
    """

    api: Api
    free: list[str] = field(default_factory=list)
    created: dict[str, Object] = field(default_factory=dict)
    left: dict[str, bool] = field(default_factory=dict)
    remembered: dict[str, float] = field(default_factory=dict)

    def take(self) -> str:
        """An empty namespace, created where none is free."""
        self._replace_left()
        return self.free.pop(0) if self.free else self.create(f"n{secrets.token_hex(3)}")

    def create(self, name: str) -> str:
        """A namespace of this name, which the pool does not keep."""
        self.created[name] = self.api.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})["metadata"]
        return name

    def leave(self, name: str, *, configured: bool) -> None:
        """End the use of a namespace.

        :param configured: whether the configuration of a system named it, as a pool does that is bound to it
        """
        self.left[name] = configured

    def take_back(self) -> None:
        """Empty what was left, now that the statement is known to have left nothing else; delete what cannot be emptied."""
        for name, configured in list(self.left.items()):
            if self._emptied(name):
                del self.left[name]
                self.remembered |= {name: monotonic()} if configured else {}
                self.free += [] if configured else [name]
        self._replace_left()

    def forget(self, known_since: float) -> None:
        """Free those that were emptied before a moment, since when the system has read its configuration anew."""
        gone = [name for name, since in self.remembered.items() if since < known_since]
        self.free += gone
        for name in gone:
            del self.remembered[name]

    def close(self) -> None:
        """Delete all."""
        for name in (*self.free, *self.left, *self.remembered):
            self.api.delete("Namespace", name)

    def _replace_left(self) -> None:
        for name in self.left:
            self.api.delete("Namespace", name)
        self.left.clear()

    def _emptied(self, name: str) -> bool:
        for kind in FOLLOWING:
            self.api.delete_all(kind, name)
        return self._is_as_created(name) and not any(self._objects(kind, name) for kind in MADE)

    def _is_as_created(self, name: str) -> bool:
        found, before = self.api.get("Namespace", name), self.created[name]
        metadata = found["metadata"] if found else {"deletionTimestamp": "gone"}
        same = all((metadata.get(part) or {}) == (before.get(part) or {}) for part in ("labels", "annotations"))
        return "deletionTimestamp" not in metadata and same

    def _objects(self, kind: str, namespace: str) -> list[Object]:
        return [item for item in self.api.list(kind, namespace) if (kind, item["metadata"]["name"]) not in KEPT]
