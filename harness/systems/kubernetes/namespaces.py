"""Namespaces and their labels."""

from time import monotonic

from harness.cluster.api import Api


def relabel(api: Api, namespace: str, **labels: str | None) -> None:
    """Set labels of a namespace; ``None`` removes one."""
    api.merge("Namespace", namespace, None, {"metadata": {"labels": labels}})


def delete(api: Api, namespace: str) -> float:
    """Begin the deletion of a namespace and return when (clock of ``time.monotonic``)."""
    api.delete("Namespace", namespace)
    return monotonic()
