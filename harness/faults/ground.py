"""The ground that the systems stand on, the nodes of a run's own cluster and their network, is disturbed and left as it was."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, summarize_address_range
from typing import TYPE_CHECKING

from harness.cluster.engine import docker
from harness.cluster.state import ClusterState
from harness.faults.catalogue import SeededFault
from harness.model.addresses import AddressRange
from harness.model.errors import EnvironmentFault
from harness.model.preconditions import Precondition
from harness.systems.preconditions import Preconditions

if TYPE_CHECKING:
    from harness.cluster.kind import KindCluster

#: How often what has to hold is looked at: a speaker that others took for dead is looked for once a minute.
LOOKS = 3
#: What the environment is called among the systems.
ENVIRONMENT = "environment"


@dataclass(frozen=True, slots=True)
class Ground:
    """The nodes of a cluster.

    :param nodes: their names, by what a disturbance calls them
    :param faults: all there are, so that what a killed run left is undone, too
    """

    state: ClusterState
    nodes: Mapping[str, Sequence[str]]
    faults: Sequence[SeededFault]

    @classmethod
    def of(cls, state: ClusterState, cluster: "KindCluster", faults: Sequence[SeededFault]) -> "Ground":
        """The nodes of a run's cluster."""
        workers, first = cluster.workers(), [cluster.control_plane]
        return cls(state, {"all": [*first, *workers], "workers": workers, "control-plane": first}, faults)

    def put(self, fault: SeededFault, _: Mapping[str, str]) -> None:
        """Disturb it in the way of a fault.

        :raises EnvironmentFault: a command fails
        """
        self._undo()
        for one in fault.disturbance:
            self._run(one.nodes, one.do)

    def restore(self) -> None:
        """Undo every fault.

        :raises EnvironmentFault: a command fails, or what statements rest on does not hold afterwards
        """
        self._undo()
        looks = Preconditions.of(self.state)
        for one in Precondition:
            if one is not Precondition.SESSIONS and all((found := looks.lacking(one)) for _ in range(LOOKS)):
                raise EnvironmentFault(one.value, found, "delete the cluster, as a fault has left something in it")

    def _undo(self) -> None:
        every = [one for fault in self.faults for one in fault.disturbance]
        for nodes in self.nodes:
            if commands := [one.undo for one in every if one.nodes == nodes]:
                self._run(nodes, "\n".join(commands))

    def _run(self, nodes: str, command: str) -> None:
        """Run a command, which finds the addresses of the example's pool that are of IPv4 in POOL."""
        for node in self.nodes[nodes]:
            docker("exec", f"--env=POOL={_pool(self.state)}", node, "sh", "-euc", command)


def _pool(state: ClusterState) -> str:
    ends = [(one.first, one.last) for one in map(AddressRange.parse, state.example_pool)]
    blocks = [summarize_address_range(*both) for both in ends if isinstance(both[0], IPv4Address) and isinstance(both[1], IPv4Address)]
    return ", ".join(str(block) for some in blocks for block in some)
