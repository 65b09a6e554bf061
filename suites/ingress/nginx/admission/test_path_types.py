"""What the admission webhook says of regular expressions as paths."""

from harness.model.features import Feature
from harness.model.statements import EXTENDED, MUST, statement
from harness.systems.ingress.resources import Ingresses, path
from harness.systems.kubernetes.admission import Admission
from suites.ingress.nginx.annotations import CONFIGMAP, annotations


@statement(
    "ADM-06",
    MUST,
    EXTENDED,
    source="https://kubernetes.github.io/ingress-nginx/faq/#validation-of-path",
    features={Feature.REGEX_PATHS},
    covers=("ROW-ADM-01", "ROW-RW-03"),
)
def test_regular_expression_is_accepted(admission: Admission, validated_ingresses: Ingresses) -> None:
    """A regular expression MUST be accepted as a path of the type ImplementationSpecific."""
    regex = annotations({"use-regex": "true"})
    admission.expect_accepted(
        validated_ingresses.ingress(path("/id/[0-9]+(/|$)(.*)", "one", kind="ImplementationSpecific"), annotations=regex), create=True
    )


@statement(
    "RWR-18",
    MUST,
    EXTENDED,
    source=f"{CONFIGMAP}#strict-validate-path-type",
    features={Feature.PATH_TYPE_VALIDATION},
    covers=("ROW-RW-08",),
)
def test_regular_expression_as_a_prefix_is_refused(admission: Admission, validated_ingresses: Ingresses) -> None:
    """A regular expression as a path of the type Prefix or Exact MUST be refused by the webhook, and as ImplementationSpecific accepted."""
    for kind in ("Prefix", "Exact"):
        refusal = admission.refusal(validated_ingresses.ingress(path("/id/[0-9]+", "one", kind=kind)), create=True)
        assert f"path /id/[0-9]+ cannot be used with pathType {kind}" in refusal
    admission.expect_accepted(validated_ingresses.ingress(path("/id/[0-9]+", "one", kind="ImplementationSpecific")), create=True)


@statement(
    "RWR-19",
    MUST,
    EXTENDED,
    source=f"{CONFIGMAP}#strict-validate-path-type",
    features={Feature.REGEX_PATHS},
    system="ingress-nginx",
    until="1.12.0",
    covers=("ROW-RW-08",),
)
def test_regular_expression_as_a_prefix_is_accepted(admission: Admission, validated_ingresses: Ingresses) -> None:
    """A regular expression as a path of the type Prefix MUST be accepted by the webhook of versions that do not judge path types."""
    admission.expect_accepted(
        validated_ingresses.ingress(path("/id/[0-9]+", "one"), annotations=annotations({"use-regex": "true"})), create=True
    )


@statement(
    "ADM-09",
    MUST,
    EXTENDED,
    source="https://github.com/kubernetes/ingress-nginx/pull/13798",
    covers=("ROW-ADM-01",),
)
def test_plain_path_is_accepted(admission: Admission, validated_ingresses: Ingresses) -> None:
    """A path of letters, digits, dots, hyphens and underscores MUST be accepted by the webhook as Exact and as Prefix."""
    for kind in ("Exact", "Prefix"):
        admission.expect_accepted(validated_ingresses.ingress(path("/v1.0/a-b_c", "one", kind=kind)), create=True)
