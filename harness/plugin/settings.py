"""What the options of a run mean together: the settings of its cluster."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from ipaddress import ip_network
from typing import Any

from harness.cluster.downloads import parse_mirror
from harness.cluster.lifetime import kept_state
from harness.cluster.sources import NODE_IMAGE, Source, components, kubernetes_version, parse_overrides, require_versions
from harness.cluster.state import ClusterState
from harness.model.addresses import AddressRange, Subnet
from harness.model.errors import UsageFault
from harness.model.features import Feature
from harness.model.project import COMMAND
from harness.model.versions import version as ordered
from harness.plugin import existing
from harness.systems.environment import Settings
from harness.systems.ingress.collisions import require_distinct
from harness.systems.ingress.controllers import DEFAULT, Controller, controller
from harness.systems.kubernetes.own_manifests import OwnManifest, own_manifest, version_of
from harness.systems.metallb.installation import mode_of, workloads_of
from harness.systems.metallb.modes import Mode

#: The component of MetalLB that has its version.
METALLB = "metallb-controller"
#: The first version that can be upgraded from: pools are bound to namespaces since then (https://metallb.io/release-notes/#version-0-13-9).
FIRST_UPGRADED = "0.13.9"
#: The value of an option by its name.
Option = Callable[[str], Any]


def parse_settings(option: Option) -> Settings:
    """The settings that the options ask for.

    :raises UsageFault: an option cannot be
    :raises EnvironmentFault: the API server of a cluster that somebody else made does not answer
    """
    if option("context"):
        return existing.settings_of(option)
    existing.require_context_for(option)
    subnet, pool = _network(option)
    kept = kept_state(option("reuse_cluster")) if option("reuse_cluster") else None
    if kept and option("network_policies"):
        raise UsageFault("--network-policies where a cluster is made", "it beside --reuse-cluster", "leave it out, or have a cluster made")
    if option("nodes") < 1:
        raise UsageFault("--nodes of at least 1", str(option("nodes")), "use 3 for one control plane and two workers")
    asked = systems_under_test(option)
    installed = _as_installed(asked, kept, option) if kept else asked
    return replace(
        installed,
        nodes=option("nodes"),
        network_policies=option("network_policies"),
        ip_family=option("ip_family"),
        kind_bin=option("kind_bin"),
        subnet=subnet,
        pool=pool,
        upgrade_from=_upgrade_from(option("upgrade_from"), installed) if option("upgrade_from") else None,
    )


def _upgrade_from(asked: str, settings: Settings) -> str:
    """The version that is upgraded from.

    :raises UsageFault: it is none, or cannot be upgraded to the one under test
    """
    found = _parsed("--upgrade-from", asked)
    if found == settings.metallb or ordered(found) > ordered(settings.metallb):
        raise UsageFault(
            f"--upgrade-from with a version before the one under test, {settings.metallb}",
            found,
            "name an older one, or add --metallb VERSION",
        )
    if ordered(found) < ordered(FIRST_UPGRADED):
        first = f"{FIRST_UPGRADED}, the first that can bind a pool to a namespace"
        raise UsageFault(f"--upgrade-from with a version from {first}, as pools of statements are", found, "name a later one")
    before = replace(settings, upgrade_from=found).before
    require_versions(before.components_of("metallb"), before.images, before.overrides)
    return found


def _as_installed(asked: Settings, kept: ClusterState, option: Option) -> Settings:
    """Settings in which what no option names is what a cluster to be used again has."""
    has = {name: getattr(kept, name) for name in ("metallb", "kubernetes") if not option(name)}
    if not option("metallb_mode"):
        has["mode"] = Mode(kept.metallb_mode)
    if not option("ingress"):
        has["ingress"] = kept.ingress
    return replace(asked, **has)


def systems_under_test(option: Option) -> Settings:
    """Settings that say what is under test and where its images come from; about the cluster they say nothing.

    :raises UsageFault: an option cannot be
    """
    asked = _controllers(option)
    own = _own_manifests(option, asked)
    source, mirror = Source(option("images")), option("image_mirror")
    overrides = parse_overrides(option("image"), {name: one for each in asked for name, one in each.references.items()})
    settings = Settings(
        kubernetes=_kubernetes(option("kubernetes"), source, overrides),
        metallb=_version("--metallb", option("metallb"), METALLB, components()[METALLB].default, own.get("metallb")),
        mode=_mode(option("metallb_mode"), own.get("metallb")),
        ingress={one.name: _version("--ingress", one.version, one.first_component, one.usual_version, own.get(one.name)) for one in asked},
        images=source,
        image_mirror=f"{mirror.rstrip('/')}/" if mirror else "",
        web=parse_mirror(option("download_mirror")),
        own_manifests=own,
    )
    require_distinct(settings.controllers, settings.manifests_at_hand)
    settings = replace(settings, overrides=_brought_images(settings) | _named_images(settings) | overrides)
    require_versions(settings.components, source, settings.overrides)
    return settings


def _controllers(option: Option) -> list[Controller]:
    """The controllers asked for, each with the version that is, which may be none.

    :raises UsageFault: there is none of a name, or one is asked for twice
    """
    asked = [text.partition("@") for text in option("ingress") or [DEFAULT]]
    names = [name for name, *_ in asked]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise UsageFault(
            "--ingress once for each controller",
            f"{', '.join(twice)} more than once",
            f"judge two versions of one in two runs, and `{COMMAND} compare` these",
        )
    return [controller(name, version) for name, _, version in asked]


def _own_manifests(option: Option, asked: Sequence[Controller]) -> dict[str, OwnManifest]:
    """The manifests that the user names, by the name of the system that each installs.

    :raises UsageFault: one is the controller's, and there are several
    """
    if option("ingress_manifest") and len(asked) > 1:
        named = " and ".join(one.name for one in asked)
        raise UsageFault(
            "--ingress-manifest beside one --ingress",
            f"it beside {named}, so that nobody knows which of them it installs",
            "judge the controller of your own manifest in a run of its own, or leave --ingress-manifest out",
        )
    first = asked[0]
    needed = {
        "metallb": ("metallb_manifest", workloads_of),
        first.name: ("ingress_manifest", lambda _: {first.first_component: first.workloads[0]}),
    }
    own = {
        system: own_manifest(f"--{name.replace('_', '-')}", option(name), workloads)
        for system, (name, workloads) in needed.items()
        if option(name)
    }
    if "metallb" in own:
        own["metallb"] = own["metallb"].naming(mode_of(own["metallb"].path).components)
    return own


def _brought_images(settings: Settings) -> dict[str, str]:
    """The images that a controller brings of its own, by component."""
    versions = settings.components
    brought = {name: one for each in settings.controllers for name, one in each.references.items()}
    return {name: one.format(version=versions[name]) for name, one in brought.items() if name in versions}


def _named_images(settings: Settings) -> dict[str, str]:
    """The images that the user's manifests name, by component; one that is the published one comes from where others do."""
    known = components()
    return {
        component: image
        for system, own in settings.own_manifests.items()
        for component, image in own.images.items()
        if component not in known or image.partition("@")[0] != known[component].reference(settings.versions[system])
    }


