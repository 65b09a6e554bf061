"""Ingress controllers under test: one module a controller, and what the suite needs to know of each.

A module of this package lists its classes in ``CONTROLLERS``. A package of somebody else's names one by an entry point of the group
``metallb_ingress_conformance.controllers``. Nothing outside of such a module knows a controller.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from pkgutil import iter_modules

from harness.cluster.api import Api, Object
from harness.cluster.sources import components
from harness.cluster.state import ClusterState, Placement
from harness.model.budgets import CONTROLLER_RESTART, GRACEFUL_END, ROUTE, STATUS, Budget
from harness.model.errors import UsageFault
from harness.model.expectations import Signature, Wanted
from harness.model.features import Feature
from harness.systems.kubernetes.manifests import MANIFESTS, read, with_images, with_namespace
from harness.systems.kubernetes.preconditions import unless_crashing
from harness.systems.kubernetes.readiness import rolled_out, wait_ready
from harness.systems.kubernetes.workloads import Workload

#: The annotation that named an Ingress's class before there was a field for it.
LEGACY_CLASS = "kubernetes.io/ingress.class"
#: The one that is judged where none is named.
DEFAULT = "ingress-nginx"
#: Where other packages name their controllers.
GROUP = "metallb_ingress_conformance.controllers"


@dataclass(frozen=True, slots=True)
class Timing:
    """How long a controller may take; one that needs longer than others says in a budget of its own why.

    :ivar route: until a changed route is served as it says
    :ivar status: until the status of an Ingress shows the address
    :ivar restart: the longest interruption while its only Pod is replaced
    :ivar graceful_end: the same while the Pod that has the address ends and another takes it over
    :ivar under_way: seconds for which a request is under way that has to survive a change; no longer than it gives a backend by default
    :ivar consecutive: right answers in a row, about one in 50 ms, by which all its processes have learned of a change
    """

    route: Budget = ROUTE
    status: Budget = STATUS
    restart: Budget = CONTROLLER_RESTART
    graceful_end: Budget = GRACEFUL_END
    under_way: int = 25
    consecutive: int = 20


#: What is enough for most.
USUAL = Timing()


class Controller(ABC):
    """An ingress controller in one version and configuration. What has no value here, each has to say."""

    #: The name used by ``--ingress``, in version gates and in the file name of its baseline.
    name: str
    #: Where its objects are.
    namespace: str
    #: Its Service of type LoadBalancer.
    service: str
    #: The IngressClass it serves, also the value of the legacy annotation.
    ingress_class: str
    #: What that IngressClass says in ``spec.controller``.
    class_controller: str
    #: What runs of it; the first runs the first component.
    workloads: tuple[Workload, ...]
    #: The repository of each image in its manifest, and the component that stands for it; the first has the version of the controller.
    components: Mapping[str, str]
    #: How its own refusals are told from anybody else's.
    signature: Signature
    #: A name in the certificate that it shows where it has none for a host, or a pattern that is; empty where it has no such certificate.
    default_certificate: Wanted = ""
    #: The version of each component that has another one than the controller.
    component_versions: Mapping[str, str] = {}
    #: What is pulled for each component that the lab does not know, with ``{version}`` in it.
    references: Mapping[str, str] = {}
    #: The version under test where none is asked for and the lab does not know the first component.
    default_version: str = ""
    #: The file of its known deviations, called ``NAME.toml``; none where the suite's own folder of baselines has it.
    baseline: Path | None = None
    #: How long it may take.
    timing: Timing = USUAL
    #: The labels of its first workload as its charts and manifests have them, by which it is found in any namespace and under any name.
    found_by: Mapping[str, str] = {}

    #: What stands behind the names of what a run makes for it among objects of others; empty where no other controller is judged with it.
    suffix: str = ""

    def __init__(self, version: str) -> None:
        self.version = version

    @property
    def first_component(self) -> str:
        """The component that has its version."""
        return next(iter(self.components.values()))

    @property
    def usual_version(self) -> str:
        """The version under test where none is asked for."""
        return components()[self.first_component].default if self.first_component in components() else self.default_version

    @property
    @abstractmethod
    def features(self) -> Mapping[Feature, str]:
        """What this version offers in its configuration here, each with the address of the text that says so.

        Statements that need another feature do not apply to it; those that need none but these are judged.
        """

    @property
    def manifest(self) -> Path | None:
        """The file that installs this version; none where the published one does, which the lab's catalogue has under its name."""
        return MANIFESTS / "controllers" / self.name / "deploy.yaml"

    @property
    def legacy_class(self) -> Mapping[str, str]:
        """The annotation by which an Ingress without a class field belongs to it."""
        return {LEGACY_CLASS: self.ingress_class}

    @property
    def serving(self) -> Workload:
        """The one of its workloads whose Pods clients reach; with ``Feature.REPLICAS`` a Deployment, which is scaled."""
        return self.workloads[0]

    def place(self, placement: Placement) -> None:
        """Take it for where somebody else installed it."""
        self.namespace, self.service, self.ingress_class = placement.namespace, placement.service, placement.ingress_class
        self.workloads = tuple(Workload(*one) for one in placement.workloads)

    def install(self, api: Api, manifest: Path, images: Mapping[str, str]) -> None:
        """Apply a manifest of its own with the run's images; ``images`` maps a repository in it to the run's reference."""
        api.apply(*with_images(with_namespace(read(manifest), self.namespace), images))

    def wait_until_usable(self, api: Api) -> None:
        """Wait until its Pods run and its admission webhook, if it has one, answers.

        :raises EnvironmentFault: it does not become usable in time
        """
        __tracebackhide__ = True
        for one in self.workloads:
            ready = rolled_out(api, one.kind, one.name, one.namespace)
            wait_ready(unless_crashing(api, one.namespace, ready), f"{one} of {self.name} is ready")

    def exempt_from_webhook(self, api: Api, label: str) -> None:  # noqa: B027 -- most have no webhook
        """Keep its admission webhook, if it has one, from judging what is written to namespaces with this label: most of a run's routes."""

    def adapt(  # noqa: B027 -- most need no more than their manifests
        self, api: Api, config_maps: Mapping[tuple[str, str], Mapping[str, str]], annotations: Collection[str]
    ) -> None:
        """Give it the settings that somebody's own routes rely on.

        :param config_maps: what ConfigMaps of theirs hold, by namespace and name
        :param annotations: the annotations of ingress-nginx that their routes have, without prefix
        """

    def configure(self, api: Api, settings: Sequence[str]) -> None:
        """Give it settings, as its documentation writes them, besides those of its manifest: arguments of what runs first of it."""
        first = self.workloads[0]
        template = (api.get(first.kind, first.name, first.namespace) or {})["spec"]["template"]["spec"]
        container, *others = template["containers"]
        changed = {**container, "args": [*container.get("args", []), *settings]}
        api.merge(first.kind, first.name, first.namespace, {"spec": {"template": {"spec": {"containers": [changed, *others]}}}})

    def another(self, api: Api, name: str) -> list[Object]:
        """The objects of one more instance, which serves the class ``name`` from the namespace ``name``, behind the Service ``name``.

        Needed by ``Feature.SEVERAL_INSTANCES``; made of what ``harness/systems/ingress/instances.py`` has.

        :raises EnvironmentFault: the first instance, which is its model, is not as its manifest installs it
        """
        raise NotImplementedError(f"{self.name} says nothing of a second instance beside the first")


