"""Several ingress controllers in one run: what depends on the controller is judged once with each.

A test depends on it if its fixtures do: if one of them, at whatever distance, asks for the fixture ``ingress_controller``.
"""

import pytest

from harness.plugin.run_facts import RUN

#: The fixture that is the controller under test.
FIXTURE = "ingress_controller"


@pytest.hookimpl(tryfirst=True)  # before the test's own parameters, so that the controller stands before them
def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Make a case for each controller of what depends on it; where there is one, everything is as it is without this."""
    names = list(metafunc.config.stash[RUN].features)
    if len(names) > 1 and FIXTURE in metafunc.fixturenames:
        metafunc.parametrize(FIXTURE, names, indirect=True, scope="session")


def controller_of(item: pytest.Item) -> str:
    """The controller that a test is judged with; empty where the run has one, or the test does not depend on it."""
    return str(item.callspec.params.get(FIXTURE, "")) if isinstance(item, pytest.Function) and hasattr(item, "callspec") else ""


def case_of(item: pytest.Item) -> str:
    """The case of a test: its parameters but for the controller; empty where it has none."""
    named = item.callspec.id if isinstance(item, pytest.Function) and hasattr(item, "callspec") else ""
    controller = controller_of(item)
    return named.removeprefix(controller).removeprefix("-") if controller else named
