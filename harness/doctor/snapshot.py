"""What stands in a cluster, read once."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import yaml

from harness.cluster.api import Api, NotServed, Object, Refused
from harness.systems.metallb.installation import KINDS as METALLB_KINDS

#: The kinds that are read whole; of Pods only MetalLB's are, and of Events those of Services and DaemonSets.
KINDS = (
    "Node",
    "Namespace",
    "Service",
    "EndpointSlice",
    "Ingress",
    "IngressClass",
    "Deployment",
    "DaemonSet",
    "ValidatingWebhookConfiguration",
    "IPAddressPool",
    "L2Advertisement",
    "BGPAdvertisement",
    "BGPPeer",
    "ServiceL2Status",
    "ConfigurationState",
)
#: The labels of MetalLB's pods: as its manifests have them, and as its Helm chart has them.
METALLB_LABELS = ("app=metallb", "app.kubernetes.io/name=metallb")
EVENTS = ("involvedObject.kind=Service", "involvedObject.kind=DaemonSet")


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Objects by kind; of a kind that may not be read there are none, and ``unread`` says so.

    :param proxy: kube-proxy's configuration, empty where it is not found
    """

    kubernetes: str
    objects: Mapping[str, Sequence[Object]]
    proxy: Mapping[str, Any] = field(default_factory=dict)
    unread: tuple[str, ...] = ()

    def of(self, kind: str) -> Sequence[Object]:
        """The objects of a kind."""
        return self.objects.get(kind, ())

    def find(self, kind: str, name: str, namespace: str | None = None) -> Object | None:
        """One object, or nothing where it does not exist."""
        return next(
            (one for one in self.of(kind) if (one["metadata"]["name"], one["metadata"].get("namespace")) == (name, namespace)), None
        )

    def slices(self, service: Object) -> list[Object]:
        """The EndpointSlices of a Service."""
        wanted = (service["metadata"]["name"], service["metadata"]["namespace"])
        return [
            one
            for one in self.of("EndpointSlice")
            if (labels(one).get("kubernetes.io/service-name"), one["metadata"]["namespace"]) == wanted
        ]

    def ready_endpoints(self, service: Object) -> list[Object]:
        """The endpoints of a Service that take traffic."""
        endpoints = [endpoint for one in self.slices(service) for endpoint in one.get("endpoints") or ()]
        return [one for one in endpoints if (one.get("conditions") or {}).get("ready", True) is not False]

    def events(self, what: Object, kind: str, *reasons: str) -> list[Object]:
        """The events of an object with one of these reasons, the newest last."""
        uid = what["metadata"].get("uid")
        found = [one for one in self.of("Event") if one["involvedObject"].get("kind") == kind and one["involvedObject"].get("uid") == uid]
        return sorted((one for one in found if one.get("reason") in reasons), key=lambda one: str(one.get("lastTimestamp") or ""))


def labels(item: Object) -> Mapping[str, str]:
    """The labels of an object."""
    found: Mapping[str, str] = item["metadata"].get("labels") or {}
    return found


def spec_of(item: Object) -> Mapping[str, Any]:
    """The specification of an object, which an advertisement of everything may be without."""
    return item.get("spec") or {}


def annotations(item: Object) -> Mapping[str, str]:
    """The annotations of an object."""
    found: Mapping[str, str] = item["metadata"].get("annotations") or {}
    return found


def called(kind: str, item: Object) -> str:
    """An object's kind and name, as findings have it."""
    metadata = item["metadata"]
    return f"{kind} {'/'.join(filter(None, (metadata.get('namespace'), metadata['name'])))}"


def read(api: Api) -> Snapshot:
    """Read everything that the doctor looks at; nothing but ``get`` and ``list`` is asked for.

    :raises EnvironmentFault: the API server does not answer
    """
    kubernetes = api.server_version()
    reading = _Reading()
    found = {kind: reading.all_of(kind, partial(api.list, kind)) for kind in KINDS}
    found["Pod"] = [one for chosen in METALLB_LABELS for one in reading.all_of("Pod", partial(api.list, "Pod", labels=chosen))]
    found["Event"] = [one for fields in EVENTS for one in reading.all_of("Event", partial(api.list, "Event", fields=fields))]
    proxy = reading.all_of("ConfigMap", lambda: [one] if (one := api.get("ConfigMap", "kube-proxy", "kube-system")) else [])
    return Snapshot(kubernetes, found, _proxy_configuration(proxy), tuple(dict.fromkeys(reading.unread)))


@dataclass(slots=True)
class _Reading:
    """Reads, and keeps what may not be read."""

    unread: list[str] = field(default_factory=list)

    def all_of(self, kind: str, ask: Callable[[], list[Object]]) -> list[Object]:
        """What is there of a kind; nothing where it is not served."""
        try:
            return ask()
        except NotServed:
            if kind not in METALLB_KINDS:
                raise
            return []
        except Refused as refusal:
            self.unread.append(f"{kind}: {refusal.message}")
            return []


def _proxy_configuration(maps: Sequence[Object]) -> Mapping[str, Any]:
    texts = [(one.get("data") or {}).get("config.conf", "") for one in maps]
    found = yaml.safe_load(texts[0]) if texts else None
    return found if isinstance(found, dict) else {}
