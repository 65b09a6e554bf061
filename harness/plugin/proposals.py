"""``--propose-deviations``: what the baselines would have to say for this run to be as expected, written into its report."""

from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

import pytest

from harness.model import baselines
from harness.model.baselines import Deviation, match, new_entry
from harness.model.verdicts import Outcome
from harness.plugin.collection import Case, implementation, versions_of
from harness.plugin.run_facts import RUN, baseline_of, known_deviations
from harness.report.model import Report, Result


def write_proposals(config: pytest.Config, report: Report, plan: Mapping[str, Case]) -> list[Path]:
    """Write a proposal for every baseline that the run contradicts."""
    facts = config.stash[RUN]
    new: dict[str, list[dict[str, str]]] = defaultdict(list)
    stale: dict[str, list[Deviation]] = defaultdict(list)
    for result in report.results:
        if result.outcome is Outcome.FAILED:
            owner = implementation(plan[result.nodeid], facts)
            new[owner].append(new_entry(result.id, result.case, facts.versions.get(owner, ""), _observed(result)))
        listed = match(known_deviations(config), result.id, result.case, versions_of(plan[result.nodeid], facts))
        if result.outcome is Outcome.STALE_DEVIATION and listed and listed.gate.system:  # not of the user's own file
            stale[listed.gate.system].append(listed)
    return [baselines.write_proposal(baseline_of(config, name), stale[name], new[name], facts.directory) for name in sorted({*new, *stale})]


def _observed(result: Result) -> str:
    failure = result.failure
    return failure.last or failure.message if failure else ""
