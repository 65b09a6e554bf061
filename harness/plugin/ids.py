"""What to say of an id that no statement has."""

import difflib
from collections.abc import Collection

from harness.catalogue.entries import RETIRED
from harness.model.project import COMMAND


def nearest(unknown: str, known: Collection[str]) -> str:
    """What became of the id, or which ones are like it."""
    if unknown in RETIRED:
        return f"{unknown} is gone, as {RETIRED[unknown]} says the same"
    near = difflib.get_close_matches(unknown, sorted(known), 3)
    return f"did you mean {', '.join(near)}?" if near else f"`{COMMAND} list` shows what there is"
