"""Traefik (https://doc.traefik.io/traefik/), in two configurations: with the provider of the Ingress API, and with that of ingress-nginx's.

Both have manifests of their own, since its project publishes examples and a chart only.
"""

import re
from collections.abc import Mapping

from harness.cluster.api import Api, Object
from harness.model.expectations import Signature
from harness.model.features import Feature
from harness.model.versions import version as ordered
from harness.systems.ingress.controllers import Controller
from harness.systems.ingress.instances import cluster_role_binding, deployment_like, ingress_class, service_account, stored
from harness.systems.kubernetes.workloads import Workload

_REFERENCE = "https://doc.traefik.io/traefik/reference/"
_PROVIDERS = f"{_REFERENCE}install-configuration/providers/kubernetes/"
_INGRESS, _NGINX = f"{_PROVIDERS}kubernetes-ingress/", f"{_PROVIDERS}kubernetes-ingress-nginx/"
_ROUTING = f"{_REFERENCE}routing-configuration/kubernetes/ingress/"
_ANNOTATIONS = f"{_REFERENCE}routing-configuration/kubernetes/ingress-nginx/"
_ENTRY_POINTS = f"{_REFERENCE}install-configuration/entrypoints/"
_TLS = f"{_REFERENCE}routing-configuration/http/tls/"
_BALANCING = f"{_REFERENCE}routing-configuration/http/load-balancing/service/"
#: What it answers itself has a text of Go's or of its own, or none: no answer of a backend here is empty and nameless.
SIGNATURE = Signature(
    "Traefik",
    body=re.compile(
        r"\A\Z|404 page not found|no available server|Moved Permanently|Found|See Other|Temporary Redirect|Permanent Redirect|Bad Request"
        "|Unauthorized|Forbidden|Too Large|Too Many Requests|Misdirected Request|Bad Gateway|Service Unavailable|Gateway Timeout"
    ),
)
#: What both configurations offer.
COMMON: dict[Feature, str] = {
    Feature.PATH_TYPES: _INGRESS,
    Feature.WILDCARD_HOSTS: f"{_REFERENCE}routing-configuration/http/routing/rules-and-priority/",
    Feature.DEFAULT_BACKEND: f"{_ROUTING}#global-default-backend-ingresses",
    Feature.TLS_TERMINATION: f"{_ROUTING}#certificates-management",
    Feature.IMPLEMENTATION_SPECIFIC_PATHS: _ROUTING,
    Feature.LEGACY_CLASS_ANNOTATION: _INGRESS,
    Feature.ABSOLUTE_TARGET_HOST: "https://pkg.go.dev/net/http#Request",
    Feature.TLS_VERSIONS: f"{_TLS}tls-options/#minimum-tls-version",
    Feature.HTTP2: _ENTRY_POINTS,
    Feature.WEBSOCKET: "https://doc.traefik.io/traefik/expose/overview/",
    Feature.STREAMING: f"{_BALANCING}#response-forwarding",
    Feature.LARGE_BODIES: f"{_REFERENCE}routing-configuration/http/middlewares/buffering/",
    Feature.UNAVAILABLE_BACKENDS: _INGRESS,
    Feature.EXTERNAL_NAME: _INGRESS,
    Feature.LOAD_BALANCING: _BALANCING,
    **dict.fromkeys(
        (Feature.FORWARDED_HEADERS, Feature.FORWARDED_DETAILS, Feature.FORGED_HEADERS_REPLACED, Feature.CLIENT_ADDRESS),
        f"{_ENTRY_POINTS}#forwarded-headers",
    ),
    Feature.DEFAULT_CERTIFICATE: f"{_TLS}tls-certificates/#default-certificate",
    Feature.SEAMLESS_UPDATES: "https://doc.traefik.io/traefik/getting-started/configuration-overview/",
    Feature.GRACEFUL_ROLLOUT: f"{_ENTRY_POINTS}#life-cycle",
    Feature.REPLICAS: "https://github.com/traefik/traefik-helm-chart/blob/master/traefik/values.yaml",
}


