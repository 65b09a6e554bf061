"""``gate``: what the inputs of the action become."""

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness.cli import gate, pull_request
from harness.cli.command import main
from harness.model.errors import UsageFault
from harness.report import json_report
from harness.report.model import ImageUsed
from selftests.report import synthetic


@pytest.fixture
def output(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where a step leaves its outputs; it stands in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("harness.cli.command.signal.signal", lambda *_: None)
    for name, value in {"GITHUB_OUTPUT": str(tmp_path / "output"), "GITHUB_JOB": "conformance", "JOB_INDEX": "3"}.items():
        monkeypatch.setenv(name, value)
    for name, value in {"GITHUB_RUN_ID": "99", "GITHUB_RUN_ATTEMPT": "2", "RUNNER_TEMP": "/runner"}.items():
        monkeypatch.setenv(name, value)
    return tmp_path / "output"


@pytest.fixture
def handed(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The words that pytest is started with; it ends well."""
    calls: list[list[str]] = []

    def take(words: list[str], plugins: list[Any]) -> int:
        calls.append(words)
        return 0

    monkeypatch.setattr("harness.cli.run.pytest.main", take)
    return calls


def give(monkeypatch: pytest.MonkeyPatch, **inputs: str) -> None:
    monkeypatch.setenv("INPUTS", json.dumps({name.replace("_", "-"): value for name, value in inputs.items()}))


def outputs(file: Path) -> dict[str, str]:
    return dict(line.split("=", 1) for line in file.read_text().splitlines())


def test_inputs_become_options_and_empty_ones_do_not() -> None:
    inputs = {
        "level": "smoke",
        "metallb": "0.15.3",
        "ingress": "ingress-nginx@1.15.1",
        "kubernetes": "1.36",
        "config": "ci/conformance.toml",
    }
    said = gate.read_inputs({"INPUTS": json.dumps(inputs | {"images": " ", "args": "", "comment": "never", "cache": "false"})})
    assert gate.run_words(said) == [f"--{name}={inputs[name]}" for name in ("level", "metallb", "ingress", "kubernetes", "config")]


def test_several_controllers_have_commas_between() -> None:
    assert gate.run_words({"ingress": "traefik, contour@1.33.0\nskipper,"}) == [
        "--ingress=traefik",
        "--ingress=contour@1.33.0",
        "--ingress=skipper",
    ]


def test_images_have_short_names_where_they_are_metallbs() -> None:
    words = gate.run_words({"images": "controller=r.example/c:1, speaker=s@sha256:0f\ningress-nginx-controller=me/n:x,"})
    assert words == [
        "--image=metallb-controller=r.example/c:1",
        "--image=metallb-speaker=s@sha256:0f",
        "--image=ingress-nginx-controller=me/n:x",
    ]


@pytest.mark.parametrize("images", ["webhook=x", "controller", "controller=", "=x"])
def test_an_image_of_nothing_is_told(images: str) -> None:
    with pytest.raises(UsageFault, match="images as COMPONENT=REFERENCE"):
        gate.run_words({"images": images})


def test_further_words_are_read_as_a_shell_would_and_not_run() -> None:
    assert gate.run_words({"args": "-k 'a or b' metallb/layer2 -- -x $(id)"}) == ["-k", "a or b", "metallb/layer2", "--", "-x", "$(id)"]


def test_a_run_gets_its_inputs_and_ends_as_it_ends(
    output: Path, handed: list[list[str]], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    give(monkeypatch, level="core", args="--nodes 4 -- -x")
    assert main(["gate", "run"]) == 0
    assert "--level=core" in handed[0]
    assert handed[0][-2:] == ["--nodes=4", "-x"]
    assert capsys.readouterr().out == "metallb-ingress-conformance run --level=core --nodes 4 -- -x\n"


def test_good_inputs_name_the_artifact_and_the_cache(output: Path, handed: list[list[str]], monkeypatch: pytest.MonkeyPatch) -> None:
    give(monkeypatch, metallb="0.15.3", comment="failures")
    assert main(["gate", "inputs"]) == 0
    assert "--collect-only" in handed[0]
    first = outputs(output)
    assert first["artifact"].startswith("metallb-ingress-conformance-conformance-3-99-2-")
    assert first["archive"] == "/runner/metallb-ingress-conformance-images.tar"
    output.unlink()
    main(["gate", "inputs"])
    again = outputs(output)
    assert again["key"] == first["key"]
    assert again["artifact"] != first["artifact"]


@pytest.mark.parametrize("change", [{"metallb": "0.14.9"}, {"args": "--ip-family dual"}, {"config": "other.toml"}])
def test_other_images_are_another_cache(change: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "other.toml").write_text("[run]\nmetallb = '0.14.9'\n")
    (tmp_path / ".git").mkdir()
    assert gate._cache_key(change) != gate._cache_key({})
    assert gate._cache_key({"level": "smoke"}) == gate._cache_key({"level": "full"})
    before = gate._cache_key({})
    (tmp_path / "conformance.toml").write_text("[run]\nmetallb = '0.14.9'\n")
    assert gate._cache_key({}) != before


@pytest.mark.parametrize(
    ("inputs", "text"),
    [
        ({"level": "smok"}, "invalid choice: 'smok'"),
        ({"comment": "yes"}, "expected: comment: one of never, failures, always%0Afound:    yes%0A"),
        ({"images": "speakr=x"}, "found:    speakr=x%0A"),
        ({"args": "'"}, "close the quotation"),
        ({"args": "layer3"}, "found:    layer3%0A"),
        ({"args": "--no-such-option"}, "unrecognized arguments: --no-such-option"),
    ],
)
def test_wrong_inputs_are_one_annotation(
    inputs: dict[str, str], text: str, output: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    give(monkeypatch, **inputs)
    assert main(["gate", "inputs"]) == 4
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith("::error title=The inputs cannot be followed::")
    assert text in line
    assert "usage:" not in line
    assert not output.exists()


def test_what_pytest_complains_of_is_told_without_the_listing(
    output: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(*_: Any, **__: Any) -> int:
        sys.stdout.write("suites/a.py: 3\n")
        sys.stderr.write("ERROR: no statement ALC-99\n")
        return 4

    monkeypatch.setattr("harness.cli.run.pytest.main", refuse)
    assert main(["gate", "inputs"]) == 4
    assert capsys.readouterr().out == "::error title=The inputs cannot be followed::ERROR: no statement ALC-99\n"


def test_images_of_the_users_own_are_not_cached(output: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    used = [ImageUsed("metallb-controller", "me/c:1", "user", "sha256:0"), ImageUsed("metallb-speaker", "q/s:1", "registry", "sha256:1")]
    report = output.with_name("report.json")
    report.write_text(json_report.render(replace(synthetic.report(3), images=used)))
    monkeypatch.setenv("REPORT", str(report))
    monkeypatch.setenv("ARCHIVE", "images.tar")
    saved: list[tuple[list[str], Path]] = []
    monkeypatch.setattr("harness.cli.gate.sources.save", lambda images, archive: saved.append(([one.reference for one in images], archive)))
    assert main(["gate", "save"]) == 0
    assert saved == [(["q/s:1"], Path("images.tar"))]


def test_a_comment_gets_the_report_and_the_inputs(output: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    report = output.with_name("report.json")
    report.write_text(json_report.render(synthetic.report(3)))
    monkeypatch.setenv("REPORT", str(report))
    give(monkeypatch, comment="always")
    seen: list[tuple[str, dict[str, str]]] = []
    monkeypatch.setattr(pull_request, "comment", lambda report, inputs, environ: seen.append((report.id, inputs)))
    assert main(["gate", "comment"]) == 0
    assert seen == [(synthetic.report(3).id, {"comment": "always"})]


def test_scale_is_part_of_no_gate() -> None:
    with pytest.raises(UsageFault, match="smoke, core or full"):
        gate.run_words({"level": "scale"})
