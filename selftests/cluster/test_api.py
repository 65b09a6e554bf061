"""Whose word a refusal is."""

import json
from pathlib import Path

import pytest
from kubernetes.client.exceptions import ApiException

from harness.cluster.api import Api, Denied, Refused, _translating_faults

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


def test_all_objects_of_a_kind_are_deleted_in_one_request_that_the_client_lets_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[dict[str, object]] = []

    class Kind:
        """A kind as the client knows it: without a name or a selector it refuses."""

        def delete(self, **options: object) -> None:
            assert options.get("name") or options.get("label_selector") or options.get("field_selector")
            asked.append(options)

    monkeypatch.setattr(Api, "_resource", lambda *_: Kind())
    Api(Path("kubeconfig"), "context", Path("cache")).delete_all("Event", "t1")
    (options,) = asked
    assert (options["namespace"], options["field_selector"]) == ("t1", "metadata.namespace=t1")
