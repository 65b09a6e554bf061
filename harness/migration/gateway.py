"""Routes as Gateway API has them: converted by ingress2gateway, served by Traefik's provider for Gateway API."""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import yaml

import lab
from harness.cluster.api import Object
from harness.cluster.process import run_command
from harness.migration.answers import masked
from harness.migration.asking import Bench
from harness.migration.reading import key_of
from harness.migration.standing import STAND_IN, STAND_IN_NAMESPACE
from harness.model.errors import EnvironmentFault, UsageFault
from harness.systems.kubernetes.manifests import MANIFESTS, read
from harness.systems.kubernetes.readiness import wait_ready

#: What ``--to`` calls it, and the controller that serves it.
NAME, CONTROLLER = "gateway-api", "traefik"
#: The version of Gateway API that this controller names, and of its published definitions, the group of which is asked for.
VERSION, GROUP = "1.6.1", "gateway.networking.k8s.io"
#: The class of what is converted, for Ingresses and for Gateways.
CLASS = "nginx"
#: What the controller is given besides its manifest (https://doc.traefik.io/traefik/reference/install-configuration/providers/kubernetes/kubernetes-gateway/).
SETTINGS = ("--providers.kubernetesGateway=true",)
PROGRAM = "ingress2gateway"
#: Seconds for a conversion, and characters shown of why there is none.
TIMEOUT, SHOWN = 60, 400


def program() -> Path:
    """The user's own ingress2gateway, or one that is compiled here.

    :raises UsageFault: there is neither
    """
    if found := shutil.which(PROGRAM):
        return Path(found)
    try:
        return lab.binary(PROGRAM)
    except lab.LabError as error:
        raise UsageFault(f"{PROGRAM} on PATH (https://github.com/kubernetes-sigs/{PROGRAM}), or Go", error.found, "install it") from error


@dataclass
class GatewayBench(Bench):
    """Traefik with the routes as Gateway API has them."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.result.name, self.result.version = NAME, f"by {self.controller.name} {self.controller.version}"
        self.converter = program()

    def _prepare(self) -> None:
        definitions = self.publications.manifest(NAME, VERSION, {image.origin for image in self.state.images})
        files = sorted(definitions.glob("*.yaml")) if definitions.is_dir() else [definitions]
        self.api.apply(*(item for file in files for item in read(file) if item["kind"] == "CustomResourceDefinition"))
        wait_ready(self._defined, "the kinds of Gateway API are served")
        self.api.apply(*read(MANIFESTS / "gateway" / f"{CONTROLLER}.yaml"))
        self.controller.configure(self.api, SETTINGS)
        self.controller.wait_until_usable(self.api)

    def _defined(self) -> None:
        for item in self.api.list("CustomResourceDefinition"):
            if item["spec"]["group"] == GROUP:
                conditions = item.get("status", {}).get("conditions", [])
                assert any(one["type"] == "Established" and one["status"] == "True" for one in conditions), item["metadata"]["name"]

    def _create(self, named: Mapping[str, Object]) -> None:
        """Create the Ingresses, which nobody serves, and what they are converted to."""
        for name in named:
            self._put(named, name)
        for namespace, members in groupby(sorted(named, key=_namespace), key=_namespace):
            for item in self._converted(named, namespace, list(members)):
                if refusal := self._apply(item):
                    self.result.lacking.append(f"{item['kind']} {'/'.join(key_of(item))}: {masked(refusal)}")

    def _put(self, named: Mapping[str, Object], name: str) -> None:
        if refusal := self._apply(self.standing.ingress(named[name], CLASS)):
            self.result.refused[name] = masked(refusal)

    def _converted(self, named: Mapping[str, Object], namespace: str, names: Sequence[str]) -> list[Object]:
        """What the Ingresses of a namespace are converted to; those that keep the ones before them from it are refused."""
        try:
            return self._convert(namespace)
        except EnvironmentFault:
            for name in names:
                self._take(name)
        found: list[Object] = []
        for name in names:
            self._put(named, name)
            try:
                found = self._convert(namespace)
            except EnvironmentFault as fault:
                self._take(name)
                self.result.refused[name] = masked(" ".join(fault.found.split())[:SHOWN])
        return found

    def _take(self, name: str) -> None:
        namespace, _, short = name.partition("/")
        self.api.delete("Ingress", short, namespace)

    def _convert(self, namespace: str) -> list[Object]:
        words = [
            str(self.converter),
            "print",
            "--providers=ingress-nginx",
            f"--namespace={namespace}",
            f"--kubeconfig={self.state.kubeconfig}",
        ]
        said = run_command(words, timeout=TIMEOUT)
        return [item for item in yaml.safe_load_all(said) if isinstance(item, dict)]  # where there is no Ingress it says so in words

    def _route(self, name: str, host: str) -> list[Object]:
        about = {"namespace": STAND_IN_NAMESPACE, "name": name}
        listener = {"name": "http", "port": 80, "protocol": "HTTP", "hostname": host}
        rules = [{"backendRefs": [{"name": STAND_IN, "port": 80}]}]
        return [
            _of_gateway_api("Gateway", about, {"gatewayClassName": CLASS, "listeners": [listener]}),
            _of_gateway_api("HTTPRoute", about, {"parentRefs": [{"name": name}], "hostnames": [host], "rules": rules}),
        ]

    def _without_what_blocks(self, named: Mapping[str, Object]) -> None:
        expected = f"a new route of Gateway API that Traefik serves beside {len(named)} of yours"
        raise EnvironmentFault(expected, "none is", "give fewer Ingresses at a time")


def _namespace(name: str) -> str:
    return name.partition("/")[0]


def _of_gateway_api(kind: str, metadata: Object, spec: Object) -> Object:
    return {"apiVersion": f"{GROUP}/v1", "kind": kind, "metadata": metadata, "spec": spec}
