"""F5 NGINX Ingress Controller (https://docs.nginx.com/nginx-ingress-controller/), from a manifest after its documentation.

It is pulled: the lab cannot build it. Written after its documentation, and not yet judged: there is no list of known deviations.
"""

from collections.abc import Mapping

from harness.model.expectations import Signature
from harness.model.features import Feature
from harness.systems.ingress.controllers import Controller
from harness.systems.kubernetes.workloads import Workload

NAMESPACE = "nginx-ingress"
_DOCS = "https://docs.nginx.com/nginx-ingress-controller/"
_BASIC = f"{_DOCS}configuration/ingress-resources/basic-configuration/"
_CONFIGMAP = f"{_DOCS}configuration/global-configuration/configmap-resource/"
_ARGUMENTS = f"{_DOCS}configuration/global-configuration/command-line-arguments/"
_TEMPLATE = "https://github.com/nginx/kubernetes-ingress/blob/v5.4.3/internal/configs/version1/nginx.ingress.tmpl"


class F5Nginx(Controller):
    """A version of it with nginx, not NGINX Plus, and the defaults of its settings.

    What it offers goes by annotations of its own, ``nginx.org/``; those of ingress-nginx mean nothing to it. An Ingress without a host is
    refused, and so is a default backend.
    """

    name = "f5-nginx"
    namespace = NAMESPACE
    service = "nginx-ingress"
    ingress_class = "f5-nginx"
    class_controller = "nginx.org/ingress-controller"
    workloads = (Workload("Deployment", "nginx-ingress", NAMESPACE, "app=nginx-ingress"),)
    components: Mapping[str, str] = {"docker.io/nginx/nginx-ingress": "f5-nginx-ingress"}
    references: Mapping[str, str] = {"f5-nginx-ingress": "docker.io/nginx/nginx-ingress:{version}"}
    default_version = "5.4.3"
    signature = Signature("NGINX Ingress Controller", body="<center>nginx")
    features: Mapping[Feature, str] = {
        Feature.PATH_TYPES: f"{_BASIC}#new-features-available-in-kubernetes-118",
        Feature.WILDCARD_HOSTS: f"{_BASIC}#new-features-available-in-kubernetes-118",
        Feature.TLS_TERMINATION: _BASIC,
        Feature.STATUS_ADDRESS: f"{_DOCS}configuration/global-configuration/reporting-resources-status/",
        Feature.IMPLEMENTATION_SPECIFIC_PATHS: f"{_BASIC}#restrictions",
        Feature.LEGACY_CLASS_ANNOTATION: f"{_ARGUMENTS}#cmdoption-ingress-class",
        Feature.CLASS_REQUIRED: f"{_ARGUMENTS}#cmdoption-ingress-class",
        Feature.TLS_VERSIONS: f"{_CONFIGMAP}#security",
        Feature.UNAVAILABLE_BACKENDS: f"{_DOCS}overview/design/",
        Feature.EXTERNAL_NAME: f"{_CONFIGMAP}#general-customization",
        Feature.LOAD_BALANCING: f"{_CONFIGMAP}#backend-services-upstreams",
        Feature.FORWARDED_HEADERS: _TEMPLATE,
        Feature.FORWARDED_DETAILS: _TEMPLATE,
        Feature.CLIENT_ADDRESS: f"{_CONFIGMAP}#general-customization",
        Feature.SEAMLESS_UPDATES: f"{_DOCS}overview/design/",
        Feature.REPLICAS: f"{_DOCS}install/manifests/#deploy-nginx-ingress-controller",
        Feature.GRACEFUL_ROLLOUT: f"{_DOCS}overview/design/",
    }


CONTROLLERS = (F5Nginx,)
