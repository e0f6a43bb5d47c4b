"""Postman collections come over with folders, variables, identities and bodies, and what does not is said."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.http.formats.imported import FormatError
from protocols.http.formats.postman_read import read_environment, read_postman
from protocols.http.request import Auth, Body, Part, Request

SCHEMA = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"


def item(name: str, **request: Any) -> dict[str, Any]:
    return {"name": name, "request": {"method": "GET", "header": [], "url": {"raw": "{{base}}/x"}, **request}}


COLLECTION = {
    "info": {"name": "Lab", "schema": SCHEMA},
    "auth": {"type": "basic", "basic": [{"key": "username", "value": "guido"}, {"key": "password", "value": "{{pw}}"}]},
    "variable": [{"key": "base", "value": "http://127.0.0.1:8080"}, {"key": "pw", "value": "s", "type": "secret"},
                 {"key": "two words", "value": "x"}],
    "event": [{"listen": "test", "script": {"exec": ["pm.test()"]}}],
    "item": [
        {"name": "Items", "item": [
            item("list", header=[{"key": "A", "value": "1"}, {"key": "B", "value": "2", "disabled": True}]),
            item("one", url={"raw": "{{base}}/items/:id/:part?all=1", "variable": [{"key": "id", "value": "7"}]},
                 auth={"type": "noauth"}),
            {"name": "deeper", "auth": {"type": "bearer", "bearer": [{"key": "token", "value": "t"}]},
             "item": [item("save", method="PUT", body={"mode": "raw", "raw": '{"a": 1}',
                                                       "options": {"raw": {"language": "json"}}})]},
        ]},
        item("form", method="POST", body={"mode": "urlencoded", "urlencoded": [{"key": "a", "value": "b c"}]}),
        item("parts", method="POST", header=[{"key": "Content-Type", "value": "multipart/form-data"}],
             body={"mode": "formdata", "formdata": [
                 {"key": "n", "value": "v", "contentType": "text/plain"}, {"key": "f", "type": "file", "src": "/srv/a"},
                 {"key": "g", "type": "file", "src": []}]}),
        item("file", method="POST", body={"mode": "file", "file": {"src": "/srv/b"}}),
        item("graph", method="POST", body={"mode": "graphql", "graphql": {"query": "{x}", "variables": '{"y": 1}'}}),
        item("key", auth={"type": "apikey", "apikey": [{"key": "key", "value": "k"}, {"key": "value", "value": "v"},
                                                       {"key": "in", "value": "query"}]}),
        item("aws", auth={"type": "awsv4", "awsv4": []}),
        {"name": "short", "request": "http://h/"},
        {"name": "pieces", "request": {"url": {"protocol": "https", "host": ["a", "b"], "path": ["c", "d"],
        "port": "81",
                                               "query": [{"key": "q", "value": "1"}]}},
         "protocolProfileBehavior": {"followRedirects": False, "strictSSL": False}},
    ],
}  # fmt: skip


def test_a_collection_comes_over() -> None:
    read = read_postman(json.dumps(COLLECTION))
    assert (read.title, read.variables) == ("Lab", {"base": "http://127.0.0.1:8080", "pw": "s"})
    assert read.secrets == {"pw"}
    made = {one.name: one for one in read.requests}
    guido = Auth("basic", "guido", "{{pw}}")
    assert made["list"].request == Request(url="{{base}}/x", headers=(("A", "1"),), auth=guido)
    assert made["list"].folder == ("Items",)
    assert made["one"].request == Request(url="{{base}}/items/7/{{part}}?all=1")
    assert made["save"].request == Request(
        "PUT", "{{base}}/x", body=Body("json", '{"a": 1}'), auth=Auth("bearer", token="t")
    )
    assert made["save"].folder == ("Items", "deeper")
    assert made["form"].request.body == Body("form", fields=(("a", "b c"),))
    assert made["parts"].request.body.parts == (
        Part("n", "v", content_type="text/plain"),
        Part("f", path="/srv/a"),
        Part("g"),
    )
    assert made["parts"].request.headers == ()
    assert made["file"].request.body == Body("file", path="/srv/b")
    assert json.loads(made["graph"].request.body.text) == {"query": "{x}", "variables": {"y": 1}}
    assert made["key"].request.url == "{{base}}/x?k=v"
    assert made["short"].request.url == "http://h/"
    assert made["pieces"].request.url == "https://a.b:81/c/d?q=1"
    assert (made["pieces"].request.follow, made["pieces"].request.trust.verify) == (False, False)
    for words in ("two words", "script for the answer", "header B", "part g", "awsv4"):
        assert any(words in note for note in read.notes), words
    assert len(read.notes) == 5


def test_an_environment_comes_over() -> None:
    read = read_environment({"name": "dev", "values": [{"key": "a", "value": "1", "enabled": True},
                                                       {"key": "b", "value": "2", "enabled": False}]})  # fmt: skip
    assert read.environments == {"dev": {"a": "1"}}
    assert len(read.notes) == 1


@pytest.mark.parametrize("text", ["", "{}", '{"item": {}}', "[1]", '{"item":[' * 100_000])
def test_what_is_no_collection_is_refused(text: str) -> None:
    with pytest.raises(FormatError, match=r"\w"):
        read_postman(text)


def test_folders_deeper_than_anyone_needs_are_left_out() -> None:
    deep: dict[str, Any] = item("x")
    for _ in range(300):
        deep = {"name": "f", "item": [deep]}
    read = read_postman({"item": [deep]})
    assert read.requests == []
    assert "deep" in read.notes[0]


KEYS = ["name", "item", "request", "url", "raw", "header", "key", "value", "body", "mode", "formdata", "src", "type",
        "auth", "basic", "variable", "event", "script", "exec", "query", "host", "path", "disabled"]  # fmt: skip
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(["raw", "formdata", "basic", "file", "\ud800", "a b"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=5),
    max_leaves=15,
)  # fmt: skip


@given(VALUES)
def test_any_value_is_read_or_refused(value: Any) -> None:
    for one in (value, {"item": [value, item("x") | {"request": value}]}, {"item": [item("x", body=value, url=value)]}):
        try:
            read = read_postman(one if isinstance(one, dict) else {"item": one})
        except FormatError:
            continue
        assert all(isinstance(named.request, Request) for named in read.requests)
