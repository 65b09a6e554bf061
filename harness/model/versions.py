"""Which versions a statement or a known deviation holds for.

Releases are ordered by PEP 440 (https://packaging.python.org/en/latest/specifications/version-specifiers/). A build on the way to a
release (``0.16.0-rc1``, ``v0.16.2-0.20260801120000-0123456789ab``) counts as the release it leads to, because that is what it has to be
judged by; a build without a number (``main``, ``v0.0.0-20260801120000-0123456789ab``) counts as newer than every release.
"""

import re
from collections.abc import Mapping

from packaging.version import InvalidVersion, Version

from harness.model.statements import CONTROLLER, Gate

#: Newer than every release: the epoch outranks all numbers.
NEWEST = Version("1!0")

_NUMBER = re.compile(r"v?(\d+(?:\.\d+)*)(?:[-+].*|\.[a-z].*)?", re.ASCII | re.DOTALL)
_NAMES = re.compile(r"(main|master|head|latest|dev|devel)([-+.].*)?", re.ASCII | re.IGNORECASE)


def version(text: str) -> Version:
    """The version that ``text`` names, reduced to the release it is or leads to.

    :raises ValueError: the text is neither a version nor the name of a development build
    """
    text = text.strip()
    if _NAMES.fullmatch(text):
        return NEWEST
    number = _NUMBER.fullmatch(text)
    if number is None:
        return _strictly(text)
    found = Version(number.group(1))
    return NEWEST if found == Version("0") else found


def _strictly(text: str) -> Version:
    try:
        return Version(Version(text).base_version)
    except InvalidVersion:
        raise ValueError(f"{text!r} is neither a version such as 0.15.2 nor a development build such as main") from None


#: The systems that are in every run.
ALWAYS = ("metallb", "kubernetes", CONTROLLER)


def holds(gate: Gate, text: str) -> bool:
    """Whether the version named by ``text`` lies in the gate's half-open range."""
    found = version(text)
    return (gate.since is None or version(gate.since) <= found) and (gate.until is None or found < version(gate.until))


def bounded(gate: Gate) -> bool:
    """Whether there are versions that the gate leaves out."""
    return gate.since is not None or gate.until is not None


def label(gate: Gate) -> str:
    """The gate's range in words, for instance ``metallb >= 0.13.9, < 0.15.0``; the bare name of the system where every version will do."""
    bounds = [f"{sign} {bound}" for sign, bound in ((">=", gate.since), ("<", gate.until)) if bound]
    return f"{gate.system} {', '.join(bounds)}".rstrip()


def mismatch(gate: Gate, versions: Mapping[str, str]) -> str | None:
    """Why a statement does not apply to the systems under test, or ``None`` where it does.

    A gate without bounds on a system that is always there lets everything pass, whether or not its version is known.
    """
    found = versions.get(gate.system)
    if found is None:
        return None if gate.system in ALWAYS and not bounded(gate) else f"needs {label(gate)}, which is not under test"
    return None if holds(gate, found) else f"needs {label(gate)}, this is {found}"
