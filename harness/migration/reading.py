"""What a migration starts from: Ingresses and what they name, out of files and folders, or of a cluster that is only read."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from harness.cluster.api import Api, Object, Refused
from harness.migration.charts import CHART, is_chart, rendered
from harness.model.errors import UsageFault
from harness.systems.ingress.controllers import LEGACY_CLASS

#: What a file is called whose documents are read when a folder is named.
ENDINGS = (".yaml", ".yml", ".json")
CURRENT = "networking.k8s.io/v1"
#: The kinds that routes are made of; of anything else nothing is said, since a folder holds many.
WORKLOADS = ("Deployment", "StatefulSet")
KINDS = ("Ingress", "Service", "Secret", "ConfigMap", *WORKLOADS)
#: https://www.rfc-editor.org/rfc/rfc1123#section-2.1, as names of namespaces are
_NAMESPACE = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
Key = tuple[str, str]
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class Skipped:
    """What is not compared, and why.

    :param where: the file and the number of the document in it, or the cluster
    :param what: the object, as far as it has a name
    """

    where: str
    what: str
    why: str


#: Settings of ingress-nginx with which it answers nobody who comes without a proxy
#: (https://kubernetes.github.io/ingress-nginx/user-guide/nginx-configuration/configmap/#use-proxy-protocol).
_OF_A_PROXY_BEFORE = frozenset(("use-proxy-protocol",))


@dataclass(slots=True)
class Routes:
    """The Ingresses in the order of their creation, and what they may name; by namespace and name.

    :param secrets: the types of Secrets: what is in them is not kept
    :param workloads: what has the Pods behind the Services
    """

    ingresses: dict[Key, Object] = field(default_factory=dict)
    services: dict[Key, Object] = field(default_factory=dict)
    secrets: dict[Key, str] = field(default_factory=dict)
    config_maps: dict[Key, dict[str, str]] = field(default_factory=dict)
    workloads: list[Object] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)

    @property
    def in_order(self) -> list[Object]:
        """The Ingresses, the oldest first: it wins where two claim the same."""
        return sorted(self.ingresses.values(), key=lambda item: str(item["metadata"].get("creationTimestamp", "")))

    def pods_of(self, service: Key) -> int | None:
        """How many Pods are behind a Service; none where the input does not say."""
        selector = _mapping(self.services.get(service), "spec", "selector")
        found = [one for one in self.workloads if key_of(one)[0] == service[0] and selector and selector.items() <= _labels(one).items()]
        numbers = [one["spec"].get("replicas") for one in found]  # one where nothing is said
        return sum(1 if number is None else number for number in numbers if number is None or isinstance(number, int)) if found else None

    def take(self, item: Object, where: str) -> None:
        """Take in one object, or say why not."""
        if why := _unusable(item):
            self.skipped.append(Skipped(where, described(item), why))
            return
        key = key_of(item)
        match item["kind"]:
            case "Ingress":
                if key in self.ingresses:
                    self.skipped.append(Skipped(where, described(item), "it stands there twice; the last one counts"))
                self.ingresses[key] = item
            case "Service":
                self.services[key] = item
            case "Secret":
                self.secrets[key] = str(item.get("type", "Opaque"))
            case "ConfigMap":
                data = {name: str(value) for name, value in (item.get("data") or {}).items()}
                for name in _OF_A_PROXY_BEFORE.intersection(data):
                    self.skipped.append(Skipped(where, f"{name} in {described(item)}", "no proxy stands before the controller here"))
                    del data[name]
                self.config_maps[key] = data
            case _:
                self.workloads.append({"spec": {}, **item})

    def keep_class(self, wanted: str) -> None:
        """Leave out the Ingresses of other classes: another controller serves them."""
        for key, item in list(self.ingresses.items()):
            if (found := class_of(item)) not in ("", wanted):
                del self.ingresses[key]
                self.skipped.append(Skipped("the class", described(item), f"its class is {found}, not {wanted}: --class says another one"))


def read_paths(paths: Sequence[Path], values: Sequence[Path] = ()) -> Routes:
    """Read files, charts and folders: any number of documents each, also lists as ``kubectl get -o yaml`` prints them.

    :param values: files of values for the charts
    :raises UsageFault: one is not there, is no YAML or no chart that helm renders, or there is no Ingress in any of them
    """
    routes = Routes()
    if values and not any(map(is_chart, paths)):
        raise UsageFault(
            "a chart for the values", f"{', '.join(map(str, paths))}: no {CHART} in any", "leave --values out, or name a chart"
        )
    for path in paths:
        if not path.exists():
            raise UsageFault("a file or a folder with Ingresses", f"{path} does not exist", "name one that does")
        if is_chart(path):
            _read(rendered(path, values), f"chart {path}", routes, asked_for=True)
        else:
            for file in _files(path):
                _read_file(file, routes, asked_for=file == path)
    _require_any(routes, ", ".join(map(str, paths)))
    return routes


def read_cluster(api: Api, context: str) -> Routes:
    """Read a cluster's Ingresses and what they name; of Secrets nothing is asked for.

    :raises UsageFault: there is no Ingress
    """
    routes = Routes()
    for kind in ("Service", "ConfigMap", "Ingress"):
        for item in api.list(kind):
            routes.take({"apiVersion": CURRENT if kind == "Ingress" else "v1", **item, "kind": kind}, f"context {context}")
    for kind in WORKLOADS:
        try:
            routes.workloads += api.list(kind)
        except Refused as refusal:
            why = f"{refusal}: one Pod stands for those behind a Service"
            routes.skipped.append(Skipped(f"context {context}", f"every {kind}", why))
    _require_any(routes, f"the context {context}")
    return routes


def key_of(item: Object) -> Key:
    """Namespace and name."""
    return str(item["metadata"].get("namespace") or "default"), str(item["metadata"]["name"])


def described(item: Any) -> str:
    """The object's kind, namespace and name, as far as it has them."""
    if not isinstance(item, dict):
        return type(item).__name__
    found = item.get("metadata")
    metadata: Object = found if isinstance(found, dict) else {}
    name = "/".join(str(metadata[part]) for part in ("namespace", "name") if metadata.get(part))
    return f"{item.get('kind', 'an object without a kind')} {name}".strip()


