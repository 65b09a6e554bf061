"""HAProxy Ingress (https://haproxy-ingress.github.io/), from a manifest after its chart: a Service of type LoadBalancer."""

from collections.abc import Mapping

from harness.model.expectations import Signature
from harness.model.features import Feature
from harness.systems.ingress.controllers import Controller
from harness.systems.kubernetes.workloads import Workload

_CONFIGURATION = "https://haproxy-ingress.github.io/v0.16/docs/configuration/"
_FLAGS = f"{_CONFIGURATION}command-line/"
_KEYS = f"{_CONFIGURATION}keys/"


class HAProxyIngress(Controller):
    """A version of HAProxy Ingress, with the defaults of its settings.

    It ends where its Service has no address yet, so that a second one beside it (:attr:`Feature.SEVERAL_INSTANCES`) could not wait for one.
    """

    name = "haproxy-ingress"
    namespace = service = "haproxy-ingress"
    ingress_class = "haproxy"
    class_controller = "haproxy-ingress.github.io/controller"
    workloads = (Workload("Deployment", "haproxy-ingress", "haproxy-ingress", "app.kubernetes.io/name=haproxy-ingress"),)
    components: Mapping[str, str] = {"quay.io/jcmoraisjr/haproxy-ingress": "haproxy-ingress"}
    signature = Signature("HAProxy Ingress", body="<html><body><h1>")
    default_certificate = "ingress.local"
    features: Mapping[Feature, str] = {
        Feature.PATH_TYPES: f"{_KEYS}#path-type",
        Feature.WILDCARD_HOSTS: f"{_KEYS}#strict-host",
        Feature.DEFAULT_BACKEND: f"{_FLAGS}#default-backend-service",
        Feature.TLS_TERMINATION: f"{_KEYS}#strategies",
        Feature.STATUS_ADDRESS: f"{_FLAGS}#publish-service",
        Feature.IMPLEMENTATION_SPECIFIC_PATHS: f"{_KEYS}#path-type",
        Feature.LEGACY_CLASS_ANNOTATION: f"{_KEYS}#class-matter",
        Feature.CLASS_REQUIRED: f"{_KEYS}#class-matter",
        Feature.TLS_VERSIONS: f"{_KEYS}#ssl-options",
        Feature.HTTP2: f"{_KEYS}#tls-alpn",
        Feature.WEBSOCKET: f"{_KEYS}#timeout",
        Feature.STREAMING: "https://docs.haproxy.org/3.0/configuration.html#4.2-option%20http-no-delay",
        Feature.LARGE_BODIES: f"{_KEYS}#proxy-body-size",
        Feature.UNAVAILABLE_BACKENDS: f"{_KEYS}#http-response",
        Feature.EXTERNAL_NAME: f"{_FLAGS}#disable-external-name",
        Feature.LOAD_BALANCING: f"{_KEYS}#balance-algorithm",
        Feature.FORWARDED_HEADERS: f"{_KEYS}#forwardfor",
        Feature.FORGED_HEADERS_REPLACED: f"{_KEYS}#forwardfor",
        Feature.CLIENT_ADDRESS: f"{_KEYS}#forwardfor",
        Feature.SEAMLESS_UPDATES: f"{_KEYS}#updates",
        Feature.REPLICAS: "https://github.com/haproxy-ingress/charts/blob/release-0.14/haproxy-ingress/README.md",
        Feature.GRACEFUL_ROLLOUT: f"{_FLAGS}#haproxy-grace-period",
        Feature.DEFAULT_CERTIFICATE: f"{_FLAGS}#default-ssl-certificate",
    }


CONTROLLERS = (HAProxyIngress,)
