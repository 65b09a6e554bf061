"""What only somebody can do to a cluster who has its machines; each is a block that undoes itself, also when the block fails."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from time import time

from harness.cluster import engine
from harness.cluster.api import Api, Object
from harness.model.budgets import RETURN
from harness.model.errors import Leak
from harness.systems.kubernetes.nodes import KubeNodes
from harness.systems.kubernetes.readiness import rolled_out, wait_ready
from harness.systems.metallb.webhook import wait_until_webhook_answers

#: The taint that Kubernetes sets while a node's network is unavailable.
NETWORK = "node.kubernetes.io/network-unavailable"

#: The port that speakers hear each other at, by TCP and UDP.
MEMBERLIST_PORT = "7946"


@dataclass(slots=True)
class Faults:
    """Disturbs the cluster; what is disturbed is put right by the block's end, and looked after when the statement is over."""

    api: Api
    cluster: str

    @contextmanager
    def paused(self, node: str) -> Iterator[float]:
        """A node whose processes stand still, as one that hangs; the value is when (clock of what is watched)."""
        moment = engine.pause(node)
        try:
            yield moment
        finally:
            engine.docker("unpause", node)

    @contextmanager
    def stopped(self, node: str) -> Iterator[float]:
        """A node that lost its power; afterwards it boots again, which is not waited for. The value is when."""
        moment = time()
        try:
            engine.docker("kill", node)
            yield moment
        finally:
            engine.docker("start", node)

    @contextmanager
    def api_server_paused(self) -> Iterator[float]:
        """The API server stands still; the value is when."""
        node = f"{self.cluster}-control-plane"
        moment = time()
        try:
            engine.docker("exec", node, "pkill", "-STOP", "kube-apiserver")
            yield moment
        finally:
            engine.docker("exec", node, "pkill", "-CONT", "kube-apiserver")

    @contextmanager
    def unheard(self, node: str) -> Iterator[None]:
        """The speaker of a node and those of the others do not hear each other; all else gets through."""
        rules = [(chain, protocol) for chain in ("INPUT", "OUTPUT") for protocol in ("tcp", "udp")]
        words = [[chain, "--protocol", protocol, "--dport", MEMBERLIST_PORT, "--jump", "DROP"] for chain, protocol in rules]
        try:
            for one in words:
                engine.docker("exec", node, "iptables", "--insert", *one)
            yield
        finally:
            for one in words:
                engine.docker("exec", node, "iptables", "--delete", *one)

    @contextmanager
    def network_unavailable(self, node: str) -> Iterator[float]:
        """A node that says that its network is unavailable; the value is when."""
        moment = time()
        try:
            self._tell(node, "True")
            yield moment
        finally:
            self._tell(node, "False")
            wait_ready(lambda: self._without_taint(node, NETWORK), f"{node} is not tainted as unavailable any more")

    def _tell(self, node: str, value: str) -> None:
        others = [one for one in KubeNodes(self.api).stored(node)["status"]["conditions"] if one["type"] != "NetworkUnavailable"]
        ours = {"type": "NetworkUnavailable", "status": value, "reason": "Conformance", "message": "set by a conformance statement"}
        self.api.merge("Node", node, None, {"status": {"conditions": [*others, ours]}}, subresource="status")

    def _without_taint(self, node: str, key: str) -> str:
        found = [taint["key"] for taint in KubeNodes(self.api).stored(node)["spec"].get("taints", [])]
        assert key not in found, f"taints: {found}"
        return "no such taint"

    def kill_speaker(self, node: str) -> float:
        """Kill the speaker's process on a node, which says nothing to the others, and return when; the kubelet starts it anew."""
        moment = time()
        engine.docker("exec", node, "pkill", "-KILL", "-x", "speaker")
        return moment

    def restore(self) -> None:
        """Put right what a block could not, and wait until the cluster is as it was.

        :raises Leak: something was left disturbed
        :raises EnvironmentFault: the cluster does not recover
        """
        __tracebackhide__ = True
        left = [*self._containers("paused"), *self._containers("exited")]
        for node in left:
            engine.docker("start" if node in self._containers("exited") else "unpause", node)
        wait_ready(self._undisturbed, "every node and every workload is ready", within=RETURN)
        wait_until_webhook_answers(self.api, within=RETURN)
        if left:
            raise Leak("no node is left paused or stopped", ", ".join(left))

    def _containers(self, status: str) -> list[str]:
        words = ["--all", f"--filter=label=io.x-k8s.kind.cluster={self.cluster}", f"--filter=status={status}", "--format={{.Names}}"]
        return engine.docker("ps", *words).split()

    def _undisturbed(self) -> str:
        ready = {node["metadata"]["name"]: _ready(node) for node in self.api.list("Node")}
        assert all(ready.values()), f"ready: {ready}"
        for kind in ("DaemonSet", "Deployment"):  # the items of a list do not name their kind
            for item in self.api.list(kind):
                rolled_out(self.api, kind, item["metadata"]["name"], item["metadata"]["namespace"])()
        return f"{len(ready)} nodes and every workload on them"


def _ready(node: Object) -> bool:
    conditions = node["status"]["conditions"]
    untainted = not any(taint["key"].startswith("node.kubernetes.io/") for taint in node["spec"].get("taints", []))
    return untainted and any(one["type"] == "Ready" and one["status"] == "True" for one in conditions)
