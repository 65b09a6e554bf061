"""Namespaces that statements use one after the other."""

from time import monotonic

import pytest

from harness.systems.kubernetes.namespaces import NamespacePool
from selftests.systems.fake_api import FakeApi, an_object


@pytest.fixture
def api() -> FakeApi:
    return FakeApi()


def stored(api: FakeApi) -> set[str]:
    return {item["metadata"]["name"] for item in api.list("Namespace")}


def used_again(pool: NamespacePool, name: str, *, configured: bool = False) -> bool:
    """Whether a namespace comes back after a statement; a proof that systems have read their configuration since is at hand."""
    pool.leave(name, configured=configured)
    pool.take_back()
    pool.forget(monotonic())
    return pool.take() == name


def test_an_empty_one_is_used_again(api: FakeApi) -> None:
    pool = NamespacePool(api)
    name = pool.take()
    api.apply(an_object("ConfigMap", "kube-root-ca.crt", name))
    assert used_again(pool, name)
    assert stored(api) == {name}


def test_two_at_a_time_are_two(api: FakeApi) -> None:
    pool = NamespacePool(api)
    assert pool.take() != pool.take()


def test_what_follows_a_service_and_what_was_said_about_it_is_removed(api: FakeApi) -> None:
    pool = NamespacePool(api)
    name = pool.take()
    api.apply(an_object("EndpointSlice", "one", name), an_object("Event", "one", name))
    assert used_again(pool, name)
    assert not api.list("Event", name)
    assert not api.list("EndpointSlice", name)


@pytest.mark.parametrize("kind", ["Service", "Ingress", "Secret", "ConfigMap"])
def test_one_with_something_in_it_is_replaced(api: FakeApi, kind: str) -> None:
    pool = NamespacePool(api)
    name = pool.take()
    api.apply(an_object(kind, "one", name))
    assert not used_again(pool, name)
    assert name not in stored(api)


@pytest.mark.parametrize("kind", ["Event", "EndpointSlice"])
def test_one_that_cannot_be_emptied_is_replaced(api: FakeApi, kind: str) -> None:
    pool = NamespacePool(api)
    name = pool.take()
    api.apply(an_object(kind, "one", name))
    api.hold(kind)
    assert not used_again(pool, name)


@pytest.mark.parametrize(
    "changed", [{"labels": {"pool": "one"}}, {"annotations": {"note": "one"}}, {"deletionTimestamp": "2026-11-25T07:12:03Z"}]
)
def test_one_that_was_changed_is_replaced(api: FakeApi, changed: dict[str, object]) -> None:
    pool = NamespacePool(api)
    name = pool.take()
    api.merge("Namespace", name, None, {"metadata": changed})
    assert not used_again(pool, name)


def test_one_that_is_gone_is_replaced(api: FakeApi) -> None:
    pool = NamespacePool(api)
    name = pool.take()
    api.delete("Namespace", name)
    assert not used_again(pool, name)


def test_one_whose_statement_left_something_elsewhere_is_replaced(api: FakeApi) -> None:
    pool = NamespacePool(api)
    name = pool.take()
    pool.leave(name, configured=False)  # and nobody says that the invariants hold
    assert pool.take() != name
    assert name not in stored(api)


def test_one_that_a_configuration_named_waits_until_that_is_known_to_be_forgotten(api: FakeApi) -> None:
    pool = NamespacePool(api)
    name, before = pool.take(), monotonic()
    pool.leave(name, configured=True)
    pool.take_back()
    pool.forget(before)
    assert pool.take() != name
    pool.forget(monotonic())
    assert pool.take() == name


def test_all_are_deleted_in_the_end(api: FakeApi) -> None:
    pool = NamespacePool(api)
    free, remembered, left = pool.take(), pool.take(), pool.take()
    for name in (free, remembered):
        pool.leave(name, configured=name == remembered)
    pool.take_back()
    pool.leave(left, configured=False)
    pool.close()
    assert not stored(api)
