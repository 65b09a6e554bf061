"""Whether several controllers can live on one cluster: each needs its own objects, class and namespace, and their images one version."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from pathlib import Path

from harness.cluster.api import Object
from harness.model.errors import UsageFault
from harness.model.project import COMMAND
from harness.systems.ingress.controllers import Controller
from harness.systems.kubernetes.manifests import read


def require_distinct(controllers: Sequence[Controller], manifests: Mapping[str, Path]) -> None:
    """Require that the controllers can be installed beside each other.

    :param manifests: what installs them, by their names, as far as it is known
    :raises UsageFault: two would share something; all of it is named
    """
    found = [line for pair in combinations(controllers, 2) for line in _shared(*pair, manifests)]
    if found:
        remedy = f"judge them in runs of their own; `{COMMAND} compare` puts two reports beside each other"
        raise UsageFault("ingress controllers that share nothing", "\n          ".join(found), remedy)


def _shared(one: Controller, other: Controller, manifests: Mapping[str, Path]) -> Iterator[str]:
    """What two controllers would share, a line each."""
    pair = f"{one.name} and {other.name}"
    first, second = (_own(it, manifests.get(it.name)) for it in (one, other))
    for what in sorted(first & second):
        yield f"{pair} have one {what}"
    for component, version in _versions(one).items():
        if _versions(other).get(component, version) != version:
            yield f"{pair} have one image {component}, of {version} and of {_versions(other)[component]}"


def _own(it: Controller, manifest: Path | None) -> set[str]:
    """What only one controller of a cluster can have: what its class says, and the objects of its manifest."""
    said = {f"Namespace {it.namespace}", f"IngressClass {it.ingress_class}", f"controller {it.class_controller} of an IngressClass"}
    return said | {_identity(item) for item in (read(manifest) if manifest else ())}


def _identity(item: Object) -> str:
    """An object as the API server tells it from others."""
    metadata = item["metadata"]
    return f"{item['kind']} " + "/".join(filter(None, (metadata.get("namespace"), metadata["name"])))


def _versions(it: Controller) -> dict[str, str]:
    """The version of each image that it runs, by component."""
    return {component: it.component_versions.get(component, it.version) for component in it.components.values()}
