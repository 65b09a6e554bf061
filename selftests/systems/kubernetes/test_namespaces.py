"""Namespaces and their labels."""

from time import monotonic

from harness.systems.kubernetes.namespaces import Namespaces
from selftests.systems.fake_api import FakeApi, an_object


def test_labels_are_set_and_removed() -> None:
    api = FakeApi(an_object("Namespace", "t1", labels={"pool": "one", "kept": "yes"}))
    Namespaces(api).label("t1", pool=None, tier="two")
    (found,) = api.list("Namespace")
    assert found["metadata"]["labels"] == {"kept": "yes", "tier": "two"}


def test_a_deletion_says_when_it_began() -> None:
    api, before = FakeApi(an_object("Namespace", "t1")), monotonic()
    assert before <= Namespaces(api).delete("t1") <= monotonic()
    assert not api.list("Namespace")
