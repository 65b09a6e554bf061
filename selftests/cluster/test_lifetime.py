import json
from collections.abc import Callable
from os import utime
from pathlib import Path

import pytest

from harness.cluster.lifetime import LATEST, reuse
from harness.cluster.state import ClusterState, states_directory
from harness.model.errors import UsageFault

Store = Callable[..., None]


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setattr("harness.cluster.engine.require_engine", lambda: None)
    monkeypatch.setattr("harness.cluster.lifetime.require_reach", lambda: None)

    def save(name: str, *, age: int, kept: bool = True) -> None:
        directory = states_directory() / name
        state = ClusterState(name, name, directory, directory / "kubeconfig", name, kept, "ipv4", 3, "1.36.3", "0.16.1", {"none": "1"})
        state.save()
        utime(state.file, (1_000_000 - age, 1_000_000 - age))

    return save


@pytest.mark.parametrize(("name", "found"), [(LATEST, "second"), ("first", "first")])
def test_a_kept_cluster_is_named_or_the_last_one(name: str, found: str, store: Store) -> None:
    store("second", age=1)
    store("first", age=9)
    store("running", age=0, kept=False)
    with pytest.raises(UsageFault, match=f"{found} has 0.16.1"):  # the version tells which one was found, before anything is done with it
        reuse(name, {"metallb": "0.1.0"})


def test_what_is_kept_is_told_where_the_name_is_of_none(store: Store) -> None:
    with pytest.raises(UsageFault, match="none is kept"):
        reuse(LATEST, {})
    store("first", age=9)
    with pytest.raises(UsageFault, match="choose one of: latest, first"):
        reuse("another", {})


def test_a_cluster_with_other_controllers_is_told(store: Store) -> None:
    store("kept", age=1)
    with pytest.raises(UsageFault, match=r"a cluster with ingress traefik 3\.7\.15, skipper 0\.24\.1\nfound: .* has none 1"):
        reuse("kept", {"ingress": {"traefik": "3.7.15", "skipper": "0.24.1"}})


def test_what_an_earlier_version_kept_has_one_controller(store: Store) -> None:
    store("kept", age=1)
    file = states_directory() / "kept" / "state.json"
    stored = json.loads(file.read_text()) | {"ingress": "traefik", "ingress_version": "3.7.15"}
    file.write_text(json.dumps(stored))
    assert ClusterState.load(file).ingress == {"traefik": "3.7.15"}
