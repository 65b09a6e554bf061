"""What MetalLB reports: counters of pools, the announcing node of a Service, events."""

from dataclasses import dataclass

from harness.cluster.api import Api
from harness.model.budgets import ALLOCATION, EVENT, SILENCE, TAKEOVER, Budget
from harness.model.errors import Unanswered
from harness.probes.waiting import consistently, eventually
from harness.systems.metallb.custom_resources import NAMESPACE
from harness.systems.metallb.installation import MetalLB
from harness.systems.metallb.pools import Pool
from harness.systems.metallb.services import Service


@dataclass(frozen=True, slots=True)
class Layer2Status:
    """What a ServiceL2Status says: a Service (``namespace/name``), and a node that announces it."""

    service: str
    node: str


def layer2_statuses(api: Api) -> list[Layer2Status]:
    """Every ServiceL2Status, as of now; the version under test has to serve the kind."""
    found = [item.get("status", {}) for item in api.list("ServiceL2Status", NAMESPACE)]
    return [Layer2Status(f"{one.get('serviceNamespace')}/{one.get('serviceName')}", str(one.get("node"))) for one in found]


@dataclass(frozen=True, slots=True)
class PoolStatus:
    """The counters in the status of pools (https://metallb.io/apis/#ipaddresspoolstatus)."""

    api: Api

    def counters(self, name: str, family: int) -> dict[str, int]:
        """How many addresses of a family (4, 6) are assigned and available, as the status says now.

        :raises AssertionError: the pool does not exist
        """
        __tracebackhide__ = True
        found = self.api.get("IPAddressPool", name, NAMESPACE)
        assert found is not None, f"the pool {name} does not exist"
        return {kind: int(found.get("status", {}).get(f"{kind}IPv{family}", 0)) for kind in ("assigned", "available")}

    def wait_until_counted(self, pool: Pool, *, assigned: int, available: int) -> None:
        """Wait until the status of a pool counts this many addresses of its family."""
        __tracebackhide__ = True
        wanted = {"assigned": assigned, "available": available}
        family = pool.ranges[0].family

        def poll() -> dict[str, int]:
            found = self.counters(pool.name, family)
            assert found == wanted, f"it counts {found}"
            return found

        pause = self.api.changed("IPAddressPool", NAMESPACE)
        eventually(poll, within=ALLOCATION, expected=f"the status of {pool} counts {wanted}", pause=pause)

    def overwrite(self, pool: Pool, *, assigned: int, available: int) -> None:
        """Write counters into the status, as somebody who should not might."""
        family = pool.ranges[0].family
        status = {f"assignedIPv{family}": assigned, f"availableIPv{family}": available}
        self.api.merge("IPAddressPool", pool.name, NAMESPACE, {"status": status}, subresource="status")


#: How often the event of an assignment may be written after it was first seen: by the changes just made, which reach the speaker in turn.
REPEATED = 3


@dataclass(frozen=True, slots=True)
class Speakers:
    """What the speakers report of the Services they announce."""

    api: Api
    metallb: MetalLB

    def statuses(self, service: Service) -> list[str]:
        """The nodes named by the ServiceL2Status objects of a Service, one an object; none in a version without such objects."""
        if not self.metallb.serves("ServiceL2Status"):
            return []
        return sorted(one.node for one in layer2_statuses(self.api) if one.service == service.namespaced_name)

    def wait_until_statuses_name(self, service: Service, *nodes: str, within: Budget = TAKEOVER) -> None:
        """Wait until the status objects of a Service name exactly these nodes, one each; nothing to wait for where none are written."""
        __tracebackhide__ = True
        if not self.metallb.writes_layer2_statuses:
            return

        def poll() -> list[str]:
            found = self.statuses(service)
            assert found == sorted(nodes), f"ServiceL2Status of {service!r}: {', '.join(found) or 'none'}"
            return found

        eventually(
            poll,
            within=within,
            expected=f"ServiceL2Status of {service!r}: {', '.join(nodes) or 'none'}",
            pause=self.api.changed("ServiceL2Status", NAMESPACE),
        )

    def wait_for_assignment(self, service: Service, node: str) -> None:
        """Wait for the event that says which node announces."""
        __tracebackhide__ = True
        service.events.wait_for("nodeAssigned", f'"{node}"')

    def wait_for_failure(self, service: Service) -> str:
        """Wait for the event that says that an announcement failed, and return its text."""
        __tracebackhide__ = True
        return service.events.wait_for("announceFailed")

    def wait_until_assigned(self, service: Service, node: str = "", *, times: int = 1) -> int:
        """Wait until the event that says which node announces was written so often, of one node or of all, and return how often it was."""
        __tracebackhide__ = True
        named = f' that names "{node}"' if node else ""

        def poll() -> int:
            if not (count := service.events.count("nodeAssigned", f'"{node}"' if node else "")):
                raise Unanswered(f"no event nodeAssigned about {service!r}{named}")
            assert count >= times, f"it was written {count} times"
            return count

        expected = f"an event nodeAssigned about {service!r}{named}{f', {times} times' if times > 1 else ''}"
        return eventually(poll, within=EVENT, expected=expected, pause=self.api.changed("Event", service.namespace))

    def consistently_quiet(self, service: Service, *, since: int | None = None) -> None:
        """Require for an observation window that the event of the assignment, once written, is hardly written again.

        :param since: how often it had been written by the time that it should not be written again, now by default
        """
        __tracebackhide__ = True
        most = REPEATED + (self.wait_until_assigned(service) if since is None else since)

        def poll() -> int:
            count = service.events.count("nodeAssigned")
            assert count <= most, f"the event nodeAssigned about {service!r} was written {count} times"
            return count

        consistently(poll, during=SILENCE, expected=f"the event nodeAssigned about {service!r} is written at most {most} times")
