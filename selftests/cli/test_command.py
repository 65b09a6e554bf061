"""The command's line: what it offers, and with which code it ends."""

import argparse
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from harness.cli.command import command_parser, main
from harness.model.errors import EnvironmentFault, Fault, UsageFault
from lab.errors import LabError

ROOT = Path(__file__).parents[2]
COMMANDS = ("run", "list", "show", "compare", "engine", "images", "clusters", "documents", "new", "faults", "completion")
IMAGES = ("list", "build", "pull", "save", "load", "manifest", "bin")


@pytest.fixture(autouse=True)
def no_signals(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.cli.command.signal", SimpleNamespace(signal=lambda *_: None, SIGTERM=None, default_int_handler=None))


def ended(*words: str) -> object:
    """With which code the command ends by itself."""
    with pytest.raises(SystemExit) as raised:
        main(words)
    return raised.value.code


def test_help_names_every_command_and_the_exit_codes(capsys: pytest.CaptureFixture[str]) -> None:
    assert ended("--help") == 0
    text = capsys.readouterr().out
    assert [name for name in COMMANDS if f"\n    {name}" not in text] == []
    assert "4 wrong usage" in text


@pytest.mark.parametrize("words", [*((one,) for one in COMMANDS), *(("images", one) for one in IMAGES), ("clusters", "delete")])
def test_every_command_has_help(words: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert ended(*words, "--help") == 0
    assert f"usage: python -m harness {' '.join(words)}" in capsys.readouterr().out


def options(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    """Every option and argument of a parser and of its commands."""
    for action in parser._actions:
        yield action
        for one in action.choices.values() if isinstance(action.choices, dict) else ():
            yield from options(one)


def test_the_help_of_an_option_says_its_default_in_words_that_a_user_knows() -> None:
    declared = [action for action in options(command_parser("suite")) if action.dest not in ("help", "version", "command")]
    assert len(declared) > 40
    silent = [action.dest for action in declared if not action.help and not isinstance(action.choices, dict)]
    assert silent == ["shell"], "its choices say it"
    said = {action.dest: action.help or "" for action in declared}
    assert [
        name
        for name in ("metallb", "ingress", "kubernetes", "level", "numprocesses", "nodes", "images", "keep_cluster")
        if not re.search(r"\(default: \S+\)", said[name])
    ] == []
    assert [name for name, text in said.items() if re.search("budget|bound|scale(?!:)", text)] == []


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["run", "--nodse=3"], "unrecognized arguments: --nodse=3"),
        (["run", "--timeout-scale=0"], "'0' is not a number above zero"),
        (["runs"], "invalid choice: 'runs'"),
        ([], "required: COMMAND"),
        (["list", "--", "-x"], "only run hands words after -- to pytest"),
    ],
)
def test_what_cannot_be_understood_is_wrong_usage(words: list[str], complaint: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert ended(*words) == 4
    assert complaint in capsys.readouterr().err


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (UsageFault("a name", "none", "choose"), 4),
        (EnvironmentFault("an engine", "none", "start it"), 3),
        (LabError("an engine", "none", "start it"), 3),
        (KeyboardInterrupt(), 2),
    ],
)
def test_faults_are_told_on_one_screen(
    fault: Fault | LabError | KeyboardInterrupt, code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails() -> None:
        raise fault

    monkeypatch.setattr("harness.cluster.lifetime.known_clusters", fails)
    assert main(["clusters"]) == code
    told = capsys.readouterr()
    assert told.err.strip() == (str(fault) or "interrupted")
    assert told.out == ""


def test_the_version_is_printed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("harness.cli.command.suite_version", lambda: "0.2.0 (abc)")
    assert ended("--version") == 0
    assert capsys.readouterr().out == "metallb-ingress-conformance 0.2.0 (abc)\n"


def test_a_shell_understands_its_completion(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", "bash"]) == 0
    script = capsys.readouterr().out
    subprocess.run(["bash", "-n"], input=script, text=True, check=True, timeout=20)
    assert script.endswith("-F _shtab_metallb_ingress_conformance metallb-ingress-conformance\n")
    assert "--metallb" in script


def test_a_reader_that_goes_away_is_no_error() -> None:
    argv = [sys.executable, "-m", "harness", "completion", "bash"]
    with subprocess.Popen(argv, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as command:
        assert command.stdout
        assert command.stderr
        command.stdout.close()
        assert command.stderr.read() == ""
    assert command.returncode == 0


@pytest.mark.parametrize("name", ["", "report.json"])
def test_runs_are_compared_by_their_folders_or_files(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "report.json").write_text((ROOT / "selftests" / "report" / "report-version-1.json").read_text())
    assert main(["compare", str(tmp_path / name), str(tmp_path / name)]) == 0
    assert "# No regression" in capsys.readouterr().out
