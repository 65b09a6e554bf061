"""What the doctor found, for people and for machines."""

from pathlib import Path
from typing import Any

import msgspec

from harness.doctor.diagnosis import Diagnosis
from harness.model import schemas
from harness.report.formatting import printable

SCHEMA_FILE = Path(__file__).with_name("doctor.schema.json")


def in_words(diagnosis: Diagnosis) -> str:
    """The whole diagnosis, for a terminal; what stands in the cluster may hold anything, and is shown as text."""
    metallb = f"MetalLB {diagnosis.metallb}" if diagnosis.metallb else "no MetalLB of a known version"
    parts = [f"{diagnosis.context}: Kubernetes {diagnosis.kubernetes}, {metallb}"]
    parts += ["\n".join(f"  {line}" for line in diagnosis.explained)] if diagnosis.explained else []
    for one in diagnosis.findings:
        lines = (("seen", one.seen), ("means", one.means), ("repair", one.repair), ("source", one.source))
        parts.append("\n".join([f"{one.object}: {one.rule}", *(f"  {name:<7} {text}" for name, text in lines)]))
    if diagnosis.unread:
        parts.append("\n".join(["not looked at, since it may not be read:", *(f"  {one}" for one in diagnosis.unread)]))
    return printable("\n\n".join([*parts, _end(diagnosis)]))


def _end(diagnosis: Diagnosis) -> str:
    number = len(diagnosis.findings)
    found = {0: "nothing found", 1: "1 finding"}.get(number, f"{number} findings")
    return f"{found}; {sum(diagnosis.looked_at.values())} objects were looked at, and nothing was changed"


def as_json(diagnosis: Diagnosis) -> str:
    """The same as a document that follows ``doctor.schema.json``."""
    return msgspec.json.format(msgspec.json.encode(diagnosis), indent=2).decode()


def schema() -> dict[str, Any]:
    """The JSON Schema of that document, made from the types."""
    return schemas.schema_of(Diagnosis, "What the doctor found in a cluster")


def write_schema(file: Path = SCHEMA_FILE) -> Path:
    """Write ``doctor.schema.json``."""
    return schemas.write(file, schema())


def check_schema(file: Path = SCHEMA_FILE) -> None:
    """Compare ``doctor.schema.json`` with the types.

    :raises UsageFault: it is stale
    """
    schemas.check(file, schema())
