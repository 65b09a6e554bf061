"""``--update-baseline``: what the baselines would have to say for this run to be conformant, written into its report."""

from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

import pytest

from harness.model import baselines
from harness.model.baselines import Deviation, match, new_entry
from harness.model.project import BASELINES
from harness.model.statements import CONTROLLER
from harness.model.verdicts import Outcome
from harness.model.versions import ALWAYS
from harness.plugin.collection import Case
from harness.plugin.run_facts import RUN, known_deviations, named_directory
from harness.report.model import Report, Result


def write_proposals(config: pytest.Config, report: Report, plan: Mapping[str, Case]) -> list[Path]:
    """Write a proposal for every baseline that the run contradicts."""
    versions = config.stash[RUN].versions
    directory, into = named_directory(config, "baselines", BASELINES), config.stash[RUN].directory
    new: dict[str, list[dict[str, str]]] = defaultdict(list)
    stale: dict[str, list[Deviation]] = defaultdict(list)
    for result in report.results:
        if result.outcome is Outcome.FAILED:
            owner = implementation(plan[result.nodeid], versions)
            new[owner].append(new_entry(result.id, result.case, versions.get(owner, ""), _observed(result)))
        listed = match(known_deviations(config), result.id, result.case, versions)
        if result.outcome is Outcome.STALE_DEVIATION and listed:
            stale[listed.gate.system].append(listed)
    return [baselines.write_proposal(directory / f"{name}.toml", stale[name], new[name], into) for name in sorted({*new, *stale})]


def implementation(case: Case, versions: Mapping[str, str]) -> str:
    """Whose deviation a failure would be: that of the system which the statement speaks of, by its name."""
    system = case.statement.gate.system
    return next((name for name in versions if name not in ALWAYS), system) if system == CONTROLLER else system


def _observed(result: Result) -> str:
    failure = result.failure
    return failure.last or failure.message if failure else ""
