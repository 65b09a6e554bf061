"""Pools that are not the statement's own: taken away, or closed to those who ask for nothing, and brought back."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

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
    def removed(self, *holders: Service) -> Iterator[None]:
        """No pool exists inside of the block; afterwards those from before do, and the holders have the addresses from before.

        Until they have, the pools give nothing to anybody who does not ask, and they are the ones who ask.
        """
        stored = [ip_address_pool(item["metadata"]["name"], **item["spec"]) for item in self.api.list("IPAddressPool", NAMESPACE)]
        addresses = {holder: holder.addresses for holder in holders}
        try:
            for holder, asked in addresses.items():
                holder.annotate(loadBalancerIPs=",".join(asked))
            for item in stored:
                self.api.delete("IPAddressPool", item["metadata"]["name"], NAMESPACE)
            yield
        finally:
            self.api.apply(*({**item, "spec": {**item["spec"], "autoAssign": False}} for item in stored))
            for holder, before in addresses.items():
                wait_ready(partial(_has, holder, before), f"{holder!r} has {', '.join(before)} again")
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
