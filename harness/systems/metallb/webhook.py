"""MetalLB's admission webhook: whether it answers, and pools that pass it unseen."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from harness.cluster.api import Api, Object
from harness.model.budgets import ROLLOUT, Budget
from harness.model.errors import EnvironmentFault
from harness.systems.kubernetes.admission import accepted
from harness.systems.kubernetes.readiness import wait_ready
from harness.systems.metallb.custom_resources import ip_address_pool

CONFIGURATION = "metallb-webhook-configuration"
#: The label of pools that the webhook does not look at while :meth:`PoolWebhook.bypassed` lasts.
UNCHECKED = "unchecked"


def wait_until_webhook_answers(api: Api, *, within: Budget = ROLLOUT) -> None:
    """Wait until the webhook accepts an address pool; nothing is stored.

    :raises EnvironmentFault: it does not in time
    """
    __tracebackhide__ = True
    pool = ip_address_pool("readiness-probe", ["192.0.2.1/32"])
    wait_ready(accepted(api, pool), "the webhook of MetalLB accepts an address pool", within=within)


@dataclass(frozen=True, slots=True)
class PoolWebhook:
    """The part of the webhook that looks at address pools."""

    api: Api

    @contextmanager
    def bypassed(self) -> Iterator[None]:
        """Pools stored by :meth:`store_unchecked` pass without a look inside of the block, as two that come at once can."""
        stored = self.api.get("ValidatingWebhookConfiguration", CONFIGURATION)
        if stored is None:
            raise EnvironmentFault(
                f"ValidatingWebhookConfiguration {CONFIGURATION}", "it does not exist", "install MetalLB from its manifest"
            )
        selector = {"matchExpressions": [{"key": UNCHECKED, "operator": "DoesNotExist"}]}
        loosened = [
            {**hook, "objectSelector": selector} if hook["name"].startswith("ipaddresspool") else hook for hook in stored["webhooks"]
        ]
        try:
            self._write(loosened)
            yield
        finally:
            self._write(stored["webhooks"])

    def store_unchecked(self, document: Object) -> None:
        """Store a pool that the webhook would refuse; it takes the API server a moment to learn that it may.

        :raises EnvironmentFault: it is refused for good
        """
        labelled = {**document, "metadata": {**document["metadata"], "labels": {UNCHECKED: "yes"}}}
        wait_ready(accepted(self.api, labelled), "a pool passes that the webhook does not look at")
        self.api.apply(labelled)

    def _write(self, webhooks: list[Object]) -> None:
        self.api.merge("ValidatingWebhookConfiguration", CONFIGURATION, None, {"webhooks": webhooks})
