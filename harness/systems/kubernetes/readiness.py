"""Waiting until workloads and the API server are ready, as a step of an installation."""

from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from harness.cluster.abandonment import check
from harness.cluster.api import Api, Object
from harness.model.budgets import BEGINNING, ROLLOUT, Budget
from harness.model.errors import EnvironmentFault, StatementFailed, Unanswered
from harness.probes.waiting import eventually

Seen = TypeVar("Seen")


def wait_ready(probe: Callable[[], Seen], expected: str, *, within: Budget = ROLLOUT, consecutive: int = 1) -> Seen:
    """Wait for a step of an installation.

    :raises EnvironmentFault: it did not come in time: there is nothing to judge
    :raises Abandoned: nobody wants it any more
    """

    def poll() -> Seen:
        check()
        return probe()

    try:
        return eventually(poll, within=within, expected=expected, consecutive=consecutive)
    except StatementFailed as failure:
        raise EnvironmentFault(
            expected, f"{failure.last} (after {failure.elapsed:.0f} s)", "read the pods' logs in the run's folder"
        ) from failure


def rolled_out(api: Api, kind: str, name: str, namespace: str) -> Callable[[], str]:
    """A probe that is satisfied when a Deployment or DaemonSet runs its newest revision on every replica, all of them ready."""

    def probe() -> str:
        found = api.get(kind, name, namespace)
        if found is None:
            raise Unanswered(f"{kind} {namespace}/{name} does not exist")
        wanted, updated, ready = _replicas(found)
        seen = f"{kind} {namespace}/{name}: {ready} of {wanted} ready, {updated} updated"
        current = found["status"].get("observedGeneration", 0) >= found["metadata"]["generation"]
        assert current, f"{seen}, an older revision"
        assert wanted == updated == ready, seen
        return seen

    return probe


def wait_until_begun(api: Api) -> None:
    """Wait until every container has begun, for a while: what follows is a wait for probes, beside which a machine can do something else.

    :raises Abandoned: nobody wants it any more
    """

    def poll() -> str:
        check()
        pods = api.list("Pod")
        waiting = [str(pod["metadata"]["name"]) for pod in pods if not _begun(pod)]
        assert not waiting, f"still to begin: {', '.join(waiting)}"
        return f"{len(pods)} pods"

    with suppress(StatementFailed):
        eventually(poll, within=BEGINNING, expected="every container has begun")


def _begun(pod: Object) -> bool:
    states = pod["status"].get("containerStatuses", [])
    return bool(states) and all("waiting" not in one["state"] for one in states)


def answering(api: Api) -> Callable[[], str]:
    """A probe that is satisfied when the API server answers."""

    def probe() -> str:
        try:
            return f"{len(api.list('Node'))} nodes"
        except EnvironmentFault as fault:
            raise Unanswered(fault.found) from fault

    return probe


def _replicas(workload: Object) -> tuple[int, int, int]:
    status = workload["status"]
    if workload["kind"] == "DaemonSet":
        return status.get("desiredNumberScheduled", -1), status.get("updatedNumberScheduled", 0), status.get("numberReady", 0)
    return workload["spec"]["replicas"], status.get("updatedReplicas", 0), status.get("readyReplicas", 0)
