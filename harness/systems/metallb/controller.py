"""Disturbing MetalLB and putting it right again: a controller that is away or new, another class, configuration that nobody checked."""

from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic

from harness.cluster.api import Api, Object
from harness.model.errors import EnvironmentFault, Unanswered
from harness.model.record import measure
from harness.systems.kubernetes.admission import accepted
from harness.systems.kubernetes.readiness import rolled_out, wait_ready
from harness.systems.metallb.custom_resources import NAMESPACE, ip_address_pool
from harness.systems.metallb.services import Service

WEBHOOKS = "metallb-webhook-configuration"
#: The label of objects that :func:`unchecked` lets pass the webhook.
UNCHECKED = "unchecked"


def controllers(api: Api) -> list[Object]:
    """The pods of the controller."""
    return api.list("Pod", NAMESPACE, labels="component=controller")


def replace_controller(api: Api) -> None:
    """Delete the controller's pod and wait until its successor runs, ready or not.

    :raises EnvironmentFault: no successor in time
    """
    before = {pod["metadata"]["uid"] for pod in controllers(api)}
    for pod in controllers(api):
        api.delete("Pod", pod["metadata"]["name"], NAMESPACE, grace=0)
    wait_ready(lambda: _runs(api, before), "a new pod of MetalLB's controller runs")


def wait_until_ready(api: Api) -> None:
    """Wait until the controller is ready and admits configuration; how long the one follows the other is kept as a measurement.

    :raises EnvironmentFault: it does not in time
    """
    wait_ready(rolled_out(api, "Deployment", "controller", NAMESPACE), "the controller of MetalLB is ready")
    ready = monotonic()
    wait_ready(accepted(api, ip_address_pool("readiness-probe", ["192.0.2.1/32"])), "the webhook of MetalLB accepts an address pool")
    measure("from ready to admitting", monotonic() - ready)


@contextmanager
def ready_afterwards(api: Api) -> Iterator[None]:
    """Whatever happens to the controller inside of the block, the next statement finds it ready."""
    try:
        yield
    finally:
        wait_until_ready(api)


@contextmanager
def controller_away(api: Api) -> Iterator[None]:
    """No controller runs inside of the block; afterwards one runs, which is not waited for."""
    before = {pod["metadata"]["uid"] for pod in controllers(api)}
    try:
        _scale(api, 0)
        wait_ready(lambda: _none(api), "no pod of MetalLB's controller is left")
        yield
    finally:
        _scale(api, 1)
        wait_ready(lambda: _runs(api, before), "a new pod of MetalLB's controller runs")


@contextmanager
def load_balancer_class(api: Api, name: str) -> Iterator[None]:
    """The controller serves one class of load balancers only inside of the block; it is ready again afterwards."""
    stored = _deployment(api)["spec"]["template"]["spec"]["containers"][0]
    before = list(stored["args"])
    try:
        with controller_away(api):
            _give_arguments(api, stored["name"], [*before, f"--lb-class={name}"])
        yield
    finally:
        with controller_away(api):
            _give_arguments(api, stored["name"], before)
        wait_until_ready(api)


@contextmanager
def unchecked(api: Api) -> Iterator[None]:
    """Pools with the label ``unchecked`` pass without a look of the webhook inside of the block, as two that come at once can."""
    stored = api.get("ValidatingWebhookConfiguration", WEBHOOKS)
    if stored is None:
        raise EnvironmentFault(f"ValidatingWebhookConfiguration {WEBHOOKS}", "it does not exist", "install MetalLB from its manifest")
    selector = {"matchExpressions": [{"key": UNCHECKED, "operator": "DoesNotExist"}]}
    loosened = [{**hook, "objectSelector": selector} if hook["name"].startswith("ipaddresspool") else hook for hook in stored["webhooks"]]
    try:
        api.merge("ValidatingWebhookConfiguration", WEBHOOKS, None, {"webhooks": loosened})
        yield
    finally:
        api.merge("ValidatingWebhookConfiguration", WEBHOOKS, None, {"webhooks": stored["webhooks"]})


def slip_in(api: Api, document: Object) -> None:
    """Store a pool that the webhook would refuse; it takes the API server a moment to learn that it may.

    :raises EnvironmentFault: it is refused for good
    """
    labelled = {**document, "metadata": {**document["metadata"], "labels": {UNCHECKED: "yes"}}}
    wait_ready(accepted(api, labelled), "a pool passes that the webhook does not look at")
    api.apply(labelled)


@contextmanager
def without_pools(api: Api, holder: Service) -> Iterator[None]:
    """No pool exists inside of the block; afterwards those from before do, and the holder has the addresses from before.

    Until it has, the pools give nothing to anybody who does not ask, and it is the one who asks.
    """
    stored = [ip_address_pool(item["metadata"]["name"], **item["spec"]) for item in api.list("IPAddressPool", NAMESPACE)]
    addresses = holder.addresses
    try:
        holder.annotate(loadBalancerIPs=",".join(addresses))
        for item in stored:
            api.delete("IPAddressPool", item["metadata"]["name"], NAMESPACE)
        yield
    finally:
        api.apply(*({**item, "spec": {**item["spec"], "autoAssign": False}} for item in stored))
        wait_ready(lambda: _has(holder, addresses), f"{holder!r} has {', '.join(addresses)} again")
        holder.annotate(loadBalancerIPs=None)
        api.apply(*stored)


@contextmanager
def on_request_only(api: Api, name: str) -> Iterator[None]:
    """A pool gives nothing unasked inside of the block."""
    try:
        api.merge("IPAddressPool", name, NAMESPACE, {"spec": {"autoAssign": False}})
        yield
    finally:
        api.merge("IPAddressPool", name, NAMESPACE, {"spec": {"autoAssign": True}})


def _has(service: Service, addresses: list[str]) -> list[str]:
    found = service.addresses
    if found != addresses:
        raise Unanswered(f"{service!r} has {', '.join(found) or 'no address'}")
    return found


def _deployment(api: Api) -> Object:
    found = api.get("Deployment", "controller", NAMESPACE)
    if found is None:
        raise EnvironmentFault(f"Deployment {NAMESPACE}/controller", "it does not exist", "install MetalLB from its manifest")
    return found


def _scale(api: Api, replicas: int) -> None:
    api.merge("Deployment", "controller", NAMESPACE, {"spec": {"replicas": replicas}})


def _give_arguments(api: Api, container: str, arguments: list[str]) -> None:
    pod = _deployment(api)["spec"]["template"]["spec"]
    containers = [{**one, "args": arguments} if one["name"] == container else one for one in pod["containers"]]
    api.merge("Deployment", "controller", NAMESPACE, {"spec": {"template": {"spec": {"containers": containers}}}})


def _none(api: Api) -> str:
    left = [pod["metadata"]["name"] for pod in controllers(api)]
    assert not left, f"still there: {left}"
    return "none"


def _runs(api: Api, before: set[str]) -> str:
    pods = controllers(api)
    started = [pod for pod in pods if all("running" in state["state"] for state in pod["status"].get("containerStatuses", [{"state": {}}]))]
    fresh = [pod["metadata"]["name"] for pod in started if pod["metadata"]["uid"] not in before]
    assert [len(fresh), len(pods)] == [1, 1], f"running: {[pod['metadata']['name'] for pod in started]}, all: {len(pods)}"
    return str(fresh[0])