def controller(name: str, version: str) -> Controller:
    """The controller of that name.

    :raises UsageFault: there is none
    """
    found = known()
    if name not in found:
        raise UsageFault(f"--ingress NAME[@VERSION] with NAME one of: {', '.join(found)}", name, "choose one of them")
    return found[name](version)


def controllers(versions: Mapping[str, str]) -> tuple[Controller, ...]:
    """The controllers of one run, by name and version; where they are several, what is made for each has names of its own.

    :raises UsageFault: there is none of a name
    """
    made = tuple(controller(*one) for one in versions.items())
    for one in made if len(made) > 1 else ():
        one.suffix = f"-{one.name}"
    return made


def controllers_of(state: ClusterState) -> tuple[Controller, ...]:
    """The controllers that are judged on a cluster, where they are there."""
    made = controllers(state.ingress)
    for one in made:
        if placement := state.placements.get(one.name):
            one.place(placement)
    return made


@cache
def known() -> Mapping[str, Callable[[str], Controller]]:
    """Every controller by its name: those of this package, then those that other packages bring.

    :raises UsageFault: two have the same name
    """
    modules = sorted(one.name for one in iter_modules(__path__))
    own = [one for module in modules for one in import_module(f"{__name__}.{module}").CONTROLLERS]
    found: dict[str, Callable[[str], Controller]] = {one.name: one for one in own}
    for point in entry_points(group=GROUP):
        if point.name in found:
            raise UsageFault(f"a name that no other controller has, for {point.value}", point.name, "rename it, or uninstall its package")
        found[point.name] = partial(_loaded, point)
    return found


def _loaded(point: EntryPoint, version: str) -> Controller:
    """A controller of another package's.

    :raises UsageFault: it cannot be imported, or does not say all that it has to
    """
    try:
        made = point.load()(version)
    except Exception as fault:  # whatever somebody else's module raises
        raise UsageFault(f"a controller at {point.value}", f"{type(fault).__name__}: {fault}", "correct its package") from fault
    if not isinstance(made, Controller):
        raise UsageFault(f"a class of {Controller.__module__}.Controller at {point.value}", repr(made), "correct its package")
    return made
