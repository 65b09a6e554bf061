"""Deployments and DaemonSets."""

from harness.cluster.api import Api
from harness.model.budgets import ROLLOUT
from harness.probes.waiting import eventually
from harness.systems.kubernetes.readiness import rolled_out


def require_rollout(api: Api, kind: str, name: str, namespace: str) -> None:
    """Require that a Deployment or DaemonSet becomes ready on every replica.

    :raises StatementFailed: it does not within the budget of a rollout
    """
    eventually(
        rolled_out(api, kind, name, namespace),
        within=ROLLOUT,
        expected=f"{kind} {namespace}/{name} is ready on every replica",
        pause=api.changed(kind, namespace),
    )


def restarts(api: Api, namespace: str) -> dict[str, int]:
    """How often each container of a namespace was restarted, by ``pod/container``."""
    pods = api.list("Pod", namespace)
    states = [(pod["metadata"]["name"], state) for pod in pods for state in pod["status"].get("containerStatuses", [])]
    return {f"{pod}/{state['name']}": int(state["restartCount"]) for pod, state in states}
