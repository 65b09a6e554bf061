"""Why the routes of an Ingress are not served."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from harness.cluster.api import Object
from harness.doctor import rules
from harness.doctor.rules import Finding
from harness.doctor.snapshot import Snapshot, annotations, called, labels, spec_of
from harness.systems.ingress.controllers import LEGACY_CLASS

#: The annotation that makes a class the default.
DEFAULT = "ingressclass.kubernetes.io/is-default-class"
#: What the workloads of well-known controllers are called, by the controller that their class names.
WORKLOADS: Mapping[str, str] = {
    "k8s.io/ingress-nginx": "ingress-nginx",
    "traefik.io/ingress-controller": "traefik",
    "haproxy-ingress.github.io/controller": "haproxy-ingress",
    "projectcontour.io/ingress-controller": "contour",
    "nginx.org/ingress-controller": "nginx-ingress",
}
#: How annotations end by which an Ingress shares the paths of another one on purpose.
SHARING = "/canary"


@dataclass(slots=True)
class Routes:
    """Looks at Ingresses, the older ones first."""

    snapshot: Snapshot
    _taken: dict[tuple[str, str, str, str], Object] = field(default_factory=dict)

    def findings(self) -> Iterator[Finding]:
        """Everything that is found, Ingress by Ingress."""
        defaults = self.defaults()
        if len(defaults) > 1:
            names = ", ".join(str(one["metadata"]["name"]) for one in defaults)
            repair = f"kubectl annotate ingressclass {defaults[-1]['metadata']['name']} {DEFAULT}-"
            yield rules.SEVERAL_DEFAULTS.found(called("IngressClass", defaults[0]), f"{names} are all the default", repair)
        for ingress in sorted(self.snapshot.of("Ingress"), key=lambda one: str(one["metadata"].get("creationTimestamp"))):
            yield from self.why(ingress)

    def why(self, ingress: Object) -> Iterator[Finding]:
        """What is wrong with one."""
        yield from self._class(ingress)
        for service, port, where in _backends(ingress):
            if found := self._backend(ingress, service, port, where):
                yield found
        yield from self._twice(ingress)

    def defaults(self) -> list[Object]:
        """The classes of Ingresses that name none."""
        return [one for one in self.snapshot.of("IngressClass") if annotations(one).get(DEFAULT) == "true"]

    def class_of(self, ingress: Object) -> str:
        """The name of the class that an Ingress has; empty for none."""
        named = ingress["spec"].get("ingressClassName") or annotations(ingress).get(LEGACY_CLASS)
        return str(named or next((one["metadata"]["name"] for one in self.defaults()), ""))

    def _class(self, ingress: Object) -> Iterator[Finding]:
        name, what = self.class_of(ingress), called("Ingress", ingress)
        at = f"-n {ingress['metadata']['namespace']}"
        there = [str(one["metadata"]["name"]) for one in self.snapshot.of("IngressClass")]
        wanted = f'{{"spec":{{"ingressClassName":"{next(iter(there), "NAME")}"}}}}'
        patch = f"kubectl {at} patch ingress {ingress['metadata']['name']} -p '{wanted}'"
        if not name:
            yield rules.NO_CLASS.found(what, f"it names no class, and none of {', '.join(there) or 'no classes'} is the default", patch)
        elif name not in there and ingress["spec"].get("ingressClassName"):  # controllers may know the annotation without a class
            yield rules.UNKNOWN_CLASS.found(what, f"its class is {name}, there are {', '.join(there) or 'none'}", patch)
        elif (found := self.snapshot.find("IngressClass", name)) and (seen := self._controller_missing(found)):
            yield rules.CLASS_WITHOUT_CONTROLLER.found(what, f"its class is {name}: {seen}", "kubectl get deployments,daemonsets -A")

    def _controller_missing(self, ingress_class: Object) -> str:
        """What is missing of the controller that a class names, where that is a well-known one."""
        controller = str(spec_of(ingress_class).get("controller"))
        if (word := WORKLOADS.get(controller)) is None:
            return ""
        found = [one for kind in ("Deployment", "DaemonSet") for one in self.snapshot.of(kind) if word in _words(one)]
        if not found:
            return f"no workload of {controller} was found"
        ready = sum(one["status"].get("readyReplicas", one["status"].get("numberReady", 0)) for one in found)
        return "" if ready else f"no Pod of {', '.join(str(one['metadata']['name']) for one in found)} is ready"

    def _backend(self, ingress: Object, name: str, port: object, where: str) -> Finding | None:
        namespace = ingress["metadata"]["namespace"]
        service, what = self.snapshot.find("Service", name, namespace), called("Ingress", ingress)
        if service is None:
            return rules.BACKEND_MISSING.found(what, f"{where} leads to Service {name}", f"kubectl -n {namespace} get services")
        if service["spec"].get("type") == "ExternalName":
            return None
        ports = service["spec"].get("ports") or ()
        if port not in {value for one in ports for value in (one["port"], one.get("name"))}:
            has = ", ".join("/".join(map(str, filter(None, (one.get("name"), one["port"])))) for one in ports)
            return rules.PORT_MISSING.found(
                what,
                f"{where} leads to port {port} of Service {name}, which has {has}",
                f"kubectl -n {namespace} get service {name} -o yaml",
            )
        if not self.snapshot.ready_endpoints(service):
            seen = f"{where} leads to Service {name}, behind which nothing is ready"
            return rules.BACKEND_EMPTY.found(what, seen, f"kubectl -n {namespace} get endpointslices -l kubernetes.io/service-name={name}")
        return None

    def _twice(self, ingress: Object) -> Iterator[Finding]:
        if any(key.endswith(SHARING) and value == "true" for key, value in annotations(ingress).items()):
            return
        own = (ingress["metadata"]["namespace"], ingress["metadata"]["name"])
        for host, path, kind in sorted(_paths(ingress)):
            other = self._taken.setdefault((self.class_of(ingress), host, path, kind), ingress)
            if (other["metadata"]["namespace"], other["metadata"]["name"]) != own:
                seen = f"{kind} {host or '*'}{path} is in {called('Ingress', other)}, too"
                yield rules.ROUTE_TWICE.found(called("Ingress", ingress), seen, f"kubectl -n {own[0]} edit ingress {own[1]}")
                return


def _backends(ingress: Object) -> Iterator[tuple[str, object, str]]:
    """Service, port and route of each backend that is a Service."""
    if service := (ingress["spec"].get("defaultBackend") or {}).get("service"):
        yield service["name"], _port(service), "the default backend"
    seen = set()
    for rule in ingress["spec"].get("rules") or ():
        for path in (rule.get("http") or {}).get("paths") or ():
            service = path["backend"].get("service")
            if service and (key := (service["name"], _port(service))) not in seen:
                seen.add(key)
                yield *key, f"{rule.get('host') or '*'}{path.get('path') or '/'}"


def _port(service: Object) -> object:
    port = service.get("port") or {}
    return port.get("name") or port.get("number")


def _paths(ingress: Object) -> set[tuple[str, str, str]]:
    """Host, path and path type of each route."""
    return {
        (rule.get("host") or "", path.get("path") or "/", str(path.get("pathType")))
        for rule in ingress["spec"].get("rules") or ()
        for path in (rule.get("http") or {}).get("paths") or ()
    }


def _words(workload: Object) -> str:
    """Everything of a workload by which its controller is recognised."""
    images = [str(one["image"]) for one in workload["spec"]["template"]["spec"]["containers"]]
    return " ".join([str(workload["metadata"]["name"]), *labels(workload).values(), *images])
