"""What is said of requests, Ingresses and annotations, and how it is shown."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest

from harness.migration import known, rendering
from harness.migration.acceptance import Acceptance
from harness.migration.answers import Answer
from harness.migration.asking import Asked
from harness.migration.comparison import Difference, Harm
from harness.migration.conclusion import Sides, conclude
from harness.migration.findings import Fate, Migration, Verdict
from harness.migration.requests import derive
from harness.model.errors import UsageFault
from harness.systems.environment import Settings
from selftests.migration.routes_of_a_shop import ingress, path, routes

HOSTILE = '</script><b>"\u202e\x1b[31m|`'


def answers(number: int, **fields: Any) -> list[Answer]:
    usual: dict[str, Any] = {"status": 200, "backends": ("shop/web",), "arrived": {"method": "GET", "path": "/", "host": "a", "query": ""}}
    return [Answer(**(usual | fields)) for _ in range(number)]


def migration(
    *items: dict[str, Any],
    a: dict[str, Any] | None = None,
    b: dict[str, Any] | None = None,
    acceptance: Acceptance | None = None,
    **of_b: Any,
) -> Migration:
    of = routes(*items)
    derived = derive(of)
    one = Asked("ingress-nginx", "1.11.0", answers(len(derived), **(a or {})))
    two = Asked("contour", "1.33.8", answers(len(derived), **(b or {})), **of_b)
    settings = Settings("1.36.4", "0.16.1", {"contour": "1.33.8"})
    return conclude(Sides(of, derived, one, two), settings, acceptance or Acceptance(), "2026-11-29T00:00:00Z")


def fates(found: Migration) -> dict[str, Fate]:
    return {one.name: one.fate for one in found.ingresses[0].annotations}


def differs(found: Migration) -> bool:
    """Whether a request to the host of the first Ingress is answered in another way; here all hosts answer alike, also those of nobody."""
    return bool(found.everywhere) or any(one.verdict is Verdict.DIFFERENT for one in found.compared if " one.example.test/" in one.request)


def test_nothing_is_different_between_equals() -> None:
    found = migration(ingress())
    assert not found.different
    assert found.counts == {"equal": found.requests}
    assert "nothing is different" in rendering.headline(found)


def test_what_both_do_against_the_specification_is_told() -> None:
    found = migration(ingress("one", path("/"), path("/api", "api")))
    assert {one.request for one in found.compared if one.verdict is Verdict.BOTH_WRONG} >= {"GET one.example.test/api"}
    assert not found.different


def test_what_is_refused_is_not_compared() -> None:
    found = migration(ingress("one"), b={"status": 404, "backends": (), "arrived": {}}, refused={"shop/one": "denied the request"})
    assert found.counts[Verdict.REFUSED] == found.requests
    assert found.ingresses[0].refused == {"B": "denied the request"}
    assert found.different


def test_the_fate_of_annotations() -> None:
    notes = {"app-root": "/x", "rate-limit": "5", "proxy-buffering": "on"}
    kept = migration(ingress(notes=notes))
    assert fates(kept) == {"app-root": Fate.KEPT, "rate-limit": Fate.NEVER, "proxy-buffering": Fate.UNSEEN}
    lost = migration(ingress(notes=notes), b={"status": 404, "backends": (), "arrived": {}})
    assert fates(lost)["app-root"] is Fate.LOST
    assert "app-root" in rendering.in_words(lost)


def test_accepted_differences_count_no_more_and_stale_ones_are_told(tmp_path: Path) -> None:
    file = tmp_path / "accepted.toml"
    entry = '[[accepted]]\ningress = "{}"\nwhat = "{}"\nreason = "known"\n'
    file.write_text(entry.format("shop/*", "status") + entry.format("shop/one", "gone"))
    found = migration(ingress(), b={"status": 500}, acceptance=Acceptance.read(file))
    assert found.counts == {"equal": found.requests}
    assert found.stale == ("shop/one: gone",)
    assert found.different
    file.write_text(entry.format("shop/*", "status"))
    assert not migration(ingress(), b={"status": 500}, acceptance=Acceptance.read(file)).different


@pytest.mark.parametrize("text", ["accepted = 1", "[[accepted]]\nwhat = 'x'", "no toml", "[[accepted]]\ningress='a'\nwhat='b'\nreason=' '"])
def test_a_file_of_accepted_differences_that_is_none_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "accepted.toml"
    file.write_text(text)
    with pytest.raises(UsageFault):
        Acceptance.read(file)
    with pytest.raises(UsageFault):
        Acceptance.read(tmp_path / "absent.toml")


def test_the_document_follows_its_schema_and_every_form_is_written(tmp_path: Path) -> None:
    found = migration(
        ingress(notes={"app-root": HOSTILE}), b={"status": 302, "backends": (), "arrived": {}, "headers": {"location": HOSTILE}}
    )
    page = rendering.write(found, tmp_path)
    document = json.loads((tmp_path / "migration.json").read_text())
    jsonschema.validate(document, json.loads(rendering.SCHEMA_FILE.read_text()))
    assert msgspec.json.decode((tmp_path / "migration.json").read_bytes(), type=Migration) == found
    assert "<b>" not in page.read_text().replace("<bdi>", "")
    for text in (page.read_text(), (tmp_path / "migration.md").read_text(), rendering.in_words(found)):
        assert "\x1b" not in text
        assert "\u202e" not in text


def canary(name: str = "canary", host: str = "one.example.test", **notes: str) -> dict[str, Any]:
    return ingress(
        name, path("/", "new"), host=host, notes={"canary": "true", **{key.replace("_", "-"): one for key, one in notes.items()}}
    )


@pytest.mark.parametrize(
    ("canaries", "told"),
    [
        ([canary(canary_weight="20", canary_by_header="X-C")], {" with X-C: always", " with X-C: never"}),
        ([canary(canary_weight="20", canary_by_header="X-C", canary_by_header_value="new")], {" with X-C: new"}),
        ([canary(canary_weight="20", canary_by_header="X-C", canary_by_header_pattern="^v[0-9]$")], {" with X-C: v0"}),
        ([canary(canary_weight="20", canary_by_cookie="c")], {" with Cookie: c=always", " with Cookie: c=never"}),
        ([canary(canary_weight="20", canary_by_cookie="c"), canary("other", "two.example.test", canary_by_header="X-C")], set()),
    ],
)
def test_what_chance_decides_is_no_difference_and_what_a_header_does_is(canaries: list[dict[str, Any]], told: set[str]) -> None:
    main = [ingress("main", path("/")), ingress("second", path("/"), host="two.example.test")]
    found = migration(*main, *canaries, b={"backends": ("shop/new",)})
    different = {one.request for one in found.compared if one.verdict is Verdict.DIFFERENT and "GET one.example.test/" in one.request}
    assert {one.removeprefix("GET one.example.test/") for one in different} == told


@pytest.mark.parametrize(("host", "asked"), [("*.example.test", "GET conformance.example.test"), ("", "GET unknown.conformance.test")])
def test_chance_decides_also_of_hosts_that_a_wildcard_or_nobody_names(host: str, asked: str) -> None:
    items = ingress("main", path("/"), host=host), canary(host=host, canary_weight="20")

    def different(b: dict[str, Any]) -> bool:
        found = migration(*items, b=b).compared
        return any(one.verdict is Verdict.DIFFERENT for one in found if one.request.startswith(asked))

    assert not different({"backends": ("shop/new",)})
    assert different({"backends": ("shop/other",)})


def answered(**served: int) -> dict[str, Any]:
    """The answer of many askings of which each backend got some."""
    return {"backends": tuple(f"shop/{name}" for name in served), "served": {f"shop/{name}": number for name, number in served.items()}}


def test_the_share_of_a_canary_is_compared_and_a_small_one_may_be_of_none() -> None:
    items, a = (ingress("main", path("/")), canary(canary_weight="1")), answered(web=150)
    assert not differs(migration(*items, a=a, b=answered(new=3, web=147)))
    assert differs(migration(*items, a=a, b=answered(new=50, web=100)))
    assert differs(migration(*items, a=a, b=answered(new=3, other=147)))


def test_a_canary_without_a_weight_has_that_of_the_first_one_of_its_service() -> None:
    items = ingress("main", path("/", "old")), canary(canary_by_cookie="c"), canary("first", "two.example.test", canary_weight="20")
    a, b = {"backends": ("shop/old",)}, {"backends": ("shop/new",)}
    assert not differs(migration(*items, a=a, b=b))
    assert differs(migration(*items, a=a, b={"backends": ("shop/other",)}))
    assert differs(migration(*items[:2], a=a, b=b))


def test_an_alias_has_the_canaries_of_its_host() -> None:
    items = ingress("main", path("/"), notes={"server-alias": "alias.example.test, ~^b"}), canary(canary_weight="20")

    def told(*items: dict[str, Any]) -> set[str]:
        found = migration(*items, b={"backends": ("shop/new",)}).compared
        return {one.request for one in found if one.verdict is Verdict.DIFFERENT and "alias" in one.request}

    assert told(*items) == set()
    assert told(items[0]) == {"GET alias.example.test/"}


@pytest.mark.parametrize(("behaviour", "told"), [("legacy", False), ("sticky", True)])
def test_a_canary_apart_from_the_affinity_of_its_host_sets_no_cookie_by_chance(behaviour: str, *, told: bool) -> None:
    by_weight = canary(canary_weight="20", affinity_canary_behavior=behaviour)
    items = ingress("main", path("/"), notes={"affinity": "cookie"}), by_weight
    once = migration(*items, a={"headers": {"set-cookie": "route=(by chance)"}}, b={"backends": ("shop/new",)})
    assert any("set-cookie" in one.what for one in once.everywhere) is told
    one, several = (answered(web=20) | {"pods": number} for number in (1, 2))
    assert differs(migration(*items, a=one, b=several)) is told


@pytest.mark.parametrize(
    ("notes", "more", "told"),
    [
        ({"load-balance": "ewma"}, {}, False),
        ({"load-balance": "ewma", "affinity": "cookie"}, {}, True),
        ({"load-balance": "round_robin"}, {}, True),
        ({"upstream-hash-by": "$request_uri"}, {}, True),
        ({"upstream-hash-by": "$request_uri", "service-upstream": "true"}, {}, False),
        ({"upstream-hash-by": "$request_uri"}, {"canary_weight": "5"}, False),
        ({"affinity": "cookie"}, {"canary_weight": "5"}, True),
    ],
)
def test_who_of_several_pods_answers_is_compared_where_the_controller_decides(
    notes: dict[str, str], more: dict[str, str], *, told: bool
) -> None:
    items = [ingress("main", path("/"), notes=notes), *([canary(**more)] if more else [])]
    one, several = (answered(web=20) | {"pods": number} for number in (1, 2))
    assert differs(migration(*items, a=one, b=several)) is told


def test_two_pages_of_errors_with_a_canary_in_common_are_alike() -> None:
    pages = [
        ingress(name, path(f"/{name}"), notes={"custom-http-errors": "404", "default-backend": f"{name}-errors"}) for name in ("one", "two")
    ]
    a, b = {"backends": ("shop/new",)}, {"backends": ("shop/two-errors",)}
    assert not differs(migration(*pages, canary(canary_weight="20"), a=a, b=b))
    assert differs(migration(*pages, a=a, b=b))


@pytest.mark.parametrize(("by", "told"), [({"canary_weight": "20"}, False), ({"canary_by_header": "X-C"}, True)])
def test_a_page_of_errors_may_be_of_the_canary_of_its_service(by: dict[str, str], *, told: bool) -> None:
    items = ingress("main", path("/"), notes={"custom-http-errors": "404", "default-backend": "errors"}), canary(**by)
    assert differs(migration(*items, a={"backends": ("shop/errors",)}, b={"backends": ("shop/new",)})) is told


def test_who_keeps_cookies_is_with_a_canary_by_chance(  # only its first request is without one
) -> None:
    items = ingress("main", path("/"), notes={"affinity": "cookie"}), canary(canary_weight="20")
    one, other = ({"backends": (name,), "served": {name: 20}, "pods": 1} for name in ("shop/web", "shop/new"))
    lost = {**other, "served": {"shop/new": 19, "503": 1}}
    kept = "GET one.example.test/, 20 times with the cookies of each answer"

    def told(b: dict[str, Any]) -> list[str]:
        found = migration(*items, a=one, b=b)
        return [difference.what for each in found.compared if each.request == kept for difference in each.differences]

    assert told(other) == []
    assert told(lost) == ["refused of 20 at once"]


@pytest.mark.parametrize(
    ("services", "affinity", "told"),
    [(("web", "new"), {"affinity": "cookie"}, False), (("web", "new"), {}, True), (("web", "web"), {"affinity": "cookie"}, True)],
)
def test_pages_of_errors_for_several_services_set_the_cookie_of_one_by_chance(
    services: tuple[str, str], affinity: dict[str, str], *, told: bool
) -> None:
    errors = {"custom-http-errors": "404", "default-backend": "errors"}
    items = ingress("one", path("/", services[0]), notes={**errors, **affinity}), ingress("two", path("/x", services[1]), notes=errors)
    page = {"backends": ("shop/errors",)}
    found = migration(*items, a=page, b={**page, "headers": {"set-cookie": "route=(by chance); HttpOnly"}})
    assert differs(found) is told


def test_pages_of_errors_for_several_services_may_go_to_a_canary_of_one() -> None:
    errors = {"custom-http-errors": "404", "default-backend": "errors"}
    items = ingress("one", path("/"), path("/gone", "gone"), notes=errors), canary(canary_by_header="X-C")
    a, b = {"backends": ("shop/errors",)}, {"backends": ("shop/new",)}
    assert not differs(migration(*items, a=a, b=b))
    assert differs(migration(*items, a=a, b={"backends": ("shop/web",)}))
    assert differs(migration(items[0], ingress("two", path("/", "new"), host="two.example.test"), a=a, b=b))
    elsewhere = ingress("web", path("/"), host="two.example.test"), canary(host="two.example.test", canary_by_header="X-C")
    assert not differs(migration(items[0], *elsewhere, a=a, b=b))
    by_weight = items[0], canary(canary_weight="20")
    assert not differs(migration(*by_weight, a={"backends": ("shop/web",)}, b=b))
    assert differs(migration(*by_weight, a={"backends": ("shop/other",)}, b=b))


def test_what_is_known_of_a_controller_explains_a_difference() -> None:
    semicolon = Difference(Harm.ARRIVAL, "query at the backend", "?a=1;b=2", "?a=1&b=2")
    assert "semicolon" in known.why("traefik", (), semicolon).text
    assert known.why("contour", (), semicolon) == known.Reason()
    too_large = Difference(Harm.OPENED, "answered by", "the controller with 413", "shop/web with 200")
    found = known.why("traefik-nginx", ("proxy-body-size",), too_large)
    assert found.text
    assert found.setting in known.settings("traefik-nginx")
    assert known.settings("contour") == ()


@pytest.mark.parametrize("entry", known.entries())
def test_everything_that_is_known_has_a_reason_and_a_source(entry: known.Known) -> None:
    for controller in entry.to:
        reason, source = (entry.reason, entry.source) if entry.reason else known._of_baseline(controller, entry.statement)
        assert reason
        assert source.startswith("https://")
    assert entry.harm == "*" or entry.harm in list(Harm)


def test_who_was_sent_to_sign_in_and_is_let_in_is_opened() -> None:
    of = routes(ingress(notes={"auth-url": "https://auth.test/check", "auth-signin": "https://auth.test/start"}))
    derived = derive(of)
    away = [Answer(status=302, headers={"location": "https://auth.test/start"})] * len(derived)
    settings = Settings("1.36.4", "0.16.1", {"contour": "1.33.8"})
    sides = (Asked("ingress-nginx", "1.11.0", away), Asked("contour", "1.33.8", answers(len(derived))))
    found = conclude(Sides(of, derived, *sides), settings, Acceptance(), "2026-11-29T00:00:00Z")
    assert {one.harm for one in found.compared if "auth-url" in one.about} == {Harm.OPENED}
    assert Harm.REDIRECT in {one.harm for one in found.compared if not one.about}


@pytest.mark.parametrize(("name", "fate"), [("contour", Fate.LOST), ("gateway-api", Fate.CHANGED)])
def test_what_is_converted_is_not_measured_by_the_features_of_who_serves_it(name: str, fate: Fate) -> None:
    of = routes(ingress(notes={"permanent-redirect": "https://new.test"}))
    derived = derive(of)
    sides = Asked("ingress-nginx", "1.11.0", answers(len(derived), status=301)), Asked(name, "1", answers(len(derived), status=302))
    settings = Settings("1.36.4", "0.16.1", {"contour": "1.33.8"})
    assert fates(conclude(Sides(of, derived, *sides), settings, Acceptance(), ""))["permanent-redirect"] is fate


@pytest.mark.parametrize("given", [False, True])
def test_a_setting_that_was_given_is_not_named_again(given: bool) -> None:
    of = routes(ingress(notes={"proxy-body-size": "1m"}))
    derived = derive(of)
    before, wanted = Asked("ingress-nginx", "1.11.0", [Answer(status=413)] * len(derived)), known.settings("traefik-nginx")
    after = Asked("traefik-nginx", "3.7.15", answers(len(derived)), settings=wanted if given else ())
    found = conclude(Sides(of, derived, before, after), Settings("1.36.4", "0.16.1", {"traefik-nginx": "3.7.15"}), Acceptance(), "")
    assert {one.setting in wanted for one in found.compared if one.why} == {not given}
