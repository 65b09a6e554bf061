"""The action and the workflow around it: that both take and give the same, and what each step of the action runs."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from harness.model.project import version

ROOT = Path(__file__).parents[1]
WORKFLOWS = ROOT / ".github" / "workflows"
ACTION = ROOT / "action.yml"
PINNED = re.compile(r"uses: [\w./-]+@[0-9a-f]{40}  # v\d+\.\d+\.\d+$")
action: dict[str, Any] = yaml.safe_load(ACTION.read_text())
scripts: dict[str, dict[str, Any]] = {step["name"]: step for step in action["runs"]["steps"] if "run" in step}
#: Text that a shell would act on.
HOSTILE = "$(touch pwned) `touch pwned`; touch pwned' \" ${{ 1 }}\nx"


def called(name: str) -> dict[str, Any]:
    """What a workflow says of calling it."""
    found: dict[Any, Any] = yaml.safe_load((WORKFLOWS / name).read_text())
    return dict(found[True]["workflow_call"])  # YAML 1.1 reads `on` as true


@pytest.mark.parametrize("file", [ACTION, *sorted(WORKFLOWS.glob("*.yml"))], ids=lambda file: file.name)
def test_actions_of_others_are_pinned_by_commit(file: Path) -> None:
    used = [line.strip().removeprefix("- ") for line in file.read_text().splitlines() if re.match(r"\s*(- )?uses: [^.$]", line)]
    assert used or file.name == "conformance.yml"
    assert [line for line in used if not PINNED.fullmatch(line)] == []


def test_the_workflow_takes_and_gives_what_the_action_does() -> None:
    interface = called("gate.yml")
    (job,) = yaml.safe_load((WORKFLOWS / "gate.yml").read_text())["jobs"].values()
    step = job["steps"][-1]
    assert set(interface["inputs"]) - set(action["inputs"]) == {"runner", "minutes"}
    assert step["with"] == {name: f"${{{{ inputs.{name} }}}}" for name in action["inputs"]}
    given = {name: one for name, one in action["outputs"].items() if name != "json"}  # a path means nothing to another job
    assert job["outputs"] == {name: f"${{{{ steps.{step['id']}.outputs.{name} }}}}" for name in given}
    assert {name: one["description"] for name, one in interface["outputs"].items()} == {
        name: one["description"] for name, one in given.items()
    }
    for name, one in action["inputs"].items():
        assert interface["inputs"][name]["description"] == one["description"]
        assert str(interface["inputs"][name].get("default", "")).lower() == one.get("default", "")


def steps_of(node: Any) -> Iterator[dict[str, Any]]:
    """Every mapping in an example that uses the action or the workflow."""
    if isinstance(node, dict):
        if "/metallb-ingress-conformance" in node.get("uses", ""):
            yield node
        node = list(node.values())
    for one in node if isinstance(node, list) else []:
        yield from steps_of(one)


@pytest.mark.parametrize(("page", "examples"), [("docs/gate.md", 3), ("README.md", 1)])
def test_the_examples_use_what_there_is(page: str, examples: int) -> None:
    blocks = re.findall(r"```yaml\n(.+?)```", (ROOT / page).read_text(), re.DOTALL)
    used = [step for block in blocks for step in steps_of(yaml.safe_load(block))]
    assert len(used) == examples
    for step in used:
        assert set(step["with"]) <= set(action["inputs"])
        assert step["uses"].endswith(f"@v{version()}")


def test_the_page_describes_every_input_and_output() -> None:
    page = (ROOT / "docs" / "gate.md").read_text()
    rows = {name for row in re.findall(r"^\| (`.+?) \|", page, re.MULTILINE) for name in re.findall(r"`(.+?)`", row)}
    assert rows == {*called("gate.yml")["inputs"], *action["outputs"]}


def test_no_script_holds_an_expression() -> None:
    assert [name for name, step in scripts.items() if "${{" in step["run"]] == []


def test_what_a_cancelled_job_needs_runs_always_and_last() -> None:
    steps = action["runs"]["steps"]
    after = steps[[step.get("id") for step in steps].index("run") + 1 :]
    assert all(step["if"].startswith(("always()", "!cancelled()")) for step in after)
    assert scripts["remove what a cancelled run left"]["if"].startswith("always()")


def test_a_cancelled_job_interrupts_the_run_itself() -> None:
    assert scripts["judge the statements"]["run"].startswith("exec ")


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A checkout of the action whose command writes down how it was called."""
    command = tmp_path / "action" / ".venv" / "bin" / "metallb-ingress-conformance"
    command.parent.mkdir(parents=True)
    command.write_text(f'#!{sys.executable}\nimport json, os, sys\njson.dump([sys.argv[1:], dict(os.environ)], open("called", "w"))\n')
    command.chmod(0o755)
    return tmp_path


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("check the inputs", ["gate", "inputs"]),
        ("load the images of the cache", ["images", "load", HOSTILE]),
        ("judge the statements", ["gate", "run"]),
        ("remove what a cancelled run left", ["clusters", "delete", "leftovers"]),
        ("say it on the pull request", ["gate", "comment"]),
        ("save the images for the cache", ["gate", "save"]),
    ],
)
def test_a_step_runs_one_command_and_nothing_of_what_it_is_told(name: str, words: list[str], place: Path) -> None:
    step = scripts[name]
    given = dict.fromkeys(step.get("env", {}), HOSTILE)
    environment = {"PATH": os.environ["PATH"], "GITHUB_ACTION_PATH": str(place / "action")} | given
    subprocess.run(["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]], cwd=place, env=environment, check=True)
    argv, seen = json.loads((place / "called").read_text())
    assert argv == words
    assert {key: seen[key] for key in given} == given
    assert not (place / "pwned").exists()


def test_every_script_is_tried_here_or_on_an_engine() -> None:
    assert len(scripts) == 7, "the six above, and the installation, which enginetests/test_action.py runs"


@pytest.mark.parametrize("name", scripts)
def test_shellcheck_has_nothing_to_say(name: str) -> None:
    """Actionlint hands it the scripts of workflows, but not those of an action."""
    shellcheck = Path(sys.executable).with_name("shellcheck")
    script = f"set -eo pipefail  # as the runner does\n{scripts[name]['run']}"
    done = subprocess.run([shellcheck, "--shell=bash", "-"], input=script, capture_output=True, text=True, check=False)
    assert done.stdout == ""
    assert done.returncode == 0
