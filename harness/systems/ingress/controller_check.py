"""A controller's module judged by itself: what it says is there, and fits its manifest. Needs no cluster."""

from collections.abc import Collection, Iterator, Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

from harness.cluster.api import Api, Object, Refused
from harness.model.baselines import read_baseline
from harness.model.errors import Fault
from harness.model.features import Feature
from harness.systems.ingress.controllers import Controller
from harness.systems.ingress.instances import INSTANCE
from harness.systems.kubernetes.manifests import containers, read, repository_of
from harness.systems.kubernetes.workloads import Workload

#: What every controller has to say.
SAID = ("name", "namespace", "service", "ingress_class", "class_controller", "workloads", "components", "signature")
#: Stands for the namespace of a second instance, and for the label that exempts from a webhook.
OTHER, EXEMPT = "another", "conformance-exempt"


def complaints(controller: Controller, name: str, manifest: Path, *, components: Collection[str], baseline: Path) -> list[str]:
    """What is wrong with a controller's module, one sentence each.

    :param name: by which it was found
    :param manifest: what installs it
    :param components: those that the lab knows
    :param baseline: the file of its known deviations, which need not be there
    """
    if unsaid := [one for one in SAID if not getattr(controller, one, None)]:
        return [f"nothing is said of its {one}" for one in unsaid]
    try:
        objects = read(manifest)
    except Fault as fault:
        return [f"{fault.expected}: {fault.found}"]
    return [
        *_names(controller, name, baseline),
        *_features(controller),
        *_images(controller, objects, components),
        *_baseline(baseline),
        *_methods(controller, manifest),
    ]


def _names(controller: Controller, name: str, baseline: Path) -> Iterator[str]:
    if controller.name != name:
        yield f"it is found as {name} and says that its name is {controller.name}"
    if baseline.stem != controller.name:
        yield f"its baseline is {baseline.name}, not {controller.name}.toml"
    signature = controller.signature
    if not (signature.body or signature.headers or signature.without_headers):
        yield "its signature tells nothing from anything"


def _features(controller: Controller) -> Iterator[str]:
    for feature, link in controller.features.items():
        if not isinstance(feature, Feature):
            yield f"{feature!r} is no feature; harness/model/features.py has them"
        if not link.startswith("https://"):
            yield f"the feature {feature} has no link but {link!r}"
    several = Feature.SEVERAL_INSTANCES in controller.features
    if several != (type(controller).another is not Controller.another):
        yield f"the feature {Feature.SEVERAL_INSTANCES} and the method another() go together, and only one is there"
    if Feature.REPLICAS in controller.features and controller.serving.kind != "Deployment":
        yield f"the feature {Feature.REPLICAS} needs a Deployment, and clients are served by {controller.serving}"
    if Feature.DEFAULT_CERTIFICATE in controller.features and not controller.default_certificate:
        yield f"the feature {Feature.DEFAULT_CERTIFICATE} needs a default_certificate"


def _images(controller: Controller, objects: list[Object], components: Collection[str]) -> Iterator[str]:
    used = {repository_of(one["image"]) for item in objects if item["kind"] != "Job" for one in containers(item)}
    yield from (f"the image {one} of the manifest is no component" for one in sorted(used - controller.components.keys()))
    yield from (f"the component {one} is no image of the manifest" for one in sorted(controller.components.keys() - used))
    for component in controller.components.values():
        if component not in components and component not in controller.references:
            yield f"the component {component} is none of the lab's, and nothing is said of its reference"
    first = next(iter(controller.components.values()))
    if first not in components and not controller.default_version:
        yield "it has no default_version, and the lab has none for its first component"


def _workloads(controller: Controller, objects: list[Object]) -> Iterator[str]:
    there = {str(_identity(item)): item for item in objects if containers(item)}
    for one in controller.workloads:
        if str(one) not in there:
            yield f"{one} is not installed, but {', '.join(there) or 'no workload'}"
            continue
        selected = [name for name, item in there.items() if item["metadata"].get("namespace") == one.namespace and _selects(one, item)]
        if selected != [str(one)]:
            yield f"the selector {one.selector!r} of {one} selects the Pods of {', '.join(selected) or 'none'}"
    if controller.serving not in controller.workloads:
        yield f"clients are served by {controller.serving}, which is none of its workloads"


def _identity(item: Object) -> Workload:
    return Workload(item["kind"], item["metadata"]["name"], item["metadata"].get("namespace", "default"))


def _selects(workload: Workload, item: Object) -> bool:
    """Whether a selector selects the Pods of an object; an empty one selects every Pod."""
    wanted = dict(part.split("=", 1) for part in workload.selector.split(",") if "=" in part)
    return wanted.items() <= _labels(item).items()


def _labels(item: Object) -> dict[str, str]:
    return dict(item["spec"]["template"].get("metadata", {}).get("labels", {}))


def _service(controller: Controller, objects: list[Object]) -> Iterator[str]:
    where = (controller.service, controller.namespace)
    found = [item for item in objects if item["kind"] == "Service" and (item["metadata"]["name"], item["metadata"]["namespace"]) == where]
    if not found:
        yield f"the Service {controller.namespace}/{controller.service} is not installed"
        return
    spec = found[0]["spec"]
    if spec.get("type") != "LoadBalancer":
        yield f"its Service is of the type {spec.get('type', 'ClusterIP')}, not LoadBalancer"
    serving = [item for item in objects if containers(item) and _identity(item) == Workload(*controller.serving[:3])]
    if serving and not spec.get("selector", {}).items() <= _labels(serving[0]).items():
        yield f"its Service does not select the Pods of {controller.serving}"
    ports = {port["port"] for port in spec["ports"]}
    needed = {80, 443} if Feature.TLS_TERMINATION in controller.features else {80}
    yield from (f"its Service has no port {port}" for port in sorted(needed - ports))


