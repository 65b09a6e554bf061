"""The registry path against a real registry on loopback: needs an engine, creates no cluster. `make engine-test`."""

import secrets
import time
from collections.abc import Iterator

import pytest

import lab
from harness.cluster.engine import LABEL, docker
from harness.cluster.sources import Images, Source, components
from harness.cluster.steps import Steps
from harness.model.errors import EnvironmentFault

COMPONENT = "metallb-controller"
#: Seconds within which the registry's container has to answer.
START = 20


@pytest.fixture(scope="module")
def built() -> str:
    """The lab's build of a small component."""
    version = components()[COMPONENT].default
    return lab.build([("registry", components()["registry"].default), (COMPONENT, version)], lab.Progress())[COMPONENT, version]


@pytest.fixture(scope="module")
def mirror(built: str) -> Iterator[str]:
    """A registry on loopback that serves the component under its public name; the value is the prefix to put before references."""
    version = components()["registry"].default
    name = f"enginetests-{secrets.token_hex(3)}"
    docker("run", "--detach", f"--name={name}", f"--label={LABEL}={name}", "--publish=127.0.0.1::5000", lab.tag("registry", version))
    try:
        prefix = f"localhost:{docker('port', name, '5000').strip().rpartition(':')[2]}/"
        _push(built, f"{prefix}{components()[COMPONENT].reference(components()[COMPONENT].default)}")
        yield prefix
    finally:
        docker("rm", "--force", "--volumes", name)


def _push(built: str, reference: str) -> None:
    docker("tag", built, reference)
    deadline = time.monotonic() + START
    while True:
        try:
            docker("push", "--quiet", reference)
            break
        except EnvironmentFault:
            if time.monotonic() > deadline:
                raise
    docker("rmi", reference)


@pytest.fixture
def forgetful(mirror: str) -> Iterator[str]:
    """The mirror, with nothing of it in the engine before and after."""
    yield mirror
    docker("rmi", f"{mirror}{components()[COMPONENT].reference(components()[COMPONENT].default)}")


def test_component_is_pulled_through_the_mirror_and_then_at_hand(forgetful: str, built: str) -> None:
    version = components()[COMPONENT].default
    reference = f"{forgetful}{components()[COMPONENT].reference(version)}"
    pulled = Images(Source.REGISTRY, forgetful, {}, Steps(print)).resolve({COMPONENT: version})[COMPONENT]
    assert (pulled.reference, pulled.origin) == (reference, "registry")
    assert pulled.id == docker("image", "inspect", "--format", "{{.Id}}", built).strip()
    again = Images(Source.AUTO, forgetful, {}, Steps(print)).resolve({COMPONENT: version})[COMPONENT]
    assert (again.reference, again.origin) == (reference, "engine")


def test_what_the_mirror_lacks_is_told(mirror: str) -> None:
    with pytest.raises(EnvironmentFault, match=r"the image localhost:\d+/quay\.io/metallb/controller:v0\.0\.1(.|\n)*--images=packages"):
        Images(Source.REGISTRY, mirror, {}, Steps(print)).resolve({COMPONENT: "0.0.1"})
