"""``run``: what it hands pytest."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from harness.cli.command import main
from harness.plugin.run_facts import COMMAND_LINE

ROOT = Path(__file__).parents[2]
SUITES = str(ROOT / "suites")


class Handed:
    """Stands for pytest: keeps what it is given and ends with a code of its own."""

    def __init__(self) -> None:
        self.words: list[str] = []
        self.plugins: list[Any] = []

    def __call__(self, words: list[str], plugins: list[Any]) -> int:
        self.words, self.plugins = words, plugins
        return 5


@pytest.fixture
def handed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Handed:
    made = Handed()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("harness.cli.run.pytest.main", made)
    monkeypatch.setattr("harness.cli.command.signal", SimpleNamespace(signal=lambda *_: None, SIGTERM=None, default_int_handler=None))
    return made


def test_pytest_gets_the_project_from_any_folder(handed: Handed) -> None:
    assert main(["run"]) == 5
    assert handed.words == [
        f"--rootdir={ROOT}",
        f"--config-file={ROOT / 'pyproject.toml'}",
        "-W",
        "ignore::pytest.PytestAssertRewriteWarning",
        SUITES,
    ]


def test_options_are_handed_on_as_they_were_given(handed: Handed) -> None:
    given = ["--metallb=0.14.9", "--image=a=b", "--image=c=d", "--nodes=4", "--keep-cluster=always", "--propose-deviations"]
    main(["run", *given, "--timeout-scale", "2", "-m", "must and core", "-k", "pending"])
    assert [word for word in handed.words if word in given] == given
    assert "--timeout-scale=2.0" in handed.words
    assert handed.words[handed.words.index("-m") + 1] == "must and core"
    assert handed.words[handed.words.index("-k") + 1] == "pending"
    assert not any(word.startswith(("--ip-family", "--images")) for word in handed.words)


def test_a_level_is_handed_on(handed: Handed) -> None:
    main(["run", "--level", "smoke"])
    assert "--level=smoke" in handed.words


def test_a_number_of_workers_that_is_none_is_told(handed: Handed, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="4"):
        main(["run", "-n", "many"])
    assert "'many' is neither a number nor auto" in capsys.readouterr().err


def test_what_comes_after_two_dashes_goes_to_pytest_last(handed: Handed) -> None:
    main(["run", "-n", "2", "--", "-x", "-n", "3"])
    assert handed.words[-3:] == ["-x", "-n", "3"]
    assert "--numprocesses=2" in handed.words


def test_an_option_given_as_its_default_is_handed_on_too(handed: Handed) -> None:
    main(["run", "--nodes=3"])
    assert handed.words[-1] == "--nodes=3", "it outranks what conformance.toml says"


@pytest.mark.parametrize(
    ("what", "words"),
    [
        (["ALC-01", "EXH-01"], [SUITES, "--statement=ALC-01", "--statement=EXH-01"]),
        (["metallb/layer2", "suites/ingress/"], [f"{SUITES}/metallb/layer2", f"{SUITES}/ingress"]),
        (["suites"], [SUITES]),
        (["kubernetes/test_ingress_class.py::test_a[b/c]"], [f"{SUITES}/kubernetes/test_ingress_class.py::test_a[b/c]"]),
    ],
)
def test_statements_subjects_and_tests_can_be_named(what: list[str], words: list[str], handed: Handed) -> None:
    main(["run", *what])
    assert handed.words[4 : 4 + len(words)] == words


@pytest.mark.parametrize(
    ("what", "told"),
    [
        (["layer2"], "did you mean metallb/layer2?"),
        (["nothing"], "upgrade\nfound:    nothing\nto do:    choose one"),
        (["ALC-01", "metallb/layer2"], "name either"),
    ],
)
def test_what_does_not_exist_is_told(what: list[str], told: str, handed: Handed, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", *what]) == 4
    assert told in capsys.readouterr().err
    assert handed.words == []


def test_the_report_says_what_was_typed(handed: Handed) -> None:
    main(["run", "-m", "must and core", "--", "-x"])
    config = SimpleNamespace(stash={}, option=SimpleNamespace())
    started(handed, config)
    assert config.stash == {COMMAND_LINE: "python -m harness run -m 'must and core' -- -x"}


@pytest.mark.parametrize(("given", "taken"), [(None, 9), (0, 0), ("auto", "auto")])
def test_nine_statements_are_judged_at_a_time_where_nobody_says_another_number(given: object, taken: object, handed: Handed) -> None:
    main(["run"])
    config = SimpleNamespace(stash={}, option=SimpleNamespace(numprocesses=given))
    started(handed, config)
    assert config.option.numprocesses == taken


def started(handed: Handed, config: SimpleNamespace) -> None:
    """What the plugin does that the command hands pytest, before pytest itself begins."""
    next(handed.plugins[0].pytest_cmdline_main(config))
