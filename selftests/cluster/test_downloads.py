"""Files from the web and their cache, with a web in memory."""

from pathlib import Path

import httpx
import pytest

from harness.cluster import downloads
from harness.cluster.downloads import Unreachable, Web, named, parse_mirror
from harness.model.errors import EnvironmentFault, UsageFault

PUBLIC = "https://raw.example.org/v1/native.yaml"


class FakeWeb:
    """Answers for the addresses it knows, and counts."""

    def __init__(self, **_: object) -> None:
        self.files: dict[str, bytes | int] = {}
        self.asked: list[str] = []

    def get(self, address: str, **_: object) -> httpx.Response:
        self.asked.append(address)
        found = self.files.get(address, 404)
        if found == 0:
            raise httpx.ConnectError("connection refused")
        return httpx.Response(found) if isinstance(found, int) else httpx.Response(200, content=found)


@pytest.fixture
def web(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> FakeWeb:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    fake = FakeWeb()
    monkeypatch.setattr(httpx, "get", fake.get)
    return fake


def anything(_: bytes) -> str:
    return ""


def test_a_published_file_is_fetched_once_and_lies_under_its_content(web: FakeWeb) -> None:
    web.files[PUBLIC] = b"kind: Namespace\n"
    first, second = (Web().published(PUBLIC, "a manifest", anything) for _ in range(2))
    assert first == second
    assert first.name == "native.yaml"
    assert first.read_bytes() == b"kind: Namespace\n"
    assert web.asked == [PUBLIC]


def test_a_file_of_the_cache_that_was_changed_is_fetched_again(web: FakeWeb) -> None:
    web.files[PUBLIC] = b"one"
    Web().published(PUBLIC, "a manifest", anything).write_bytes(b"broken")
    assert Web().published(PUBLIC, "a manifest", anything).read_bytes() == b"one"
    assert web.asked == [PUBLIC, PUBLIC]


def test_a_mirror_stands_before_the_address_and_is_another_address(web: FakeWeb) -> None:
    mirrored = "http://127.0.0.1:8000/all/raw.example.org/v1/native.yaml"
    web.files |= {PUBLIC: b"public", mirrored: b"mirrored"}
    assert Web().published(PUBLIC, "a manifest", anything).read_bytes() == b"public"
    assert parse_mirror("http://127.0.0.1:8000/all/").published(PUBLIC, "a manifest", anything).read_bytes() == b"mirrored"
    assert web.asked == [PUBLIC, mirrored]


def test_what_is_something_else_is_told_and_not_kept(web: FakeWeb) -> None:
    web.files[PUBLIC] = b"<html>"
    for _ in range(2):
        with pytest.raises(EnvironmentFault, match=rf"expected: a manifest at {PUBLIC}\nfound:    a page\nto do: .*a page of its own"):
            Web().published(PUBLIC, "a manifest", lambda content: "a page" if content == b"<html>" else "")
    assert web.asked == [PUBLIC, PUBLIC]


@pytest.mark.parametrize(
    ("answer", "found", "unreachable"),
    [(404, r"there is none \(HTTP 404\)", False), (503, "HTTP 503", True), (0, r"no answer \(connection refused\)", True)],
)
def test_what_is_not_there_is_told_apart_from_what_does_not_answer(web: FakeWeb, answer: int, found: str, unreachable: bool) -> None:
    web.files[PUBLIC] = answer
    with pytest.raises(
        EnvironmentFault, match=rf"expected: a manifest at {PUBLIC}\nfound:    {found}\nto do: .*--download-mirror"
    ) as caught:
        Web().published(PUBLIC, "a manifest", anything)
    assert isinstance(caught.value, Unreachable) is unreachable


def test_what_the_user_names_by_its_address_is_fetched_each_time(web: FakeWeb) -> None:
    for content in (b"one", b"two"):
        web.files[PUBLIC] = content
        assert named(PUBLIC, "a manifest").read_bytes() == content
    assert named("a/file.yaml", "a manifest") == Path("a/file.yaml")


@pytest.mark.parametrize("text", ["mirror.example.org", "ftp://mirror.example.org", "https://"])
def test_a_mirror_that_is_no_address_of_the_web_is_told(text: str) -> None:
    with pytest.raises(UsageFault, match="--download-mirror with a URL"):
        parse_mirror(text)


def test_an_address_without_a_name_has_one_in_the_cache(web: FakeWeb) -> None:
    web.files["https://example.org/"] = b"x"
    assert downloads.named("https://example.org/", "a manifest").name == "index"
