"""Registers the plugin and the fixtures; what they do is in ``harness/plugin`` and ``fixtures``."""

pytest_plugins = [
    "harness.plugin",
    "harness.plugin.lifecycle",
    "fixtures.run",
    "fixtures.addresses",
    "fixtures.routes",
    "fixtures.metrics",
    "fixtures.wire",
    "fixtures.announcing",
    "fixtures.routers",
]
