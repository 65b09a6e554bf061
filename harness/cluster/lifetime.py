"""The life of a cluster: taken again, held by one run, deleted with all that belongs to it."""

import shutil
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from harness.cluster import engine
from harness.cluster.isolation import LEDGER, Ledger, open_unrouted
from harness.cluster.requirements import require_reach
from harness.cluster.state import ClusterState, states_directory
from harness.cluster.steps import Steps
from harness.model.addresses import AddressRange, areas, example_pool
from harness.model.errors import EnvironmentFault, UsageFault

if TYPE_CHECKING:
    from harness.cluster.kind import KindCluster

#: The version of a system, or those of several by their names.
Versions = str | Mapping[str, str]
#: Instead of a name: the cluster that was kept last.
LATEST = "latest"
#: Instead of a name: what killed runs left.
LEFTOVERS = "leftovers"


def reuse(name: str, asked: Mapping[str, Versions | None]) -> tuple[ClusterState, FileLock]:
    """Take a cluster that an earlier run kept, and hold it for this run.

    :param asked: versions named on the command line; they must be those of the cluster
    :raises UsageFault: there is none of that name that the suite made, it is of other versions, or another run is using it
    """
    engine.require_engine()
    require_reach()
    state = _kept(name)
    for field_name, wanted in asked.items():
        if wanted is not None and getattr(state, field_name) != wanted:
            raise UsageFault(
                f"a cluster with {field_name} {_in_words(wanted)}",
                f"{state.name} has {_in_words(getattr(state, field_name))}",
                "leave the option out, or create a new cluster",
            )
    lock = _held(state)
    pool = [AddressRange.parse(text) for text in state.example_pool]
    open_ledgers(state, engine.network(state.network), next(iter(pool), None))
    return state, lock


def _in_words(versions: Versions) -> str:
    return versions if isinstance(versions, str) else ", ".join(f"{name} {version}" for name, version in versions.items())


def remove(name: str, kind_path: Path, steps: Steps) -> None:
    """Delete a cluster that an earlier run kept.

    :raises UsageFault: there is none of that name that the suite made, or a run is using it
    :raises EnvironmentFault: something could not be deleted
    """
    engine.require_engine()
    state = _kept(name)
    with _held(state):
        tear_down(state, kind_path, steps)


def known_clusters() -> list[ClusterState]:
    """Every cluster of this user's, running or kept; the one that was kept last is the last one."""
    files = sorted(states_directory().glob("*/state.json"), key=lambda file: file.stat().st_mtime)
    return [ClusterState.load(file) for file in files]


def kept_state(name: str) -> ClusterState | None:
    """What is known of a cluster that an earlier run kept; none where there is none of that name."""
    try:
        return _kept(name)
    except UsageFault:
        return None


def _kept(name: str) -> ClusterState:
    known = {state.name: state for state in known_clusters()}
    kept = [state.name for state in known.values() if state.kept]
    wanted = kept[-1] if name == LATEST and kept else name
    if wanted not in known:
        choice = f"choose one of: {', '.join([LATEST, *sorted(kept)]) if kept else 'none is kept'}"
        raise UsageFault("the name of a cluster that this suite created and kept", name, choice)
    return known[wanted]


def _held(state: ClusterState) -> FileLock:
    lock = FileLock(state.directory / "in-use.lock", timeout=0)
    try:
        lock.acquire()
    except Timeout:
        raise UsageFault(
            f"a cluster {state.name} that nobody uses", "another run is using it", "wait for that run, or create a new cluster"
        ) from None
    return lock


def tear_down(state: ClusterState, kind_path: Path, steps: Steps, *, logs: Path | None = None) -> None:
    """Delete a cluster of ours with all that belongs to it.

    :param logs: where the nodes' logs go before
    :raises EnvironmentFault: something could not be deleted
    """
    if logs:
        with steps.step("export the nodes' logs"), suppress(EnvironmentFault):
            kind_cluster(state, kind_path, image="").export_logs(logs)
    with steps.step(f"delete cluster {state.name}"):
        kind_cluster(state, kind_path, image="").delete()
        _remove_containers(state.name)
        with suppress(EnvironmentFault):
            engine.docker("network", "rm", state.network)
        shutil.rmtree(state.directory, ignore_errors=True)


def remove_leftovers(steps: Steps) -> None:
    """Delete what killed runs left, found by its label.

    Clusters that were kept on purpose and those of running processes stay, and so does what has no state in this user's folder: whether
    somebody else wants to keep it cannot be known.
    """
    for name in engine.ours("network"):
        found = engine.network(name)
        file = states_directory() / name / "state.json"
        if not file.exists() or ClusterState.load(file).kept or not engine.owner_is_gone(found.labels[engine.OWNER]):
            continue
        with steps.step(f"remove what a killed run left: {name}"):
            for container in found.containers.values():
                engine.docker("rm", "--force", "--volumes", container)
            _remove_containers(name)
            engine.docker("network", "rm", name)
            shutil.rmtree(states_directory() / name, ignore_errors=True)


def _remove_containers(cluster: str) -> None:
    for label in (f"{engine.LABEL}={cluster}", f"io.x-k8s.kind.cluster={cluster}"):
        left = engine.docker("ps", "--all", "--quiet", f"--filter=label={label}").split()
        if left:
            engine.docker("rm", "--force", "--volumes", *left)


def kind_cluster(state: ClusterState, kind_path: Path, image: str) -> "KindCluster":
    """The cluster as kind knows it; ``image`` is that of its nodes, where it is created."""
    from harness.cluster.kind import KindCluster  # pytest-kind, only when a cluster comes or goes

    return KindCluster(state.name, state.kubeconfig, image, kind_path, state.network)


def open_ledgers(state: ClusterState, network: engine.Network, pool: AddressRange | None) -> None:
    """Fix the example's pool and begin the ledgers that statements take their ranges from."""
    wanted = {"ipv4": (4,), "ipv6": (6,), "dual": (4, 6)}[state.ip_family]
    subnets = [subnet for subnet in network.subnets if subnet.version in wanted]
    pools = [pool if pool and pool.family == subnet.version else example_pool(subnet, network.used) for subnet in subnets]
    state.example_pool = [str(item) for item in pools]
    state.save()
    Ledger.open(state.directory / LEDGER, [area for subnet in subnets for area in areas(subnet)], network.used, pools)
    open_unrouted(state.directory)
