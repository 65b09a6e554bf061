"""Which node announces a Service on layer 2 (https://metallb.io/apis/#servicel2status)."""

from harness.cluster.api import Api
from harness.model.budgets import ANNOUNCEMENT
from harness.model.errors import Unanswered
from harness.probes.waiting import eventually
from harness.systems.addresses import Service
from harness.systems.metallb import NAMESPACE


def announcer(api: Api, service: Service) -> str:
    """The node that announces a Service, waited for."""
    labels = f"metallb.io/service-name={service.name},metallb.io/service-namespace={service.namespace}"

    def look() -> str:
        nodes = [item["status"]["node"] for item in api.list("ServiceL2Status", NAMESPACE, labels=labels) if item.get("status")]
        if not nodes:
            raise Unanswered(f"no ServiceL2Status of {service!r}")
        assert len(nodes) == 1, f"{service!r} is announced from {', '.join(nodes)}"
        return str(nodes[0])

    return eventually(
        look, within=ANNOUNCEMENT, expected=f"one node announces {service!r}", pause=api.changed("ServiceL2Status", NAMESPACE)
    )
