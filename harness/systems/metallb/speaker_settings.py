"""MetalLB's speakers with other settings than their manifest's, for as long as a statement needs them."""

from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass

from harness.cluster.api import Api, Object
from harness.systems.kubernetes.readiness import rolled_out, wait_ready
from harness.systems.metallb.components import SPEAKER, pods_of, stored, workload
from harness.systems.metallb.custom_resources import NAMESPACE


@dataclass(frozen=True, slots=True)
class SpeakerSettings:
    """The DaemonSet ``speaker``; whatever is changed holds inside of a block, and every speaker is ready at its begin and its end."""

    api: Api

    @contextmanager
    def argument(self, text: str) -> Iterator[None]:
        """Every speaker has one more argument."""
        spec = self._stored()
        container = _container(spec)
        container["args"] = [*container["args"], text]
        with self._instead(spec):
            yield

    @contextmanager
    def only_on(self, node: str) -> Iterator[None]:
        """No other node than this one has a speaker."""
        spec = self._stored()
        spec["nodeSelector"] = {**spec.get("nodeSelector", {}), "kubernetes.io/hostname": node}
        with self._instead(spec):
            yield

    @contextmanager
    def _instead(self, spec: Object) -> Iterator[None]:
        before = self._stored()
        try:
            self._write(spec)
            yield
        finally:
            self._write({**before, "nodeSelector": {"kubernetes.io/hostname": None, **before.get("nodeSelector", {})}})

    def _stored(self) -> Object:
        template: Object = deepcopy(stored(self.api, SPEAKER)["spec"]["template"]["spec"])
        return template

    def _write(self, spec: Object) -> None:
        """Write the specification of the Pods, and have all of them replaced at once: one after the other takes a minute."""
        self.api.merge("DaemonSet", workload(self.api, SPEAKER).name, NAMESPACE, {"spec": {"template": {"spec": spec}}})
        for pod in pods_of(self.api, SPEAKER):
            self.api.delete("Pod", pod["metadata"]["name"], NAMESPACE)
        wait_ready(self._replaced, "every speaker of MetalLB is ready with its settings")

    def _replaced(self) -> str:
        ending = [pod["metadata"]["name"] for pod in pods_of(self.api, SPEAKER) if "deletionTimestamp" in pod["metadata"]]
        assert not ending, f"still to end: {', '.join(ending)}"
        return rolled_out(self.api, "DaemonSet", workload(self.api, SPEAKER).name, NAMESPACE)()


def _container(spec: Object) -> Object:
    return next(one for one in spec["containers"] if one["name"] == SPEAKER)
