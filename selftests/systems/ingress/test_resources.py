"""Ingresses of a statement's own: what they say, and that nothing is left of them."""

from base64 import b64decode
from datetime import UTC, datetime, timedelta

import pytest
import trustme
import yaml
from cryptography import x509

from harness.cluster.api import Object
from harness.model.errors import StatementFailed, WrongAnswer
from harness.model.record import Record, recording
from harness.systems.ingress.resources import Ingresses, path, rule
from selftests.systems.fake_api import FakeApi, an_object

CLASS = an_object("IngressClass", "nginx", spec={"controller": "k8s.io/ingress-nginx"})


class Defaulting(FakeApi):
    """An API server that fills the default class in once it has seen it."""

    def _write(self, verb: str, document: Object, *, dry_run: bool) -> Object:
        stored = super()._write(verb, document, dry_run=dry_run)
        if dry_run and len(self.calls) > 1:
            stored["spec"]["ingressClassName"] = "t1"
        return stored


def own(api: FakeApi) -> Ingresses:
    return Ingresses(api, "shared-routes", "t1", "nginx")


def test_an_ingress_has_paths_of_its_host_and_the_class() -> None:
    document = own(FakeApi()).ingress(path("/", "one", port="http"), annotations={"a": "b"}, suffix="-new", tls=None)
    assert document["metadata"] == {"name": "t1-new", "namespace": "shared-routes", "annotations": {"a": "b"}}
    assert document["spec"] == {"ingressClassName": "nginx", "rules": [rule("new.t1.moving.test", path("/", "one", port="http"))]}


def test_one_more_ingress_differs_in_its_name() -> None:
    made = own(FakeApi())
    assert made.second_ingress(path("/", "one"))["metadata"]["name"] == "t1-second"
    assert "host" not in made.without_host(path("/", "one"))["spec"]["rules"][0]


def test_services_endpoints_and_classes_have_the_label() -> None:
    made = own(FakeApi(CLASS))
    assert made.service(selector="two", suffix="-b")["spec"]["selector"] == {"app": "two"}
    assert "selector" not in made.service(selector=None)["spec"]
    assert made.endpoints("192.0.2.1")["addressType"] == "IPv4"
    assert made.endpoints("2001:db8::1")["addressType"] == "IPv6"
    assert made.further_class()["spec"] == CLASS["spec"]
    assert made.default_class()["metadata"]["annotations"] == {"ingressclass.kubernetes.io/is-default-class": "true"}


def test_a_class_that_does_not_exist_is_told() -> None:
    with pytest.raises(AssertionError, match="IngressClass nginx does not exist"):
        own(FakeApi()).further_class()


def test_a_certificate_is_for_the_host_and_what_is_below_it() -> None:
    secret = own(FakeApi()).certificate(trustme.CA(), "renewed")
    certificate = x509.load_pem_x509_certificate(b64decode(secret["data"]["tls.crt"]))
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value.get_values_for_type(x509.DNSName)
    assert names == ["t1.moving.test", "renewed.t1.moving.test"]
    assert own(FakeApi()).tls == [{"hosts": ["t1.moving.test"], "secretName": "t1"}]


def test_a_certificate_begins_when_it_is_made() -> None:
    secret = own(FakeApi()).certificate(trustme.CA())
    begins = x509.load_pem_x509_certificate(b64decode(secret["data"]["tls.crt"])).not_valid_before_utc
    assert timedelta(0) <= datetime.now(UTC) - begins < timedelta(minutes=1)


def test_pods_of_a_shared_backend_are_told_by_address() -> None:
    pod = an_object("Pod", "many-1", "shared-routes", labels={"app": "many"}, status={"podIP": "10.0.0.1"})
    assert own(FakeApi(pod)).pods_of("many") == {"many-1": "10.0.0.1"}


def test_nothing_is_left() -> None:
    api = FakeApi(CLASS)
    made = own(api)
    made.add(made.further_class(), made.service(selector="one"), made.ingress(path("/", "one")))
    made.create("by-hand", "a.test", "one", 80, {})
    made.change({"spec": {"selector": {"app": "two"}}}, kind="Service")
    service = api.get("Service", "t1", "shared-routes")
    assert service
    assert service["spec"]["selector"] == {"app": "two"}
    made.delete("by-hand")
    made.close()
    assert [name for _, _, name in api.objects] == ["nginx"]


def test_what_was_made_and_its_events_are_evidence(short: Record) -> None:
    mine, other = ({"involvedObject": {"name": name}} for name in ("t1", "t2"))
    api = FakeApi(*(an_object("Event", f"{number}", "shared-routes", **event) for number, event in enumerate((mine, other))))
    made = own(api)
    made.collect_on_failure()
    made.add(made.ingress(path("/", "one")), made.ingress(path("/", "two")))
    found = list(yaml.safe_load_all(short.evidence["own-routes.yaml"].collect()))
    assert [(item["kind"], item["metadata"]["name"]) for item in found] == [("Ingress", "t1"), ("Event", "0")]
    assert found[0]["spec"]["rules"][0]["http"]["paths"][0]["backend"]["service"]["name"] == "two"


@pytest.mark.usefixtures("short")
class TestDefaultClass:
    def test_it_is_waited_for(self) -> None:
        made = own(Defaulting())
        with recording(Record(scale=0.1)):
            made.wait_until_default_class(made.ingress(path("/", "one"), ingressClassName=None), "t1")

    def test_no_class_is_told(self) -> None:
        made = own(FakeApi())
        with pytest.raises(WrongAnswer, match=r"without a class gets t1\n.*ingressClassName: None"):
            made.wait_until_default_class(made.ingress(path("/", "one"), ingressClassName=None), "t1")

    def test_a_refusal_is_told(self) -> None:
        api = FakeApi()
        api.deny("Ingress", "no")
        with pytest.raises(StatementFailed, match="it is refused: no"):
            own(api).wait_until_default_class(own(api).ingress(path("/", "one")), "t1")
