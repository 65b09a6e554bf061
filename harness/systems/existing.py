"""A cluster that somebody else made: what is on it, what a run makes there, and how that goes again."""

import secrets
import shutil
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import chain
from pathlib import Path

from filelock import FileLock, Timeout

from harness.cluster.api import Api, NotServed, Object, Refused
from harness.cluster.disruptions import KINDS, Disruption, Disturbable, mark_of
from harness.cluster.isolation import LEDGER, Ledger, open_unrouted
from harness.cluster.ownership import CLUSTER_WIDE, DISTURBED, LABEL, OF_METALLB, OwnedApi, owner
from harness.cluster.sources import Image
from harness.cluster.state import ClusterState, Placement, RouterAccess, states_directory
from harness.cluster.steps import Steps
from harness.model.addresses import AddressRange, parts, whole_blocks
from harness.model.budgets import DELETION
from harness.model.errors import EnvironmentFault, UsageFault
from harness.model.project import COMMAND
from harness.systems.apps import example
from harness.systems.ingress.controllers import controllers_of
from harness.systems.kubernetes.readiness import wait_ready
from harness.systems.metallb.custom_resources import NAMESPACE as METALLB
from harness.systems.metallb.custom_resources import custom_resource
from harness.systems.metallb.modes import Mode
from harness.systems.metallb.pools import bound_to
from harness.systems.metallb.router_access import ROUTER_IMAGE, start_router_pods
from harness.systems.observers import PROGRAM_IMAGE, neighbours_of, start_wire_pod
from harness.systems.usable import wait_for_routes

#: Addresses of the range given that the run's own applications get, one for each look at whether a new Service gets one.
OWN = 8
#: The lock in a run's folder that says that it has not ended.
IN_USE = "in-use.lock"


@dataclass(frozen=True, slots=True)
class Existing:
    """A cluster as it was found, and what a run may use of it.

    :param pools: the addresses that the run may hand out, one range of each family of the cluster
    :param image: what the Pods of the run's applications run
    :param watcher: the node from which the nodes' network is looked at, frame by frame; empty where it is not
    :param router: where routes are read, and ``router_image`` what a Pod runs that stands for a router
    :param disruptions: what may be done to what others use, and the workloads that this concerns
    """

    kubeconfig: str
    context: str
    pools: tuple[AddressRange, ...]
    image: str
    kubernetes: str
    nodes: int
    ip_family: str
    metallb: str
    mode: Mode
    ingress: Mapping[str, str]
    placements: Mapping[str, Placement]
    watcher: str = ""
    disruptions: Mapping[Disruption, tuple[Disturbable, ...]] = field(default_factory=dict)
    router: RouterAccess | None = None
    router_image: str = ""


def begin(found: Existing, steps: Steps) -> tuple[ClusterState, FileLock]:
    """Make what statements need on the cluster: a namespace with two applications, a pool, routes.

    :raises EnvironmentFault: the cluster does not let them in, or they do not become ready; nothing stays
    """
    state = _state(found)
    state.save()
    lock = FileLock(state.directory / IN_USE, timeout=0)
    lock.acquire()
    try:
        _make(found, state, steps)
    except Refused as refusal:
        end(state, lock, steps)
        todo = f"see whether a policy, a quota or a webhook that is not reached says so: `{COMMAND} doctor --context {found.context}`"
        raise EnvironmentFault("a cluster that lets in what a run makes", str(refusal), todo) from refusal
    except BaseException:
        end(state, lock, steps)
        raise
    return state, lock


