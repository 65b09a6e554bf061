"""What of a snippet can be asked."""

import pytest

from harness.migration.snippets import MOST, visible
from harness.model.http_exchange import Request

PLAIN = Request("/app", host="a.test")


@pytest.mark.parametrize(
    ("snippet", "told"),
    [
        ("location = /health { return 200; }", ["/health", "/health/sub"]),
        ('location /a/ { deny all; }\nlocation ^~ "/b c" { }', ["/a/", "/a/sub", "/b c", "/b c/sub"]),
        (r"location ~ ^/x[0-9]+$ { return 403; }", ["/x0", "/x1", "/x99"]),
        (r"location ~* \.php$ { return 404; }", ["/a.php"]),
        ("location @named { return 200; }", []),
        ("if ($request_uri ~* '^/admin') { return 403; }", ["/admin"]),
        ('if ($uri = "/exact") { return 410; }', ["/exact"]),
    ],
)
def test_targets_that_it_decides_about(snippet: str, told: list[str]) -> None:
    assert [one.target for one in visible(snippet, PLAIN)] == told


@pytest.mark.parametrize(
    ("snippet", "headers"),
    [
        ("if ($http_user_agent ~* (badbot|crawler)) { return 403; }", {("User-Agent", "badbot"), ("User-Agent", "crawler")}),
        ('if ($http_x_forwarded_proto != "https") { return 301 https://$host$request_uri; }', {("X-Forwarded-Proto", "https")}),
        ("if ($cookie_beta = '1') { set $x 1; }", {("Cookie", "beta=1")}),
        ("if ($remote_addr = 10.0.0.1) { return 403; }", set()),
        ("if ($http_x ~ '(') { return 403; }", set()),
        ('more_set_headers "X-Frame-Options: DENY";', set()),
    ],
)
def test_headers_that_it_decides_by(snippet: str, headers: set[tuple[str, str]]) -> None:
    assert {header for one in visible(snippet, PLAIN) for header in one.headers} == headers


def test_methods_and_parameters_that_it_decides_by() -> None:
    found = visible("if ($request_method ~ ^(PATCH|DELETE)$) { return 405; } if ($arg_debug = on) { return 403; }", PLAIN)
    assert [(one.method, one.target) for one in found] == [("PATCH", "/app"), ("DELETE", "/app"), ("GET", "/app?debug=on")]


def test_a_long_snippet_is_asked_so_often_and_no_more() -> None:
    assert len(visible("\n".join(f"location = /{number} {{ }}" for number in range(50)), PLAIN)) == MOST
