"""A backend of a statement's own behind a route of its own: Pods that come, go and change."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from harness.cluster.api import Api
from harness.model.budgets import ROLLOUT
from harness.model.expectations import reaches
from harness.model.http_exchange import Request
from harness.probes.load import Load
from harness.probes.waiting import eventually
from harness.systems.ingress.client import IngressClient
from harness.systems.kubernetes.workloads import Workloads

NAME = "echo"
#: Requests per Pod in one poll of who answers: one of three Pods stays unseen in 12 a Pod with p < 1e-6.
PER_POD = 12
EVERYTHING = Request("/", host="example.test")


@dataclass(slots=True)
class OwnBackend:
    """The Deployment ``echo`` in the statement's namespace, seen through the controller's external address."""

    api: Api
    namespace: str
    client: IngressClient

    def scale(self, replicas: int) -> None:
        """Ask for that many Pods."""
        self.api.merge("Deployment", NAME, self.namespace, {"spec": {"replicas": replicas}})

    def wait_until_served_by(self, count: int, *, without: str = "") -> frozenset[str]:
        """Wait until exactly that many Pods share the requests, and return their names."""
        __tracebackhide__ = True

        def poll() -> frozenset[str]:
            found = frozenset(self._pod() for _ in range(PER_POD * count))
            assert (len(found), without in found) == (count, False), f"answers from {', '.join(sorted(found))}"
            return found

        excluded = f", {without} not among them" if without else ""
        return eventually(
            poll, within=ROLLOUT, expected=f"requests for {self.namespace}/{NAME} are shared by {count} Pods{excluded}", consecutive=2
        )

    def _pod(self) -> str:
        identity = self.client.expect_once(EVERYTHING, reaches(NAME)).identity
        assert identity is not None
        return identity.pod

    def fail_readiness(self) -> str:
        """Make one of its Pods unready and return its name."""
        pod = self._pod()
        self.api.ask_pod("DELETE", pod, self.namespace, 8080, "/-/ready")
        return pod

    def restore_readiness(self, pod: str) -> None:
        """Make a Pod ready again."""
        self.api.ask_pod("PUT", pod, self.namespace, 8080, "/-/ready")

    def roll_out(self) -> None:
        """Replace every Pod, as a change of the template does, and wait until the new ones are ready."""
        __tracebackhide__ = True
        workloads = Workloads(self.api)
        workloads.restart("Deployment", NAME, self.namespace)
        workloads.wait_until_rolled_out("Deployment", NAME, self.namespace)

    @contextmanager
    def under_load(self) -> Iterator[Load]:
        """Requests all the time, each of which has to be answered by one of its Pods."""
        with self.client.under_load(EVERYTHING, reaches(NAME)) as result:
            yield result
