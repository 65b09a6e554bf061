"""JSON Schemas of documents, made from their types, and kept as files beside these."""

from pathlib import Path
from typing import Any

import msgspec

from harness.model.errors import UsageFault


def schema_of(kind: type, title: str) -> dict[str, Any]:
    """The JSON Schema of a document of this type."""
    _, kinds = msgspec.json.schema_components([kind], ref_template="#/$defs/{name}")
    whole = kinds.pop(kind.__name__)
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": title}
    return {**head, **{name: value for name, value in whole.items() if name != "title"}, "$defs": kinds}


def write(file: Path, schema: dict[str, Any]) -> Path:
    """Write a schema to its file."""
    file.write_text(_text(schema), encoding="utf-8")
    return file


def check(file: Path, schema: dict[str, Any]) -> None:
    """Compare a schema with its file.

    :raises UsageFault: the file is stale
    """
    if not file.exists() or file.read_text(encoding="utf-8") != _text(schema):
        raise UsageFault(f"{file.name} as the types have it", "another one", "run `make documents`")


def _text(schema: dict[str, Any]) -> str:
    return msgspec.json.format(msgspec.json.encode(schema), indent=2).decode() + "\n"
