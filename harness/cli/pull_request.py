"""The result of a run as a comment on a pull request; the next run of the same gate changes its comment and adds none.

https://docs.github.com/en/rest/issues/comments
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import httpx

from harness.model.errors import UsageFault
from harness.model.project import NAME
from harness.model.verdicts import Verdict
from harness.report import github, markdown
from harness.report.model import Report

MODES = ("never", "failures", "always")
#: Bytes; GitHub takes comments of 65536 characters.
LIMIT = 60_000
#: Who writes with the token that a workflow is given; a comment of anybody else is not ours to change.
AUTHOR = "github-actions[bot]"
#: Where a gate stands; with its inputs this tells it from the others of a pull request.
_PLACE = ("GITHUB_WORKFLOW", "GITHUB_JOB", "JOB_INDEX")
_PERMISSION = "the job needs `pull-requests: write`, which the pull request of a fork never has"
_PAGE = 100


def mode(inputs: Mapping[str, str]) -> str:
    """When to comment.

    :raises UsageFault: the input is none of the words
    """
    wanted = inputs.get("comment", MODES[0])
    if wanted not in MODES:
        raise UsageFault(f"comment: one of {', '.join(MODES)}", wanted, "choose one")
    return wanted


def comment(report: Report, inputs: Mapping[str, str], environ: Mapping[str, str], transport: httpx.BaseTransport | None = None) -> None:
    """Say the result where the mode asks for it; with ``failures`` a comment of an earlier failure is brought up to date, too.

    A comment that GitHub refuses is told as a warning: it says nothing about the systems under test.
    """
    number = _number(environ)
    if number is None:
        print("this run belongs to no pull request: no comment")
        return
    wanted = mode(inputs)
    needed = wanted == "always" or (wanted == "failures" and report.gate is not Verdict.AS_EXPECTED)
    headers = {"Authorization": f"Bearer {environ['GITHUB_TOKEN']}", "Accept": "application/vnd.github+json"}
    base = f"{environ['GITHUB_API_URL']}/repos/{environ['GITHUB_REPOSITORY']}/issues"
    try:
        with httpx.Client(headers=headers, timeout=30, transport=transport) as client:
            _Comments(client, base, number).put(_marker(inputs, environ), _body(report, environ), new=needed)
    except httpx.HTTPError as fault:
        print(
            github.warning(
                "No comment on the pull request", f"{fault}; the job needs `pull-requests: write`, which runs of forks never have"
            )
        )


def _number(environ: Mapping[str, str]) -> int | None:
    event: dict[str, Any] = json.loads(Path(environ["GITHUB_EVENT_PATH"]).read_text(encoding="utf-8"))
    found = event.get("pull_request", {}).get("number")
    return int(found) if found else None


def _marker(inputs: Mapping[str, str], environ: Mapping[str, str]) -> str:
    """The images are no part of it: those of a pull request may be called otherwise with every commit."""
    asked = sorted(f"{name}={value}" for name, value in inputs.items() if name != "images")
    decides = [*(environ.get(name, "") for name in _PLACE), *asked]
    return f"<!-- {NAME} {hashlib.sha256(json.dumps(decides).encode()).hexdigest()[:16]} -->"


def _body(report: Report, environ: Mapping[str, str]) -> str:
    address = environ.get("ARTIFACT_URL", "")
    return markdown.render(report, LIMIT) + (f"\n[The whole report, with evidence](<{address}>)\n" if address else "")


@dataclass(frozen=True, slots=True)
class _Comments:
    """The comments of one pull request."""

    client: httpx.Client
    base: str
    number: int

    def put(self, marker: str, body: str, *, new: bool) -> None:
        """Change our comment that begins with the marker; where there is none, write one if it is to be new."""
        earlier = next((one["id"] for one in self._all() if one["user"]["login"] == AUTHOR and one["body"].startswith(marker)), None)
        text = {"body": f"{marker}\n{body}"}
        if earlier is not None:
            self.client.patch(f"{self.base}/comments/{earlier}", json=text).raise_for_status()
        elif new:
            self.client.post(f"{self.base}/{self.number}/comments", json=text).raise_for_status()

    def _all(self) -> Iterator[dict[str, Any]]:
        for page in count(1):
            answer = self.client.get(f"{self.base}/{self.number}/comments", params={"per_page": _PAGE, "page": page}).raise_for_status()
            found: list[dict[str, Any]] = answer.json()
            yield from found
            if len(found) < _PAGE:
                return