def _state(found: Existing) -> ClusterState:
    name = f"conformance-{secrets.token_hex(3)}"
    directory = states_directory() / name
    return ClusterState(
        name=name,
        context=found.context,
        directory=directory,
        kubeconfig=Path(found.kubeconfig),
        network="",
        kept=False,
        ip_family=found.ip_family,
        nodes=found.nodes,
        kubernetes=found.kubernetes,
        metallb=found.metallb,
        ingress=dict(found.ingress),
        metallb_mode=found.mode,
        images=[Image(PROGRAM_IMAGE, found.image, "cluster", ""), Image(ROUTER_IMAGE, found.router_image, "cluster", "")],
        nonce=secrets.token_hex(4),
        existing=True,
        placements=dict(found.placements),
        disruptions=[str(one) for one in found.disruptions],
        disturbable=[one for several in found.disruptions.values() for one in several],
        router=found.router,
    )


def _make(found: Existing, state: ClusterState, steps: Steps) -> None:
    api, place = state.api(), example.Place.of(state)
    set_aside = _set_aside(found)
    room = [[part for part in parts(one) if not any(part.overlaps(block) for block in set_aside)] for one in found.pools]
    own = [AddressRange(one.first, one.first + OWN - 1) for one in _largest(found.pools, room)]
    state.example_pool = [str(one) for one in own]
    state.save()
    Ledger.open(state.directory / LEDGER, chain.from_iterable(room), [], own, small=True)
    if set_aside:
        open_unrouted(state.directory, set_aside)
    with steps.step(f"two applications in namespace {state.name}"):
        api.apply(*example.app_objects(found.image, state.nonce, place))
        example.wait_for_apps(api, place)
    with steps.step(f"pool {place.pool}, and a route of each ingress controller"):
        pool, *advertised = example.pool_objects(own, place)
        pool["spec"]["serviceAllocation"] = bound_to(place.namespace)  # nobody else's Service gets an address of it
        api.apply(pool, *advertised)
        if api.list("BGPPeer", METALLB):
            api.apply(custom_resource("BGPAdvertisement", place.pool, {"ipAddressPools": [place.pool]}))
        for controller in controllers_of(state):
            api.apply(*example.by_host(controller.ingress_class, controller.suffix, place))
    if found.watcher:
        with steps.step(f"a host on the network of {found.watcher}, which finds every node on it"):
            state.watcher = start_wire_pod(api, state, found.watcher)
            state.neighbours = neighbours_of(api, state)
            state.save()
    if found.router and found.router.node:
        with steps.step(f"routers in the network of {found.router.node}"):
            start_router_pods(api, state, found.router)
    for controller in controllers_of(state):
        with steps.step(f"routes answer through {controller.name}'s address"), suppress(EnvironmentFault):  # else statements say so
            wait_for_routes(api, controller, place)


