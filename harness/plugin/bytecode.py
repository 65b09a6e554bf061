"""Compiled modules for the workers of a run, where the environment asks Python to write none, as containers often do.

Without them each worker compiles the suite and its libraries anew: half of the processor time that the suite itself takes.
"""

import os
from collections.abc import Callable, MutableMapping
from pathlib import Path

from harness.model.project import NAME

#: What asks Python not to write them, and where it writes them instead of beside the sources
#: (https://docs.python.org/3/using/cmdline.html#envvar-PYTHONPYCACHEPREFIX).
NOT_WRITTEN, PREFIX = "PYTHONDONTWRITEBYTECODE", "PYTHONPYCACHEPREFIX"


def kept_for_workers(environ: MutableMapping[str, str] = os.environ) -> Callable[[], None]:
    """Let processes that this one starts keep them in the user's folder for such things, away from the sources; returns what undoes it.

    https://specifications.freedesktop.org/basedir-spec/latest/
    """
    if not environ.get(NOT_WRITTEN) or environ.get(PREFIX):
        return lambda: None
    asked = environ.pop(NOT_WRITTEN)
    environ[PREFIX] = str(Path(environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / NAME / "bytecode")

    def undo() -> None:
        environ[NOT_WRITTEN] = asked
        del environ[PREFIX]

    return undo
