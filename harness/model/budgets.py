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

STATUS = Budget(
    "status",
    150,
    "ingress-nginx looks once in 60 s, then writes one Ingress after the other: about 4 a second, and the shared routes are some 170",
)

SILENCE = Budget("silence", 5, "observation window of a negative statement, after a positive barrier on the same object")

CLOSURE = Budget("closure", 15, "kube-proxy rewrites its rules at most once a second, and a little later on a busy node")
NOTICE = Budget("notice", 3, "each speaker acts on the event of a change at once; two may differ by the time it takes to reach them")
RESCAN = Budget("rescan", 30, "the speaker looks for new interfaces every 10 s")
PROBE = Budget("probe", 30, "a probe container's program starts in a fraction of a second; a busy machine takes seconds")
ABSENCE = Budget("absence", 30, "an API server that was disturbed is back as soon as its container runs again")
TAKEOVER = Budget(
    "takeover", 30, "a change of configuration, node or endpoint is acted upon on its event; gratuitous frames follow for 5 s"
)
BRIEF = Budget(
    "brief outage", 5, "a handover that both nodes know of takes one event on each; clients are told at once by gratuitous frames"
)
SPEAKER_LOSS = Budget(
    "speaker loss", 30, "a speaker that dies unannounced is suspected after about 5 s and dead after about 10 s of gossip"
)
NODE_LOSS = Budget("node loss", 60, "gossip finds a dead node in about 10 s, as above; existing caches then need one gratuitous frame")
RETURN = Budget("return", 150, "a node that was stopped boots its runtime, its pods and the speaker, which joins the others anew")
SETTLING = Budget("settling", 20, "gratuitous frames end 5 s after a change, and two speakers agree within a few gossips")
SESSION = Budget("BGP session", 60, "the speaker connects at once and retries with a growing pause of up to 30 s")
PROPAGATION = Budget("BGP update", 15, "updates are sent at once over the open session")
RECONSIDERATION = Budget("reconsideration", 5, "who waits is reconsidered at once, in the same process, or only on another occasion")

HANDOVER = Budget(
    "handover", 15, "ingress-nginx lets its only Pod go first (maxUnavailable 1); the next is ready once its probe's first 10 s are over"
)
GRACEFUL_END = Budget(
    "graceful end",
    30,
    "a controller that ends closes its ports, but is ready to others for its 10 s of grace, as long as which it holds the address",
)
HOLD = Budget("hold time", 15, "the shortest hold time is 3 s; a session is lost when it has passed without a message")
BGP_GAP = Budget("BGP restart", 45, "without graceful restart each node's route goes until its new speaker has a session again")

BUDGETS = {budget.name: budget for budget in list(globals().values()) if isinstance(budget, Budget)}