def _kubernetes(asked: str | None, source: Source, overrides: Mapping[str, str]) -> str:
    version = _parsed("--kubernetes", asked or components()[NODE_IMAGE].default)
    return version if NODE_IMAGE in overrides else kubernetes_version(version, source)


def _version(name: str, asked: str | None, component: str, default: str, own: OwnManifest | None) -> str:
    """The version under test: the one asked for, else the one that the tag in the user's manifest names, else the default."""
    if asked or own is None:
        return _parsed(name, asked or default)
    image = own.images[component]
    try:
        return _parsed(name, version_of(image))
    except UsageFault:
        raise UsageFault(f"a version as the tag of {image}, or {name} beside it", "none", f"say by {name} what it is judged as") from None


def _mode(asked: str | None, own: OwnManifest | None) -> Mode:
    """The way in which MetalLB speaks BGP: the one asked for, which has to be that of the user's manifest.

    :raises UsageFault: it is not
    """
    if own is None:
        return Mode(asked or Mode.NATIVE)
    found = mode_of(own.path)
    if asked and asked != found:
        raise UsageFault(f"--metallb-mode {found}, as the manifest says", f"--metallb-mode {asked}", "leave --metallb-mode out")
    return found


def versions_under_test(settings: Settings) -> dict[str, str]:
    """The versions of a run by the system's name."""
    return {"metallb": settings.metallb, "kubernetes": settings.kubernetes, **settings.ingress}


def features_under_test(settings: Settings) -> dict[str, frozenset[Feature]]:
    """What each ingress controller of a run offers, by its name."""
    return {one.name: frozenset(one.features) for one in settings.controllers}


def _parsed(name: str, text: str) -> str:
    try:
        ordered(text)
    except ValueError as fault:
        raise UsageFault(f"{name} with a version", str(fault), f"`{COMMAND} images list --all` says which can be built") from None
    return text.removeprefix("v")


def _network(option: Option) -> tuple[Subnet | None, AddressRange | None]:
    pool = AddressRange.parse(option("example_pool")) if option("example_pool") else None
    subnet = _subnet(option("subnet")) if option("subnet") else None
    if pool and not option("reuse_cluster"):
        _require_inside(pool, subnet)
    return subnet, pool


def _subnet(text: str) -> Subnet:
    try:
        return ip_network(text)
    except ValueError as fault:
        raise UsageFault("--subnet with a CIDR", f"{text!r} ({fault})", "write for instance 192.168.0.0/16") from None


def _require_inside(pool: AddressRange, subnet: Subnet | None) -> None:
    if subnet is None:
        raise UsageFault(
            "--subnet beside --example-pool, as the engine chooses the subnet otherwise",
            f"--example-pool {pool} alone",
            "add --subnet, or leave --example-pool out",
        )
    if pool.first not in subnet or pool.last not in subnet:
        raise UsageFault(f"a pool inside the network {subnet}", str(pool), "choose addresses of that network")
