"""What the processes of a run hand each other: records as text, and back."""

import json
from pathlib import Path
from typing import Any, TypeVar

import msgspec

Kind = TypeVar("Kind")


def packed(record: object) -> str:
    """A record as text: pytest-xdist's pipe knows neither our classes nor halves of surrogate pairs, which JSON escapes."""
    return json.dumps(msgspec.to_builtins(record, enc_hook=_path_out))


def unpacked(text: str, kind: type[Kind]) -> Kind:
    """The record in a text.

    :raises msgspec.ValidationError: the text holds none of the kind
    """
    return msgspec.convert(json.loads(text), kind, dec_hook=_path_in)


def _path_out(value: Any) -> str:
    if isinstance(value, Path):
        return str(value)
    raise NotImplementedError(f"records hold no {type(value).__name__}")


def _path_in(kind: type, value: Any) -> Path:
    if issubclass(kind, Path):
        return Path(value)
    raise NotImplementedError(f"records hold no {kind.__name__}")
