"""What stands in a cluster for somebody's own: their routes as they are, an echo backend for every Service, certificates for hosts."""

import json
import re
from base64 import b64encode
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha1
from urllib.parse import urlsplit

import idna
import trustme

from harness.cluster.api import Object
from harness.migration.pods import pods_behind
from harness.migration.reading import Key, Routes, annotations_of, key_of
from harness.migration.routes import NGINX, backends_of, hosts_of, protocols_of, tls_of
from harness.systems.apps.echo import program
from harness.systems.ingress.controllers import LEGACY_CLASS
from harness.systems.ingress.shared_routes import WEBHOOK_EXEMPT
from harness.systems.kubernetes.manifests import MANIFESTS, read
from harness.systems.kubernetes.secrets import encoded, tls_data

#: The Deployment behind the Services of a namespace, and the first of its ports: one for each port of a Service. Services with several Pods
#: have one for each number of them.
BACKENDS, FIRST_PORT = "conformance-backends", 8001
#: How far above it the port for calls by gRPC is, and the container that takes them.
CALLS, CALLS_CONTAINER, CALLS_PROGRAM = 10000, "calls", "grpc_server.py"
#: Where what decides about requests stands, in place of whoever does for the user.
STAND_IN, STAND_IN_NAMESPACE = "authority", "conformance-stand-ins"
#: The name and the password that every password file has.
USER, PASSWORD = "conformance", "correct"
_HOST = re.compile(r"(\*\.)?[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)+")
#: What was written by who applied the object, and says nothing to a controller.
_KUBECTL = "kubectl.kubernetes.io/last-applied-configuration"
#: Annotations that name a Secret, by what the Secret has to hold.
_PASSWORDS, _AUTHORITIES = ("auth-secret",), ("auth-tls-secret", "proxy-ssl-secret")
_ENCRYPTED, _CALLED = ("HTTPS", "GRPCS"), ("GRPC", "GRPCS")
_MAPS = ("auth-proxy-set-headers", "custom-headers", "fastcgi-params-configmap")


@dataclass(frozen=True, slots=True)
class Port:
    """A port of a Service, and where it leads to in the process that stands behind all of them.

    :param tls: whether it is spoken to encrypted
    :param called: whether somebody speaks gRPC to it, and ``asked`` whether somebody speaks anything else
    """

    service: Key
    name: str
    number: int
    target: int
    tls: bool
    called: bool = False
    asked: bool = True

    @property
    def leads_to(self) -> int:
        """The port behind it."""
        return self.target + CALLS if self.called else self.target


