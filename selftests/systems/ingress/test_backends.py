"""A backend of a statement's own: who answers for it, and what happens to its Pods."""

import pytest

from harness.cluster.api import Object
from harness.model.errors import StatementFailed, WrongAnswer
from harness.model.record import Record, recording
from harness.systems.ingress.backends import EVERYTHING, NAME, OwnBackend
from selftests.systems.fake_api import FakeApi, an_object
from selftests.systems.ingress.scripted import NAMESPACE, Answer, client, refused_with, served_by

ONE, TWO = served_by(NAME, pod="pod-1"), served_by(NAME, pod="pod-2")


def backend(*answers: Answer, ready: int = 1) -> OwnBackend:
    status = {"observedGeneration": 9, "updatedReplicas": 1, "readyReplicas": ready}
    deployment = an_object("Deployment", NAME, NAMESPACE, spec={"replicas": 1, "template": {"metadata": {}}}, status=status)
    return OwnBackend(FakeApi(deployment), NAMESPACE, client(*answers))


def test_pods_that_share_the_requests_are_waited_for() -> None:
    with recording(Record(scale=0.01)):
        assert backend(*[ONE] * 24, *[ONE, TWO] * 30).wait_until_served_by(2) == {"pod-1", "pod-2"}


@pytest.mark.usefixtures("short")
@pytest.mark.parametrize(("count", "without", "answers"), [(2, "", (ONE,)), (1, "", (ONE, TWO)), (1, "pod-2", (TWO,))])
def test_too_few_too_many_and_the_excluded_one_are_told(count: int, without: str, answers: tuple[Answer, ...]) -> None:
    with pytest.raises(WrongAnswer, match=rf"t1/echo are shared by {count} Pods.*{without}(.|\n)*answers from pod"):
        backend(*answers, *answers * 11, *answers).wait_until_served_by(count, without=without)


@pytest.mark.usefixtures("short")
def test_a_refusal_is_told() -> None:
    with pytest.raises(StatementFailed, match="503"):
        backend(refused_with(503)).wait_until_served_by(1)


def test_it_is_scaled() -> None:
    changed = backend(ONE)
    changed.scale(3)
    assert stored(changed)["spec"]["replicas"] == 3


@pytest.mark.usefixtures("short")
def test_a_rollout_is_waited_for() -> None:
    changed = backend(ONE)
    changed.roll_out()
    assert stored(changed)["spec"]["template"]["metadata"]["annotations"]


@pytest.mark.usefixtures("short")
def test_a_rollout_that_does_not_end_is_told() -> None:
    with pytest.raises(StatementFailed, match=r"Deployment t1/echo is ready on every replica\n.*0 of 1 ready"):
        backend(ONE, ready=0).roll_out()


def test_readiness_is_taken_from_a_pod_and_given_back() -> None:
    changed = backend(TWO)
    assert isinstance(changed.api, FakeApi)
    changed.api.answers |= {("DELETE", "/-/ready"): "", ("PUT", "/-/ready"): ""}
    changed.restore_readiness(changed.fail_readiness())
    assert changed.api.calls == [("DELETE", "pod-2", "/-/ready"), ("PUT", "pod-2", "/-/ready")]


def test_under_load_its_pods_answer() -> None:
    with backend(ONE).under_load() as load:
        pass
    assert not load.failed
    assert EVERYTHING.target == "/"


def stored(changed: OwnBackend) -> Object:
    found = changed.api.get("Deployment", NAME, NAMESPACE)
    assert found
    return found
