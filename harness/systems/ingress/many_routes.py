"""Hundreds or thousands of routes, and what they do to the next one and to the requests."""

from dataclasses import dataclass

from harness.cluster.api import Object
from harness.model.budgets import SAMPLING, SCALE
from harness.model.expectations import reaches
from harness.model.http_exchange import TABLE_HOST, Request
from harness.probes.load import Load
from harness.probes.waiting import consistently
from harness.systems.ingress.client import IngressClient
from harness.systems.ingress.resources import Ingresses, path, rule

#: Rules of one Ingress; each has a host of its own.
RULES = 50
#: Routes that are added one after the other: as many samples as a rank test needs.
ADDED = 6


@dataclass(frozen=True, slots=True)
class ManyRoutes:
    """Rules of the statement's own; every measurement names their number."""

    ingresses: Ingresses
    client: IngressClient
    count: int

    def create(self) -> None:
        """Create the rules and wait until the last one is served."""
        __tracebackhide__ = True
        for first in range(0, self.count, RULES):
            self.ingresses.add(self._ingress(range(first, min(first + RULES, self.count))))
        self.client.wait_until_answered(self._request(self.count - 1), reaches("one"), measured=f"{self.count} rules served", within=SCALE)

    def serve(self, when: str) -> None:
        """Ask one of the routes as fast as it answers while nothing changes.

        :param when: what the measurements are called by
        """
        __tracebackhide__ = True
        with self.client.saturated(self._request(0), reaches("one")) as load:
            consistently(lambda: _answered(load), during=SAMPLING, expected=f"{self.count} rules serve requests")
        load.measure_by_second(f"{self.count} rules, {when}")

    def add_while_serving(self) -> None:
        """Add routes one after the other, and wait for each, while one of the others is asked."""
        __tracebackhide__ = True
        with self.client.saturated(self._request(0), reaches("one")) as load:
            for number in range(ADDED):
                self.ingresses.add(self.ingresses.ingress(path("/", "two"), suffix=f"-more{number}"))
                self.client.wait_until_answered(
                    Request("/", host=f"more{number}.{TABLE_HOST}"),
                    reaches("two"),
                    measured=f"{self.count} rules: one more served",
                    within=SCALE,
                )
        load.measure_by_second(f"{self.count} rules, during changes")

    def _ingress(self, numbers: range) -> Object:
        rules = [rule(f"h{number}.{self.ingresses.host}", path("/", "one")) for number in numbers]
        return self.ingresses.ingress(suffix=f"-{numbers.start}", rules=rules)

    @staticmethod
    def _request(number: int) -> Request:
        return Request("/", host=f"h{number}.{TABLE_HOST}")


def _answered(load: Load) -> str:
    return f"{len(load.attempts)} requests, {len(load.failed)} of them lost"
