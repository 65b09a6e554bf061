"""The order of a run: what a statement needs to itself decides when its turn comes, so that somebody always has something to do."""

import pytest

from harness.catalogue.durations import BY_MARK, durations
from harness.model.resources import EVERYTHING, Claim, Resource
from harness.model.statements import ATTRIBUTE
from harness.plugin import claims
from harness.plugin.controllers import case_of
from harness.plugin.run_facts import is_worker

MARKS = claims.MARKS | {"slow": "takes a minute or more, so it begins before those that it can run beside"}
#: Where the statements stand that judge a fresh installation: on a cluster that was disturbed they would judge what that left.
INSTALLATION = "suites/installation/"


def configure(config: pytest.Config) -> None:
    """Register the marks that order a run."""
    for mark, meaning in MARKS.items():
        config.addinivalue_line("markers", f"{mark}: {meaning}")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Put the statements in order; among those that can run beside each other the longest come first.

    Without workers they stay as they were collected, since nothing ends sooner for another order, and so does one by pytest-randomly.
    """
    one_of_several = is_worker(config)
    at_random = getattr(config.option, "randomly_reorganize", False)

    def key(item: pytest.Item) -> tuple[int, float]:
        slow = item.get_closest_marker("slow") is not None
        seconds = (BY_MARK["slow"] if slow else 0.0) if at_random or not one_of_several else expected(item)
        return (place(claims.claim_of(item), fresh=item.nodeid.startswith(INSTALLATION)), -seconds)

    items.sort(key=key)


def place(claim: Claim, *, fresh: bool = False) -> int:
    """Where a statement stands in the order of a run.

    First those that judge a fresh installation. Then those that need MetalLB to themselves: they are many, and one after the other they
    take long. Beside them everything that does not rely on MetalLB, then those that need the ingress controller to themselves, beside the
    rest. Last comes what nothing can run beside.
    """
    if claim.writes == EVERYTHING:
        return 5
    if fresh:
        return 0
    if claim.writes:
        return 1 if Resource.METALLB in claim.writes else 3
    return 4 if Resource.METALLB in claim.reads else 2


def expected(item: pytest.Item) -> float:
    """The seconds that a test is expected to take."""
    declared = getattr(item.function, ATTRIBUTE, None) if isinstance(item, pytest.Function) else None
    return durations().expected(declared.id if declared else "", case_of(item), [mark.name for mark in item.iter_markers()])
