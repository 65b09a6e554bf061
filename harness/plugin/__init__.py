"""The pytest plugin: statements are collected, judged, and reported; everything else runs as under plain pytest."""

import signal

import pytest

from harness.plugin import collection, options
from harness.plugin.recording import Recording
from harness.plugin.reporting import Reporting
from harness.plugin.run_facts import RUN, begin, is_worker


def pytest_addoption(parser: pytest.Parser) -> None:
    options.add_options(parser)


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("statements"):
        config.option.collectonly = True
    collection.register_marks(config)
    config.stash[RUN] = begin(config)
    manager = config.pluginmanager
    manager.register(collection.Collection(config), "conformance-collection")
    manager.register(Recording(config), "conformance-recording")
    if not is_worker(config):
        manager.register(Reporting(config, config.stash[RUN]), "conformance-reporting")
        _interrupt_on_sigterm(config)


def _interrupt_on_sigterm(config: pytest.Config) -> None:
    """Let SIGTERM end a run as Ctrl-C does: by default it would leave the cluster behind and no report."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)

    def restore() -> None:
        signal.signal(signal.SIGTERM, before)

    config.add_cleanup(restore)
