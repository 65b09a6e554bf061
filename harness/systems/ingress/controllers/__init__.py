"""Ingress controllers under test: one module a controller, all behind one small protocol."""

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from harness.cluster.api import Api, Object
from harness.model.errors import UsageFault
from harness.model.expectations import Signature
from harness.model.features import Feature

#: The annotation that named an Ingress's class before there was a field for it.
LEGACY_CLASS = "kubernetes.io/ingress.class"
#: The label that tells the Pods of one more instance of a controller from others; its value is the instance's name.
INSTANCE = "conformance-instance"


class Controller(Protocol):
    """What the suite needs to know of an ingress controller."""

    @property
    def name(self) -> str:
        """The name used by ``--ingress``, in version gates and in file names of baselines."""

    @property
    def version(self) -> str:
        """The version under test."""

    @property
    def namespace(self) -> str:
        """Where its objects are."""

    @property
    def service(self) -> str:
        """Its Service of type LoadBalancer."""

    @property
    def deployment(self) -> str:
        """The Deployment of its Pods."""

    @property
    def pod_labels(self) -> str:
        """The label selector of its Pods."""

    @property
    def ingress_class(self) -> str:
        """The IngressClass it serves, also the value of the legacy annotation."""

    @property
    def legacy_class(self) -> Mapping[str, str]:
        """The annotation by which an Ingress without a class field belongs to it."""

    @property
    def components(self) -> Mapping[str, str]:
        """The repository of each image in its manifest, and the component that stands for it."""

    @property
    def features(self) -> Mapping[Feature, str]:
        """What this version offers in its configuration here, each with the address of the text that says so.

        Statements that need another feature do not apply to it; those that need none but these are judged.
        """

    @property
    def signature(self) -> Signature:
        """How its own refusals are told from anybody else's."""

    def install(self, api: Api, manifest: Path, images: Mapping[str, str]) -> None:
        """Apply a manifest of its own with the run's images; ``images`` maps a repository in it to the run's reference."""

    def exempt_from_webhook(self, api: Api, label: str) -> None:
        """Keep its admission webhook, if it has one, from judging what is written to namespaces with this label.

        ingress-nginx before 1.11.5, and 1.12.0, tests its whole configuration for every Ingress, about a second of processor time each.
        """

    def another(self, api: Api, name: str) -> list[Object]:
        """The objects of one more instance, which serves the class ``name`` from the namespace ``name``, behind the Service ``name``.

        :raises EnvironmentFault: the first instance, which is its model, is not as its manifest installs it
        """

    def wait_until_usable(self, api: Api) -> None:
        """Wait until its pods run and its admission webhook, if it has one, answers.

        :raises EnvironmentFault: it does not become usable in time
        """


def controller(name: str, version: str) -> Controller:
    """The controller of that name.

    :raises UsageFault: there is none
    """
    from harness.systems.ingress.controllers.ingress_nginx import IngressNginx

    known = {"ingress-nginx": IngressNginx}
    if name not in known:
        raise UsageFault(f"--ingress NAME[@VERSION] with NAME one of: {', '.join(known)}", name, "choose one of them")
    return known[name](version)
