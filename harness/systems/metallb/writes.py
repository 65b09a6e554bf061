"""Objects that nobody has a reason to write: what MetalLB tells of a Service while nothing changes."""

from collections.abc import Callable
from dataclasses import dataclass

from harness.cluster.api import Api, Object
from harness.model.budgets import ALLOCATION, SILENCE
from harness.model.errors import Unanswered
from harness.probes.waiting import consistently, eventually
from harness.systems.metallb.custom_resources import NAMESPACE
from harness.systems.metallb.services import Service

#: Polls in a row that find an object as it was, after which what was changed before counts as written.
WRITTEN = 10


@dataclass(frozen=True, slots=True)
class Writes:
    """Watches by their unique id and their version that objects are neither made anew nor written."""

    api: Api

    def consistently_unwritten(self, kind: str, service: Service, *, meanwhile: Callable[[], object] = lambda: None) -> None:
        """Require that objects of a kind come to rest, and are not written for an observation window afterwards.

        :param kind: ``Service``, ``IPAddressPool``, those that MetalLB writes of a Service, or those of the whole configuration
        :param meanwhile: what happens again and again inside of the window, and is no reason to write them
        """
        __tracebackhide__ = True
        objects = f"{kind} of {service!r}"
        seen: list[dict[str, str]] = []

        def poll() -> dict[str, str]:
            seen.append(self._versions(kind, service))
            if not seen[-1]:
                raise Unanswered(f"there is no {objects}")
            assert seen[-1] == seen[-2:][0], f"{_differing(seen[-2], seen[-1])} of {objects}"
            return seen[-1]

        eventually(poll, within=ALLOCATION, expected=f"{objects} is not written any more", consecutive=WRITTEN)

        def poll_afterwards() -> dict[str, str]:
            meanwhile()
            return poll()

        consistently(poll_afterwards, during=SILENCE, expected=f"{objects} is not written again")

    def _versions(self, kind: str, service: Service) -> dict[str, str]:
        found = self.api.list(kind, service.namespace if kind == "Service" else NAMESPACE)
        concerned = [item["metadata"] for item in found if _concerning(kind, service)(item)]
        return {f"{one['name']} ({one['uid']})": str(one.get("resourceVersion")) for one in concerned}


def _concerning(kind: str, service: Service) -> Callable[[Object], bool]:
    """Which objects of a kind are about a Service: itself, the pool of its address, those that name it, or all of the configuration's."""
    if kind == "Service":
        return lambda item: bool(item["metadata"]["name"] == service.name)
    if kind == "IPAddressPool":
        pool = service.object["metadata"].get("annotations", {}).get(f"{service.annotation_prefix}/ip-allocated-from-pool")
        return lambda item: bool(item["metadata"]["name"] == pool)
    if kind == "ConfigurationState":
        return lambda _: True
    return lambda item: (
        (item.get("status", {}).get("serviceNamespace"), item.get("status", {}).get("serviceName"))
        == (
            service.namespace,
            service.name,
        )
    )


def _differing(before: dict[str, str], after: dict[str, str]) -> str:
    if before.keys() != after.keys():
        return f"{', '.join(before) or 'none'} became {', '.join(after)}"
    return f"{', '.join(name for name in after if after[name] != before[name])} was written"
