import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from lab.catalogue import Catalogue

LAB = Path(__file__).parents[2] / "lab"
RECIPE = LAB / "recipes" / "kind-node"
PODNET = RECIPE / "podnet"


@pytest.fixture(scope="module")
def manifest() -> dict[str, Any]:
    text = (RECIPE / "manifests" / "default-cni.yaml").read_text("utf-8")
    return {document["kind"]: document for document in yaml.safe_load_all(text)}


def test_every_program_that_is_built_is_copied_and_nothing_else() -> None:
    catalogue = Catalogue()
    copied = re.findall(r"(?<![\w/])bin/([\w-]+)", (RECIPE / "Dockerfile").read_text("utf-8"))
    for version in catalogue.component("kind-node").versions:
        built = [name for build in catalogue.recipe("kind-node", version).go for name in build.packages]
        assert sorted(copied) == sorted(built)


def test_kind_finds_the_phrases_that_make_it_fill_in_the_manifest() -> None:
    text = (RECIPE / "manifests" / "default-cni.yaml").read_text("utf-8")
    for phrase in ("would you kindly template this file", "would you kindly patch this file"):
        assert phrase in text
    assert re.findall(r"{{.*?}}", text) == ["{{ .PodSubnet }}"]


def test_podnet_runs_from_the_image_in_the_node_and_from_nowhere_else(manifest: dict[str, Any]) -> None:
    (container,) = manifest["DaemonSet"]["spec"]["template"]["spec"]["containers"]
    assert container["imagePullPolicy"] == "Never"
    assert f"\nimage {container['image']} " in (RECIPE / "store-images").read_text("utf-8")


def test_podnet_reads_what_the_manifest_sets_and_writes_where_it_mounts(manifest: dict[str, Any]) -> None:
    pod = manifest["DaemonSet"]["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    read = set(re.findall(r'os\.Getenv\("(\w+)"\)', (PODNET / "main.go").read_text("utf-8")))
    # The last one is appended by kind: https://pkg.go.dev/sigs.k8s.io/kind
    assert read == {variable["name"] for variable in container["env"]} | {"CONTROL_PLANE_ENDPOINT"}
    (mount,), (volume,) = container["volumeMounts"], pod["volumes"]
    assert mount["mountPath"] == volume["hostPath"]["path"] == str(Path(_configuration()).parent)


def test_a_restarted_node_forgets_the_configuration_that_podnet_wrote() -> None:
    unit = (RECIPE / "rootfs" / "etc" / "systemd" / "system" / "forget-pod-network.service").read_text("utf-8")
    assert f"ExecStart=/bin/rm -f {_configuration()}\n" in unit


@pytest.mark.parametrize("script", ["configure-node", "store-images"])
def test_scripts_are_valid_shell_and_executable(script: str) -> None:
    path = RECIPE / script
    shell = path.read_text("utf-8").splitlines()[0].removeprefix("#!")
    assert path.stat().st_mode & 0o111
    result = subprocess.run([shell, "-n", path], check=False, capture_output=True, text=True, timeout=30)
    assert (result.returncode, result.stderr) == (0, "")


@pytest.mark.skipif(shutil.which("go") is None, reason="podnet is written in Go, and there is no Go here")
def test_podnet(tmp_path: Path) -> None:
    sources = [PODNET / "plan.go", PODNET / "api.go", Path(__file__).parent / "podnet" / "podnet_test.go"]
    names = [Path(shutil.copy(source, tmp_path)).name for source in sources]
    result = subprocess.run(["go", "test", *names], cwd=tmp_path, check=False, capture_output=True, text=True, timeout=300)
    assert result.returncode == 0, result.stdout + result.stderr


def _configuration() -> str:
    (path,) = re.findall(r'configuration = "(.+)"', (PODNET / "kernel.go").read_text("utf-8"))
    return str(path)