def _set_aside(found: Existing) -> list[AddressRange]:
    """The blocks that routes are read of, as some are of whole blocks: half of those given, if there is room beside them."""
    whole = [block for one in found.pools if one.family == 4 for block in whole_blocks(one)] if found.router else []
    half = whole[len(whole) // 2 :]
    beside = [part for one in found.pools if one.family == 4 for part in parts(one) if not any(part.overlaps(block) for block in half)]
    return half if any(len(part) >= 2 * OWN for part in beside) else []


def _largest(pools: Iterable[AddressRange], room: Iterable[Iterable[AddressRange]]) -> Iterator[AddressRange]:
    """The part of each range that has the most room, of those that are not set aside.

    :raises UsageFault: one has too little
    """
    for one, left in zip(pools, room, strict=True):
        largest = max(left, key=len, default=None)
        if largest is None or len(largest) < 2 * OWN:
            raise UsageFault(f"--pool with at least {2 * OWN} addresses in a row between .1 and .254", str(one), "give a larger range")
        yield largest


def end(state: ClusterState, lock: FileLock, steps: Steps) -> None:
    """Remove everything that the run made.

    :raises EnvironmentFault: something stays; the folder does, too, so that it can be removed later
    """
    with steps.step(f"remove what {state.name} made on {state.context}"):
        remove(state.api("removal"), state.name)
    for line in disturbances(state.directory):
        steps.tell(line)
    lock.release()
    shutil.rmtree(state.directory, ignore_errors=True)


def disturbances(directory: Path) -> list[str]:
    """What a run has done to what others use, a line for each kind of thing; ``directory`` is the run's."""
    file = directory / DISTURBED
    done = Counter(file.read_text(encoding="utf-8").splitlines()) if file.exists() else Counter()
    return [f"disturbed, {number} times: {line}" if number > 1 else f"disturbed: {line}" for line, number in done.items()]


def remove(api: Api, run: str) -> list[str]:
    """Put back what a run has disturbed, remove everything with its label, Services before the pools that they have addresses of.

    :returns: what was put back and removed
    :raises EnvironmentFault: something stays
    """
    removed = [f"the disturbance of {one}" for one in api.put_back()] if isinstance(api, OwnedApi) else []
    for kinds in (("BGPPeer",), ("Namespace",), OF_METALLB, CLUSTER_WIDE):  # no speaker dials a router that is gone
        there = list(_made(api, kinds, run))
        for kind, item in there:
            api.delete(kind, item["metadata"]["name"], item["metadata"].get("namespace"))
            removed.append(f"{kind} {item['metadata']['name']}")
        wait_ready(partial(_nothing_of, api, kinds, run), f"no {' or '.join(kinds)} of {run} is left", within=DELETION)
    return removed


def _nothing_of(api: Api, kinds: Iterable[str], run: str) -> str:
    left = [f"{kind} {item['metadata']['name']}" for kind, item in _made(api, kinds, run)]
    assert not left, f"still there: {', '.join(left)}"
    return "none"


def _made(api: Api, kinds: Iterable[str], run: str = "") -> Iterator[tuple[str, Object]]:
    """Objects of these kinds that a run made, or that any did."""
    for kind in kinds:
        try:
            found = api.list(kind, METALLB if kind in OF_METALLB else None, labels=f"{LABEL}={run}" if run else LABEL)
        except NotServed:  # a cluster without MetalLB, or one of a version without the kind
            continue
        yield from ((kind, item) for item in found)


def runs_on(api: Api) -> list[str]:
    """The names of the runs that have made something which is there, or have disturbed something."""
    disturbing = {by for kind in KINDS for item in api.list(kind) if (by := mark_of(item)[0])}
    return sorted({owner(item) for _, item in _made(api, (*CLUSTER_WIDE, *OF_METALLB))} | disturbing)


def recover(api: Api, kubeconfig: Path, context: str, steps: Steps, *, named: str = "") -> list[str]:
    """Remove what ended runs left on a cluster, and return what was removed.

    :param named: a run of somebody else's, or of another machine, that is known to have ended; otherwise this user's own are removed
    :raises UsageFault: there is no run of that name, or it has not ended
    """
    there = runs_on(api)
    if named and named not in there:
        raise UsageFault(f"a run that left something on {context}", named, f"it has: {', '.join(there) or 'nothing of any run'}")
    removed = []
    for run in [named] if named else there:
        directory = states_directory() / run
        if not directory.exists() and not named:
            steps.tell(f"{run} was begun by somebody else: `{COMMAND} clusters recover --context {context} --run {run}` once it has ended")
        elif _goes_on(directory):
            steps.tell(f"{run} has not ended")
        else:
            with steps.step(f"remove what {run} left"):
                removed += remove(_as(run, kubeconfig, context, directory).api(), run)
            shutil.rmtree(directory, ignore_errors=True)
    return removed


def _goes_on(directory: Path) -> bool:
    if not (directory / IN_USE).exists():
        return False
    lock = FileLock(directory / IN_USE, timeout=0)
    try:
        lock.acquire()
    except Timeout:
        return True
    lock.release()
    return False


def _as(run: str, kubeconfig: Path, context: str, directory: Path) -> ClusterState:
    """A state by which nothing but what a run made can be removed."""
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    nothing = Existing(str(kubeconfig), context, (), "", "", 0, "", "", Mode.NATIVE, {}, {})
    return replace(_state(nothing), name=run, directory=directory)
