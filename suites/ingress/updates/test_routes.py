"""Changes while requests keep coming: routes, backends and the controller itself."""

import pytest

from harness.cluster.api import Api
from harness.model.budgets import HANDOVER
from harness.model.expectations import Request, reaches, refused
from harness.model.statements import CORE, EXTENDED, MUST, SHOULD, statement
from harness.systems.ingress.backends import OwnBackend
from harness.systems.ingress.client import IngressClient
from harness.systems.ingress.controllers import Controller
from harness.systems.ingress.resources import Ingresses, path
from harness.systems.ingress.rollout import addresses_of, replaced

HOST = "example.test"
INGRESS = "https://kubernetes.io/docs/concepts/services-networking/ingress/"
RELOAD = "https://nginx.org/en/docs/control.html#reconfiguration"
ROLLOUT = "https://kubernetes.io/docs/tutorials/kubernetes-basics/update/update-intro/"


@statement("DYN-01", MUST, CORE, source=f"{INGRESS}#updating-an-ingress", covers=("ROW-DYN-01",))
def test_changed_backend_takes_over_without_loss(ingresses: Ingresses, own_client: IngressClient) -> None:
    """A changed backend MUST take over soon after the Ingress has changed, and every request meanwhile reach the old one or the new one."""
    ingresses.add(ingresses.ingress(path("/", "one")))
    own_client.comes_to_answer(Request(host=HOST), reaches("one"), measured="route added")
    with own_client.under_load_of_either(Request(host=HOST), reaches("one"), reaches("two")) as load:
        ingresses.add(ingresses.ingress(path("/", "two")))
        own_client.comes_to_answer(Request(host=HOST), reaches("two"), measured="backend changed")
    load.lost_nothing()


@statement("DYN-02", MUST, CORE, source=f"{INGRESS}#updating-an-ingress", covers=("ROW-DYN-01",))
def test_removed_path_leaves_the_others(ingresses: Ingresses, own_client: IngressClient) -> None:
    """A path that is removed from an Ingress MUST be refused soon after, and the others of its host be served throughout."""
    ingresses.add(ingresses.ingress(path("/kept", "one"), path("/gone", "two")))
    own_client.comes_to_answer(Request("/gone", host=HOST), reaches("two"), measured="route added")
    with own_client.under_load(Request("/kept", host=HOST), reaches("one")) as load:
        ingresses.add(ingresses.ingress(path("/kept", "one")))
        own_client.comes_to_answer(Request("/gone", host=HOST), refused(404), measured="path removed")
    load.lost_nothing()


@statement("DYN-03", MUST, EXTENDED, source=RELOAD, covers=("ROW-DYN-02",))
def test_changes_elsewhere_lose_no_request(ingresses: Ingresses, own_client: IngressClient) -> None:
    """Thirty changes of other routes MUST NOT lose a request that comes over a connection of its own."""
    ingresses.add(ingresses.ingress(path("/", "one")))
    own_client.comes_to_answer(Request(host=HOST), reaches("one"), measured="route added")
    with own_client.under_load(Request(host=HOST), reaches("one")) as load:
        for number in range(15):
            ingresses.add(ingresses.ingress(path("/", "two"), suffix=f"-n{number}"))
        own_client.comes_to_answer(Request(host=f"n14.{HOST}"), reaches("two"), measured="fifteen routes added")
        for number in range(15):
            ingresses.delete(f"{ingresses.label}-n{number}")
        own_client.comes_to_answer(Request(host=f"n14.{HOST}"), refused(404), measured="fifteen routes removed")
    load.lost_nothing()


@statement("DYN-04", SHOULD, EXTENDED, source=ROLLOUT, covers=("ROW-DYN-03",))
def test_rolling_update_of_the_backend_loses_no_request(own_backend: OwnBackend) -> None:
    """A rolling update of a backend that ends gracefully SHOULD lose no request."""
    before = own_backend.is_served_by(1)
    with own_backend.under_load() as load:
        own_backend.rolls_out()
        after = own_backend.is_served_by(1, without=next(iter(before)))
    assert after != before
    load.lost_nothing()


@statement("DYN-05", MUST, EXTENDED, source=RELOAD, covers=("ROW-DYN-05",))
def test_request_under_way_survives_a_change(ingresses: Ingresses, own_client: IngressClient) -> None:
    """A request under way MUST be answered although routes change meanwhile."""
    ingresses.add(ingresses.ingress(path("/", "one")))
    own_client.comes_to_answer(Request(host=HOST), reaches("one"), measured="route added")
    with own_client.patient(45).waiting_for(Request("/?echo-delay=25", host=HOST), reaches("one")):
        ingresses.add(ingresses.ingress(path("/", "two"), suffix="-new"))
        own_client.comes_to_answer(Request(host=f"new.{HOST}"), reaches("two"), measured="route added beside")


@statement("DYN-06", MUST, CORE, source=f"{INGRESS}#updating-an-ingress", covers=("ROW-DYN-06",))
def test_broken_ingress_does_not_stop_others(ingresses: Ingresses, own_client: IngressClient) -> None:
    """An Ingress that names what does not exist MUST NOT keep a later one from being served."""
    broken = {f"nginx.ingress.kubernetes.io/{name}": value for name, value in {"auth-type": "basic", "auth-secret": "nowhere"}.items()}
    nowhere = [{"hosts": [f"broken.{ingresses.host}"], "secretName": "nowhere"}]
    ingresses.add(ingresses.ingress(path("/", "nowhere", port="nowhere"), suffix="-broken", annotations=broken, tls=nowhere))
    ingresses.add(ingresses.ingress(path("/", "one")))
    own_client.comes_to_answer(Request(host=HOST), reaches("one"), measured="route added")
    own_client.answers(Request(host=f"broken.{HOST}", scheme="https"), refused(503))


@statement(
    "DYN-07",
    SHOULD,
    EXTENDED,
    source="https://kubernetes.github.io/ingress-nginx/user-guide/cli-arguments/",
    covers=("ROW-DYN-04", "ROW-MLB-074"),
)
@pytest.mark.disruptive
def test_rolling_restart_of_the_controller_is_brief(
    api: Api, ingress_controller: Controller, ingresses: Ingresses, own_client: IngressClient, vip: str
) -> None:
    """While the controller is replaced by a rolling restart requests SHOULD be answered again within a bound, at the same address."""
    ingresses.add(ingresses.ingress(path("/", "one")))
    own_client.comes_to_answer(Request(host=HOST), reaches("one"), measured="route added")
    with own_client.under_load(Request(host=HOST), reaches("one")) as load:
        replaced(api, ingress_controller)
        own_client.comes_to_answer(Request(host=HOST), reaches("one"), measured="controller replaced")
    load.recovered_within(HANDOVER)
    assert addresses_of(api, ingress_controller) == [vip]


@statement(
    "DYN-08",
    MUST,
    EXTENDED,
    source="https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-termination",
    covers=("ROW-DYN-05",),
)
@pytest.mark.disruptive
def test_request_under_way_survives_a_graceful_stop(
    api: Api, ingress_controller: Controller, ingresses: Ingresses, own_client: IngressClient
) -> None:
    """A request under way MUST be answered although the controller that has it is replaced meanwhile."""
    ingresses.add(ingresses.ingress(path("/", "one")))
    own_client.comes_to_answer(Request(host=HOST), reaches("one"), measured="route added")
    with own_client.patient(60).waiting_for(Request("/?echo-delay=25", host=HOST), reaches("one")):
        replaced(api, ingress_controller)
