"""How long is soon enough: one table by subject, one line of reason each, scaled by ``--timeout-scale``."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Budget:
    """A bound in seconds that a conforming implementation stays under, and why it is that long."""

    name: str
    seconds: float
    reason: str


# Kubernetes
EVENT = Budget("event", 20, "events are written asynchronously and may be aggregated by the client library")
ROLLOUT = Budget("rollout", 120, "image pull is done beforehand; the controller's readiness probe starts after 10 s")
BEGINNING = Budget("beginning", 20, "two cores begin the containers of an installation in ten seconds; nobody waits for longer")
DELETION = Budget("deletion", 60, "namespaces go when their last object is finalised")
ENFORCEMENT = Budget("enforcement", 15, "a firewall writes the rules of all policies anew, on every node, in seconds")
CLOSURE = Budget("closure", 15, "kube-proxy rewrites its rules at most once a second, and a little later on a busy node")
ABSENCE = Budget("absence", 30, "an API server that was disturbed is back as soon as its container runs again")

# MetalLB: addresses
ALLOCATION = Budget("allocation", 30, "MetalLB assigns on the service event; upstream's own bound is minutes, users notice seconds")
REUSE = Budget("reuse", 60, "pending services are reconsidered on release, with exponential back-off on conflict; upstream allows 60 s")
RECONSIDERATION = Budget("reconsideration", 5, "who waits is reconsidered at once, in the same process, or only on another occasion")
WITHDRAWAL = Budget("withdrawal", 30, "status, annotation and announcement go on the next reconcile of a changed service")

# MetalLB: layer 2
ANNOUNCEMENT = Budget("announcement", 30, "interfaces are rescanned every 10 s and gratuitous ARP ends 5 s after the change")
RESCAN = Budget("rescan", 30, "the speaker looks for new interfaces every 10 s")
NOTICE = Budget("notice", 3, "each speaker acts on the event of a change at once; two may differ by the time it takes to reach them")
TAKEOVER = Budget(
    "takeover", 30, "a change of configuration, node or endpoint is acted upon on its event; gratuitous frames follow for 5 s"
)
CONVERGENCE = Budget("convergence", 20, "gratuitous frames end 5 s after a change, and two speakers agree within a few gossips")

# MetalLB: BGP
SESSION = Budget("BGP session", 60, "the speaker connects at once and retries with a growing pause of up to 30 s")
PROPAGATION = Budget("BGP update", 15, "updates are sent at once over the open session")
FRR_PROPAGATION = Budget(
    "BGP update by FRR",
    45,
    "changes are gathered for 3 s, then FRR loads its configuration after the one before: up to 7 s each on two cores",
)
HOLD = Budget("hold time", 15, "the shortest hold time is 3 s; a session is lost when it has passed without a message")
KEEPALIVES = Budget("keepalives", 12, "four that come every two seconds; of a hold time of 90 s they come every thirty")
BGP_GAP = Budget("BGP restart", 45, "without graceful restart each node's route goes until its new speaker has a session again")

# Outages
BRIEF_OUTAGE = Budget(
    "brief outage", 5, "a failover that both nodes know of takes one event on each; clients are told at once by gratuitous frames"
)
SPEAKER_LOSS = Budget(
    "speaker loss", 30, "a speaker that dies unannounced is suspected after about 5 s and dead after about 10 s of gossip"
)
NODE_LOSS = Budget("node loss", 60, "gossip finds a dead node in about 10 s, as above; existing caches then need one gratuitous frame")
LAYER_2_UPGRADE = Budget(
    "layer 2 upgrade", 15, "each of three speakers is replaced once, and where it announced, a brief outage of at most 5 s follows"
)
BGP_UPGRADE = Budget("BGP upgrade", 45, "as when speakers restart: each node's route goes until its new speaker has a session again")
RETURN = Budget("return", 150, "a node that was stopped boots its runtime, its pods and the speaker, which joins the others anew")

# Ingress
ROUTE = Budget("route", 30, "controllers gather changes for some seconds, then hand them to processes that may learn of them one by one")
STATUS = Budget("status", 60, "a controller learns of its Service's addresses by a watch, or looks again once in a minute")
CONTROLLER_RESTART = Budget(
    "controller restart",
    15,
    "a rollout may let the only Pod go first; the next is ready once its probe's first 10 s are over",
)
GRACEFUL_END = Budget(
    "graceful end",
    30,
    "a controller that ends closes its ports, but is ready to others for its 10 s of grace, as long as which it holds the address",
)

# Scale
SCALE = Budget("scale", 240, "a thousand objects on a machine of two cores, and as long as somebody waits for a figure")
SAMPLING = Budget("sampling", 10, "a figure for each second of it, enough for a rank test to tell two runs apart")

# Preconditions
PRECONDITION = Budget("precondition", 30, "what an installation was waited for has had its time; the rest takes what an allocation may")
FIRST_ROUTE = Budget("first route", 60, "the controller is ready: MetalLB gives and announces its address, and the route is read")
SHARED_ROUTES = Budget("shared routes", 90, "the routes of a whole run are read at once, some hundred of them")
WEBHOOK = Budget("webhook", 60, "a webhook answers once its Pod is ready and the API server knows its certificate")

# One request
ANSWER = Budget("answer", 5, "a healthy system answers in milliseconds; until then a busy machine is given time")
CONNECTION = Budget("connection", 2, "a port that is open accepts at once, one that is shut refuses at once or is silent for ever")
CALL = Budget("call", 10, "a gRPC call and the opening of a web socket take a TLS handshake and several frames")
SLOW_ANSWER = Budget("slow answer", 20, "under load an answer that is later counts as lost; until then it is slow, which is measured")

# Watching
SILENCE = Budget("silence", 5, "observation window of a negative statement, after a positive barrier on the same object")
QUIET = Budget("quiet web socket", 3, "a proxy that takes an open web socket for a request would have given up on it")
PROBE = Budget("probe", 30, "a probe container's program starts in a fraction of a second; a busy machine takes seconds")