@dataclass
class Standing:
    """The objects for some routes, but for the Ingresses the same for every controller.

    :ivar assumed: the Services that the routes name and the input does not have, because it has none at all in their namespace
    """

    routes: Routes
    image: str
    nonce: str
    authority: trustme.CA = field(default_factory=trustme.CA)

    @cached_property
    def named_services(self) -> dict[Key, list[Object]]:
        """The backends of all routes, as these name them, by their Services."""
        found: dict[Key, list[Object]] = {}
        for item in self.routes.in_order:
            for service in backends_of(item):
                found.setdefault((key_of(item)[0], str(service["name"])), []).append(service)
            if default := annotations_of(item).get(f"{NGINX}default-backend"):
                found.setdefault((key_of(item)[0], str(default)), []).append({"name": default, "port": {"number": 80}})
        return found

    @cached_property
    def assumed(self) -> list[Key]:
        """See above."""
        have = {namespace for namespace, _ in self.routes.services}
        return sorted(key for key in self.named_services if key not in self.routes.services and key[0] not in have)

    @cached_property
    def ports(self) -> list[Port]:
        """Every port that a route can lead to."""
        made: list[Port] = []
        encrypted, called = self._spoken_to(_ENCRYPTED), self._spoken_to(_CALLED)
        asked = self._spoken_to(_CALLED, others=True)
        for key in self.named_services:
            declared = self._declared(key)
            for name, number in declared:
                inside = sum(one.service[0] == key[0] for one in made)
                made.append(Port(key, name, number, FIRST_PORT + inside, key in encrypted, key in called, key in asked))
        return made

    def before_routes(self) -> list[Object]:
        """Namespaces, Secrets, ConfigMaps, backends."""
        namespaces = sorted({key_of(item)[0] for item in self.routes.in_order} | {key[0] for key in self._named_elsewhere()})
        objects = [_namespace(name) for name in (*namespaces, STAND_IN_NAMESPACE)]
        objects += [*self._stand_in(), *self._secrets(), *self._config_maps()]
        for name in namespaces:
            if ports := [one for one in self.ports if one.service[0] == name]:
                objects += [program(name, CALLS_PROGRAM), *self._backends(name, ports)]
        return objects

    def deployments(self) -> list[Key]:
        """What has to be ready before a route can be."""
        behind = {(one.service[0], number) for one in self.ports if (number := self.pods[one.service])}
        return [(STAND_IN_NAMESPACE, STAND_IN), *((namespace, _deployment(number)) for namespace, number in sorted(behind))]

    @cached_property
    def pods(self) -> dict[Key, int]:
        """How many Pods stand behind each Service."""
        return pods_behind(self.routes, self.named_services)

    @property
    def config_maps(self) -> dict[Key, dict[str, str]]:
        """Those of the input, but for who is asked about requests."""

        def own(name: str, value: str) -> str:
            return self._stand_in_address(value, "auth-url") if name == "global-auth-url" and value else value

        return {key: {name: own(name, value) for name, value in data.items()} for key, data in self.routes.config_maps.items()}

    def ingress(self, item: Object, ingress_class: str) -> Object:
        """An Ingress of the user's for a controller's class: nothing else of it is changed but who is asked about requests."""
        namespace, name = key_of(item)
        notes = {key: value for key, value in annotations_of(item).items() if key not in (LEGACY_CLASS, _KUBECTL)}
        for short in ("auth-url", "mirror-target"):
            if f"{NGINX}{short}" in notes:
                notes[f"{NGINX}{short}"] = self._stand_in_address(str(notes[f"{NGINX}{short}"]), short)
        metadata = {"name": name, "namespace": namespace, "annotations": notes}
        if labels := item["metadata"].get("labels"):
            metadata["labels"] = labels
        spec = {key: value for key, value in item["spec"].items() if key != "ingressClassName"}
        return {
            "apiVersion": item["apiVersion"],
            "kind": "Ingress",
            "metadata": metadata,
            "spec": {"ingressClassName": ingress_class, **spec},
        }

    def _declared(self, key: Key) -> list[tuple[str, int]]:
        """The ports of a Service: as the input has it, or as the routes ask for them where it has none in that namespace."""
        service = self.routes.services.get(key)
        declared = [one for one in ((service or {}).get("spec") or {}).get("ports") or [] if isinstance(one, dict)]
        if ports := [one for one in declared if one.get("protocol", "TCP") == "TCP" and isinstance(one.get("port"), int)]:
            return [(str(one.get("name", "")), one["port"]) for one in ports]
        if declared or (service is None and key not in self.assumed):
            return []
        asked = [one["port"] for one in self.named_services[key] if isinstance(one.get("port"), dict)]  # as of an ExternalName
        numbers = dict.fromkeys(one["number"] for one in asked if isinstance(one.get("number"), int))
        names = dict.fromkeys(str(one["name"]) for one in asked if "name" in one)
        free = (number for number in range(10001, 10999) if number not in numbers)
        return [*((f"port-{number}", number) for number in numbers), *((name, next(free)) for name in names)]

    def _spoken_to(self, protocols: Iterable[str], *, others: bool = False) -> set[Key]:
        """The Services that routes speak one of these protocols to, or another one."""
        items = self.routes.in_order
        asking = [item for item in items if any((one in protocols) is not others for one in protocols_of(item, items))]
        return {(key_of(item)[0], str(one["name"])) for item in asking for one in backends_of(item)}

    def _backends(self, namespace: str, ports: list[Port]) -> list[Object]:
        made: list[Object] = []
        for number in sorted({self.pods[one.service] for one in ports} - {0}):
            name, behind = _deployment(number), [one for one in ports if self.pods[one.service] == number]
            values = {"name": name, "namespace": namespace, "image": self.image, "nonce": self.nonce, "replicas": str(number)}
            made += [*_processes(behind, **values), self._certificate(name, namespace, [f"{name}.test"])]
        for key in dict.fromkeys(one.service for one in ports):
            made.append(_service(key, [one for one in ports if one.service == key], _deployment(self.pods[key])))
        return made

    def _stand_in(self) -> list[Object]:
        values = {"name": STAND_IN, "namespace": STAND_IN_NAMESPACE, "image": self.image, "nonce": self.nonce, "replicas": "1"}
        port = Port((STAND_IN_NAMESPACE, STAND_IN), "http", 80, FIRST_PORT, tls=False)
        made = [*_processes([port], **values), self._certificate(STAND_IN, STAND_IN_NAMESPACE, [f"{STAND_IN}.test"])]
        return [program(STAND_IN_NAMESPACE), *made, _service(port.service, [port], STAND_IN)]

    @staticmethod
    def _stand_in_address(value: str, short: str) -> str:
        query = urlsplit(value).query if re.match(r"https?://", value) else ""
        path = "/-/auth" if short == "auth-url" else "/"
        return f"http://{STAND_IN}.{STAND_IN_NAMESPACE}.svc.cluster.local{path}{'?' if query else ''}{query}"

    def _named_elsewhere(self) -> list[Key]:
        """The Secrets and ConfigMaps that annotations name."""
        return [one for short in (*_PASSWORDS, *_AUTHORITIES, *_MAPS) for one in self._named_by(short)]

    def _named_by(self, short: str) -> list[Key]:
        found = [(key_of(item)[0], str(annotations_of(item).get(f"{NGINX}{short}", ""))) for item in self.routes.in_order]
        return list(dict.fromkeys(_key(value, namespace) for namespace, value in found if value))

    def _exists(self, key: Key) -> bool:
        """Whether a Secret does: one that the input does not have is taken for granted where it has none at all in that namespace."""
        return key in self.routes.secrets or key[0] not in {namespace for namespace, _ in self.routes.secrets}

    def _secrets(self) -> Iterable[Object]:
        names: dict[Key, list[str]] = {}
        for item in self.routes.in_order:
            for secret, hosts in tls_of(item):
                if secret:
                    names.setdefault((key_of(item)[0], secret), []).extend(hosts or hosts_of(item))
        for (namespace, name), hosts in names.items():
            if self._exists((namespace, name)):
                yield self._certificate(name, namespace, list(dict.fromkeys(hosts)))
        for namespace, name in filter(self._exists, self._named_by("auth-secret")):
            digest = b64encode(sha1(PASSWORD.encode()).digest()).decode()  # as password files of HTTP have it
            yield _secret(name, namespace, "Opaque", {"auth": encoded(f"{USER}:{{SHA}}{digest}\n".encode())})
        for key in filter(self._exists, (one for short in _AUTHORITIES for one in self._named_by(short) if one not in names)):
            leaf = tls_data(self.authority.issue_cert(*_fitting(f"{key[1]}.test")))
            yield _secret(key[1], key[0], "Opaque", leaf | {"ca.crt": encoded(self.authority.cert_pem.bytes())})

    def _config_maps(self) -> Iterable[Object]:
        for namespace, name in (one for short in _MAPS for one in self._named_by(short)):
            data = self.routes.config_maps.get((namespace, name))
            if data is not None:
                metadata = {"name": name, "namespace": namespace}
                yield {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}

    def _certificate(self, name: str, namespace: str, hosts: list[str]) -> Object:
        return _secret(name, namespace, "kubernetes.io/tls", tls_data(self.authority.issue_cert(*_fitting(*hosts))))


