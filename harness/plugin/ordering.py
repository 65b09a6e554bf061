"""The order of a run: what a statement needs to itself decides when its turn comes, so that somebody always has something to do."""

import pytest

from harness.model.resources import EVERYTHING, Claim, Resource
from harness.plugin import claims

MARKS = claims.MARKS | {"slow": "takes a minute or more, so it begins before those that it can run beside"}


def configure(config: pytest.Config) -> None:
    """Register the marks that order a run."""
    for mark, meaning in MARKS.items():
        config.addinivalue_line("markers", f"{mark}: {meaning}")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the statements in order."""
    items.sort(key=lambda item: place(claims.claim_of(item), slow=item.get_closest_marker("slow") is not None))


def place(claim: Claim, *, slow: bool) -> tuple[int, bool]:
    """Where a statement stands in the order of a run.

    First those that need MetalLB to themselves: they are many, and one after the other they take long. Beside them everything that does not
    rely on MetalLB, then those that need the ingress controller to themselves, beside the rest. Last comes what nothing can run beside.
    """
    if claim.writes == EVERYTHING:
        return 4, False
    if claim.writes:
        return (0 if Resource.METALLB in claim.writes else 2), False
    return (3 if Resource.METALLB in claim.reads else 1), not slow
