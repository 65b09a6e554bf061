"""The order of a run: slow statements begin before the others, and those that nothing may run beside come last."""

import pytest

from harness.catalogue.levels import ALONE

#: Statements that pytest-xdist hands to a worker at a time. With large shares some workers still have statements that run beside others
#: when the rest have come to those that run alone, and each of these would wait for them.
CHUNK = 2
MARKS = {
    "disruptive": "breaks something that other statements share, so it runs alone",
    "serial": "breaks nothing, but what others do at the same time could hide what it looks for",
    "slow": "takes a minute or more, so it begins before the others and they run beside it",
}
#: Where a statement stands in the order of a run.
FIRST, BETWEEN, LAST = range(3)


def configure(config: pytest.Config) -> None:
    """Register the marks that order a run, and keep the shares of the workers small."""
    for mark, meaning in MARKS.items():
        config.addinivalue_line("markers", f"{mark}: {meaning}")
    if getattr(config.option, "maxschedchunk", 0) is None:
        config.option.maxschedchunk = CHUNK


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put slow statements first, no two of them into one chunk, and statements that run alone last: each waits for all others."""
    items.sort(key=_place)
    for nth in reversed(range(sum(_place(item) == FIRST for item in items))):
        items.insert(nth * CHUNK, items.pop(nth))


def _place(item: pytest.Item) -> int:
    if any(map(item.get_closest_marker, ALONE)):
        return LAST
    return FIRST if item.get_closest_marker("slow") else BETWEEN
