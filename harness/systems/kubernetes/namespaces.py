"""Namespaces and their labels."""

from dataclasses import dataclass
from time import monotonic

from harness.cluster.api import Api


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
