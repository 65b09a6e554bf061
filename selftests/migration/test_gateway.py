"""Routes converted to Gateway API."""

import json
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

import lab
from harness.cluster.api import Api, Object
from harness.cluster.publications import Publications
from harness.cluster.state import ClusterState
from harness.cluster.steps import Steps
from harness.migration import gateway
from harness.migration.asking import Asked
from harness.migration.reading import key_of
from harness.migration.standing import Standing
from harness.model.errors import UsageFault
from selftests.migration.routes_of_a_shop import ingress, path, routes

#: Converts the Ingresses that the file of the kubeconfig lists, unless one of them has a name that begins with "odd".
CONVERTER = f"""#!{sys.executable}
import json, sys
words = dict(word.lstrip("-").split("=") for word in sys.argv[2:])
names = [name for name in json.load(open(words["kubeconfig"])) if name.startswith(words["namespace"] + "/")]
if odd := [name for name in names if "/odd" in name]:
    sys.exit(f"cannot convert {{len(odd)}}")
if not names:
    print("No resources found in", words["namespace"], "namespace.")
for name in names:
    namespace, short = name.split("/")
    print("---")
    print(json.dumps({{"kind": "HTTPRoute", "metadata": {{"name": short, "namespace": namespace}}}}))
"""


class Stored(Api):
    """Keeps objects, and lists the Ingresses in a file."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.objects: dict[tuple[str, str], Object] = {}
        self._write()

    def apply(self, *documents: Object, dry_run: bool = False) -> list[Object]:
        self.objects |= {(item["kind"], "/".join(key_of(item))): item for item in documents}
        self._write()
        return list(documents)

    def delete(self, kind: str, name: str, namespace: str | None = None, **_: Any) -> None:
        self.objects.pop((kind, f"{namespace}/{name}"), None)
        self._write()

    def named(self, kind: str) -> list[str]:
        return [name for one, name in self.objects if one == kind]

    def _write(self) -> None:
        self.file.write_text(json.dumps(self.named("Ingress")))


class Converting(gateway.GatewayBench):
    """Creates routes, and stands on no cluster."""

    def __post_init__(self) -> None:
        self.api: Any = Stored(self.state.kubeconfig)
        self.converter = self.state.directory / "ingress2gateway"
        self.standing = Standing(self.routes, "image", "nonce")
        self.result = Asked("gateway-api", "1")

    def create(self) -> None:
        self._create({"/".join(key_of(item)): item for item in self.routes.in_order})


@pytest.fixture
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Converting:
    converter = tmp_path / "ingress2gateway"
    converter.write_text(CONVERTER)
    converter.chmod(0o755)
    state = cast(ClusterState, SimpleNamespace(kubeconfig=tmp_path / "kubeconfig", directory=tmp_path))
    items = [ingress(name, path("/")) for name in request.param]
    return Converting(state, routes(*items), Steps(print), cast(Publications, None))


@pytest.mark.parametrize("bench", [("one", "two")], indirect=True)
def test_what_ingresses_are_converted_to_is_created(bench: Converting) -> None:
    bench.create()
    assert bench.api.named("HTTPRoute") == ["shop/one", "shop/two"]
    assert bench.api.objects["Ingress", "shop/one"]["spec"]["ingressClassName"] == "nginx"
    assert bench.result.refused == {}


@pytest.mark.parametrize("bench", [("one", "odd", "two", "odd-other")], indirect=True)
def test_ingresses_that_cannot_be_converted_are_refused_alone(bench: Converting) -> None:
    bench.create()
    assert bench.api.named("HTTPRoute") == ["shop/one", "shop/two"]
    assert sorted(bench.result.refused) == ["shop/odd", "shop/odd-other"]
    assert "cannot convert 1" in bench.result.refused["shop/odd"]


@pytest.mark.parametrize("bench", [("odd",)], indirect=True)
def test_where_nothing_can_be_converted_nothing_is_created(bench: Converting) -> None:
    bench.create()
    assert bench.api.named("HTTPRoute") == bench.api.named("Ingress") == []
    assert bench._convert("shop") == []


def test_the_users_own_program_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = tmp_path / "ingress2gateway"
    own.write_text("#!/bin/sh\n")
    own.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert gateway.program() == own


def test_without_a_program_and_without_go_it_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_go(_: str) -> Path:
        raise lab.LabError("Go", "no Go", "install Go")

    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(lab, "binary", no_go)
    with pytest.raises(UsageFault, match="ingress2gateway on PATH"):
        gateway.program()