def _fitting(*hosts: str) -> list[str]:
    """Those of the hosts that a certificate can be made for, or one that nobody asks for where there is none."""
    return [host for host in hosts if _HOST.fullmatch(host) and _is_name(host)] or ["unnamed.test"]


def _is_name(host: str) -> bool:
    """Whether a host is a name (https://www.rfc-editor.org/rfc/rfc5891#section-5.4)."""
    try:
        idna.encode(host.removeprefix("*."), uts46=True)
    except idna.IDNAError:
        return False
    return True


def _processes(ports: list[Port], **values: str) -> list[Object]:
    """What listens at these ports: an echo and, where somebody speaks gRPC, what takes calls and hands the rest on to the echo."""
    echoes = [f"{one.target}{_kind(one)}" for one in ports if one.asked or not one.called]
    calls = ["/".join([str(one.leads_to), *_words(one)]) for one in ports if one.called]
    services = json.dumps({str(number): one.service[1] for one in ports for number in {one.target, one.leads_to}})
    manifest = MANIFESTS / "apps" / "backends.yaml"
    objects = read(manifest, ports=" ".join(echoes), calls=" ".join(calls), services=json.dumps(services), **values)
    if not calls:
        pods = next(item for item in objects if item["kind"] == "Deployment")["spec"]["template"]["spec"]
        pods["containers"] = [one for one in pods["containers"] if one["name"] != CALLS_CONTAINER]
    return objects


def _kind(port: Port) -> str:
    """How the echo listens at a port: behind what takes calls a connection is for one request, so that no proxy keeps it for a call."""
    return "/once" if port.called else "/tls" if port.tls else ""


def _words(port: Port) -> list[str]:
    """What the program that takes calls has to know of a port."""
    return [*(["tls"] if port.tls else []), *([str(port.target)] if port.asked else [])]


def _deployment(pods: int) -> str:
    """The Deployment with so many Pods; nothing stands behind the name of the one with none."""
    return BACKENDS if pods == 1 else f"{BACKENDS}-{pods}"


def _key(value: str, namespace: str) -> Key:
    """What an annotation names: ``name``, or ``namespace/name``."""
    first, slash, second = value.partition("/")
    return (first, second) if slash else (namespace, first)


def _namespace(name: str) -> Object:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": {WEBHOOK_EXEMPT: "yes"}}}


def _secret(name: str, namespace: str, kind: str, data: dict[str, str]) -> Object:
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name, "namespace": namespace}, "type": kind, "data": data}


def _service(key: Key, ports: list[Port], selected: str) -> Object:
    listed = [{"name": one.name or f"port-{one.number}", "port": one.number, "targetPort": one.leads_to} for one in ports]
    if len(ports) == 1 and not ports[0].name:
        listed[0].pop("name")
    metadata = {"name": key[1], "namespace": key[0]}
    return {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": {"selector": {"app": selected}, "ports": listed}}
