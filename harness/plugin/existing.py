"""``--context``: a run on a cluster that somebody else made. What the options mean together with what is found there, and the plan."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from harness.cluster import rights
from harness.cluster.api import Api
from harness.cluster.disruptions import MEANING, Disruption, Disturbable
from harness.cluster.kubeconfig import IN_CLUSTER, kubeconfig, kubeconfig_of_pod, require_context
from harness.cluster.ownership import LABEL
from harness.cluster.sources import components, parse_overrides
from harness.cluster.state import RouterAccess, states_directory
from harness.model.addresses import AddressRange
from harness.model.errors import UsageFault
from harness.model.project import COMMAND
from harness.plugin.collection import PLAN, Case
from harness.systems.environment import Settings
from harness.systems.existing import Existing
from harness.systems.metallb import router_access
from harness.systems.metallb.components import CONTROLLER, SPEAKER
from harness.systems.metallb.router_access import ROUTER_IMAGE
from harness.systems.observers import PROGRAM_IMAGE
from harness.systems.survey import FoundController, Survey, survey

#: Options of clusters that a run makes, with what they are where nobody gives them.
OF_OWN_CLUSTERS: Mapping[str, Any] = {
    "kubernetes": None,
    "metallb_manifest": None,
    "ingress_manifest": None,
    "upgrade_from": None,
    "nodes": 3,
    "network_policies": False,
    "clusters": None,
    "ip_family": "ipv4",
    "kind_bin": None,
    "subnet": None,
    "example_pool": None,
    "keep_cluster": "never",
    "reuse_cluster": None,
}
#: Options that need a cluster of somebody else's.
OF_EXISTING = ("pool", "kubeconfig", "wire_probe", "router", "allow_disruption", "dry_run")
#: The cluster that somebody else made; none where the run makes its own. On the controlling process.
EXISTING = pytest.StashKey[Existing | None]()
#: The value of an option by its name.
Option = Callable[[str], Any]


def require_context_for(option: Option) -> None:
    """Refuse what only means something with ``--context``.

    :raises UsageFault: it is given without
    """
    given = [_flag(name) for name in OF_EXISTING if option(name)]
    if given:
        raise UsageFault(
            f"--context NAME beside {', '.join(given)}", "no --context", "name the cluster; the current context is never taken"
        )


def settings_of(option: Option) -> Settings:
    """The settings of a run on the cluster that ``--context`` names, of which everything is found.

    :raises UsageFault: an option cannot be, or the cluster is not as one says
    :raises EnvironmentFault: the API server does not answer
    """
    if wrong := [_flag(name) for name, usual in OF_OWN_CLUSTERS.items() if option(name) != usual]:
        raise UsageFault("--context without options of clusters that a run makes", ", ".join(wrong), "leave these out")
    given = Path(option("kubeconfig")) if option("kubeconfig") else None
    file = kubeconfig_of_pod(states_directory()) if option("context") == IN_CLUSTER and not given else kubeconfig(given)
    require_context(file, option("context"))
    with TemporaryDirectory() as folder:
        api = Api(file, option("context"), Path(folder) / "discovery.json")
        rights.require(
            api,
            *rights.options(
                wire_probe=bool(option("wire_probe")), disruptions=option("allow_disruption"), router=option("router") == router_access.PODS
            ),
        )
        seen = survey(api)
    found = _existing(option, file, seen, _chosen(option("ingress"), seen))
    return Settings(
        kubernetes=found.kubernetes,
        metallb=found.metallb,
        ingress=found.ingress,
        mode=found.mode,
        ip_family=found.ip_family,
        existing=found,
    )


def _existing(option: Option, file: Path, seen: Survey, chosen: Sequence[FoundController]) -> Existing:
    if option("metallb_mode") not in (None, seen.mode):
        raise UsageFault(f"--metallb-mode {seen.mode}, as it is found", option("metallb_mode"), "leave --metallb-mode out")
    return Existing(
        kubeconfig=str(file),
        context=option("context"),
        pools=tuple(_pools(option("pool"), seen)),
        image=_image(PROGRAM_IMAGE, option),
        router_image=_image(ROUTER_IMAGE, option),
        kubernetes=seen.kubernetes,
        nodes=seen.nodes,
        ip_family=seen.ip_family,
        metallb=_agreed("--metallb", "MetalLB", option("metallb"), seen.metallb),
        mode=seen.mode,
        ingress={one.name: one.version for one in chosen},
        placements={one.name: one.placement for one in chosen},
        watcher=_watcher(option("wire_probe"), seen),
        router=_router(option("router"), option("wire_probe"), seen),
        disruptions={Disruption(name): _concerned(Disruption(name), seen, chosen) for name in option("allow_disruption")},
    )


def _image(component: str, option: Option) -> str:
    published = components()[component].reference(components()[component].default)
    return parse_overrides(option("image")).get(component) or "/".join(filter(None, (option("image_mirror").rstrip("/"), published)))


def _router(asked: str | None, watched_from: str | None, seen: Survey) -> RouterAccess | None:
    """Where routes are read.

    :raises UsageFault: nowhere that would do
    """
    names = [str(one["metadata"]["name"]) for one in seen.node_objects]
    announcing = [name for name in names if name not in seen.silent]
    if asked and seen.ip_family == "ipv6":
        raise UsageFault("--router on a cluster that has IPv4", "one of IPv6", "leave --router out")
    if asked == router_access.PODS:
        return router_access.of_pods([watched_from] if watched_from else seen.silent, announcing, seen.peers)
    return router_access.of_command(asked, seen.node_objects, announcing, seen.peers) if asked else None


def _concerned(disruption: Disruption, seen: Survey, chosen: Iterable[FoundController]) -> tuple[Disturbable, ...]:
    """The workloads that are restarted."""
    found: Mapping[Disruption, Sequence[tuple[str, str, str, str]]] = {
        Disruption.CONTROLLER_RESTART: [seen.workloads[CONTROLLER]],
        Disruption.SPEAKER_RESTART: [seen.workloads[SPEAKER]],
        Disruption.INGRESS_RESTART: [one for each in chosen for one in each.placement.workloads],
    }
    return tuple(Disturbable.selecting(*one) for one in found.get(disruption, ()))


def _watcher(asked: str | None, seen: Survey) -> str:
    """The node from which the nodes' network is looked at: one that announces nothing, since nobody hears his own frames.

    :raises UsageFault: it is none of those
    """
    if asked and asked not in seen.silent:
        fitting = ", ".join(seen.silent) or "there is none: each node runs a speaker, and none is excluded from load balancers"
        raise UsageFault("--wire-probe with a node that announces nothing", asked, f"those that do not: {fitting}")
    return asked or ""


def _agreed(flag: str, what: str, asked: str | None, found: str) -> str:
    """The version that is found; or the one asked for, where the image's tag names none.

    :raises UsageFault: the two differ, or there is neither
    """
    wanted = (asked or "").removeprefix("v")
    if found and wanted and found != wanted:
        raise UsageFault(f"{flag} {found}, as it is found", wanted, f"leave {flag} out")
    if not (found or wanted):
        raise UsageFault(f"a version of {what}", "its image has no tag that names one", f"say it by {flag}")
    return found or wanted


def _chosen(asked: Iterable[str], seen: Survey) -> list[FoundController]:
    """The ingress controllers that are judged: those asked for, or all that are there, if any is.

    :raises UsageFault: one is not there
    """
    there = {one.name: one for one in seen.controllers}
    known = f"found: {', '.join(there) or 'none that the suite knows and that has an address'}"
    wanted = {text.partition("@")[0]: text.partition("@")[2] for text in asked} or dict.fromkeys(there, "")
    if absent := [name for name in wanted if name not in there]:
        raise UsageFault("--ingress with a controller of the cluster's", ", ".join(absent), known)
    agreed = {name: _agreed(f"--ingress {name}@VERSION", name, version, there[name].version) for name, version in wanted.items()}
    return [FoundController(name, version, there[name].placement, there[name].addresses) for name, version in agreed.items()]


def _pools(asked: Iterable[str], seen: Survey) -> list[AddressRange]:
    """The ranges that a run may use: one of each family of the cluster, in which nobody has an address.

    :raises UsageFault: one is missing, or is somebody's
    """
    ranges = [AddressRange.parse(text) for text in asked]
    wanted = {"ipv4": [4], "ipv6": [6], "dual": [4, 6]}[seen.ip_family]
    if sorted(one.family for one in ranges) != wanted:
        families = " and one of ".join(f"IPv{one}" for one in wanted)
        found = ", ".join(map(str, ranges)) or "none"
        raise UsageFault(
            f"--pool once, with a range of {families} that nobody uses", found, "give FIRST-LAST or a CIDR of the cluster's network"
        )
    for one in ranges:
        theirs = [f"pool {name} has {other}" for name, others in seen.pools.items() for other in others if one.overlaps(other)]
        theirs += [f"{who} has {address}" for address, who in seen.taken.items() if address in one]
        if theirs:
            raise UsageFault(f"--pool with addresses that nobody has, not {one}", "; ".join(theirs), "give another range")
    return sorted(ranges, key=lambda one: one.family)


def _flag(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def pytest_report_collectionfinish(config: pytest.Config) -> list[str]:
    """The plan, where it is asked for."""
    found = config.stash[EXISTING]
    return plan(found, config.stash[PLAN].values()) if found and config.getoption("dry_run") else []


def _of_router(found: Existing) -> list[str]:
    if not (one := found.router):
        return []
    if one.node:
        return [f"             Pods in the network of {one.node} that run {found.router_image} and speak BGP, and a BGPPeer for each"]
    return [f"             routes to {one.address}, AS {one.asn} (BGPPeer {one.peer}), whose table `{' '.join(one.vtysh)}` shows"]


def plan(found: Existing, cases: Iterable[Case]) -> list[str]:
    """What a run would do on a cluster, line by line."""
    all_of_them = list(cases)
    judged = [one for one in all_of_them if not one.not_applicable and not one.skipped]
    reasons = Counter(one.not_applicable for one in all_of_them if one.not_applicable)
    none = f"no ingress controller that the suite knows and that has an address; `{COMMAND} controllers` lists those known"
    placed = {f"{name} {version}": found.placements[name] for name, version in found.ingress.items()}
    controllers = [f"{what}, class {one.ingress_class}, Service {one.namespace}/{one.service}" for what, one in placed.items()]
    return [
        f"the plan for {found.context}; nothing was created",
        f"  there is   Kubernetes {found.kubernetes}, {found.nodes} nodes, {found.ip_family}",
        f"             MetalLB {found.metallb}, {found.mode}",
        *(f"             {one}" for one in controllers or [none]),
        f"  to make    namespaces, IPAddressPools, L2Advertisements, BGPAdvertisements and IngressClasses, all with the label {LABEL}",
        f"             Services with addresses of {', '.join(map(str, found.pools))} only; routes of hosts below .test only",
        f"             Pods that run {found.image} without any rights",
        *([f"             a Pod in the network of {found.watcher} that may send frames (NET_RAW)"] if found.watcher else ()),
        *_of_router(found),
        "  untouched  everything that has no such label",
        *(f"  disturbed  {MEANING[one]} (--allow-disruption {one})" for one in found.disruptions),
        f"  to judge   {len({one.statement.id for one in judged})} statements in {len(judged)} cases",
        *(f"  not        {number} cases: {reason}" for reason, number in reasons.most_common()),
    ]
