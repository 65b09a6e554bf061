"""The pytest plugin: statements are collected, judged, and reported; everything else runs as under plain pytest."""

import signal

import pytest

from harness.model.errors import UsageFault
from harness.plugin import collection, conformance_file, controllers, existing, further_clusters, marks, options, ordering, scheduling
from harness.plugin.bytecode import kept_for_workers
from harness.plugin.cluster_owner import ClusterOwner
from harness.plugin.cpu import CPU, CpuAccount
from harness.plugin.existing import EXISTING
from harness.plugin.preconditions import PreconditionGuard
from harness.plugin.recording import Recording
from harness.plugin.reporting import Reporting
from harness.plugin.run_facts import RUN, begin, is_worker
from harness.plugin.settings import features_under_test, parse_settings, versions_under_test
from harness.plugin.watchdog import Watchdog


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the options of the suite."""
    options.add_to_pytest(parser)


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> None:
    """Read the user's own file, before pytest-xdist looks how many workers there are to be."""
    try:
        conformance_file.begin(config)
    except UsageFault as fault:
        raise pytest.UsageError(str(fault)) from None


def pytest_configure(config: pytest.Config) -> None:
    """Check the options and stand ready; nothing is created yet."""
    if config.getoption("list_statements") or config.getoption("dry_run"):
        config.option.collectonly = True
    marks.register(config)
    ordering.configure(config)
    config.stash[RUN] = begin(config)
    _register_everywhere(config)
    if not is_worker(config):
        _register_on_controller(config)
        _interrupt_on_sigterm(config)
        config.add_cleanup(kept_for_workers())


def _register_everywhere(config: pytest.Config) -> None:
    manager = config.pluginmanager
    manager.register(controllers, "conformance-controllers")
    manager.register(ordering, "conformance-ordering")
    manager.register(collection.Collection(config), "conformance-collection")
    manager.register(Recording(config), "conformance-recording")
    manager.register(PreconditionGuard(config), "conformance-preconditions")
    manager.register(Watchdog(config), "conformance-watchdog")  # after the recording, whose judgement it reads


def _register_on_controller(config: pytest.Config) -> None:
    facts = config.stash[RUN]
    try:
        settings = parse_settings(config.getoption)
        further_clusters.require_possible(config)
    except UsageFault as fault:
        own = conformance_file.conformance_file(config)
        beside = f", or what {own.file} says," if own and own.run else ""
        raise pytest.UsageError(f"the command line{beside} cannot be followed\n\n{fault}") from None
    facts.versions |= versions_under_test(settings)
    facts.features = features_under_test(settings)
    facts.mode = settings.mode
    facts.context = settings.existing.context if settings.existing else ""
    config.stash[EXISTING] = settings.existing
    config.stash[CPU] = CpuAccount()
    config.pluginmanager.register(scheduling, "conformance-scheduling")
    config.pluginmanager.register(existing, "conformance-existing")
    config.pluginmanager.register(Reporting(config, facts), "conformance-reporting")
    config.pluginmanager.register(ClusterOwner(config, settings), "conformance-cluster")


def _interrupt_on_sigterm(config: pytest.Config) -> None:
    """Let SIGTERM end a run as Ctrl-C does: by default it would leave the cluster behind and no report."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)

    def restore() -> None:
        signal.signal(signal.SIGTERM, before)

    config.add_cleanup(restore)
