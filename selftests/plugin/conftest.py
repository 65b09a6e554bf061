"""A project of its own per test: statements below suites/, the plugin, and versions under test that no cluster has to have."""

import json
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent, indent

import pytest

from harness.model.verdicts import Outcome
from harness.report.json_report import read_report
from harness.report.model import Report, Result

#: Arguments of a whole run with workers, which takes seconds: it is judged with the slow tests.
WITH_WORKERS = pytest.param(("-n2",), id="two workers", marks=pytest.mark.slow)
ROOT = Path(__file__).parents[2]

CONFIGURATION = f"""
[tool.pytest]
strict = true
testpaths = ["suites"]
pythonpath = [{json.dumps(str(ROOT))}]
addopts = ["--import-mode=importlib", "-p", "no:cacheprovider"]
filterwarnings = [
    "error",
    "ignore::pytest.PytestAssertRewriteWarning",
    "default::pytest.PytestUnraisableExceptionWarning",  # what a run with workers before left open is collected in this one
]
"""

CONFTEST = """
import pytest

from harness.model.features import Feature
from harness.plugin.run_facts import RUN

pytest_plugins = ["harness.plugin"]


@pytest.hookimpl(trylast=True)
def pytest_configure(config):
    config.stash[RUN].versions = {"metallb": "0.14.9", "kubernetes": "1.36.3", "traefik": "3.7.15"}
    config.stash[RUN].features = {"traefik": frozenset({Feature.CANARY, Feature.CORS})}
"""

PREAMBLE = """
import os
import time

import pytest
from harness.model.budgets import ALLOCATION, Budget
from harness.model.errors import *
from harness.model.record import collect_on_failure, measure, record
from harness.model.statements import *
from harness.probes.waiting import consistently, eventually
"""


@dataclass(frozen=True)
class Ran:
    """A finished run: its exit code, what the terminal showed, and the report if one was written."""

    code: int
    output: str
    report: Report | None

    @property
    def results(self) -> dict[str, Result]:
        assert self.report, self.output
        return {f"{result.id} {result.case}".rstrip(): result for result in self.report.results}

    @property
    def outcomes(self) -> dict[str, Outcome]:
        return {name: result.outcome for name, result in self.results.items()}


@dataclass
class Suite:
    """Writes statements and runs them."""

    pytester: pytest.Pytester

    def add(
        self,
        identifier: str,
        body: str = "pass",
        *,
        options: str = "",
        before: str = "",
        parameters: str = "",
        folder: str = "metallb/exhaustion",
        profile: str = "CORE",
        text: str = "A Service MUST do what is said here.",
    ) -> None:
        """A statement in a file of its own; ``before`` stands above it, ``options`` are further arguments of its declaration."""
        name = f"test_{identifier.lower().replace('-', '_')}"
        declaration = f'@statement("{identifier}", MUST, {profile}, source="https://metallb.io/usage/", {options})'
        function = f'def {name}({parameters}):\n    """{text}"""\n{indent(dedent(body).strip(), "    ")}\n'
        self.write(f"suites/{folder}/{name}.py", "\n".join([PREAMBLE, dedent(before), declaration, function]))

    def write(self, path: str, text: str) -> Path:
        file = self.pytester.path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        return file

    def run(self, *arguments: str) -> Ran:
        """Run in this process; ``-n2`` starts workers as ever."""
        result = self.pytester.runpytest_inprocess(*_plugins(arguments), *arguments)
        return self.ran(int(result.ret), f"{result.stdout.str()}\n{result.stderr.str()}")

    def start(self, *arguments: str) -> "subprocess.Popen[str]":
        """Run in a process of its own, at the head of a process group as in a terminal."""
        command = [sys.executable, "-m", "pytest", *_plugins(arguments), *arguments]
        signal.signal(
            signal.SIGINT, signal.default_int_handler
        )  # shells start background jobs with SIGINT ignored, and children inherit it
        return subprocess.Popen(
            command, cwd=self.pytester.path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
        )

    def ran(self, code: int, output: str) -> Ran:
        reports = list((self.pytester.path / "reports" / "runs").glob("*/report.json"))
        return Ran(code, output, read_report(max(reports, key=lambda path: path.stat().st_mtime_ns)) if reports else None)


def _plugins(arguments: tuple[str, ...]) -> tuple[str, ...]:
    return ("-p", "xdist") if "-n2" in arguments else ()


@pytest.fixture
def suite(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Suite:
    for name in ("GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY", "PYTEST_XDIST_WORKER", "PYTEST_ADDOPTS", "CI", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")  # what else is installed costs seconds a run
    made = Suite(pytester)
    made.write("pyproject.toml", CONFIGURATION)
    made.write("conftest.py", CONFTEST)
    return made
