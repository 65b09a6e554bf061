"""Controllers that cannot live on one cluster are told before anything is created."""

from pathlib import Path

import pytest

from harness.model.errors import UsageFault
from harness.systems.ingress.collisions import require_distinct
from harness.systems.ingress.controllers import Controller, controller, controllers, known

WEBHOOK = "apiVersion: admissionregistration.k8s.io/v1\nkind: ValidatingWebhookConfiguration\nmetadata: {name: admission}\n"


def complaint(*under_test: Controller, manifests: dict[str, Path] | None = None) -> str:
    with pytest.raises(UsageFault) as caught:
        require_distinct(under_test, manifests or {})
    return str(caught.value)


def shipped(*names: str) -> tuple[Controller, ...]:
    return tuple(controller(name, "3.7.15") for name in names)


def test_one_class_and_what_it_says_are_for_one_controller() -> None:
    told = complaint(*shipped("ingress-nginx", "traefik-nginx"))
    assert "ingress-nginx and traefik-nginx have one IngressClass nginx" in told
    assert "ingress-nginx and traefik-nginx have one controller k8s.io/ingress-nginx of an IngressClass" in told
    assert "in runs of their own" in told


def test_objects_of_manifests_are_told_apart_by_kind_namespace_and_name(tmp_path: Path) -> None:
    one, other = tmp_path / "one.yaml", tmp_path / "other.yaml"
    one.write_text(WEBHOOK + "---\nkind: Secret\nmetadata: {name: same, namespace: one}\n")
    other.write_text(WEBHOOK + "---\nkind: Secret\nmetadata: {name: same, namespace: other}\n")
    told = complaint(*shipped("traefik", "skipper"), manifests={"traefik": one, "skipper": other})
    assert "found:    traefik and skipper have one ValidatingWebhookConfiguration admission\n" in told


def test_an_image_that_both_run_has_one_version() -> None:
    told = complaint(controller("traefik", "3.7.15"), controller("traefik-nginx", "3.6.15"))
    assert "traefik and traefik-nginx have one image traefik, of 3.7.15 and of 3.6.15" in told


def test_shipped_controllers_can_be_judged_beside_each_other() -> None:
    together = [name for name in known() if name != "traefik-nginx"]
    made = shipped(*together)
    require_distinct(made, {one.name: one.manifest for one in made if one.manifest})
    require_distinct(shipped("traefik", "traefik-nginx"), {})


def test_only_of_several_objects_are_called_after_the_controller() -> None:
    assert [one.suffix for one in controllers({"traefik": "3.7.15"})] == [""]
    assert [one.suffix for one in controllers({"traefik": "3.7.15", "skipper": "0.24.1"})] == ["-traefik", "-skipper"]
