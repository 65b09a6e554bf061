"""Skipper (https://opensource.zalando.com/skipper/), from a manifest after its documentation: a Service of type LoadBalancer."""

import re
from collections.abc import Mapping

from harness.cluster.api import Api, Object
from harness.model.expectations import Signature
from harness.model.features import Feature
from harness.systems.ingress.controllers import Controller
from harness.systems.ingress.instances import cluster_role_binding, deployment_like, ingress_class, service_account, stored
from harness.systems.kubernetes.workloads import Workload

_GUIDE = "https://opensource.zalando.com/skipper/"
_CONTROLLER = f"{_GUIDE}kubernetes/ingress-controller/"
_USAGE = f"{_GUIDE}kubernetes/ingress-usage/"
_OPERATION = f"{_GUIDE}operation/operation/"
_FLAGS = "https://github.com/zalando/skipper/blob/v0.27.65/config/config.go"


class Skipper(Controller):
    """A version of Skipper, which terminates TLS itself and hands on the host."""

    name = "skipper"
    namespace = service = "skipper"
    ingress_class = "skipper"
    class_controller = "zalando.org/skipper"
    workloads = (Workload("Deployment", "skipper", "skipper", "application=skipper-ingress"),)
    components: Mapping[str, str] = {"ghcr.io/zalando/skipper": "skipper"}
    #: What it answers itself has a text of Go's, or of its own.
    signature = Signature(
        "Skipper",
        body=re.compile(
            "Not Found|Bad Request|Invalid query|no endpoints|Bad Gateway|Service Unavailable|Gateway Timeout|Internal Server Error"
        ),
    )
    features: Mapping[Feature, str] = {
        Feature.PATH_TYPES: f"{_USAGE}#kubernetes-ingress-specification-base-path",
        Feature.DEFAULT_BACKEND: f"{_GUIDE}data-clients/kubernetes/",
        Feature.TLS_TERMINATION: f"{_FLAGS}#L714",
        Feature.STATUS_ADDRESS: f"{_CONTROLLER}#publish-ingress-status-from-a-service",
        Feature.IMPLEMENTATION_SPECIFIC_PATHS: f"{_USAGE}#ingress-path-handling",
        Feature.LEGACY_CLASS_ANNOTATION: f"{_CONTROLLER}#multiple-skipper-deployments",
        Feature.ABSOLUTE_TARGET_HOST: "https://pkg.go.dev/net/http#Request",
        Feature.ROOT_LABEL: f"{_FLAGS}#L555",
        Feature.TLS_VERSIONS: f"{_FLAGS}#L666",
        Feature.WEBSOCKET: f"{_OPERATION}#websocket",
        Feature.STREAMING: f"{_GUIDE}reference/architecture/",
        Feature.LARGE_BODIES: f"{_FLAGS}#L558",
        Feature.UNAVAILABLE_BACKENDS: f"{_OPERATION}",
        Feature.LOAD_BALANCING: f"{_USAGE}#load-balancer-algorithm",
        Feature.FORWARDED_HEADERS: f"{_OPERATION}#forwarded-headers",
        Feature.CLIENT_ADDRESS: f"{_OPERATION}#forwarded-headers",
        Feature.SEAMLESS_UPDATES: f"{_GUIDE}#skipper",
        Feature.REPLICAS: f"{_CONTROLLER}#deployment",
        Feature.SEVERAL_INSTANCES: f"{_CONTROLLER}#multiple-skipper-deployments",
        Feature.GRACEFUL_ROLLOUT: f"{_FLAGS}#L690",
    }

    def another(self, api: Api, name: str) -> list[Object]:
        """One that looks for Ingresses in one namespace and of one class only."""
        changed = {"ingress-class": f"^{name}$", "status-from-service": f"{name}/{name}", "namespace": name}
        return [
            ingress_class(name, self.class_controller),
            cluster_role_binding(name, self.name),
            service_account(name),
            deployment_like(
                stored(api, "Deployment", self.serving.name, self.namespace),
                name,
                without=[f"-kubernetes-{key}=" for key in changed],
                arguments=[f"-kubernetes-{key}={value}" for key, value in changed.items()],
            ),
        ]


CONTROLLERS = (Skipper,)
