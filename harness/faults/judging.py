"""The statements are judged by an ordinary run, in a process of its own, on the cluster that has the fault."""

import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from harness.model.errors import EnvironmentFault
from harness.model.project import ROOT
from harness.report.json_report import read_report
from harness.report.model import Report

#: Seconds that an interrupted run may take to end.
ENDING = 120


def run(cluster: str, what: Sequence[str], workers: int, folder: Path) -> Report:
    """Judge statements on a kept cluster and return the report, which stays in ``folder``.

    :param what: tests, or a subject, and further options
    :raises EnvironmentFault: there is no report
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    options = [f"--reuse-cluster={cluster}", f"--report-dir={folder}", f"--workers={workers}"]
    with (folder / "output.txt").open("wb") as output:
        code = ended([sys.executable, "-m", "harness", "run", *what, *options], output.fileno())
    reports = list(folder.glob("*/report.json"))
    if not reports:
        printed = (folder / "output.txt").read_text(encoding="utf-8", errors="replace").strip().splitlines()[-8:]
        raise EnvironmentFault("a report of the run", f"exit code {code}\n" + "\n".join(printed), f"read {folder / 'output.txt'}")
    return read_report(reports[0])


def ended(argv: Sequence[str], output: int) -> int:
    """The exit code of a run; an interruption is handed on once, and the run may clean up."""
    with subprocess.Popen(argv, cwd=ROOT, stdout=output, stderr=subprocess.STDOUT, start_new_session=True) as process:
        try:
            return process.wait()
        except BaseException:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(ENDING)
            except subprocess.TimeoutExpired:
                process.kill()
            raise
