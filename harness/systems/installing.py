"""What installing any system has in common: reading manifests, putting the run's images in, waiting until it can be used."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from string import Template
from typing import TypeVar

import yaml

from harness.cluster.api import Api, Object, Refused
from harness.model.budgets import ROLLOUT, Budget
from harness.model.errors import EnvironmentFault, StatementFailed, Unanswered
from harness.probes.waiting import eventually

Seen = TypeVar("Seen")

MANIFESTS = Path(__file__).parents[2] / "manifests"


def read(path: Path, **values: str) -> list[Object]:
    """The objects of a manifest, with its ``${NAME}`` placeholders filled.

    :raises EnvironmentFault: the file is not there, or not YAML
    """
    try:
        text = path.read_text()
        return [item for item in yaml.safe_load_all(Template(text).substitute(values) if values else text) if item]
    except (OSError, yaml.YAMLError, KeyError) as fault:
        raise EnvironmentFault(f"a manifest at {path}", f"{type(fault).__name__}: {fault}", "restore the file") from fault


def with_images(objects: Iterable[Object], references: Mapping[str, str]) -> list[Object]:
    """Replace the images of all containers; ``references`` maps a repository (``quay.io/metallb/controller``) to the run's reference.

    :raises EnvironmentFault: a container uses a repository that the map does not know
    """
    changed = list(objects)
    for item in changed:
        for container in _containers(item):
            repository = repository_of(container["image"])
            if repository not in references:
                raise EnvironmentFault(
                    f"an image of {', '.join(references)}", container["image"], "this version's manifest needs one more component"
                )
            container.update(image=references[repository], imagePullPolicy="IfNotPresent")
    return changed


def repository_of(reference: str) -> str:
    """A reference without its tag and digest."""
    name = reference.partition("@")[0]
    head, slash, last = name.rpartition("/")
    return f"{head}{slash}{last.partition(':')[0]}"


def settle(probe: Callable[[], Seen], expected: str, *, within: Budget = ROLLOUT, consecutive: int = 1) -> Seen:
    """Wait for a step of an installation.

    :raises EnvironmentFault: it did not come in time: there is nothing to judge
    """
    try:
        return eventually(probe, within=within, expected=expected, consecutive=consecutive)
    except StatementFailed as failure:
        raise EnvironmentFault(
            expected, f"{failure.last} (after {failure.elapsed:.0f} s)", "read the pods' logs in the run's folder"
        ) from failure


def rolled_out(api: Api, kind: str, name: str, namespace: str) -> Callable[[], str]:
    """A probe that is satisfied when a Deployment or DaemonSet runs its newest revision on every replica, all of them ready."""

    def probe() -> str:
        found = api.get(kind, name, namespace)
        if found is None:
            raise Unanswered(f"{kind} {namespace}/{name} does not exist")
        wanted, updated, ready = _replicas(found)
        seen = f"{kind} {namespace}/{name}: {ready} of {wanted} ready, {updated} updated"
        current = found["status"].get("observedGeneration", 0) >= found["metadata"]["generation"]
        assert current, f"{seen}, an older revision"
        assert wanted == updated == ready, seen
        return seen

    return probe


def answering(api: Api) -> Callable[[], str]:
    """A probe that is satisfied when the API server answers."""

    def probe() -> str:
        try:
            return f"{len(api.list('Node'))} nodes"
        except EnvironmentFault as fault:
            raise Unanswered(fault.found) from fault

    return probe


def accepted(api: Api, document: Object) -> Callable[[], str]:
    """A probe that is satisfied when a dry run of an object passes admission."""

    def probe() -> str:
        try:
            api.apply(document, dry_run=True)
        except Refused as refusal:
            raise Unanswered(str(refusal)) from refusal
        return f"{document['kind']} accepted"

    return probe


def _replicas(workload: Object) -> tuple[int, int, int]:
    status = workload["status"]
    if workload["kind"] == "DaemonSet":
        return status.get("desiredNumberScheduled", -1), status.get("updatedNumberScheduled", 0), status.get("numberReady", 0)
    return workload["spec"]["replicas"], status.get("updatedReplicas", 0), status.get("readyReplicas", 0)


def _containers(item: Object) -> list[Object]:
    if item["kind"] not in {"Deployment", "DaemonSet", "Job"}:
        return []
    pod = item["spec"]["template"]["spec"]
    return [*pod.get("initContainers", []), *pod["containers"]]
