"""Objects that are written, made anew or left alone, by an API in memory."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from harness.model.errors import NoAnswer, StatementFailed, Violated
from harness.model.record import Record, recording
from harness.systems.metallb.custom_resources import NAMESPACE
from harness.systems.metallb.services import Service
from harness.systems.metallb.writes import WRITTEN, Writes
from selftests.systems.failing import failing
from selftests.systems.fake_api import FakeApi, an_object


@pytest.fixture(autouse=True)
def brief() -> Iterator[None]:
    """Bounds of a twentieth: 1.5 s to come to rest, and a window of 0.25 s."""
    with recording(Record(scale=0.05)):
        yield


def versioned(item: dict[str, Any], version: int = 1, uid: str = "u1") -> dict[str, Any]:
    item["metadata"] |= {"uid": uid, "resourceVersion": str(version)}
    return item


def status(service: str = "one", version: int = 1, uid: str = "u1") -> dict[str, Any]:
    told = {"serviceNamespace": "t1", "serviceName": service, "node": "x"}
    return versioned(an_object("ServiceL2Status", f"l2-{service}", NAMESPACE, status=told), version, uid)


def about_one(*objects: dict[str, Any]) -> tuple[FakeApi, Service]:
    found = versioned(an_object("Service", "one", "t1"))
    found["metadata"]["annotations"] = {"metallb.io/ip-allocated-from-pool": "small"}
    api = FakeApi(found, versioned(an_object("IPAddressPool", "small", NAMESPACE)), *objects)
    return api, Service(api, "one", "t1", "metallb.io")


@pytest.mark.parametrize("kind", ["Service", "IPAddressPool", "ServiceL2Status", "ConfigurationState"])
def test_what_is_not_written(kind: str) -> None:
    states = [versioned(an_object("ConfigurationState", name, NAMESPACE)) for name in ("controller", "speaker-one")]
    api, service = about_one(status(), *states)
    Writes(api).consistently_unwritten(kind, service)


def test_what_is_written_of_others_does_not_matter() -> None:
    api, service = about_one(status())
    versions = iter(range(1000))

    def write() -> None:
        api.planned.append(write)
        api.apply(status("two", next(versions)), versioned(an_object("IPAddressPool", "large", NAMESPACE), next(versions)))

    api.on_read(write)
    Writes(api).consistently_unwritten("ServiceL2Status", service)
    Writes(api).consistently_unwritten("IPAddressPool", service)


def test_what_is_written_before_it_comes_to_rest() -> None:
    api, service = about_one(status())
    api.on_read(*[lambda version=version: api.apply(status(version=version)) for version in range(5)])
    Writes(api).consistently_unwritten("ServiceL2Status", service)


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        (lambda: status(version=2), r"l2-one \(u1\) was written of ServiceL2Status of Service t1/one"),
        (lambda: status(uid="u2"), r"l2-one \(u1\) became l2-one \(u2\) of ServiceL2Status of Service t1/one"),
    ],
    ids=["written", "made anew"],
)
def test_what_is_written_afterwards(changed: Callable[[], dict[str, Any]], told: str) -> None:
    api, service = about_one(status())
    nothing: list[Callable[[], object]] = [lambda: None] * (WRITTEN + 1)
    api.on_read(*nothing, lambda: api.apply(changed()))
    with pytest.raises(Violated, match=told):
        Writes(api).consistently_unwritten("ServiceL2Status", service)


def test_what_never_comes_to_rest() -> None:
    api, service = about_one(status())
    versions = iter(range(1000))

    def write() -> None:
        api.planned.append(write)
        api.apply(status(version=next(versions)))

    api.on_read(write)
    with pytest.raises(StatementFailed, match="ServiceL2Status of Service t1/one is not written any more"):
        Writes(api).consistently_unwritten("ServiceL2Status", service)


def test_what_is_not_there() -> None:
    api, service = about_one()
    told = "ServiceL2Status of Service t1/one"
    with failing(NoAnswer, f"{told} is not written any more", f"there is no {told}"):
        Writes(api).consistently_unwritten("ServiceL2Status", service)


def test_what_happens_meanwhile() -> None:
    api, service = about_one(status())
    happened: list[str] = []
    Writes(api).consistently_unwritten("ServiceL2Status", service, meanwhile=lambda: happened.append("once"))
    assert happened
    with pytest.raises(Violated, match="ServiceL2Status of Service t1/one is not written again"):
        Writes(api).consistently_unwritten("ServiceL2Status", service, meanwhile=lambda: api.apply(status(version=7)))
