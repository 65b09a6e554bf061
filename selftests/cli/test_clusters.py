from pathlib import Path

import pytest

from harness.cli.command import command_parser
from harness.cluster.state import ClusterState, states_directory


def ask(*words: str) -> None:
    options = command_parser("c").parse_args(words)
    options.command(options)


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ClusterState:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    for name, stays in (("running", False), ("stays", True)):
        directory = states_directory() / name
        state = ClusterState(
            name, name, directory, directory / "kubeconfig", name, stays, "dual", 3, "1.36.3", "0.16.1", {"traefik": "3.7.15"}
        )
        state.save()
    return state


def test_kept_clusters_are_listed_with_what_is_on_them(kept: ClusterState, capsys: pytest.CaptureFixture[str]) -> None:
    ask("clusters")
    lines = capsys.readouterr().out.splitlines()
    assert lines == [
        "stays  metallb 0.16.1, kubernetes 1.36.3, traefik 3.7.15, dual, 3 nodes",
        f"  export KUBECONFIG={kept.kubeconfig}",
    ]


def test_that_none_is_kept_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    ask("clusters")
    assert capsys.readouterr().out == "none is kept\n"


def test_a_kept_cluster_is_deleted_by_its_name(kept: ClusterState, monkeypatch: pytest.MonkeyPatch) -> None:
    removed: list[str] = []
    monkeypatch.setattr("harness.cluster.publications.Publications.kind", lambda _: Path("kind"))
    monkeypatch.setattr("harness.cluster.lifetime.engine.require_engine", lambda: None)
    monkeypatch.setattr("harness.cluster.lifetime.tear_down", lambda state, *_: removed.append(state.name))
    ask("clusters", "delete", "latest")
    assert removed == [kept.name]


def test_what_killed_runs_left_is_deleted_and_no_kept_cluster(kept: ClusterState, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []
    monkeypatch.setattr("harness.cli.clusters.engine.require_engine", lambda: calls.append("engine"))
    monkeypatch.setattr("harness.cli.clusters.lifetime.remove_leftovers", lambda steps: calls.append("leftovers"))
    monkeypatch.setattr("harness.cli.clusters.lifetime.remove", lambda *_: calls.append("kept"))
    ask("clusters", "delete", "leftovers")
    assert calls == ["engine", "leftovers"]
