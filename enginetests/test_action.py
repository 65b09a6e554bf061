"""The scripts of the action, each run as a runner does it: installed, checked, run without an engine, told, and cleaned up after."""

import http.server
import json
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[1]
EXPRESSION = re.compile(r"\$\{\{ (.+?) \}\}")
LEFT_OUT = shutil.ignore_patterns(".*_cache", ".git", ".venv", ".tox", "runs", "__pycache__")


@dataclass
class Job:
    """One job that uses the action: runs its scripts in order, and knows what its expressions stand for."""

    action: Path
    folder: Path
    inputs: Mapping[str, str] = field(default_factory=dict)
    known: dict[str, str] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)

    def run(self, name: str) -> subprocess.CompletedProcess[str]:
        """Run one script, and take its outputs."""
        document = yaml.safe_load((self.action / "action.yml").read_text())
        (step,) = [step for step in document["runs"]["steps"] if step.get("name") == name]
        defaults = {key: one.get("default", "") for key, one in document["inputs"].items()}
        known = self.known | {"toJSON(inputs)": json.dumps({**defaults, **self.inputs})}
        step_environment = {key: EXPRESSION.sub(lambda match: known[match[1]], value) for key, value in step.get("env", {}).items()}
        files = {
            f"GITHUB_{kind}": str(self.folder / f"{step.get('id', 'none')}-{kind}") for kind in ("OUTPUT", "STEP_SUMMARY", "ENV", "PATH")
        }
        argv = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]]
        environment = {**self._machine(), **self.environment, **files, **step_environment}
        done = subprocess.run(argv, cwd=self.folder, env=environment, capture_output=True, text=True, timeout=600, check=False)
        output = Path(files["GITHUB_OUTPUT"])
        lines = output.read_text().splitlines() if output.exists() else []
        self.known |= {f"steps.{step['id']}.outputs.{key}": value for key, _, value in (line.partition("=") for line in lines)}
        return done

    def _machine(self) -> dict[str, str]:
        kept = {
            name: value for name, value in os.environ.items() if not name.startswith(("GITHUB_", "PYTHON", "PYTEST", "COV", "VIRTUAL_ENV"))
        }
        fixed = {"GITHUB_ACTION_PATH": str(self.action), "GITHUB_ACTIONS": "true", "GITHUB_JOB": "gate", "GITHUB_WORKFLOW": "ci"}
        return kept | fixed | {"RUNNER_TEMP": str(self.folder), "XDG_STATE_HOME": str(self.folder / "state")}


@pytest.fixture(scope="module")
def action(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The action as a runner has it: files without their history, and the suite installed by the first script."""
    folder = tmp_path_factory.mktemp("actions") / "v0.2.0"
    shutil.copytree(ROOT, folder, ignore=LEFT_OUT)
    known = {"steps.python.outputs.python-path": sys.executable, "github.action_ref": "v0.2.0"}
    job = Job(folder, tmp_path_factory.mktemp("workspace"), known=known, environment={"BIN": "/nowhere", "READY": "nothing"})
    done = job.run("install the suite")
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


@pytest.fixture
def job(action: Path, tmp_path: Path) -> Job:
    (tmp_path / ".git").mkdir()
    return Job(
        action,
        tmp_path,
        known={"strategy.job-index": "0", "github.token": "t0ken", "steps.report.outputs.artifact-url": "https://a.example/1"},
    )


@pytest.fixture
def comments() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """An API that has no comments yet, and those that it is sent."""
    sent: list[dict[str, Any]] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer([])

        def do_POST(self) -> None:
            sent.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self._answer({})

        def _answer(self, body: object) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", sent
        server.shutdown()


def test_the_suite_knows_which_version_of_the_action_it_is(action: Path) -> None:
    command = action / ".venv" / "bin" / "metallb-ingress-conformance"
    assert subprocess.run([command, "--version"], capture_output=True, text=True, check=True).stdout.endswith("(v0.2.0)\n")


def test_good_inputs_are_taken(job: Job) -> None:
    job.inputs = {"level": "smoke", "images": "controller=a.example/c:1,speaker=a.example/s:1", "args": "--ip-family dual"}
    done = job.run("check the inputs")
    assert done.returncode == 0, done.stdout + done.stderr
    assert job.known["steps.inputs.outputs.artifact"].startswith("metallb-ingress-conformance-gate-0-")


@pytest.mark.parametrize(
    ("inputs", "complaint"),
    [
        ({"level": "smok"}, "invalid choice: 'smok'"),
        ({"metallb": "newest"}, "neither a version such as"),
        ({"config": "absent.toml"}, "a TOML file in UTF-8"),
        ({"args": "ALC-9999"}, "ALC-9999"),
    ],
)
def test_wrong_inputs_are_one_annotation_and_end_the_job(inputs: dict[str, str], complaint: str, job: Job) -> None:
    job.inputs = inputs
    done = job.run("check the inputs")
    assert done.returncode == 4, done.stdout + done.stderr
    (line,) = done.stdout.splitlines()
    assert line.startswith("::error title=The inputs cannot be followed::")
    assert complaint in line


def test_a_run_without_an_engine_is_told_everywhere(job: Job, comments: tuple[str, list[dict[str, Any]]]) -> None:
    event = job.folder / "event.json"
    event.write_text(json.dumps({"pull_request": {"number": 7}}))
    job.inputs = {"level": "smoke", "comment": "failures"}
    job.environment = {
        "DOCKER_HOST": "tcp://127.0.0.1:1",
        "GITHUB_API_URL": comments[0],
        "GITHUB_REPOSITORY": "o/r",
        "GITHUB_EVENT_PATH": str(event),
    }
    done = job.run("judge the statements")
    assert done.returncode == 3, done.stdout + done.stderr
    assert job.known["steps.run.outputs.gate"] == "environment failed"
    assert Path(job.known["steps.run.outputs.json"]).is_relative_to(job.folder / "reports" / "runs")
    assert "a Docker engine that answers" in (job.folder / "run-STEP_SUMMARY").read_text()
    assert "::error title=environment fault::" in done.stdout
    assert job.run("say it on the pull request").returncode == 0
    (comment,) = comments[1]
    assert "a Docker engine that answers" in comment["body"]
    assert "https://a.example/1" in comment["body"]
    assert job.run("remove what a cancelled run left").returncode == 3


def test_leftovers_are_looked_for_on_the_engine(job: Job) -> None:
    done = job.run("remove what a cancelled run left")
    assert done.returncode == 0, done.stdout + done.stderr


def test_images_go_through_the_cache(job: Job) -> None:
    import lab

    name = "registry"
    version = lab.components()[name].default
    tag = lab.build([(name, version)], lab.Progress())[name, version]
    report = json.loads((ROOT / "selftests" / "report" / "report-version-1.json").read_text())
    report["images"] = [{"component": name, "reference": tag, "origin": "packages", "id": "sha256:0"}]
    job.folder.joinpath("report.json").write_text(json.dumps(report))
    job.known |= {"steps.inputs.outputs.archive": str(job.folder / "images.tar"), "steps.run.outputs.json": str(job.folder / "report.json")}
    for step in ("save the images for the cache", "load the images of the cache"):
        done = job.run(step)
        assert done.returncode == 0, done.stdout + done.stderr
    assert tag in done.stdout
