"""A description becomes requests that a server would take, and what it leaves open is said."""

from __future__ import annotations

import importlib.util
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.http.formats.imported import FormatError
from protocols.http.formats.openapi_read import read_openapi, read_yaml
from protocols.http.request import Auth, Part, Request

PETS: dict[str, Any] = {
    "openapi": "3.0.3", "info": {"title": "Pets", "version": "1"},
    "servers": [{"url": "http://{host}:8080/v1/", "variables": {"host": {"default": "127.0.0.1"}}}],
    "security": [{"login": []}],
    "paths": {
        "/pets/{id}": {
            "parameters": [{"$ref": "#/components/parameters/Id"}],
            "get": {"summary": "One pet", "tags": ["pets"], "parameters": [
                {"name": "fields", "in": "query", "schema": {"type": "array", "items": {"enum": ["a b", "c"]}},
                "required": True},
                {"name": "unneeded", "in": "query", "schema": {"type": "string"}},
                {"name": "X-Trace", "in": "header", "example": 7, "schema": {"type": "integer"}}]},
            "put": {"operationId": "save", "security": [{"key": []}], "requestBody": {"content": {
                "application/xml": {}, "application/json": {"schema": {"$ref": "#/components/schemas/Pet"}}}}},
            "post": {"security": [], "requestBody": {"content": {"multipart/form-data": {"schema": {"properties": {
                "note": {"type": "string"}, "photo": {"type": "string", "format": "binary"}}}}}}},
            "delete": {"security": [{"token": []}], "requestBody": {"$ref": "#/components/none"}},
        },
    },
    "components": {
        "parameters": {"Id": {"name": "id", "in": "path", "required": True, "schema": {"type": "integer",
        "minimum": 3}}},
        "schemas": {
            "Pet": {"allOf": [{"$ref": "#/components/schemas/Named"}, {"properties": {
                "kind": {"enum": ["cat", "dog"]}, "parent": {"$ref": "#/components/schemas/Pet"},
                "born": {"type": "string", "format": "date"}, "seen": {"type": "integer", "readOnly": True}}}]},
            "Named": {"type": "object", "properties": {"name": {"type": "string", "example": "Tom"}}},
        },
        "securitySchemes": {"login": {"type": "http", "scheme": "basic"}, "token": {"type": "http", "scheme": "bearer"},
                            "key": {"type": "apiKey", "in": "header", "name": "X-Key"}},
    },
}  # fmt: skip


def test_operations_become_requests_with_examples() -> None:
    read = read_openapi(json.dumps(PETS))
    assert read.title == "Pets"
    assert read.variables["base"] == "http://127.0.0.1:8080/v1"
    get, put, post, delete = (one.request for one in read.requests)
    assert [one.name for one in read.requests] == ["One pet", "save", "POST /pets/{id}", "DELETE /pets/{id}"]
    assert read.requests[0].folder == ("pets",)
    assert get == Request(url="{{base}}/pets/3?fields=a%20b", headers=(("X-Trace", "7"),),
                          auth=Auth("basic", "{{username}}", "{{password}}"))  # fmt: skip
    assert json.loads(put.body.text) == {"name": "Tom", "kind": "cat", "born": "2000-01-31"}
    assert put.headers == (("X-Key", "{{api_key}}"),)
    assert post.body.parts == (Part("note", "text"), Part("photo", filename="photo"))
    assert delete.auth == Auth("bearer", token="{{token}}")
    assert read.secrets == {"password", "token", "api_key"}
    for words in ("2 kinds of body", "file of the part photo", "#/components/none leads nowhere"):
        assert any(words in note for note in read.notes), words


@pytest.mark.parametrize(("text", "words"), [
    ("", "no JSON"), ("{}", "no OpenAPI 3"), ('{"swagger": "2.0"}', "Swagger 2"), ('{"openapi": "2"}', "no OpenAPI 3"),
    ("{" * 10, "no JSON"), ('{"a":' * 100_000, "deep"),
])  # fmt: skip
def test_what_is_no_description_is_refused(text: str, words: str) -> None:
    with pytest.raises(FormatError, match=words):
        read_openapi(text)


def test_references_in_a_circle_end() -> None:
    read = read_openapi({"openapi": "3.1.0", "paths": {"/a": {"$ref": "#/paths/~1a"}, "/b": {"post": {"requestBody": {
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/A"}}}}}}},
        "components": {"schemas": {"A": {"type": "array", "items": {"$ref": "#/components/schemas/A"}}}}})  # fmt: skip
    assert [one.request.body.text for one in read.requests] == ["[]"]


def test_a_schema_that_would_grow_without_end_is_cut() -> None:
    schemas = {
        f"S{n}": {"properties": {f"p{k}": {"$ref": f"#/components/schemas/S{n + 1}"} for k in range(10)}}
        for n in range(20)
    }
    body = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/S0"}}}}
    read = read_openapi(
        {"openapi": "3.0.0", "components": {"schemas": schemas}, "paths": {"/": {"post": {"requestBody": body}}}}
    )
    assert len(read.request.body.text) < 1_000_000


def test_yaml_is_read_where_its_package_is_and_explained_where_not() -> None:
    text = "openapi: 3.0.0\npaths:\n  /x:\n    get:\n      parameters:\n"
    text += "        - {name: d, in: query, example: 2020-01-02}\n"
    if importlib.util.find_spec("yaml") is None:
        with pytest.raises(FormatError, match="pip install pyyaml"):
            read_yaml(text)
        return
    assert read_yaml(text).request.url == "{{base}}/x?d=2020-01-02"
    bomb = "openapi: 3.0.0\na: &a [x,x,x,x,x,x,x,x,x,x]\n" + "".join(
        f"{chr(98 + n)}: &{chr(98 + n)} [{','.join(['*' + chr(97 + n)] * 10)}]\n" for n in range(9)
    )
    for bad, words in (
        (bomb, "stand for more"),
        ("a: [", "can't be read"),
        ("- 1", "no OpenAPI"),
        ("a: &a [*a]", "stand for"),
    ):
        with pytest.raises(FormatError, match=words):
            read_yaml(bad)


KEYS = ["paths", "/x", "get", "post", "parameters", "name", "in", "schema", "type", "example", "examples", "content",
        "application/json", "multipart/form-data", "properties", "items", "$ref", "allOf", "enum", "requestBody",
        "security", "servers", "url", "variables", "components", "securitySchemes"]  # fmt: skip
VALUES = st.recursive(
    st.none() | st.booleans() | st.floats() | st.sampled_from(["#/paths", "#/", "string", "object", "array", "query",
    "\ud800"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=5),
    max_leaves=20,
)  # fmt: skip


@given(VALUES)
def test_any_value_is_read_or_refused(value: Any) -> None:
    whole = value if isinstance(value, dict) else {}
    for one in ({"openapi": "3.0", **whole}, {"openapi": "3.0", "paths": {"/x": {"post": value}}, "components": value},
                {"openapi": "3.0", "paths": {"/x": {"post": {"requestBody": value,
                "parameters": [value]}}}}):  # fmt: skip
        try:
            read = read_openapi(one)
        except FormatError:
            continue
        assert all(isinstance(named.request, Request) for named in read.requests)
