"""``conformance.toml`` in a run: found, read before anything is created, and joined with the command line, which wins.

The keys of ``[run]`` are made from the declaration of the options, so that the file can say whatever the command line can.
"""

import argparse
import json
import os
import shlex
from collections.abc import Collection, Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
import pytest
from msgspec import Meta, Struct

from harness.model.baselines import Deviation
from harness.model.conformance_file import ConformanceFile, Skip, file_type, find_file, read_file
from harness.model.errors import UsageFault
from harness.model.features import Feature
from harness.plugin.declared import declared
from harness.plugin.ids import nearest
from harness.plugin.options import add_level, add_options, add_workers, positive, workers

SCHEMA_FILE = Path(__file__).parents[1] / "model" / "conformance.schema.json"
#: Options that a file cannot say: which file it is, and what one run is to do and no other.
NOT_IN_FILE = ("--config", "--propose-deviations")
FILE = pytest.StashKey[ConformanceFile | None]()


def begin(config: pytest.Config) -> None:
    """Read the file and make its options those of this process; a worker gets the command line alone, and does it again.

    It has no workers of its own, so what the file says of these is left out there.

    :raises UsageFault: it is not there, or cannot be followed
    """
    named, here = config.getoption("config"), config.invocation_params.dir
    found = here / named if named else find_file(here)
    config.stash[FILE] = read = _read(found, config) if found else None
    if read:
        _apply(read, config, without=("workers",) if hasattr(config, "workerinput") else ())


def conformance_file(config: pytest.Config) -> ConformanceFile | None:
    """The file of this run; ``None`` where there is none."""
    return config.stash.get(FILE, None)


def skipped(config: pytest.Config, statement: str, case: str) -> str:
    """Why the file skips a case; empty where it does not."""
    read = conformance_file(config)
    found = next((one for one in read.skips if one.concerns(statement, case)), None) if read else None
    return f"skipped by {found.file.name}:{found.line}: {found.reason}" if found else ""


def unsupported(config: pytest.Config, needed: Iterable[Feature]) -> str:
    """Why features are not to be counted on, as the file says; empty where it says nothing of them."""
    read = conformance_file(config)
    found = {one: read.unsupported[one] for one in needed if one in read.unsupported} if read else {}
    return "; ".join(f"{read.file.name} line {line} says that {one} is not supported" for one, line in found.items()) if read else ""


def unused(config: pytest.Config, collected: set[tuple[str, str]]) -> list[str]:
    """The entries that name a case which a collected statement does not have.

    :param collected: ids and cases
    """
    read = conformance_file(config)
    if read is None or any("[" in argument for argument in config.args):  # single cases were named: the others are not known
        return []
    cases: dict[str, set[str]] = {}
    for statement, case in collected:
        cases.setdefault(statement, set()).add(case)
    entries: list[Skip | Deviation] = [*read.skips, *read.deviations]
    return [
        f"{one.where} is unused: {one.statement} has no case {one.case!r}, but {', '.join(sorted(filter(None, known))) or 'none'}"
        for one in entries
        if one.case and (known := cases.get(one.statement)) and one.case not in known
    ]


def _read(file: Path, config: pytest.Config) -> ConformanceFile:
    known = set(declared(config.rootpath / "suites"))

    def unknown(identifier: str) -> str:
        return "" if identifier in known else f"there is no statement {identifier}; {nearest(identifier, known)}"

    return read_file(file.resolve(), run_type(), unknown)


def _apply(read: ConformanceFile, config: pytest.Config, without: Collection[str]) -> None:
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    options = [_declare(parser, words, said) for words, said in _declared()]
    environment = shlex.split(os.environ.get("PYTEST_ADDOPTS", ""))
    given = vars(parser.parse_known_args([*environment, *map(str, config.invocation_params.args)])[0])
    for option in options:
        name = _name(option.option_strings)
        if name in read.run and option.dest not in given and name not in without:
            setattr(config.option, option.dest, _from_file(read, name, option))


def _declare(parser: argparse.ArgumentParser, words: tuple[str, ...], said: dict[str, Any]) -> argparse.Action:
    more = ("--numprocesses",) if said.get("dest") == "numprocesses" else ()  # as pytest-xdist calls it
    return parser.add_argument(*words, *more, **(said | {"default": argparse.SUPPRESS}))


def _from_file(read: ConformanceFile, name: str, option: argparse.Action) -> Any:
    """The value of an option; a path is one from the file's folder."""
    value = read.run[name]
    if isinstance(option, argparse._AppendAction):  # argparse has no public way to say that an option is repeatable
        return [value] if isinstance(value, str) else value
    is_path = option.metavar in ("DIR", "FILE") or (option.metavar == "FILE|URL" and "://" not in value)
    return str(read.file.parent / value) if is_path else value


def _declared() -> list[tuple[tuple[str, ...], dict[str, Any]]]:
    """How the options of a run are declared, without those that a file cannot say."""
    found: list[tuple[tuple[str, ...], dict[str, Any]]] = []

    def add(*words: str, **said: Any) -> None:
        found.append((words, said))

    add_level(add)
    add_workers(add)
    add_options(lambda *_: add)
    return [(words, said) for words, said in found if words[0] not in NOT_IN_FILE]


def _name(words: Sequence[str]) -> str:
    """What the file calls an option: its long name, without the dashes."""
    return next(word for word in words if word.startswith("--")).removeprefix("--")


@cache
def run_type() -> type[Struct]:
    """The type of ``[run]``."""
    fields = []
    for words, said in _declared():
        name = _name(words)
        kind: Any = Annotated[_kind(said) | msgspec.UnsetType, Meta(description=said["help"].replace("%%", "%"))]
        fields.append((name.replace("-", "_"), kind, msgspec.field(default=msgspec.UNSET, name=name)))
    return msgspec.defstruct("Run", fields, frozen=True, forbid_unknown_fields=True)


def _kind(said: dict[str, Any]) -> Any:
    if said.get("action") == "store_true":
        return bool
    if said.get("action") == "append":
        return str | list[str]
    if "choices" in said:
        return Literal[tuple(said["choices"])]
    kinds: dict[Any, Any] = {
        int: int,
        positive: Annotated[float, Meta(gt=0)],
        workers: Annotated[int, Meta(ge=0)] | Literal["auto"],
    }
    return kinds.get(said.get("type"), str)


def schema_text() -> str:
    """The JSON Schema of the file, for editors."""
    made = msgspec.json.schema(file_type(run_type()))
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "conformance.toml"}
    return json.dumps(head | made, indent=2, ensure_ascii=False) + "\n"


def write_schema(file: Path = SCHEMA_FILE) -> Path:
    """Write ``conformance.schema.json``."""
    file.write_text(schema_text(), encoding="utf-8")
    return file


def check_schema(file: Path = SCHEMA_FILE) -> None:
    """Compare ``conformance.schema.json`` with the types.

    :raises UsageFault: it is stale
    """
    if not file.is_file() or file.read_text(encoding="utf-8") != schema_text():
        raise UsageFault("a schema that says what the options and types say", f"stale: {file.name}", "run make documents and commit")
