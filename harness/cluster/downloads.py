"""Files from the web, kept by their content in the user's cache."""

import hashlib
import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

import httpx

from harness.model.errors import EnvironmentFault, UsageFault
from lab import cache

#: Seconds within which a server has to answer, and seconds that it may be silent in the middle of a file.
ANSWER_TIMEOUT, SILENCE_TIMEOUT = 5, 60

#: Says what is wrong with what has arrived; nothing where it is what was asked for, and may be kept.
Complaint = Callable[[bytes], str]


class Unreachable(EnvironmentFault):
    """Nobody answered, or not with the file; says nothing about whether it exists."""


@dataclass(frozen=True, slots=True)
class Web:
    """The web, or a mirror of it: the mirror's URL stands before every public address without its scheme."""

    mirror: str = ""

    def address(self, public: str) -> str:
        """Where the file at a public address is fetched from."""
        return f"{self.mirror}/{public.partition('://')[2]}" if self.mirror else public

    def published(self, public: str, what: str, complaint: Complaint) -> Path:
        """A published file, which never changes: what was fetched from its address before is taken from the cache.

        :raises Unreachable: nobody answers
        :raises EnvironmentFault: there is none, or something else is there
        """
        address = self.address(public)
        index = _folder() / "addresses" / hashlib.sha256(address.encode()).hexdigest()
        if index.is_file() and (kept := _kept(index.read_text(), _name(address))):
            return kept
        content = _fetched(address, what)
        if wrong := complaint(content):
            raise EnvironmentFault(
                f"{what} at {address}", wrong, "see what that address shows; a proxy or a mirror may answer with a page of its own"
            )
        file = _keep(content, _name(address))
        _write(index, file.parent.name.encode())
        return file


def parse_mirror(text: str) -> Web:
    """Read ``--download-mirror URL``.

    :raises UsageFault: it is no URL of the web
    """
    if text and (urlsplit(text).scheme not in ("http", "https") or not urlsplit(text).netloc):
        raise UsageFault(
            "--download-mirror with a URL that begins with https:// or http://", text, "write for instance https://mirror.example.org"
        )
    return Web(text.rstrip("/"))


def named(place: str, what: str) -> Path:
    """The file that the user named, by its path or by a URL; one from the web may change, and is fetched each time.

    :raises EnvironmentFault: it cannot be fetched
    """
    return _keep(_fetched(place, what), _name(place)) if "://" in place else Path(place)


def _fetched(address: str, what: str) -> bytes:
    expected, timeout = f"{what} at {address}", httpx.Timeout(SILENCE_TIMEOUT, connect=ANSWER_TIMEOUT)
    try:
        answer = httpx.get(address, timeout=timeout, follow_redirects=True)
    except (httpx.HTTPError, httpx.InvalidURL) as fault:
        raise Unreachable(expected, f"no answer ({fault or type(fault).__name__})", "check the network, and --download-mirror") from None
    if answer.status_code in (httpx.codes.NOT_FOUND, httpx.codes.GONE):
        raise EnvironmentFault(expected, f"there is none (HTTP {answer.status_code})", "check the version, and --download-mirror")
    if not answer.is_success:
        raise Unreachable(expected, f"HTTP {answer.status_code}", "check --download-mirror, or try again later")
    return answer.content


def _folder() -> Path:
    return cache.directory().with_name("downloads")


def _name(address: str) -> str:
    return PurePosixPath(urlsplit(address).path).name or "index"


def _kept(digest: str, name: str) -> Path | None:
    """A file of the cache; none where it is not there, or is not what it was."""
    file = _folder() / digest / name
    return file if file.is_file() and hashlib.sha256(file.read_bytes()).hexdigest() == digest else None


def _keep(content: bytes, name: str) -> Path:
    digest = hashlib.sha256(content).hexdigest()
    return _kept(digest, name) or _write(_folder() / digest / name, content)


def _write(file: Path, content: bytes) -> Path:
    """Write a file at once: others may read or write it meanwhile."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=file.parent, delete=False) as stream:
        stream.write(content)
    os.chmod(stream.name, 0o755)  # it may be a program
    os.replace(stream.name, file)
    return file
