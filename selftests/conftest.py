"""For all selftests."""

import pytest
from hypothesis import settings

# pytest takes this from here because `pytest selftests` loads the file before anything is configured
pytest_plugins = ["pytester"]

settings.register_profile("selftests", deadline=None)  # how long an example takes on a busy machine is no fault of the code
settings.load_profile("selftests")


@pytest.fixture(autouse=True)
def no_engine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a selftest that asks for an engine fail on every machine, not only where none runs; those that are slow may have one."""
    if not request.node.get_closest_marker("slow"):
        monkeypatch.setenv("DOCKER_HOST", "unix:///no/engine")
