"""The doctor on the command line: which cluster, which exit code."""

import json
import re
from pathlib import Path

import pytest
import yaml

from harness.cli.command import main
from harness.cluster.kubeconfig import kubeconfig
from harness.doctor.snapshot import Snapshot
from harness.model.errors import UsageFault
from selftests.doctor.cluster import Cluster


@pytest.fixture
def file(tmp_path: Path) -> Path:
    cluster = {"name": "c", "cluster": {"server": "https://127.0.0.1:1"}}
    contexts = [{"name": name, "context": {"cluster": "c", "user": "u"}} for name in ("mine", "other")]
    document = {"apiVersion": "v1", "kind": "Config", "clusters": [cluster], "contexts": contexts, "users": [{"name": "u", "user": {}}]}
    (found := tmp_path / "config").write_text(yaml.safe_dump(document | {"current-context": "other"}))
    return found


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> Cluster:
    made = Cluster()

    def read(_: object) -> Snapshot:
        return made.read()

    monkeypatch.setattr("harness.cli.doctor.read", read)
    return made


def test_the_exit_code_says_whether_something_was_found(broken: Cluster, file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["doctor", "--context", "mine", "--kubeconfig", str(file)]
    assert main(words) == 0
    broken.remove("EndpointSlice/web")
    assert main(words) == 1
    assert "Service shop/web: no-endpoint" in capsys.readouterr().out
    assert main([*words, "--explain", "service/shop/other"]) == 0
    assert "may be announced by worker2" in capsys.readouterr().out
    assert main([*words, "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["context"] == "mine"


def test_the_context_is_never_guessed(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["doctor", "--kubeconfig", str(file)])
    assert ended.value.code == 4
    assert "--context" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("context", "text", "says"),
    [
        ("theirs", None, "a context theirs in [^\0]*it has mine, other"),
        ("mine", "- :\n -", "a kubeconfig"),
        ("mine", "{}", "a kubeconfig"),
    ],
)
def test_a_context_that_is_not_there_is_wrong_usage(
    context: str, text: str | None, says: str, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if text is not None:
        file.write_text(text)
    assert main(["doctor", "--context", context, "--kubeconfig", str(file)]) == 4
    assert re.search(says, capsys.readouterr().err)


def test_a_cluster_that_does_not_answer_is_the_environments_fault(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--context", "mine", "--kubeconfig", str(file)]) == 3
    assert "an API server that answers" in capsys.readouterr().err


def test_the_kubeconfig_is_the_one_that_kubectl_takes(file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("KUBECONFIG", raising=False)
    with pytest.raises(UsageFault, match=r"there is no [^\0]*\.kube/config"):
        kubeconfig(None)
    monkeypatch.setenv("KUBECONFIG", f"{tmp_path}/none:{file}")
    assert str(kubeconfig(None)) == f"{tmp_path}/none:{file}"
    assert kubeconfig(file) == file
