"""How long is conformant: one table, one line of reason each, scaled by ``--timeout-scale``."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Budget:
    """A bound in seconds that a conforming implementation stays under, and why it is that long."""

    name: str
    seconds: float
    reason: str


ALLOCATION = Budget("allocation", 30, "MetalLB assigns on the service event; upstream's own bound is minutes, users notice seconds")
REUSE = Budget("reuse", 60, "pending services are reconsidered on release, with exponential back-off on conflict; upstream allows 60 s")
WITHDRAWAL = Budget("withdrawal", 30, "status, annotation and announcement go on the next reconcile of a changed service")
ANNOUNCEMENT = Budget("announcement", 30, "interfaces are rescanned every 10 s and gratuitous ARP ends 5 s after the change")
ROUTE = Budget("route", 30, "ingress-nginx syncs at most once in 3.3 s, then reloads and lets Lua fetch backends every second")
EVENT = Budget("event", 20, "events are written asynchronously and may be aggregated by the client library")
ROLLOUT = Budget("rollout", 120, "image pull is done beforehand; the controller's readiness probe starts after 10 s")
DELETION = Budget("deletion", 60, "namespaces go when their last object is finalised")

SILENCE = Budget("silence", 5, "observation window of a negative statement, after a positive barrier on the same object")

BUDGETS = {budget.name: budget for budget in (ALLOCATION, REUSE, WITHDRAWAL, ANNOUNCEMENT, ROUTE, EVENT, ROLLOUT, DELETION, SILENCE)}
