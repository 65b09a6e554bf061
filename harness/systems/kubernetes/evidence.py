"""What tells why a statement failed."""

from collections.abc import Callable, Iterable
from math import ceil
from pathlib import Path
from time import monotonic

import yaml

from harness.cluster.api import Api, Object
from harness.model.record import record

#: The kinds of objects that tell why a statement failed, in its namespace and in those of the systems.
EVIDENCE_KINDS = ("Service", "EndpointSlice", "Pod", "Ingress", "Event")


def objects_of(api: Api, *names: str, kinds: Iterable[str]) -> str:
    """What is in namespaces, as YAML."""
    found: list[Object] = [item for kind in kinds for name in names for item in api.list(kind, name)]
    return yaml.safe_dump_all(found, sort_keys=False)


def stored_objects(api: Api, documents: Iterable[Object]) -> str:
    """What the API server has of some objects, with the events about them, as YAML."""
    wanted = dict.fromkeys((item["kind"], item["metadata"].get("namespace"), item["metadata"]["name"]) for item in documents)
    stored = [found for kind, namespace, name in wanted if (found := api.get(kind, name, namespace))]
    names = {name for _, _, name in wanted}
    namespaces = dict.fromkeys(namespace for _, namespace, _ in wanted if namespace)
    events = [item for namespace in namespaces for item in api.list("Event", namespace) if item["involvedObject"]["name"] in names]
    return yaml.safe_dump_all([*stored, *events], sort_keys=False)


def logs_of(api: Api, pods: Callable[[], list[Object]]) -> Callable[[], str]:
    """What Pods have printed since the statement began, when it is called, and before a restart of theirs."""
    began = record().opened

    def collect() -> str:
        since, parts = ceil(monotonic() - began), []
        for pod in pods():
            name = pod["metadata"]["namespace"]
            for container in _names(pod):
                title = f"=== {pod['metadata']['name']} {container or ''}".rstrip()
                parts.append(f"{title}\n{api.logs(pod['metadata']['name'], name, since=since, container=container)}")
                if _restarted(pod, container):
                    parts.append(f"{title}, before its restart\n{api.logs(pod['metadata']['name'], name, container=container)}")
        return "\n".join(parts)

    return collect


def _restarted(pod: Object, container: str | None) -> bool:
    states = pod.get("status", {}).get("containerStatuses", [])
    return any(one.get("restartCount", 0) for one in states if container in (None, one["name"]))


def _names(pod: Object) -> list[str | None]:
    """The names of a Pod's containers; none where there is one only, which needs none."""
    containers = pod.get("spec", {}).get("containers", [])
    return [one["name"] for one in containers] if len(containers) > 1 else [None]


def network_view() -> str:
    """Neighbours and routes of this machine, from which requests leave, in the kernel's words; empty where there is no Linux."""
    files = [Path("/proc/net", name) for name in ("arp", "route", "ipv6_route")]
    return "\n".join(f"=== {file}\n{file.read_text()}" for file in files if file.exists())
