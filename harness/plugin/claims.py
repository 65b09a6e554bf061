"""What a statement claims of what is shared: by its mark what it has to itself, by its fixtures what it relies on."""

import sys

import pytest

from harness.model.resources import CLUSTER, DEFAULTS, EVERYTHING, INGRESS, METALLB, Claim, Resource
from harness.plugin.provisions import Provision, needs_of

#: The name by which a module of fixtures says what those who use them rely on.
RELIES_ON = "RELIES_ON"
#: What the statements of a folder rely on beside the cluster; the first one counts in which they are. Statuses of Ingresses are the same
#: whatever is served where nothing is named. What the API server stores of an Ingress is for the ingress controller and its webhook.
BY_FOLDER = {
    "metallb": frozenset({METALLB}),
    "ingress/status": frozenset({INGRESS}),
    "ingress": frozenset({INGRESS, DEFAULTS}),
    "kubernetes": frozenset({INGRESS, DEFAULTS}),
}
MARKS = {
    "disruptive": "breaks something that other statements share",
    "serial": "breaks nothing, but what others do at the same time could hide what it looks for",
}


def claim_of(item: pytest.Item) -> Claim:
    """The claim of a test; one that needs no cluster relies on nothing."""
    writes = frozenset(resource for mark in MARKS for one in item.iter_markers(mark) for resource in one.args or EVERYTHING)
    if not isinstance(item, pytest.Function) or Provision.CLUSTER not in needs_of(item):
        return Claim(writes)
    definitions = item._fixtureinfo.name2fixturedefs.values()  # pytest has no public way from a test to the functions of its fixtures
    modules = {one.func.__module__ for several in definitions for one in several}
    reads = {getattr(sys.modules[module], RELIES_ON, CLUSTER) for module in modules} | of_folder(item.nodeid)
    return Claim(writes, frozenset(reads) - writes)


def of_folder(nodeid: str) -> frozenset[Resource]:
    """What the statements of a folder rely on: those of one system on that system, all others on everything.

    :param nodeid: the test's, which begins at the project's folder: that, or one above it, may itself be called after a system
    """
    file = f"/{nodeid.partition('::')[0]}"
    return next((reads | {CLUSTER} for folder, reads in BY_FOLDER.items() if f"/{folder}/" in file), EVERYTHING)
