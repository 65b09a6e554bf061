"""What the admission webhook refuses. Nothing here is created: the webhook judges dry runs as it does the rest."""

from harness.model.expectations import refused
from harness.model.features import Feature
from harness.model.statements import EXTENDED, MUST, statement
from harness.systems.ingress.client import IngressClient
from harness.systems.ingress.resources import Ingresses, path
from harness.systems.kubernetes.admission import Admission
from suites.ingress.nginx.annotations import CONFIGMAP, annotations
from suites.ingress.requests import request

ADMISSION = "https://kubernetes.github.io/ingress-nginx/how-it-works/#avoiding-outage-from-wrong-configuration"
SNIPPETS = f"{CONFIGMAP}#allow-snippet-annotations"
#: From here on nginx no longer tests what the webhook judges, to mitigate CVE-2025-1974; of the later versions only 1.12.0 does, which has
#: no range of its own (https://github.com/kubernetes/ingress-nginx/blob/controller-v1.11.5/internal/ingress/controller/controller.go#L424).
UNTESTED = "1.11.5"
#: The manifest of 1.9.0 allows snippets, also that of the tag controller-v1.9.0
#: (https://github.com/kubernetes/ingress-nginx/blob/controller-v1.9.0/deploy/static/provider/cloud/deploy.yaml).
SNIPPETS_OFF = "1.9.1"
#: What the API server says when a webhook has judged, and not merely failed to answer.
DENIED = "denied the request"


@statement("ADM-01", MUST, EXTENDED, source=ADMISSION, covers=("ROW-ADM-01", "ROW-PATH-15"))
def test_second_ingress_for_a_path_is_refused(
    admission: Admission, validated_ingresses: Ingresses, validated_client: IngressClient
) -> None:
    """An Ingress MUST be refused that claims a host and path which another Ingress has, and accepted with another path or host."""
    validated_ingresses.add(validated_ingresses.ingress(path("/taken", "one")))
    validated_client.wait_until_answered(request("/taken"), refused(503), measured="route added")
    assert "already defined" in admission.refusal(validated_ingresses.second_ingress(path("/taken", "two")), create=True)
    admission.expect_accepted(validated_ingresses.second_ingress(path("/free", "two")), create=True)


@statement("ADM-02", MUST, EXTENDED, source=ADMISSION, features={Feature.CANARY}, covers=("ROW-ADM-01", "ROW-CAN-01"))
def test_canary_for_a_taken_path_is_accepted(admission: Admission, validated_ingresses: Ingresses, validated_client: IngressClient) -> None:
    """A canary MUST be accepted for a host and path which another Ingress has."""
    validated_ingresses.add(validated_ingresses.ingress(path("/", "one")))
    validated_client.wait_until_answered(request(), refused(503), measured="route added")
    admission.expect_accepted(
        validated_ingresses.second_ingress(path("/", "two"), annotations=annotations({"canary": "true", "canary-weight": "10"})),
        create=True,
    )


@statement(
    "ADM-03",
    MUST,
    EXTENDED,
    source=SNIPPETS,
    features={Feature.SNIPPETS},
    system="ingress-nginx",
    since=SNIPPETS_OFF,
    covers=("ROW-ADM-01",),
)
def test_snippets_are_refused(admission: Admission, validated_ingresses: Ingresses) -> None:
    """Annotations that put text into the controller's configuration MUST be refused unless the administrator allows them."""
    for name in ("configuration-snippet", "server-snippet", "auth-snippet"):
        document = validated_ingresses.ingress(path("/", "one"), annotations=annotations({name: "more_set_headers 'X-Snippet: in';"}))
        assert "snippet" in admission.refusal(document, create=True).lower()


@statement("ADM-04", MUST, EXTENDED, source=ADMISSION, features={Feature.INGRESS_NGINX_HABITS}, covers=("ROW-ADM-01", "ROW-DYN-06"))
def test_dangerous_text_is_refused(admission: Admission, validated_ingresses: Ingresses) -> None:
    """Paths that could break out of the controller's configuration MUST be refused."""
    for value in ("/etc/nginx/secret", "/x;alias /;"):
        assert DENIED in admission.refusal(validated_ingresses.ingress(path(value, "one", kind="ImplementationSpecific")), create=True)
    admission.expect_accepted(validated_ingresses.ingress(path("/a/b", "one", kind="ImplementationSpecific")), create=True)


@statement(
    "ADM-08",
    MUST,
    EXTENDED,
    source=ADMISSION,
    features={Feature.INGRESS_NGINX_HABITS},
    system="ingress-nginx",
    until=UNTESTED,
    covers=("ROW-ADM-01", "ROW-DYN-06"),
)
def test_path_that_breaks_the_configuration_is_refused(admission: Admission, validated_ingresses: Ingresses) -> None:
    """A path that nginx could not read MUST be refused by versions that test the whole configuration."""
    assert DENIED in admission.refusal(validated_ingresses.ingress(path("/a{b", "one", kind="ImplementationSpecific")), create=True)
    admission.expect_accepted(validated_ingresses.ingress(path("/a/b", "one", kind="ImplementationSpecific")), create=True)


@statement("ADM-05", MUST, EXTENDED, source=ADMISSION, features={Feature.SNIPPETS}, covers=("ROW-ADM-01", "ROW-CLS-02"))
def test_other_classes_are_not_judged(admission: Admission, validated_ingresses: Ingresses) -> None:
    """An Ingress of another class MUST be accepted whatever its annotations say."""
    snippet = annotations({"configuration-snippet": "nonsense"})
    assert DENIED in admission.refusal(validated_ingresses.ingress(path("/", "one"), annotations=snippet), create=True)
    admission.expect_accepted(
        validated_ingresses.ingress(path("/", "one"), annotations=snippet, ingressClassName="another-class"), create=True
    )


@statement("ADM-07", MUST, EXTENDED, source=ADMISSION, covers=("ROW-ADM-01",))
def test_every_path_of_an_ingress_is_judged(admission: Admission, validated_ingresses: Ingresses, validated_client: IngressClient) -> None:
    """An Ingress MUST be refused that claims a path which another Ingress has, also where an earlier one of its paths is free."""
    validated_ingresses.add(validated_ingresses.ingress(path("/taken", "one")))
    validated_client.wait_until_answered(request("/taken"), refused(503), measured="route added")
    assert "already defined" in admission.refusal(
        validated_ingresses.second_ingress(path("/free", "two"), path("/taken", "two")), create=True
    )
