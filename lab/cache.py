"""Where the lab keeps what it makes outside the engine."""

import os
from pathlib import Path


def directory() -> Path:
    """The lab's folder in the user's cache, made on first use (XDG base directory specification)."""
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    path = Path(home, "metallb-ingress-conformance", "lab")
    path.mkdir(parents=True, exist_ok=True)
    return path
