"""Evidence of a failure: what the record offers, collected within bounds of time and size, without secrets."""

import contextvars
import hashlib
import re
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from time import monotonic

from harness.model.record import Evidence

#: Seconds for all files of one failure together.
TIME = 20.0
#: Characters kept of one file, and looked at before secrets are taken out.
KEPT, READ = 256 * 1024, 4 * 1024 * 1024
#: Characters kept of all files of one failure; what exceeds them keeps its first and last lines.
TOTAL, LEAST = 4 * 1024 * 1024, 2000

#: The file of a failure that says what is in each of the others.
INDEX = "index.md"
#: What can be collected, by the name of its file.
Sources = Mapping[str, Evidence]

REDACTED = "[redacted]"

_PATTERNS = [
    (re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL), REDACTED),
    (re.compile(r"\A[A-Za-z0-9+/=\s]*-----END [A-Z ]*PRIVATE KEY-----"), REDACTED),
    # base64 of "-----BEGIN ": a PEM block inside a Secret or a kubeconfig
    (re.compile(r"LS0tLS1CRUdJTi[A-Za-z0-9+/=]+"), REDACTED),
    (re.compile(r"\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*"), REDACTED),
    (re.compile(r"(?i)\b((?:proxy-)?authorization\\?[\"']?\s*[:=]\s*\\?[\"']?(?:[a-z]+\s+)?)[^\s\"',]+"), rf"\1{REDACTED}"),
    (re.compile(r"(?i)\b(bearer\s+)[\w.~+/=-]{8,}"), rf"\1{REDACTED}"),
    (re.compile(r"(?i)\b((?:set-)?cookie\\?[\"']?\s*[:=]\s*)[^\r\n]+"), rf"\1{REDACTED}"),
    (
        re.compile(
            r"(?i)((?:password|passwd|secretkey|secret-key|token|tls\.key|client-key-data|ca\.key)\\?[\"']?\s*[:=]\s*)"
            r"(?:\\?\"[^\"\\]*\\?\"|'[^']*'|[^\s,}\"'\[]+)"
        ),
        rf"\1{REDACTED}",
    ),
]
_SECRET = re.compile(r"[\"']?kind\\?[\"']?\s*[:=]\s*\\?[\"']?Secret\b")
_DOCUMENTS = re.compile(r"(?m)^(?=---)")
_FLOW_DATA = re.compile(r"(\\?[\"']?\b(?:data|string_?[dD]ata)\\?[\"']?\s*[:=]\s*)\{[^{}]*\}")
_BLOCK_DATA = re.compile(r"(?m)^(?P<indent>[ -]*)(?:data|stringData):[ \t]*\n(?:(?P=indent)[ ]+.*\n?|[ \t]*\n)+")


def redact(text: str) -> str:
    """The text without private keys, tokens, passwords, cookies and the data of Secrets."""
    for pattern, replacement in _PATTERNS:
        text = pattern.sub(replacement, text)
    return "".join(_without_data(document) if _SECRET.search(document) else document for document in _DOCUMENTS.split(text))


def _without_data(document: str) -> str:
    document = _FLOW_DATA.sub(rf"\1{REDACTED}", document)
    return _BLOCK_DATA.sub(lambda block: f"{block['indent']}data: {REDACTED}\n", document)


def folder(statement: str, case: str) -> str:
    """The name of a case's folder: safe in every file system, and never that of another case."""
    return statement + (f"-{safe(case)}" if case else "")


def safe(name: str) -> str:
    """The name with everything unusual replaced; a digest keeps two such names apart."""
    plain = re.sub(r"[^A-Za-z0-9._-]+", "_", name).lstrip(".")[:80]
    return plain if plain == name else f"{plain}-{hashlib.sha256(name.encode('utf-8', 'replace')).hexdigest()[:6]}"


def collect(sources: Sources, directory: Path, *, seconds: float = TIME) -> list[Path]:
    """Call every source, all at once, and write what each says within ``seconds`` into a file of its name, and an index.

    A source that fails or is late leaves a file that says so. Nothing is raised: evidence must not change a verdict.
    """
    deadline = monotonic() + seconds
    collectors = {name: _Collector(source.collect) for name, source in sources.items()}
    directory.mkdir(parents=True, exist_ok=True)
    files, room = [], TOTAL
    for name, collector in collectors.items():
        file = directory / safe(name)
        text = collector.result(max(0.0, deadline - monotonic()), seconds)
        text = bounded(text, max(min(KEPT, room), LEAST))
        file.write_text(text, encoding="utf-8", errors="replace")
        room -= len(text)
        files.append(file)
    _describe(directory, {safe(name): source.what for name, source in sources.items()})
    return files


def _describe(directory: Path, what: Mapping[str, str]) -> None:
    """Write the index, or add to it what a later phase has collected."""
    index = directory / INDEX
    before = index.read_text(encoding="utf-8") if index.exists() else f"# Evidence of the failure of {directory.name}\n\n"
    index.write_text(before + "".join(f"- [{file}]({file}): {line}\n" for file, line in what.items()), encoding="utf-8")


def bounded(text: str, limit: int = KEPT) -> str:
    """The text without secrets, its beginning and end if it is longer than ``limit`` characters."""
    return _ends(redact(_ends(text, READ)), limit)


def _ends(text: str, limit: int) -> str:
    if len(text) <= limit:
        return text
    return f"{text[: limit // 2]}\n[... {len(text) - limit} characters left out ...]\n{text[-(limit // 2) :]}"


class _Collector:
    """Calls one source on a thread that does not keep the process alive: a source may hang on a dead cluster."""

    def __init__(self, source: Callable[[], str]) -> None:
        self._text: str | None = None
        self._source = source
        context = contextvars.copy_context()
        self._thread = threading.Thread(target=context.run, args=(self._collect,), daemon=True)
        self._thread.start()

    def _collect(self) -> None:
        try:
            self._text = str(self._source())
        except Exception as fault:  # evidence must not change a verdict, whatever a source raises
            self._text = f"could not be collected: {type(fault).__name__}: {fault}\n"

    def result(self, seconds: float, limit: float) -> str:
        """What the source said within ``seconds``, else that it took longer than ``limit``."""
        self._thread.join(seconds)
        return self._text if self._text is not None else f"not collected within {limit:g} s\n"
