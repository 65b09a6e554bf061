"""What is read of somebody's files, and what is said of the rest."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from harness.cluster.api import Denied
from harness.migration.reading import WORKLOADS, class_of, read_cluster, read_paths
from harness.model.errors import UsageFault
from selftests.migration.routes_of_a_shop import SHOP, as_list, ingress, routes, written
from selftests.systems.fake_api import FakeApi


def test_documents_and_lists_are_read_and_other_kinds_passed_over(tmp_path: Path) -> None:
    found = written(tmp_path, SHOP, as_list(ingress("two"), {"kind": "Deployment", "metadata": {"name": "x"}}), "- a\n- list\n", "")
    assert list(found.ingresses) == [("shop", "plain"), ("shop", "two")]
    assert set(found.services) == {("shop", "web"), ("shop", "api")}
    assert not found.skipped


def test_a_list_of_ingresses_as_the_api_server_gives_it(tmp_path: Path) -> None:
    nameless = {key: value for key, value in ingress().items() if key not in ("kind", "apiVersion")}
    text = as_list(nameless).replace("kind: List", "kind: IngressList").replace("apiVersion: v1", "apiVersion: networking.k8s.io/v1")
    assert list(written(tmp_path, text).ingresses) == [("shop", "one")]


def test_secrets_keep_their_type_only() -> None:
    secret = {"apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/tls", "metadata": {"name": "s"}, "data": {"tls.key": "secret"}}
    assert routes(secret).secrets == {("default", "s"): "kubernetes.io/tls"}


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"apiVersion": "extensions/v1beta1"}, "extensions/v1beta1"),
        ({"metadata": {}}, "no name"),
        ({"metadata": {"name": "x", "annotations": ["a"]}}, "no mapping"),
        ({"metadata": {"name": "x", "namespace": "No_Name"}}, "namespace"),
        ({"spec": None}, "no spec"),
        ({"spec": {"rules": ["x"]}}, "rules"),
        ({"spec": {"rules": [{"http": {"paths": [{"path": "/"}]}}]}}, "rules"),
    ],
)
def test_what_the_api_server_would_not_store_is_told(changed: dict[str, object], why: str) -> None:
    found = routes(ingress("good"), {**ingress("bad"), **changed})
    assert list(found.ingresses) == [("shop", "good")]
    assert [why in one.why for one in found.skipped] == [True]


def test_a_file_that_is_no_yaml_is_told_in_a_folder_and_refused_by_name(tmp_path: Path) -> None:
    template = "kind: Ingress\nspec: {{ .Values.x }\n"
    found = written(tmp_path, SHOP, template)
    assert "no YAML" in found.skipped[0].why
    with pytest.raises(UsageFault, match="helm template"):
        read_paths([tmp_path / "1.yaml"])


@pytest.mark.parametrize("text", ["kind: Service\nmetadata: {name: x}\n", "", "just a text"])
def test_an_input_without_ingresses_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(UsageFault, match="Ingresses of"):
        written(tmp_path, text)


def test_a_path_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageFault, match="does not exist"):
        read_paths([tmp_path / "nothing"])


def test_other_classes_are_left_out() -> None:
    legacy = ingress("old")
    legacy["metadata"]["annotations"] = {"kubernetes.io/ingress.class": "nginx"}
    found = routes(ingress("none"), ingress("its", ingressClassName="nginx"), legacy, ingress("other", ingressClassName="alb"))
    found.keep_class("nginx")
    assert [name for _, name in found.ingresses] == ["none", "its", "old"]
    assert "alb" in found.skipped[0].why
    assert class_of(legacy) == "nginx"


def test_the_oldest_ingress_comes_first() -> None:
    young, old = ingress("a"), ingress("b")
    young["metadata"]["creationTimestamp"], old["metadata"]["creationTimestamp"] = "2026-02-01T00:00:00Z", "2025-02-01T00:00:00Z"
    assert [item["metadata"]["name"] for item in routes(young, old).in_order] == ["b", "a"]


def test_ten_thousand_documents_are_read(tmp_path: Path) -> None:
    text = "---\n".join(f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: c{number}}}\n" for number in range(10_000))
    assert len(written(tmp_path, text, SHOP).config_maps) == 10_000


HELM = """#!/bin/sh
test "$1 $2" = "template release" || exit 9
case "$*" in *broken*) echo "Error: values do not meet the schema" >&2; exit 1;; esac
for argument; do case "$argument" in --values=*) cat "${argument#--values=}";; esac; done
"""


@pytest.fixture
def chart(tmp_path: Path) -> Path:
    folder = tmp_path / "chart"
    (folder / "templates").mkdir(parents=True)
    (folder / "Chart.yaml").write_text("name: shop\n")
    (folder / "templates" / "ingress.yaml").write_text("{{ if }}")
    return folder


@pytest.fixture
def helm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "helm").write_text(HELM)
    (tmp_path / "bin" / "helm").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")


@pytest.mark.usefixtures("helm")
def test_a_chart_is_rendered_with_its_values(chart: Path, tmp_path: Path) -> None:
    (tmp_path / "values.yaml").write_text(yaml.safe_dump(ingress("one")))
    found = read_paths([chart], [tmp_path / "values.yaml"])
    assert list(found.ingresses) == [("shop", "one")]
    assert not found.skipped


@pytest.mark.usefixtures("helm")
def test_what_helm_says_of_a_chart_is_told(chart: Path, tmp_path: Path) -> None:
    (tmp_path / "broken.yaml").touch()
    with pytest.raises(UsageFault, match="values do not meet the schema"):
        read_paths([chart], [tmp_path / "broken.yaml"])
    with pytest.raises(UsageFault, match=r"missing\.yaml"):
        read_paths([chart], [tmp_path / "missing.yaml"])


def test_a_chart_without_helm_or_values_without_a_chart_are_told(chart: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UsageFault, match="not installed or not on PATH"):
        read_paths([chart])
    with pytest.raises(UsageFault, match="a chart for the values"):
        read_paths([tmp_path], [tmp_path / "values.yaml"])


def workload(name: str, replicas: object = None, kind: str = "Deployment", **labels: str) -> dict[str, object]:
    template = {"metadata": {"labels": {"app": "web", **labels}}}
    return {"kind": kind, "metadata": {"name": name, "namespace": "shop"}, "spec": {"replicas": replicas, "template": template}}


def service(**selector: str) -> dict[str, object]:
    return {"kind": "Service", "metadata": {"name": "web", "namespace": "shop"}, "spec": {"selector": selector, "ports": []}}


@pytest.mark.parametrize(
    ("selector", "workloads", "pods"),
    [
        ({"app": "web"}, [workload("one", 2)], 2),
        ({"app": "web"}, [workload("one")], 1),
        ({"app": "web"}, [workload("one", 0)], 0),
        ({"app": "web"}, [workload("one", 1), workload("two", 2, "StatefulSet", tier="old")], 3),
        ({"app": "web", "tier": "old"}, [workload("one", 1), workload("two", 2, tier="old")], 2),
        ({"app": "api"}, [workload("one", 2)], None),
        ({"app": "web"}, [], None),
        ({}, [workload("one", 2)], None),
        ({"app": "web"}, [{"kind": "Deployment", "metadata": {"name": "x", "namespace": "shop"}}], None),
    ],
)
def test_the_pods_behind_a_service_are_counted(selector: dict[str, str], workloads: list[dict[str, object]], pods: int | None) -> None:
    assert routes(service(**selector), *workloads).pods_of(("shop", "web")) == pods


def test_settings_for_a_proxy_before_the_controller_are_left_out() -> None:
    settings = {"use-proxy-protocol": "true", "use-gzip": "true"}
    found = routes({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c", "namespace": "n"}, "data": settings})
    assert found.config_maps == {("n", "c"): {"use-gzip": "true"}}
    assert ["use-proxy-protocol" in one.what for one in found.skipped] == [True]


def test_a_cluster_that_does_not_tell_its_workloads_is_read_without_them() -> None:
    class Forbidding(FakeApi):
        def list(self, kind: str, *_: object, **__: object) -> list[dict[str, Any]]:
            if kind in WORKLOADS:
                raise Denied(403, "forbidden")
            return super().list(kind)

    found = read_cluster(Forbidding(ingress()), "mine")
    assert list(found.ingresses) == [("shop", "one")]
    assert [one.what for one in found.skipped] == ["every Deployment", "every StatefulSet"]