def _class(controller: Controller, objects: list[Object]) -> Iterator[str]:
    classes = {item["metadata"]["name"]: item["spec"]["controller"] for item in objects if item["kind"] == "IngressClass"}
    if classes.get(controller.ingress_class) != controller.class_controller:
        found = ", ".join(f"{name} of {one}" for name, one in classes.items()) or "none"
        yield f"the IngressClass {controller.ingress_class} of {controller.class_controller} is not installed, but {found}"


def _baseline(baseline: Path) -> Iterator[str]:
    try:
        if baseline.is_file():
            read_baseline(baseline)
    except Fault as fault:
        yield f"{fault.expected}: {fault.found}"


def _methods(controller: Controller, manifest: Path) -> Iterator[str]:
    """What its methods do to an API that does all it is told."""
    api = _Obedient()
    images = {repository: f"run.test/{component}:1" for repository, component in controller.components.items()}
    try:
        controller.install(api, manifest, images)
        yield from _workloads(controller, api.objects)
        yield from _service(controller, api.objects)
        yield from _class(controller, api.objects)
        yield from _foreign_images(api.objects, set(images.values()))
        controller.exempt_from_webhook(api, EXEMPT)
        yield from _exempt(api)
        controller.wait_until_usable(api)
        if Feature.SEVERAL_INSTANCES in controller.features:
            yield from _another(controller.another(api, OTHER))
    except Exception as fault:  # whatever a module raises that is not right yet
        yield f"one of its methods raises {type(fault).__name__}: {fault}"


def _foreign_images(objects: list[Object], images: Collection[str]) -> Iterator[str]:
    for item in objects:
        if foreign := [one["image"] for one in containers(item) if one["image"] not in images]:
            yield f"install() does not install {_identity(item)} with the run's images, but with {', '.join(foreign)}"


def _exempt(api: "_Obedient") -> Iterator[str]:
    for configuration in api.list("ValidatingWebhookConfiguration"):
        judging = [one["name"] for one in configuration["webhooks"] if EXEMPT not in str(one.get("namespaceSelector"))]
        if judging:
            yield f"exempt_from_webhook() leaves {', '.join(judging)} to judge namespaces with the label"


def _another(objects: list[Object]) -> Iterator[str]:
    there = {(item["kind"], item["metadata"]["name"]): item for item in objects}
    if elsewhere := [f"{kind} {name}" for (kind, name), item in there.items() if item["metadata"].get("namespace", OTHER) != OTHER]:
        yield f"another() has objects outside of its namespace: {', '.join(elsewhere)}"
    yield from (f"another() has no {kind} called after it" for kind in ("IngressClass", "Deployment") if (kind, OTHER) not in there)
    deployment = there.get(("Deployment", OTHER))
    if deployment and _labels(deployment).get(INSTANCE) != OTHER:
        yield f"the Pods of another() have not the label {INSTANCE}={OTHER}"


class _Obedient(Api):
    """Keeps what it is given, and reports every workload as ready."""

    def __init__(self) -> None:
        self._objects: dict[tuple[str, str | None, str], Object] = {}

    @property
    def objects(self) -> list[Object]:
        """What is kept."""
        return deepcopy([*self._objects.values()])

    def apply(self, *documents: Object, dry_run: bool = False) -> list[Object]:
        return [self._keep(document, dry_run=dry_run) for document in documents]

    def create(self, document: Object, *, dry_run: bool = False) -> Object:
        return self._keep(document, dry_run=dry_run)

    def get(self, kind: str, name: str, namespace: str | None = None) -> Object | None:
        return deepcopy(self._objects.get((kind, namespace, name)))

    def list(self, kind: str, namespace: str | None = None, **_: Any) -> list[Object]:
        return [deepcopy(item) for (one, where, _), item in self._objects.items() if one == kind and namespace in (None, where)]

    def merge(self, kind: str, name: str, namespace: str | None, patch: Object, **_: Any) -> Object:
        found = self._objects.get((kind, namespace, name))
        if found is None:
            raise Refused(404, f"{kind} {name} not found")
        _merge(found, patch)
        return deepcopy(found)

    def delete(self, kind: str, name: str, namespace: str | None = None, **_: Any) -> None:
        self._objects.pop((kind, namespace, name), None)

    def _keep(self, document: Object, *, dry_run: bool) -> Object:
        kept = deepcopy(document)
        kept["metadata"].setdefault("generation", 1)
        if containers(kept):
            kept["spec"].setdefault("replicas", 1)
            counts = ("updatedReplicas", "readyReplicas", "desiredNumberScheduled", "updatedNumberScheduled", "numberReady")
            kept["status"] = {"observedGeneration": 1, **dict.fromkeys(counts, kept["spec"]["replicas"])}
        if not dry_run:
            self._objects[kept["kind"], kept["metadata"].get("namespace"), kept["metadata"]["name"]] = kept
        return deepcopy(kept)


def _merge(into: dict[str, Any], patch: Mapping[str, Any]) -> None:
    for key, value in patch.items():
        if isinstance(value, dict) and isinstance(into.get(key), dict):
            _merge(into[key], value)
        else:
            into[key] = deepcopy(value)
