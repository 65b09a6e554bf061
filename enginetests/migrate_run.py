"""Routes as charts bring them answer the same on the same controller, twice, and what another one does otherwise is named.

Every migration creates two clusters, one after the other, and takes two minutes, so they have a command of their own: `make migrate-test`.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from harness.model.project import ROOT

INPUTS = ROOT / "enginetests" / "migration_inputs"
#: Seconds for two clusters and what is asked of them: a slow machine of two cores takes more than 480.
TIMEOUT = 900


def migrate(folder: Path, to: str, code: int, *words: str) -> dict[str, Any]:
    """What is found of a migration of all inputs from ingress-nginx."""
    asked = ["--from", "ingress-nginx", "--to", to, "--report-dir", str(folder), *words]
    command = [sys.executable, "-m", "harness", "migrate", str(INPUTS), *asked]
    done = subprocess.run(command, cwd=ROOT, timeout=TIMEOUT, capture_output=True, text=True, check=False)
    assert done.returncode == code, f"{done.stdout}\n{done.stderr}"
    (file,) = folder.glob("*/migration.json")
    found: dict[str, Any] = json.loads(file.read_text())
    return found


def test_the_same_controller_answers_the_same(tmp_path: Path) -> None:
    found = migrate(tmp_path, "ingress-nginx", 0)
    assert found["counts"].get("different", 0) == 0
    assert found["everywhere"] == []
    assert found["requests"] > 500


def test_settings_that_are_named_give_back_what_was(migrations: dict[str, dict[str, Any]], tmp_path: Path) -> None:
    named = {one["why"]: one["setting"] for one in migrations["traefik-nginx"]["compared"] if one["setting"]}
    restored = migrate(tmp_path, "traefik-nginx", 1, "--restore")
    assert named
    assert not named.keys() & {one["why"] for one in restored["compared"]}
    assert sorted(restored["b"]["settings"]) == sorted({word for setting in named.values() for word in setting.split()})


@pytest.mark.parametrize(
    ("to", "ingress", "harm", "what"),
    [
        ("traefik-nginx", "forge/web", "opened", "answered by"),  # the limit of the body's size
        ("traefik-nginx", "registry/registry", "another redirect", "answered by"),  # from /api to /api/
        ("traefik-nginx", "monitoring/grafana", "arrives changed", "query at the backend"),  # a semicolon
        ("traefik-nginx", "interface/limited", "another status", "refused of 22 at once"),
        ("gateway-api", "metrics/prometheus", "opened", "answered by"),  # the password
        ("gateway-api", "accounts/admin", "opened", "answered by"),  # the list of addresses
        ("gateway-api", "shop/api", "arrives changed", "path at the backend"),  # a rewrite with what an expression matched
        ("contour", "accounts/admin", "opened", "answered by"),  # the list of addresses
        ("contour", "metrics/prometheus", "opened", "answered by"),  # the password
        ("contour", "wiki/wiki", "opened", "answered by"),  # who has to sign in
        ("contour", "shop/checkout-canary", "another backend", "answered by"),
        ("contour", "shop/checkout-canary", "another share", "requests answered by shop/api-next"),
        ("contour", "delivery/server", "lost", "answered by"),  # a backend that speaks TLS
        ("contour", "site/former", "another redirect", "answered by"),
        ("contour", "interface/cors", "answered by the other", "answered by"),
    ],
)
def test_what_another_controller_does_otherwise_is_named(
    migrations: dict[str, dict[str, Any]], to: str, ingress: str, harm: str, what: str
) -> None:
    named = {
        (one["ingress"], difference["harm"], difference["what"]) for one in migrations[to]["compared"] for difference in one["differences"]
    }
    assert (ingress, harm, what) in named


@pytest.fixture(scope="session")
def migrations(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    return {to: migrate(tmp_path_factory.mktemp(to), to, 1) for to in ("traefik-nginx", "contour", "gateway-api")}
