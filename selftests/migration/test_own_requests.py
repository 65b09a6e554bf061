"""Requests of the user's own."""

from pathlib import Path

import pytest

from harness.migration.own_requests import read_requests
from harness.model.errors import UsageFault
from selftests.migration.routes_of_a_shop import SHOP, written

LOGGED = (
    '192.0.2.7 - alice [29/Nov/2026:20:00:00 +0000] "GET /v1?user=alice&x=1 HTTP/2.0" 200 12 "-" "a [b]" 80 0.01 '
    "[shop-api-8080] [] 10.0.0.1:80 1"
)


def lines(folder: Path, text: str) -> list[str]:
    file = folder / "requests.txt"
    file.write_text(text)
    return [one.line for one in read_requests(file, written(folder, SHOP))]


def test_requests_are_read_as_they_are_written(tmp_path: Path) -> None:
    text = "# mine\n\nGET https://shop.example.test/a?b=c\nshop.example.test\nDELETE shop.example.test:80/x\nshop.example.test\n"
    assert lines(tmp_path, text) == [
        "GET https://shop.example.test/a?b=c",
        "GET shop.example.test/",
        "DELETE shop.example.test:80/x",
    ]


def test_an_access_log_gives_requests_without_persons(tmp_path: Path) -> None:
    (found,) = lines(tmp_path, f"{LOGGED}\n{LOGGED.replace('alice', 'bob')}\n")
    assert found == "GET shop.example.test/v1?user=x&x=x"


@pytest.mark.parametrize("text", ["what is this", "GET ", "GET http://", "get shop.example.test/ HTTP/1.1"])
def test_a_line_that_is_no_request_is_refused_with_its_number(tmp_path: Path, text: str) -> None:
    with pytest.raises(UsageFault, match="line 2"):
        lines(tmp_path, f"# first\n{text}\n")


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageFault, match="--requests"):
        read_requests(tmp_path / "none", written(tmp_path, SHOP))
