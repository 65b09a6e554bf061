"""What would become of a write."""

import pytest

from harness.cluster.api import Refused
from harness.model.errors import StatementFailed, Unanswered
from harness.systems.kubernetes.admission import Admission, accepted
from selftests.systems.fake_api import FakeApi, an_object

POOL = an_object("IPAddressPool", "one", "metallb-system", spec={"addresses": ["192.0.2.1/32"]})
DENIAL = 'admission webhook "w" denied the request: overlaps'


@pytest.fixture
def denying() -> FakeApi:
    """An API whose webhook denies every pool."""
    api = FakeApi()
    api.deny("IPAddressPool", DENIAL)
    return api


@pytest.mark.parametrize("create", [False, True])
def test_a_refusal_is_told(denying: FakeApi, create: bool) -> None:
    assert Admission(denying).refusal(POOL, create=create) == DENIAL


@pytest.mark.parametrize("create", [False, True])
def test_what_is_accepted_is_not_refused(create: bool) -> None:
    with pytest.raises(StatementFailed, match=r"IPAddressPool metallb-system/one is refused\nlast: .*it is accepted: .*192\.0\.2\.1/32"):
        Admission(FakeApi()).refusal(POOL, create=create)


@pytest.mark.parametrize("create", [False, True])
def test_what_is_accepted_is_returned_and_not_stored(create: bool) -> None:
    api = FakeApi()
    assert Admission(api).expect_accepted(POOL, create=create) == POOL
    assert api.list("IPAddressPool") == []


def test_what_is_refused_is_not_accepted(denying: FakeApi) -> None:
    with pytest.raises(StatementFailed, match=r"IPAddressPool metallb-system/one is accepted\nlast: .*it is refused: .*overlaps"):
        Admission(denying).expect_accepted(POOL)


def test_what_exists_can_be_changed_but_not_created() -> None:
    admission = Admission(FakeApi(POOL))
    admission.expect_accepted(POOL)
    assert "already exists" in admission.refusal(POOL, create=True)
    with pytest.raises(Refused):
        admission.dry_run(POOL, create=True)


def test_a_probe_has_no_answer_while_a_webhook_refuses(denying: FakeApi) -> None:
    assert accepted(FakeApi(), POOL)() == "IPAddressPool accepted"
    with pytest.raises(Unanswered, match="overlaps"):
        accepted(denying, POOL)()
