"""Ends a run whose cluster is gone: each call to it would take its whole time-out."""

from collections.abc import Generator
from dataclasses import dataclass

import pytest

from harness.model.budgets import ABSENCE
from harness.model.errors import EnvironmentFault
from harness.model.verdicts import Outcome
from harness.plugin.cluster_owner import find_cluster
from harness.plugin.recording import phase_record
from harness.systems.kubernetes.readiness import answering, wait_ready


@dataclass(slots=True, eq=False)  # pluggy keeps plugins in sets
class Watchdog:
    """Runs wherever statements run."""

    config: pytest.Config
    suspicious: bool = False

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(self, item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Ask after the removal of a statement whose environment failed: what it disturbed is undone by then."""
        report = yield
        ended = phase_record(report)
        self.suspicious |= ended is not None and ended.judged.outcome is Outcome.ENVIRONMENT_ERROR
        if report.when == "teardown" and self.suspicious:
            self.suspicious = False
            item.session.shouldstop = item.session.shouldstop or self._gone()
        return report

    def _gone(self) -> str:
        """What is said instead of an answer; empty when the cluster answers, or when there is none."""
        state = find_cluster(self.config)
        if state is None:
            return ""
        try:
            wait_ready(answering(state.api()), "an API server that answers", within=ABSENCE)
        except EnvironmentFault as fault:
            return f"the cluster is gone: {fault.found}"
        return ""
