"""Registers the plugin and the fixtures; what they do is in ``harness/plugin`` and ``fixtures``."""

pytest_plugins = [
    "harness.plugin",
    "fixtures.cluster",
    "fixtures.apps",
    "fixtures.metallb",
    "fixtures.layer2",
    "fixtures.bgp",
    "fixtures.ingress",
    "fixtures.faults",
]
