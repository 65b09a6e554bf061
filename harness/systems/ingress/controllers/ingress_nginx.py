"""ingress-nginx (https://kubernetes.github.io/ingress-nginx/), from its own manifest for clouds: a Service of type LoadBalancer."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import trustme

from harness.cluster.api import Api, Object
from harness.model.expectations import Signature
from harness.systems.ingress.controllers import LEGACY_CLASS
from harness.systems.kubernetes.admission import accepted
from harness.systems.kubernetes.manifests import read, with_images
from harness.systems.kubernetes.readiness import rolled_out, wait_ready
from harness.systems.kubernetes.secrets import encoded

CONTROLLER = "ingress-nginx-controller"
WEBHOOK_SERVICE = "ingress-nginx-controller-admission"
WEBHOOK = "ingress-nginx-admission"


@dataclass(frozen=True, slots=True)
class IngressNginx:
    """A version of ingress-nginx."""

    version: str
    name: str = "ingress-nginx"
    namespace: str = "ingress-nginx"
    service: str = CONTROLLER
    deployment: str = CONTROLLER
    pod_labels: str = "app.kubernetes.io/component=controller"
    ingress_class: str = "nginx"
    signature: Signature = field(default_factory=lambda: Signature("ingress-nginx", body="<center>nginx</center>"))

    @property
    def legacy_class(self) -> Mapping[str, str]:
        """The value of its flag ``--ingress-class``."""
        return {LEGACY_CLASS: self.ingress_class}

    @property
    def components(self) -> Mapping[str, str]:
        """One image; the one of the certificate Jobs is not used, see :meth:`install`."""
        return {"registry.k8s.io/ingress-nginx/controller": CONTROLLER}

    def install(self, api: Api, manifest: Path, references: Mapping[str, str]) -> None:
        """Apply the manifest without its two Jobs: the webhook's certificate, which they would make, is made here.

        Its Service asks for IPv4; the cluster's own first family is taken instead.
        """
        authority = trustme.CA()
        objects = [item for item in read(manifest) if item["kind"] != "Job"]
        for item in objects:
            item.get("spec", {}).pop("ipFamilies", None)
            if item["kind"] == "ValidatingWebhookConfiguration":
                for webhook in item["webhooks"]:
                    webhook["clientConfig"]["caBundle"] = encoded(authority.cert_pem.bytes())
        namespaces = [item for item in objects if item["kind"] == "Namespace"]
        rest = [item for item in objects if item["kind"] != "Namespace"]
        images = {repository: references[component] for repository, component in self.components.items()}
        api.apply(*namespaces, self._certificate(authority), *with_images(rest, images))

    def exempt_from_webhook(self, api: Api, label: str) -> None:
        """Exclude namespaces with the label in the webhook's own configuration."""
        configuration = api.get("ValidatingWebhookConfiguration", WEBHOOK)
        webhooks = configuration["webhooks"] if configuration else []
        for webhook in webhooks:
            webhook["namespaceSelector"] = {"matchExpressions": [{"key": label, "operator": "DoesNotExist"}]}
        if webhooks:
            api.merge("ValidatingWebhookConfiguration", WEBHOOK, None, {"webhooks": webhooks})

    def wait_until_usable(self, api: Api) -> None:
        """Wait for the Deployment, then until the webhook lets an Ingress pass."""
        wait_ready(rolled_out(api, "Deployment", self.deployment, self.namespace), "the controller of ingress-nginx is ready")
        wait_ready(accepted(api, _probe_ingress(self.ingress_class)), "the webhook of ingress-nginx accepts an Ingress")

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
    backend = {"service": {"name": "readiness-probe", "port": {"number": 80}}}
    rule = {"host": "readiness-probe.invalid", "http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": backend}]}}
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {"name": "readiness-probe", "namespace": "default"},
        "spec": {"ingressClassName": ingress_class, "rules": [rule]},
    }
