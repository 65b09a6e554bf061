"""Charts among what a migration reads: rendered by the user's own helm, which knows their values."""

import subprocess
from collections.abc import Sequence
from pathlib import Path

from harness.model.errors import UsageFault

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
    command = ["helm", "template", RELEASE, str(chart), *(f"--values={file}" for file in values)]
    try:
        done = subprocess.run(command, capture_output=True, timeout=TIMEOUT, check=False, stdin=subprocess.DEVNULL)
    except FileNotFoundError:
        raise UsageFault(
            expected, "there is no helm on the PATH", "install it, or name a file with the output of `helm template`"
        ) from None
    except subprocess.TimeoutExpired:
        raise UsageFault(expected, f"helm still ran after {TIMEOUT} s", "name a file with the output of `helm template`") from None
    if done.returncode:
        words = " ".join(done.stderr.decode(errors="replace").split())[:SHOWN]
        raise UsageFault(expected, words or f"exit code {done.returncode}", "correct the chart or its values, or name its dependencies")
    return done.stdout.decode(errors="replace")
