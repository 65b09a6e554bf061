"""What the options of a run mean together: the settings of its cluster."""

from collections.abc import Callable
from dataclasses import replace
from ipaddress import ip_network
from typing import Any

from harness.cluster.sources import Source, components, parse_overrides
from harness.model.addresses import AddressRange, Subnet
from harness.model.errors import UsageFault
from harness.model.features import Feature
from harness.model.project import COMMAND
from harness.model.versions import version as ordered
from harness.systems.environment import Settings
from harness.systems.ingress.controllers import controller

#: The value of an option by its name.
Option = Callable[[str], Any]


def parse_settings(option: Option) -> Settings:
    """The settings that the options ask for.

    :raises UsageFault: an option cannot be
    """
    subnet, pool = _network(option)
    if option("nodes") < 1:
        raise UsageFault("--nodes of at least 1", str(option("nodes")), "use 3 for one control plane and two workers")
    return replace(
        systems_under_test(option),
        nodes=option("nodes"),
        ip_family=option("ip_family"),
        kind_bin=option("kind_bin"),
        subnet=subnet,
        pool=pool,
    )


def systems_under_test(option: Option) -> Settings:
    """Settings that say what is under test and where its images come from; about the cluster they say nothing.

    :raises UsageFault: an option cannot be
    """
    known = components()
    name, _, version = (option("ingress") or "ingress-nginx").partition("@")
    mirror = option("image_mirror")
    component = next(iter(controller(name, version).components.values()))
    return Settings(
        kubernetes=_version("--kubernetes", option("kubernetes") or known["kind-node"].default),
        metallb=_version("--metallb", option("metallb") or known["metallb-controller"].default),
        ingress=name,
        ingress_version=_version("--ingress", version or known[component].default),
        images=Source(option("images")),
        image_mirror=f"{mirror.rstrip('/')}/" if mirror else "",
        overrides=parse_overrides(option("image")),
    )


def versions_under_test(settings: Settings) -> dict[str, str]:
    """The versions of a run by the system's name."""
    return {"metallb": settings.metallb, "kubernetes": settings.kubernetes, settings.ingress: settings.ingress_version}


def features_under_test(settings: Settings) -> frozenset[Feature]:
    """What the ingress controller of a run offers."""
    return frozenset(controller(settings.ingress, settings.ingress_version).features)


def _version(name: str, text: str) -> str:
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
