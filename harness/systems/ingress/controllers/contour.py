"""Contour (https://projectcontour.io/) with Envoy, from its own manifest that runs both as Deployments."""

from collections.abc import Mapping
from pathlib import Path

from harness.cluster.api import Api, Object
from harness.model.expectations import Signature
from harness.model.features import Feature
from harness.systems.ingress.controllers import Controller, Timing
from harness.systems.kubernetes.manifests import containers, read, with_images, with_namespace
from harness.systems.kubernetes.workloads import Workload

NAMESPACE = "projectcontour"
_DOCS = "https://projectcontour.io/docs/1.33/"
_INGRESS = f"{_DOCS}config/ingress/"
_ENVOY = "https://www.envoyproxy.io/docs/envoy/v1.38.3/"
_HTTP1 = f"{_ENVOY}api-v3/config/core/v3/protocol.proto#config-core-v3-http1protocoloptions"
_CONFIGURATION = f"{_DOCS}configuration/"


class Contour(Controller):
    """A version of Contour, with the defaults of its settings."""

    name = "contour"
    namespace = NAMESPACE
    service = "envoy"
    ingress_class = "contour"
    class_controller = "projectcontour.io/ingress-controller"
    workloads = (Workload("Deployment", "contour", NAMESPACE, "app=contour"), Workload("Deployment", "envoy", NAMESPACE, "app=envoy"))
    components: Mapping[str, str] = {"ghcr.io/projectcontour/contour": "contour", "docker.io/envoyproxy/envoy": "envoy"}
    #: Of the series that the manifest names, the newest that can be built, too.
    component_versions: Mapping[str, str] = {"envoy": "1.38.3"}
    signature = Signature("Contour", headers={"Server": "envoy"})
    manifest = None
    #: Envoy gives a backend 15 s, where no annotation says otherwise.
    timing = Timing(under_way=12)
    features: Mapping[Feature, str] = {
        Feature.PATH_TYPES: f"{_INGRESS}#ingress-rules",
        Feature.WILDCARD_HOSTS: f"{_INGRESS}#ingress-rules",
        Feature.DEFAULT_BACKEND: f"{_INGRESS}#default-backend",
        Feature.TLS_TERMINATION: f"{_INGRESS}#tls",
        Feature.STATUS_ADDRESS: f"{_INGRESS}#status",
        Feature.IMPLEMENTATION_SPECIFIC_PATHS: f"{_INGRESS}#ingress-rules",
        Feature.LEGACY_CLASS_ANNOTATION: f"{_INGRESS}#ingressclass-and-ingressclass-name",
        Feature.ABSOLUTE_TARGET_HOST: _HTTP1,
        Feature.TLS_VERSIONS: f"{_CONFIGURATION}#tls-configuration",
        Feature.HTTP2: f"{_CONFIGURATION}#configuration-file",
        Feature.STREAMING: f"{_ENVOY}intro/arch_overview/http/http_connection_management",
        Feature.LARGE_BODIES: f"{_ENVOY}faq/configuration/flow_control",
        Feature.UNAVAILABLE_BACKENDS: f"{_DOCS}troubleshooting/common-proxy-errors/",
        Feature.LOAD_BALANCING: f"{_DOCS}config/request-routing/#load-balancing-strategy",
        Feature.FORWARDED_HEADERS: f"{_CONFIGURATION}#network-configuration",
        Feature.CLIENT_ADDRESS: f"{_DOCS}guides/proxy-proto/",
        Feature.SEAMLESS_UPDATES: f"{_DOCS}architecture/",
        Feature.REPLICAS: f"{_DOCS}deploy-options/",
        Feature.GRACEFUL_ROLLOUT: f"{_DOCS}redeploy-envoy/",
    }

    @property
    def serving(self) -> Workload:
        """Envoy's Pods."""
        return self.workloads[1]

    def install(self, api: Api, manifest: Path, images: Mapping[str, str]) -> None:
        """Apply the manifest with one Pod of each, without ports of the nodes, and with an IngressClass, which it leaves to the user.

        Its Service needs no ports of the nodes; they would keep a new Pod from the node of an old one, and a rollout from its end.
        """
        objects = with_namespace(read(manifest), self.namespace)
        for item in objects:
            _slim(item)
        ours = {"apiVersion": "networking.k8s.io/v1", "kind": "IngressClass", "metadata": {"name": self.ingress_class}}
        api.apply(*with_images(objects, images), {**ours, "spec": {"controller": self.class_controller}})


def _slim(item: Object) -> None:
    if item["kind"] == "Deployment":
        item["spec"]["replicas"] = 1
    for container in containers(item):
        for port in container.get("ports", []):
            port.pop("hostPort", None)


CONTROLLERS = (Contour,)
