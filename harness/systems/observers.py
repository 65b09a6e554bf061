"""The containers beside a cluster's nodes, from which a run looks at its network."""

from contextlib import suppress

from harness.cluster import engine
from harness.cluster.state import ClusterState
from harness.cluster.turns import turn
from harness.model.errors import EnvironmentFault
from harness.probes.wire import WireProbe

#: The component of the image that they, and the example's applications, run.
PROGRAM_IMAGE = "python"


def start_wire_probe(state: ClusterState) -> None:
    """Start the container that looks at the cluster's network."""
    labels = {engine.LABEL: state.name}
    WireProbe.start(engine.docker, wire_container(state), image=state.image(PROGRAM_IMAGE), network=state.network, labels=labels)


def wire_container(state: ClusterState) -> str:
    """The name of the container that looks at the cluster's network from outside."""
    return f"{state.name}-wire"


def probe_container(state: ClusterState, role: str, *, network: str | None = None) -> str:
    """The name of one more container to look from, on the cluster's network or another one; started once for all processes of a run."""
    name = f"{state.name}-{role}"
    with turn(state.directory / f"{role}.lock", 120):
        if name not in engine.docker("ps", f"--filter=name={name}", "--format={{.Names}}").split():
            with suppress(EnvironmentFault):  # one that stopped, from an earlier run on this cluster
                engine.docker("rm", "--force", "--volumes", name)
            image, labels = state.image(PROGRAM_IMAGE), {engine.LABEL: state.name}
            WireProbe.start(engine.docker, name, image=image, network=network or state.network, labels=labels)
    return name
