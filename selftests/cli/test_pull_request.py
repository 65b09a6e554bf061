"""Comments on a pull request, against an API in memory."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from harness.cli import pull_request
from harness.model.verdicts import Outcome
from harness.report import markdown
from harness.report.model import Report
from selftests.report import synthetic

BAD = synthetic.report(20)
GOOD = replace(BAD, results=[replace(result, outcome=Outcome.PASSED) for result in BAD.results])


class Api:
    """The comments of pull request 7; the first pages are full of other people's."""

    def __init__(self, others: int = 0) -> None:
        self.comments: list[dict[str, Any]] = [self.comment(number, "someone", "hello") for number in range(others)]
        self.status = 200
        self.asked: list[str] = []

    @staticmethod
    def comment(number: int, login: str, body: str) -> dict[str, Any]:
        return {"id": number, "user": {"login": login}, "body": body}

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request.method)
        assert request.headers["Authorization"] == "Bearer t0ken"
        if request.method == "GET":
            assert request.url.path == "/repos/o/r/issues/7/comments"
            page, size = int(request.url.params["page"]), int(request.url.params["per_page"])
            return httpx.Response(self.status, json=self.comments[(page - 1) * size : page * size])
        body = json.loads(request.content)["body"]
        if request.method == "POST":
            assert request.url.path == "/repos/o/r/issues/7/comments"
            self.comments.append(self.comment(1000 + len(self.comments), pull_request.AUTHOR, body))
        else:
            (found,) = [one for one in self.comments if request.url.path == f"/repos/o/r/issues/comments/{one['id']}"]
            found["body"] = body
        return httpx.Response(self.status, json={})

    @property
    def ours(self) -> list[str]:
        return [one["body"] for one in self.comments if one["user"]["login"] == pull_request.AUTHOR]


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    event = tmp_path / "event.json"
    event.write_text(json.dumps({"pull_request": {"number": 7}}))
    return {
        "GITHUB_EVENT_PATH": str(event),
        "GITHUB_API_URL": "https://api.example",
        "GITHUB_REPOSITORY": "o/r",
        "GITHUB_TOKEN": "t0ken",
        "GITHUB_WORKFLOW": "ci",
        "GITHUB_JOB": "gate",
        "ARTIFACT_URL": "https://example.org/artifact/1",
    }


def comment(api: Api, report: Report, mode: str, environ: dict[str, str], **inputs: str) -> None:
    pull_request.comment(report, {"comment": mode} | inputs, environ, httpx.MockTransport(api))


def test_the_first_comment_is_the_summary_with_a_link(environ: dict[str, str]) -> None:
    api = Api()
    comment(api, BAD, "always", environ)
    (body,) = api.ours
    assert body.startswith("<!-- metallb-ingress-conformance ")
    assert markdown.render(BAD, pull_request.LIMIT) in body
    assert body.endswith("[The whole report, with evidence](<https://example.org/artifact/1>)\n")


def test_the_next_one_takes_its_place_on_whatever_page_it_is(environ: dict[str, str]) -> None:
    api = Api(others=230)
    comment(api, BAD, "always", environ)
    comment(api, GOOD, "always", environ, images="controller=another:commit")
    (body,) = api.ours
    assert markdown.render(GOOD, pull_request.LIMIT) in body
    assert api.asked == ["GET", "GET", "GET", "POST", "GET", "GET", "GET", "PATCH"]


def test_another_gate_has_a_comment_of_its_own(environ: dict[str, str]) -> None:
    api = Api()
    comment(api, BAD, "always", environ, metallb="0.15.3")
    comment(api, BAD, "always", environ, metallb="0.16.1")
    comment(api, BAD, "always", environ | {"GITHUB_JOB": "other"}, metallb="0.16.1")
    assert len(api.ours) == 3


def test_only_failures_are_told_but_a_repaired_one_is_told_too(environ: dict[str, str]) -> None:
    api = Api()
    comment(api, GOOD, "failures", environ)
    assert api.ours == []
    comment(api, BAD, "failures", environ)
    comment(api, GOOD, "failures", environ)
    (body,) = api.ours
    assert markdown.render(GOOD, pull_request.LIMIT) in body


def test_somebody_elses_comment_is_left_alone(environ: dict[str, str]) -> None:
    api = Api()
    comment(api, BAD, "always", environ)
    api.comments[0]["user"]["login"] = "someone"
    comment(api, BAD, "always", environ)
    assert len(api.comments) == 2


def test_what_is_long_is_cut_to_what_github_takes(environ: dict[str, str]) -> None:
    api = Api()
    comment(api, synthetic.report(3000), "always", environ)
    assert len(api.ours[0]) < 65536
    assert "**Cut here:" in api.ours[0]


def test_a_run_without_a_pull_request_says_so(environ: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    Path(environ["GITHUB_EVENT_PATH"]).write_text(json.dumps({"ref": "refs/heads/main"}))
    api = Api()
    comment(api, BAD, "always", environ)
    assert api.asked == []
    assert capsys.readouterr().out == "this run belongs to no pull request: no comment\n"


def test_a_comment_that_is_refused_is_a_warning(environ: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    api = Api()
    api.status = 403
    comment(api, BAD, "always", environ)
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith("::warning title=No comment on the pull request::Client error '403 Forbidden'")
    assert "pull-requests: write" in line
