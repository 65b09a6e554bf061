"""MetalLB as its Helm chart installs it, rendered by helm and judged like a mode: `make helm-test`. Creates a cluster.

The chart of each version brings FRR-K8s of its own, so that each is rendered in the mode whose images can be had.
"""

import subprocess
import sys
from pathlib import Path

import pytest

import lab
from harness.cluster.sources import components
from harness.model.project import ROOT

#: Seconds for a run.
TIMEOUT = 900
NATIVE = ("--set=frrk8s.enabled=false", "--set=speaker.frr.enabled=false")
NEWEST = components()["metallb-speaker"].default
#: The newest version whose FRR-K8s can be had.
WITH_FRR_K8S = components()["metallb-frr-k8s"].default


def rendered(version: str, folder: Path, *values: str) -> Path:
    """What `helm template` makes of the chart of a version, as whoever installs it would ask for it."""
    helm, chart = lab.binary("helm"), lab.manifest("metallb-chart", version)
    words = ["template", "metallb", str(chart), "--namespace=metallb-system", f"--set=controller.image.tag=v{version}", *values]
    text = subprocess.run([helm, *words, f"--set=speaker.image.tag=v{version}"], capture_output=True, text=True, check=True).stdout
    (file := folder / "rendered.yaml").write_text(text)
    return file


@pytest.mark.parametrize(
    ("version", "values"),
    [pytest.param(NEWEST, NATIVE, id="native"), pytest.param(WITH_FRR_K8S, (), id="as-it-is")],
)
def test_what_helm_renders_is_judged(version: str, values: tuple[str, ...], tmp_path: Path) -> None:
    file = rendered(version, tmp_path, *values)
    asked = [f"--metallb-manifest={file}", "--images=packages", "--level=core", "-n=6", f"--report-dir={tmp_path}", "metallb"]
    done = subprocess.run(
        [sys.executable, "-m", "harness", "run", *asked], cwd=ROOT, timeout=TIMEOUT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{done.stdout[-6000:]}\n{done.stderr[-3000:]}"
