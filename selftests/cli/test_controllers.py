"""``check-controller``: what is told of a controller's module."""

import pytest

from harness.cli.command import main
from harness.model.verdicts import ExitCode
from harness.systems.ingress.controllers.traefik import Traefik


def test_what_is_right_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check-controller", "traefik@3.6.15"]) == ExitCode.AS_EXPECTED
    said = capsys.readouterr().out
    assert said.startswith("traefik 3.6.15: nothing is wrong\n")
    assert "workloads         Deployment traefik/traefik\n" in said


def test_what_is_wrong_is_said(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Traefik, "class_controller", "example.com/nobody")
    assert main(["check-controller", "traefik"]) == ExitCode.USAGE
    assert "the IngressClass traefik of example.com/nobody is not installed" in capsys.readouterr().err


def test_an_unknown_one_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check-controller", "nobodys"]) == ExitCode.USAGE
    assert "ingress-nginx, kong, skipper, traefik" in capsys.readouterr().err
