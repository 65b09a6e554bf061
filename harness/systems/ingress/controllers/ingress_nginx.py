"""ingress-nginx (https://kubernetes.github.io/ingress-nginx/), from its own manifest for clouds: a Service of type LoadBalancer."""

from collections.abc import Collection, Mapping
from pathlib import Path

import trustme

from harness.cluster.api import Api, Object
from harness.model.budgets import WEBHOOK as ANSWERING
from harness.model.budgets import Budget
from harness.model.expectations import Signature
from harness.model.features import Feature
from harness.model.versions import version as ordered
from harness.systems.ingress.controllers import Controller, Timing
from harness.systems.ingress.instances import cluster_role_binding, deployment_like, ingress_class, role, service_account, stored
from harness.systems.ingress.resources import path, rule
from harness.systems.kubernetes.admission import accepted
from harness.systems.kubernetes.manifests import read, with_images, with_namespace
from harness.systems.kubernetes.readiness import wait_ready
from harness.systems.kubernetes.secrets import encoded
from harness.systems.kubernetes.workloads import Workload

CONTROLLER = "ingress-nginx-controller"
WEBHOOK_SERVICE = "ingress-nginx-controller-admission"
WEBHOOK = "ingress-nginx-admission"
_GUIDE = "https://kubernetes.github.io/ingress-nginx/user-guide/"
_FLAGS = f"{_GUIDE}cli-arguments/"
_CONFIGMAP = f"{_GUIDE}nginx-configuration/configmap/"
#: What every version offers, and where that is said: of the features that its own annotations and settings gave a name, their sources.
FEATURES: dict[Feature, str] = {
    Feature.PATH_TYPES: f"{_GUIDE}miscellaneous/#path-types",
    Feature.WILDCARD_HOSTS: f"{_GUIDE}ingress-path-matching/#regular-expression-support",
    Feature.DEFAULT_BACKEND: f"{_GUIDE}default-backend/",
    Feature.TLS_TERMINATION: f"{_GUIDE}tls/",
    Feature.STATUS_ADDRESS: _FLAGS,
    Feature.IMPLEMENTATION_SPECIFIC_PATHS: f"{_GUIDE}miscellaneous/#path-types",
    Feature.LEGACY_CLASS_ANNOTATION: f"{_GUIDE}multiple-ingress/#using-the-kubernetesioingressclass-annotation-in-deprecation",
    Feature.CLASS_REQUIRED: _FLAGS,
    Feature.ABSOLUTE_TARGET_HOST: "https://nginx.org/en/docs/http/ngx_http_core_module.html#var_host",
    Feature.TLS_VERSIONS: f"{_GUIDE}tls/#default-tls-version-and-ciphers",
    Feature.HTTP2: f"{_CONFIGMAP}#use-http2",
    Feature.WEBSOCKET: f"{_GUIDE}miscellaneous/#websockets",
    Feature.STREAMING: f"{_CONFIGMAP}#proxy-buffering",
    Feature.LARGE_BODIES: f"{_CONFIGMAP}#proxy-body-size",
    Feature.UNAVAILABLE_BACKENDS: f"{_CONFIGMAP}#custom-http-errors",
    Feature.LOAD_BALANCING: f"{_CONFIGMAP}#load-balance",
    **dict.fromkeys(
        (Feature.FORWARDED_HEADERS, Feature.FORWARDED_DETAILS, Feature.FORGED_HEADERS_REPLACED), f"{_CONFIGMAP}#use-forwarded-headers"
    ),
    Feature.HTTPOXY: "https://github.com/kubernetes/ingress-nginx/blob/main/rootfs/etc/nginx/template/nginx.tmpl",
    Feature.RAW_PATHS: "https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_pass",
    Feature.ROOT_LABEL: "https://nginx.org/en/docs/http/ngx_http_core_module.html#server_name",
    Feature.EXTERNAL_IPS: _FLAGS,
    Feature.EXTERNAL_NAME: _FLAGS,
    Feature.CLIENT_ADDRESS: f"{_GUIDE}miscellaneous/#source-ip-address",
    Feature.SEAMLESS_UPDATES: "https://kubernetes.github.io/ingress-nginx/how-it-works/#avoiding-reloads",
    Feature.REPLICAS: "https://kubernetes.github.io/ingress-nginx/deploy/",
    Feature.SEVERAL_INSTANCES: f"{_GUIDE}multiple-ingress/",
    Feature.GRACEFUL_ROLLOUT: f"{_CONFIGMAP}#worker-shutdown-timeout",
    **{
        one: one.source
        for one in (
            *(Feature.GRPC, Feature.FORWARDED_PREFIX, Feature.REQUEST_ID),
            *(Feature.ADMISSION, Feature.SNIPPETS, Feature.REGEX_PATHS, Feature.PATH_REWRITE, Feature.HOST_REWRITE, Feature.REDIRECT),
            *(Feature.APP_ROOT, Feature.WWW_REDIRECT, Feature.SCHEME_REDIRECT, Feature.HSTS, Feature.DEFAULT_CERTIFICATE),
            *(Feature.CUSTOM_ERRORS, Feature.SERVER_ALIAS, Feature.CANARY, Feature.COOKIE_AFFINITY, Feature.UPSTREAM_HASHING),
            *(
                Feature.SOURCE_RANGES,
                Feature.SOURCE_DENIAL,
                Feature.BASIC_AUTH,
                Feature.EXTERNAL_AUTH,
                Feature.CLIENT_CERTIFICATES,
                Feature.CORS,
            ),
            *(Feature.BODY_SIZE_LIMIT, Feature.RATE_LIMIT, Feature.CONNECTION_LIMIT, Feature.BACKEND_TIMEOUT, Feature.BACKEND_TLS),
            *(Feature.EXTERNAL_AUTH_DETAILS, Feature.CONDITIONAL_SAMESITE),
            *(Feature.ANSWER_REWRITE, Feature.PROXY_SETTINGS),
            *(Feature.RETRY, Feature.SERVICE_UPSTREAM, Feature.CONNECTION_HEADER, Feature.INGRESS_NGINX_HABITS),
        )
    },
}
#: The first version whose webhook judges path types by default: strict-validate-path-type.
JUDGES_PATH_TYPES = "1.12.0"
#: Arguments of the first instance that are its own; its webhook judges the Ingresses of one class only.
REPLACED = ("--publish-service", "--controller-class", "--ingress-class", "--configmap", "--validating-webhook")


