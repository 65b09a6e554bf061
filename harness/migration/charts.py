"""Charts among what a migration reads: rendered by the user's own helm, which knows their values."""

from collections.abc import Sequence
from pathlib import Path

from harness.cluster.process import run_command
from harness.model.errors import EnvironmentFault, UsageFault

#: What makes a folder a chart (https://helm.sh/docs/topics/charts/#the-chart-file-structure).
CHART = "Chart.yaml"
#: The name of a release that a chart is rendered for; charts put it into the names of objects.
RELEASE = "release"
#: Seconds that a chart may take, and characters shown of what helm says.
TIMEOUT, SHOWN = 120, 600


def is_chart(path: Path) -> bool:
    """Whether a path is that of a chart's folder."""
    return (path / CHART).is_file()


def rendered(chart: Path, values: Sequence[Path]) -> str:
    """The objects of a chart, as ``helm template`` writes them: nothing is asked of any cluster, and nothing is fetched.

    :param values: files of values, the later ones before the earlier ones, as helm takes them
    :raises UsageFault: there is no helm, a file of values is missing, or helm cannot render it; helm's own words are told
    """
    expected = f"the chart {chart} rendered by `helm template`"
    missing = [str(file) for file in values if not file.is_file()]
    if missing:
        raise UsageFault("files of values", f"no {', '.join(missing)}", "name those that are there")
    try:
        return run_command(["helm", "template", RELEASE, str(chart), *(f"--values={file}" for file in values)], timeout=TIMEOUT)
    except EnvironmentFault as fault:  # of the user's own chart, values or helm
        found = " ".join(fault.found.split())[:SHOWN]
        raise UsageFault(expected, found, "correct them, or name a file with the output of `helm template`") from None
