"""What is expected of the ConfigurationStates, by an API in memory."""

from collections.abc import Callable

import pytest

from harness.cluster.api import Object, Refused
from harness.model.errors import Blocked, StatementFailed
from harness.systems.metallb.configuration_state import INVALID, VALID, ConfigurationStates, of_speaker
from harness.systems.metallb.custom_resources import NAMESPACE
from selftests.systems.fake_api import FakeApi, an_object

pytestmark = pytest.mark.usefixtures("short")


def state(name: str, result: str = VALID, summary: str = "") -> Object:
    return an_object("ConfigurationState", name, NAMESPACE, status={"result": result, "errorSummary": summary})


def states(*objects: Object) -> tuple[FakeApi, ConfigurationStates]:
    """With a speaker on the nodes one and two."""
    labels = {"app": "metallb", "component": "speaker"}
    pods = [an_object("Pod", f"speaker-{node}", NAMESPACE, labels=labels, spec={"nodeName": node}) for node in ("one", "two")]
    api = FakeApi(*pods, *objects)
    return api, ConfigurationStates(api)


GOOD = (state("controller"), state("speaker-one"), state("speaker-two"))
BROKEN = (state("controller"), state("speaker-one", INVALID, "secret type mismatch"), state("speaker-two"))


def test_a_valid_configuration() -> None:
    _, good = states(*GOOD)
    good.wait_until_valid()
    assert good.expect_all_valid() == {"controller": VALID, "speaker-one": VALID, "speaker-two": VALID}


def test_a_configuration_that_one_component_refuses() -> None:
    _, broken = states(*BROKEN)
    broken.wait_until_valid(invalid=[of_speaker("one")])
    assert broken.wait_until_invalid("speaker-one", "type mismatch") == broken.error_summary("speaker-one") == "secret type mismatch"


@pytest.mark.parametrize(
    ("objects", "judged", "told"),
    [
        (
            BROKEN,
            lambda one: one.wait_until_valid(),
            r"controller Valid, speaker-one Valid, speaker-two Valid\nlast: .*speaker-one Invalid",
        ),
        (GOOD[:2], lambda one: one.wait_until_valid(), "last: *controller Valid, speaker-one Valid(\n|$)"),
        ((), lambda one: one.wait_until_valid(), "last: *none(\n|$)"),
        (BROKEN, lambda one: one.expect_all_valid(), "speaker-one Invalid"),
        (GOOD[:2], lambda one: one.expect_all_valid(), "2 states for 2 speakers and a controller"),
        (GOOD, lambda one: one.wait_until_invalid("controller", "x"), "ConfigurationState controller is Invalid: x\nlast: *it is Valid"),
        ((), lambda one: one.wait_until_invalid("controller", "x"), "last: *it is not written"),
        (BROKEN, lambda one: one.wait_until_invalid("speaker-one", "overlaps"), "Invalid: overlaps\nlast: *secret type mismatch"),
        ((), lambda one: one.wait_until_recreated("controller", "uid-9"), "controller is there again and Valid\nlast: *it is not there"),
        (BROKEN, lambda one: one.wait_until_recreated("speaker-one", "uid-9"), "there again and Valid\nlast: .*mismatch"),
    ],
)
def test_what_is_wrong_is_told(objects: tuple[Object, ...], judged: Callable[[ConfigurationStates], object], told: str) -> None:
    with pytest.raises(AssertionError, match=told):
        judged(states(*objects)[1])


def test_a_deleted_state_has_to_be_another_one() -> None:
    api, good = states(*GOOD)
    uid = good.delete("controller")
    with pytest.raises(StatementFailed, match="it is not there"):
        good.wait_until_recreated("controller", uid)
    api.create(state("controller"))
    good.wait_until_recreated("controller", uid)
    with pytest.raises(StatementFailed, match="it is not there"):
        good.wait_until_recreated("speaker-one", api.objects["ConfigurationState", NAMESPACE, "speaker-one"]["metadata"]["uid"])


def test_a_broken_peer_is_gone_after_the_block() -> None:
    api, all_states = states()
    with all_states.broken_peer("t1", "one") as peer:
        assert [item["type"] for item in api.list("Secret", NAMESPACE)] == ["Opaque"]
        peer.store_secret("kubernetes.io/basic-auth")
        assert [item["type"] for item in api.list("Secret", NAMESPACE)] == ["kubernetes.io/basic-auth"]
        (stored,) = api.list("BGPPeer", NAMESPACE)
        assert stored["spec"]["nodeSelectors"] == [{"matchLabels": {"kubernetes.io/hostname": "one"}}]
    assert api.list("Secret") == api.list("BGPPeer") == []


def test_nothing_is_stored_for_a_peer_that_cannot_be(monkeypatch: pytest.MonkeyPatch) -> None:
    api, all_states = states()

    def refuse(*_documents: Object, dry_run: bool) -> None:
        raise Refused(422, "spec.myASN: must be of type integer with format int32")

    monkeypatch.setattr(api, "apply", refuse)
    with pytest.raises(Blocked, match="DEP-07"), all_states.broken_peer("t1", "node"):
        pytest.fail("there is no such peer")
    assert api.list("Secret") == []


def test_a_broken_peer_may_lack_its_secret() -> None:
    api, all_states = states()
    with all_states.broken_peer("t1", "one", secret=""):
        assert [len(api.list(kind, NAMESPACE)) for kind in ("BGPPeer", "Secret")] == [1, 0]
    assert api.list("BGPPeer") == []