#: It polls once in 60 s, then writes one Ingress after the other: about 4 a second, and a run has some 170.
STATUS = Budget("status", 150, "ingress-nginx polls once in 60 s, then writes about 4 of a run's 170 Ingresses a second")


class IngressNginx(Controller):
    """A version of ingress-nginx."""

    name = "ingress-nginx"
    namespace = "ingress-nginx"
    service = CONTROLLER
    ingress_class = "nginx"
    class_controller = "k8s.io/ingress-nginx"
    workloads = (Workload("Deployment", CONTROLLER, "ingress-nginx", "app.kubernetes.io/component=controller"),)
    #: One image; the one of the certificate Jobs is not used, see :meth:`install`.
    components: Mapping[str, str] = {"registry.k8s.io/ingress-nginx/controller": CONTROLLER}
    signature = Signature("ingress-nginx", body="<center>nginx</center>")
    default_certificate = "ingress.local"
    found_by: Mapping[str, str] = {"app.kubernetes.io/name": "ingress-nginx", "app.kubernetes.io/component": "controller"}
    manifest = None
    #: Every worker process fetches backends by itself, once a second.
    timing = Timing(status=STATUS, consecutive=25)

    @property
    def features(self) -> Mapping[Feature, str]:
        """As its manifest configures it."""
        judges = ordered(self.version) >= ordered(JUDGES_PATH_TYPES)
        return FEATURES | ({Feature.PATH_TYPE_VALIDATION: Feature.PATH_TYPE_VALIDATION.source} if judges else {})

    def install(self, api: Api, manifest: Path, images: Mapping[str, str]) -> None:
        """Apply the manifest without its two Jobs: the webhook's certificate, which they would make, is made here.

        Its Service asks for IPv4; the cluster's own first family is taken instead.
        """
        authority = trustme.CA()
        objects = with_namespace((item for item in read(manifest) if item["kind"] != "Job"), self.namespace)
        for item in objects:
            item.get("spec", {}).pop("ipFamilies", None)
            if item["kind"] == "ValidatingWebhookConfiguration":
                for webhook in item["webhooks"]:
                    webhook["clientConfig"]["caBundle"] = encoded(authority.cert_pem.bytes())
        spaces = sum(item["kind"] == "Namespace" for item in objects)
        api.apply(*objects[:spaces], self._certificate(authority), *with_images(objects[spaces:], images))

    def exempt_from_webhook(self, api: Api, label: str) -> None:
        """Exclude namespaces with the label in the webhook's own configuration.

        Versions before 1.11.5, and 1.12.0, test the whole configuration for every Ingress, about a second of processor time each.
        """
        configuration = api.get("ValidatingWebhookConfiguration", WEBHOOK)
        webhooks = configuration["webhooks"] if configuration else []
        for webhook in webhooks:
            webhook["namespaceSelector"] = {"matchExpressions": [{"key": label, "operator": "DoesNotExist"}]}
        if webhooks:
            api.merge("ValidatingWebhookConfiguration", WEBHOOK, None, {"webhooks": webhooks})

    def adapt(self, api: Api, config_maps: Mapping[tuple[str, str], Mapping[str, str]], annotations: Collection[str]) -> None:
        """Take over the settings of theirs, and allow snippets where they have some: whoever serves them has allowed them."""
        data = dict(config_maps.get((self.namespace, CONTROLLER), {}))
        if any(name.endswith("-snippet") for name in annotations):
            data |= {"allow-snippet-annotations": "true", "annotations-risk-level": "Critical"}
        if data:
            api.merge("ConfigMap", CONTROLLER, self.namespace, {"data": data})

    def wait_until_usable(self, api: Api) -> None:
        """Wait for the Deployment, then until the webhook lets an Ingress pass."""
        __tracebackhide__ = True
        super().wait_until_usable(api)
        wait_ready(accepted(api, _probe_ingress(self.ingress_class)), "the webhook of ingress-nginx accepts an Ingress", within=ANSWERING)

    def another(self, api: Api, name: str) -> list[Object]:
        """Its own way to have several (https://kubernetes.github.io/ingress-nginx/user-guide/multiple-ingress/)."""
        rules = stored(api, "Role", self.name, self.namespace)["rules"]
        first = stored(api, "Deployment", self.serving.name, self.namespace)
        arguments = (
            f"--publish-service={name}/{name}",
            f"--controller-class=k8s.io/{name}",
            f"--ingress-class={name}",
            f"--watch-namespace={name}",
        )
        return [
            ingress_class(name, f"k8s.io/{name}"),
            cluster_role_binding(name, self.name),
            service_account(name),
            *role(name, rules),
            deployment_like(first, name, without=REPLACED, arguments=arguments),
        ]

    def _certificate(self, authority: trustme.CA) -> Object:
        host = f"{WEBHOOK_SERVICE}.{self.namespace}.svc"
        leaf = authority.issue_cert(host)
        parts = {"ca": authority.cert_pem, "cert": leaf.cert_chain_pems[0], "key": leaf.private_key_pem}
        return {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": WEBHOOK, "namespace": self.namespace},
            "data": {name: encoded(part.bytes()) for name, part in parts.items()},
        }


def _probe_ingress(ingress_class: str) -> Object:
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {"name": "readiness-probe", "namespace": "default"},
        "spec": {"ingressClassName": ingress_class, "rules": [rule("readiness-probe.invalid", path("/", "readiness-probe"))]},
    }


CONTROLLERS = (IngressNginx,)