def annotations_of(item: Object) -> dict[str, str]:
    """The annotations of an object."""
    return dict(item["metadata"].get("annotations") or {})


def class_of(item: Object) -> str:
    """The class of an Ingress, by its field or the annotation that came before it; empty where it has none."""
    return str(item["spec"].get("ingressClassName") or annotations_of(item).get(LEGACY_CLASS) or "")


def _mapping(item: Object | None, *path: str) -> dict[str, Any]:
    """The mapping at a path into an object; empty where there is something else."""
    found: Any = item
    for name in path:
        found = found.get(name) if isinstance(found, dict) else None
    return found if isinstance(found, dict) else {}


def _labels(workload: Object) -> dict[str, Any]:
    return _mapping(workload, "spec", "template", "metadata", "labels")


def _require_any(routes: Routes, where: str) -> None:
    if routes.ingresses:
        return
    reasons = "; ".join(dict.fromkeys(f"{one.what}: {one.why}" for one in routes.skipped[:3]))
    raise UsageFault(f"Ingresses of {CURRENT} in {where}", reasons or "none", "name the files or folders that hold them")


def _files(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    found = (file for file in path.rglob("*") if file.suffix in ENDINGS and file.is_file())
    return sorted(file for file in found if not any(part.startswith(".") for part in file.relative_to(path).parts))


def _read_file(file: Path, routes: Routes, *, asked_for: bool) -> None:
    try:
        text = file.read_text(encoding="utf-8")
    except (UnicodeDecodeError, OSError) as error:
        _unreadable(str(file), 1, error, routes, asked_for=asked_for)
    else:
        _read(text, str(file), routes, asked_for=asked_for)


def _read(text: str, where: str, routes: Routes, *, asked_for: bool) -> None:
    number = 0
    try:
        for number, document in enumerate(yaml.load_all(text, _LOADER), 1):
            for item in _objects(document):
                routes.take(item, f"{where}, document {number}")
    except (yaml.YAMLError, RecursionError) as error:
        _unreadable(where, number + 1, error, routes, asked_for=asked_for)


def _unreadable(where: str, number: int, error: Exception, routes: Routes, *, asked_for: bool) -> None:
    why = " ".join(str(error).split())[:300]
    if asked_for:
        raise UsageFault(f"YAML in {where}", why, "render templates first, for instance by `helm template`") from None
    routes.skipped.append(Skipped(f"{where}, document {number}", "the rest of the file", f"it is no YAML: {why}"))


def _objects(document: Any) -> Iterator[Object]:
    """The objects of a document that routes are made of: itself, or the members of a list."""
    if not isinstance(document, dict):
        return
    kind, items = str(document.get("kind", "")), document.get("items")
    if kind.endswith("List") and isinstance(items, list):
        of_list = {"apiVersion": document.get("apiVersion"), "kind": kind.removesuffix("List")}
        for item in items:
            if isinstance(item, dict):
                yield from _objects(item if "kind" in item or kind == "List" else of_list | item)
    elif kind in KINDS:
        yield document


def _unusable(item: Object) -> str:
    """Why the API server would not store an object, as far as that is known here; empty where nothing speaks against it."""
    if why := _misnamed(item):
        return why
    if item["kind"] != "Ingress":
        return "" if isinstance(item.get("spec", {}), dict) else "its spec is no mapping"
    if item.get("apiVersion") != CURRENT:
        return (
            f"its apiVersion is {item.get('apiVersion')}, which Kubernetes 1.22 and later do not serve; `kubectl convert` makes {CURRENT}"
        )
    if not isinstance(item.get("spec"), dict):
        return "it has no spec"
    return "" if all(map(_is_rule, _list(item["spec"].get("rules")))) else "its rules are not as the API has them"


def _misnamed(item: Object) -> str:
    metadata = item.get("metadata")
    if not isinstance(metadata, dict) or not isinstance(metadata.get("name"), str):
        return "it has no name"
    if not _NAMESPACE.fullmatch(key_of(item)[0]):
        return "its namespace has a name that the API server takes for none"
    return "" if isinstance(metadata.get("annotations") or {}, dict) else "its annotations are no mapping"


def _list(value: Any) -> Iterable[Any]:
    return value if isinstance(value, list) else [None] if value else []


def _is_rule(rule: Any) -> bool:
    if not isinstance(rule, dict) or not isinstance(rule.get("host") or "", str):
        return False
    http = rule.get("http") or {}
    paths = http.get("paths", []) if isinstance(http, dict) else [None]
    return isinstance(paths, list) and all(isinstance(path, dict) and isinstance(path.get("backend"), dict) for path in paths)
