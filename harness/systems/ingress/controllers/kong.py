"""Kong Ingress Controller (https://developer.konghq.com/kubernetes-ingress-controller/), with Kong Gateway and without a database.

It is pulled: the lab cannot build its gateway. Written after its documentation, and not yet judged: there is no list of known deviations.
"""

from collections.abc import Mapping
from pathlib import Path

from harness.cluster.api import Api
from harness.model.expectations import Signature
from harness.model.features import Feature
from harness.systems.ingress.controllers import Controller
from harness.systems.kubernetes.manifests import read, with_images, with_namespace
from harness.systems.kubernetes.workloads import Workload

NAMESPACE = "kong"
_ANNOTATIONS = "https://developer.konghq.com/kubernetes-ingress-controller/reference/annotations/"
_PROXYING = "https://developer.konghq.com/gateway/traffic-control/proxying/"
_SETTINGS = "https://developer.konghq.com/gateway/configuration/"
_MANIFEST = "https://github.com/Kong/kubernetes-ingress-controller/blob/v3.4.0/test/e2e/manifests/all-in-one-dbless.yaml"
_TRANSLATION = "https://github.com/Kong/kubernetes-ingress-controller/blob/v3.4.0/internal/dataplane/translator/translate_ingress.go"


class Kong(Controller):
    """A version of Kong's controller, with the defaults of its settings.

    What it offers beyond the Ingress API goes by annotations of its own, ``konghq.com/``; those of ingress-nginx mean nothing to it.
    """

    name = "kong"
    namespace = NAMESPACE
    service = "kong-proxy"
    ingress_class = "kong"
    class_controller = "ingress-controllers.konghq.com/kong"
    workloads = (
        Workload("Deployment", "ingress-kong", NAMESPACE, "app=ingress-kong"),
        Workload("Deployment", "proxy-kong", NAMESPACE, "app=proxy-kong"),
    )
    components: Mapping[str, str] = {"kong/kubernetes-ingress-controller": "kong-ingress-controller", "kong": "kong-gateway"}
    references: Mapping[str, str] = {
        "kong-ingress-controller": "docker.io/kong/kubernetes-ingress-controller:{version}",
        "kong-gateway": "docker.io/library/kong:{version}",
    }
    default_version = "3.4.0"
    #: Of the series that the manifest names.
    component_versions: Mapping[str, str] = {"kong-gateway": "3.9.1"}
    #: What it answers itself names it as the server; what a backend answered, as a way it took.
    signature = Signature("Kong", body='"message":', without_headers=("Via",))
    manifest = None
    features: Mapping[Feature, str] = {
        Feature.PATH_TYPES: _TRANSLATION,
        Feature.WILDCARD_HOSTS: _PROXYING,
        Feature.DEFAULT_BACKEND: _TRANSLATION,
        Feature.TLS_TERMINATION: _PROXYING,
        Feature.STATUS_ADDRESS: _MANIFEST,
        Feature.IMPLEMENTATION_SPECIFIC_PATHS: _TRANSLATION,
        Feature.LEGACY_CLASS_ANNOTATION: f"{_ANNOTATIONS}#kubernetes-io-ingress-class",
        Feature.CLASS_REQUIRED: f"{_ANNOTATIONS}#kubernetes-io-ingress-class",
        Feature.TLS_VERSIONS: f"{_SETTINGS}#ssl-cipher-suite",
        Feature.HTTP2: f"{_SETTINGS}#proxy-listen",
        Feature.WEBSOCKET: _PROXYING,
        Feature.STREAMING: _PROXYING,
        Feature.LARGE_BODIES: f"{_SETTINGS}#nginx-http-client-max-body-size",
        Feature.UNAVAILABLE_BACKENDS: _PROXYING,
        Feature.EXTERNAL_NAME: _TRANSLATION,
        Feature.LOAD_BALANCING: _PROXYING,
        Feature.FORWARDED_HEADERS: _PROXYING,
        Feature.FORWARDED_DETAILS: _PROXYING,
        Feature.FORGED_HEADERS_REPLACED: f"{_SETTINGS}#trusted-ips",
        Feature.CLIENT_ADDRESS: f"{_SETTINGS}#trusted-ips",
        Feature.SEAMLESS_UPDATES: _PROXYING,
        Feature.REPLICAS: _MANIFEST,
        Feature.GRACEFUL_ROLLOUT: _MANIFEST,
    }

    @property
    def serving(self) -> Workload:
        """The gateway's Pods."""
        return self.workloads[1]

    def install(self, api: Api, manifest: Path, images: Mapping[str, str]) -> None:
        """Apply the manifest, in which the gateway has two Pods, with one of each."""
        objects = with_namespace(read(manifest), self.namespace)
        for item in objects:
            if item["kind"] == "Deployment":
                item["spec"]["replicas"] = 1
        api.apply(*with_images(objects, images))


CONTROLLERS = (Kong,)
