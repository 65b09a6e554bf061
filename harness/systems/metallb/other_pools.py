"""Pools that are not the statement's own: taken away, or closed to those who ask for nothing, and brought back."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from harness.cluster.api import Api
from harness.model.errors import Unanswered
from harness.systems.kubernetes.readiness import wait_ready
from harness.systems.metallb.custom_resources import NAMESPACE, ip_address_pool
from harness.systems.metallb.services import Service


@dataclass(frozen=True, slots=True)
class OtherPools:
    """Every pool there is, whoever made it."""

    api: Api

    @contextmanager
    def removed(self, holder: Service) -> Iterator[None]:
        """No pool exists inside of the block; afterwards those from before do, and the holder has the addresses from before.

        Until it has, the pools give nothing to anybody who does not ask, and it is the one who asks.
        """
        stored = [ip_address_pool(item["metadata"]["name"], **item["spec"]) for item in self.api.list("IPAddressPool", NAMESPACE)]
        addresses = holder.addresses
        try:
            holder.annotate(loadBalancerIPs=",".join(addresses))
            for item in stored:
                self.api.delete("IPAddressPool", item["metadata"]["name"], NAMESPACE)
            yield
        finally:
            self.api.apply(*({**item, "spec": {**item["spec"], "autoAssign": False}} for item in stored))
            wait_ready(lambda: _has(holder, addresses), f"{holder!r} has {', '.join(addresses)} again")
            holder.annotate(loadBalancerIPs=None)
            self.api.apply(*stored)

    @contextmanager
    def on_request_only(self, name: str) -> Iterator[None]:
        """A pool gives nothing unasked inside of the block."""
        try:
            self._assign_automatically(name, False)
            yield
        finally:
            self._assign_automatically(name, True)

    def _assign_automatically(self, name: str, automatic: bool) -> None:
        self.api.merge("IPAddressPool", name, NAMESPACE, {"spec": {"autoAssign": automatic}})


def _has(service: Service, addresses: list[str]) -> list[str]:
    found = service.addresses
    if found != addresses:
        raise Unanswered(f"{service!r} has {', '.join(found) or 'no address'}")
    return found
