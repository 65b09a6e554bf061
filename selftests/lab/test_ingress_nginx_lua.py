"""The Lua modules that the ingress-nginx recipe adds, in LuaJIT with a stand-in for nginx's API."""

import importlib
import zlib
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

LUA = Path(__file__).parents[2] / "lab" / "recipes" / "ingress-nginx-controller" / "lua"
# The few functions of https://github.com/openresty/lua-nginx-module that the modules call.
NGINX = """
local crc32 = ...
ngx = {
  WARN = "warn", logged = {}, header = {}, var = {}, shared = {},
  crc32_long = function(text) return tonumber(crc32(text)) end,
  log = function(level) table.insert(ngx.logged, level) end,
}
local dictionary = { values = {} }
function dictionary:add(key, value)
  if self.values[key] then return false, "exists" end
  self.values[key] = value
  return true
end
function dictionary:delete(key)
  self.values[key] = nil
  return true
end
ngx.shared.locks = dictionary
"""


@pytest.fixture
def lua() -> Any:
    luajit = importlib.import_module("lupa.luajit21")
    runtime = luajit.LuaRuntime(encoding="latin-1")
    runtime.execute(NGINX, lambda text: zlib.crc32(text.encode("latin-1")))
    runtime.execute("package.path = ...", f"{LUA}/?.lua")
    return runtime


def keys_by_node(ring: Any, keys: range) -> dict[int, str]:
    return {key: ring.find(ring, f"/page/{key}") for key in keys}


@pytest.fixture
def ring(lua: Any) -> Any:
    chash = lua.execute('return (require("resty.chash"))')
    return chash.new(chash, lua.table_from({"10.0.0.1:80": 1, "10.0.0.2:80": 1, "10.0.0.3:80": 2}))


def test_consistent_hash_follows_the_weights(ring: Any) -> None:
    shares = Counter(keys_by_node(ring, range(4000)).values())
    assert shares["10.0.0.3:80"] == pytest.approx(2000, rel=0.2)
    assert shares["10.0.0.1:80"] == pytest.approx(1000, rel=0.2)


def test_consistent_hash_moves_only_the_keys_of_a_lost_node(lua: Any, ring: Any) -> None:
    before = keys_by_node(ring, range(500))
    ring.reinit(ring, lua.table_from({"10.0.0.1:80": 1, "10.0.0.3:80": 2}))
    after = keys_by_node(ring, range(500))
    assert {key for key in before if before[key] != after[key]} == {key for key, node in before.items() if node == "10.0.0.2:80"}


def test_consistent_hash_knows_the_points_of_nginx(ring: Any) -> None:
    point = zlib.crc32(b"10.0.0.1:80" + bytes(4))
    assert ring.owners[point] == "10.0.0.1:80"
    assert ring.owners[zlib.crc32(b"10.0.0.1:80" + point.to_bytes(4, "little"))] == "10.0.0.1:80"


def test_consistent_hash_without_nodes_finds_none(lua: Any, ring: Any) -> None:
    ring.reinit(ring, lua.table())
    assert ring.find(ring, "/page") is None


@pytest.fixture
def round_robin(lua: Any) -> Any:
    return lua.execute('return (require("resty.roundrobin"))')


def turns(picker: Any, count: int) -> list[str]:
    return [picker.find(picker) for _ in range(count)]


def test_round_robin_gives_each_node_its_turn(lua: Any, round_robin: Any) -> None:
    picker = round_robin.new(round_robin, lua.table_from({"a": 1, "b": 1, "c": 1}))
    first, second = turns(picker, 3), turns(picker, 3)
    assert sorted(first) == ["a", "b", "c"]
    assert second == first


def test_round_robin_follows_the_weights(lua: Any, round_robin: Any) -> None:
    picker = round_robin.new(round_robin, lua.table_from({"a": 6, "b": 2, "none": 0}))
    assert Counter(turns(picker, 8)) == {"a": 6, "b": 2}
    assert dict(picker.nodes) == {"a": 6, "b": 2, "none": 0}


def test_round_robin_takes_over_new_nodes(lua: Any, round_robin: Any) -> None:
    picker = round_robin.new(round_robin, lua.table_from({"a": 1}))
    picker.reinit(picker, lua.table_from({"b": 1}))
    assert turns(picker, 2) == ["b", "b"]


def test_round_robin_needs_a_node(lua: Any, round_robin: Any) -> None:
    with pytest.raises(Exception, match="needs a node"):
        round_robin.new(round_robin, lua.table())


@pytest.mark.parametrize(
    ("header", "value"),
    [("route=a|b", "a|b"), ("x=1; route=a=b; y=2", "a=b"), ("route=; x=1", ""), ("myroute=1", None), ("flag; route=2", "2"), (None, None)],
)
def test_cookie_of_the_request(lua: Any, header: str | None, value: str | None) -> None:
    lua.globals().ngx.var.http_cookie = header
    found = lua.execute('local found = require("resty.cookie"):new():get("route"); return found')
    assert found == value


def set_cookie(lua: Any, **attributes: Any) -> list[str]:
    lua.execute('assert(require("resty.cookie"):new():set(...))', lua.table_from(attributes))
    return list(lua.globals().ngx.header["Set-Cookie"].values())


def test_cookie_with_every_attribute(lua: Any) -> None:
    cookie = {"expires": "Thu, 01-Jan-26 00:00:00 GMT", "max_age": 5, "domain": "d.test", "path": "/p", "secure": True, "httponly": True}
    assert set_cookie(lua, key="k", value="v", samesite="Lax", **cookie) == [
        "k=v; Expires=Thu, 01-Jan-26 00:00:00 GMT; Max-Age=5; Domain=d.test; Path=/p; Secure; HttpOnly; SameSite=Lax"
    ]


def test_cookie_leaves_out_what_is_false_or_unknown(lua: Any) -> None:
    assert set_cookie(lua, key="k", value="v", secure=False, samesite="Sometimes") == ["k=v"]
    assert list(lua.globals().ngx.logged.values()) == ["warn"]


def test_cookies_add_up_but_do_not_repeat(lua: Any) -> None:
    lua.globals().ngx.header["Set-Cookie"] = "of=backend"
    set_cookie(lua, key="k", value="1")
    set_cookie(lua, key="k", value="1")
    assert set_cookie(lua, key="k", value="2") == ["of=backend", "k=1", "k=2"]


def test_cookie_needs_key_and_value(lua: Any) -> None:
    assert lua.execute('return require("resty.cookie"):new():set({ key = "k" })') == (None, "a cookie needs key and value")


def test_lock_is_held_by_one(lua: Any) -> None:
    lock = lua.execute('return (require("resty.lock"))')
    mine, other = (lock.new(lock, "locks", lua.table_from({"timeout": 0})) for _ in range(2))
    assert mine.lock(mine, "peer") == 0
    assert mine.lock(mine, "peer") == (None, "locked")
    assert other.lock(other, "peer") == (None, "timeout")
    assert mine.unlock(mine) == 1
    assert mine.unlock(mine) == (None, "unlocked")
    assert other.lock(other, "peer") == 0


@pytest.mark.parametrize(("dictionary", "timeout", "reason"), [("absent", 0, "dictionary not found"), ("locks", 5, "found 5")])
def test_lock_refuses_what_it_cannot_do(lua: Any, dictionary: str, timeout: int, reason: str) -> None:
    lock = lua.execute('return (require("resty.lock"))')
    made, why = lock.new(lock, dictionary, lua.table_from({"timeout": timeout}))
    assert made is None
    assert reason in why
