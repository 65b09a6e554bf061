"""Whose word a refusal is."""

import json

import pytest
from kubernetes.client.exceptions import ApiException

from harness.cluster.api import Denied, Refused, _translating_faults

DENIED = 'admission webhook "ipaddresspoolvalidationwebhook.metallb.io" denied the request: invalid CIDR'
UNREACHABLE = 'Internal error occurred: failed calling webhook "validate.nginx.ingress.kubernetes.io": connection refused'


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        pytest.param(DENIED, Denied, id="a webhook denies"),
        pytest.param(UNREACHABLE, Denied, id="a webhook cannot be asked"),
        pytest.param('services "app" is forbidden: exceeded quota', Refused, id="the API server itself"),
    ],
)
def test_refusal_by_a_webhook_fails_a_statement_and_any_other_does_not(message: str, kind: type[Refused]) -> None:
    fault = ApiException(status=403, reason="Forbidden")
    fault.body = json.dumps({"message": message})
    with pytest.raises(Refused, match="HTTP 403: ") as told, _translating_faults():
        raise fault
    assert type(told.value) is kind
    assert isinstance(told.value, AssertionError) == (kind is Denied)