class Traefik(Controller):
    """A version of Traefik that reads Ingresses as the API describes them."""

    name = namespace = service = ingress_class = "traefik"
    class_controller = "traefik.io/ingress-controller"
    workloads: tuple[Workload, ...] = (Workload("Deployment", "traefik", "traefik", "app=traefik"),)
    components: Mapping[str, str] = {"docker.io/library/traefik": "traefik"}
    signature = SIGNATURE
    default_certificate = re.compile(r".*\.traefik\.default")

    @property
    def features(self) -> Mapping[Feature, str]:
        """What is said of its provider for the Ingress API.

        It needs no class (:attr:`Feature.CLASS_REQUIRED`), so a second instance beside it would not be alone with its Ingresses.
        """
        return COMMON | {Feature.STATUS_ADDRESS: f"{_INGRESS}#ingressendpointpublishedservice"}


class TraefikNginx(Traefik):
    """A version of Traefik that reads Ingresses as ingress-nginx does."""

    name = namespace = service = "traefik-nginx"
    ingress_class = "nginx"
    class_controller = "k8s.io/ingress-nginx"
    workloads = (Workload("Deployment", "traefik-nginx", "traefik-nginx", "app=traefik-nginx"),)

    @property
    def features(self) -> Mapping[Feature, str]:
        """What is said of its provider for ingress-nginx's Ingresses: more annotations from 3.7 on."""
        offered = COMMON | dict.fromkeys(
            (Feature.STATUS_ADDRESS, Feature.EXTERNAL_IPS, Feature.CLASS_REQUIRED, Feature.SEVERAL_INSTANCES), _NGINX
        )
        return offered | dict.fromkeys(ANNOTATIONS if ordered(self.version) >= ordered("3.7.0") else ANNOTATIONS_OF_3_6, _ANNOTATIONS)

    def another(self, api: Api, name: str) -> list[Object]:
        """One that looks for Ingresses in one namespace and of one class only."""
        provider = "--providers.kubernetesIngressNGINX"
        changed = {"controllerClass": f"k8s.io/{name}", "ingressClass": name, "publishService": f"{name}/{name}", "watchNamespace": name}
        first = stored(api, "Deployment", self.serving.name, self.namespace)
        return [
            ingress_class(name, f"k8s.io/{name}"),
            cluster_role_binding(name, self.name),
            service_account(name),
            deployment_like(
                first,
                name,
                without=[f"{provider}.{key}=" for key in changed],
                arguments=[f"{provider}.{key}={value}" for key, value in changed.items()],
            ),
        ]


#: The annotations of ingress-nginx that 3.6 follows.
ANNOTATIONS_OF_3_6 = (
    *(Feature.BASIC_AUTH, Feature.EXTERNAL_AUTH, Feature.SCHEME_REDIRECT, Feature.BACKEND_TLS, Feature.COOKIE_AFFINITY, Feature.GRPC),
    *(Feature.SERVICE_UPSTREAM, Feature.CORS, Feature.REGEX_PATHS),
)
#: Those that 3.7 follows.
ANNOTATIONS = (
    *ANNOTATIONS_OF_3_6,
    *(Feature.CLIENT_CERTIFICATES, Feature.UPSTREAM_HASHING, Feature.HOST_REWRITE, Feature.CANARY, Feature.FORWARDED_PREFIX),
    *(Feature.APP_ROOT, Feature.WWW_REDIRECT, Feature.PATH_REWRITE, Feature.REDIRECT, Feature.CUSTOM_ERRORS, Feature.SERVER_ALIAS),
    *(Feature.SOURCE_RANGES, Feature.RATE_LIMIT, Feature.CONNECTION_LIMIT, Feature.BODY_SIZE_LIMIT, Feature.BACKEND_TIMEOUT, Feature.RETRY),
)
CONTROLLERS = (Traefik, TraefikNginx)
