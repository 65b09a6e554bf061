"""``migrate`` before anything is created: what it would ask, and what it refuses."""

from pathlib import Path

import pytest

from harness.cli.command import main
from harness.model.verdicts import ExitCode
from selftests.migration.routes_of_a_shop import SHOP

BETWEEN = ("--from", "ingress-nginx", "--to", "traefik-nginx", "--images", "packages")


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    file = tmp_path / "shop.yaml"
    file.write_text(SHOP)
    return file


def test_a_dry_run_prints_every_request_and_those_of_the_user(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    own = shop.with_name("requests.txt")
    own.write_text("GET https://shop.example.test/mine\n")
    words = ["migrate", str(shop), *BETWEEN, "--to", "contour", "--dry-run", "--requests", str(own)]
    assert main(words) == ExitCode.AS_EXPECTED
    printed = capsys.readouterr().out
    assert "1 Ingresses" in printed
    assert "shop/plain  GET shop.example.test/v1x" in printed
    assert "shop/plain  GET https://shop.example.test/mine" in printed


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "PATH, or --context"),
        (("shop.yaml", "--context", "mine"), "both"),
        (("absent.yaml",), "does not exist"),
        (("shop.yaml", "--class", "alb"), "--class"),
        (("shop.yaml", "--to", "nothing"), "NAME one of"),
        (("shop.yaml", "--accept", "absent.toml"), "--accept"),
        (("shop.yaml", "--requests", "absent.txt"), "--requests"),
        (("--context", "mine", "--kubeconfig", "absent"), "absent"),
    ],
)
def test_what_cannot_be_is_refused_on_one_screen(
    shop: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], said: str
) -> None:
    monkeypatch.chdir(shop.parent)
    assert main(["migrate", *BETWEEN, *words]) == ExitCode.USAGE
    told = capsys.readouterr().err
    assert said in told
    assert len(told.splitlines()) <= 6
    assert not (shop.parent / "reports").exists()


def test_gateway_api_is_where_routes_go_and_not_where_they_are(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["migrate", str(shop), "--from", "gateway-api", "--to", "contour"]) == ExitCode.USAGE
    assert "--to gateway-api" in capsys.readouterr().err
