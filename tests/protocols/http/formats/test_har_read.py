"""HAR is read request by request, and what the lab wrote comes back."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.http.bodies import FORM_TYPE, encoded
from protocols.http.formats.har_read import read_har, request_of
from protocols.http.formats.har_write import request_object
from protocols.http.formats.imported import FormatError
from protocols.http.request import Body, Part, Request
from tests.protocols.http.formats.requests import LINE, WORD


def har(*requests: dict[str, Any]) -> str:
    return json.dumps({"log": {"version": "1.2", "entries": [{"request": one} for one in requests]}})


BROWSER = {
    "method": "POST", "url": "https://h/api?x={1}", "httpVersion": "h2",
    "headers": [{"name": ":authority", "value": "h"}, {"name": "content-length", "value": "7"},
                {"name": "accept-encoding", "value": "gzip"}, {"name": "X-Two", "value": "1"},
                {"name": "x-two", "value": "2"}, {"name": "cookie", "value": "a=1"},
                {"name": "content-type", "value": "application/json"}],
    "cookies": [{"name": "a", "value": "1"}],
    "postData": {"mimeType": "application/json", "text": '{"a":1}'},
}  # fmt: skip


def test_a_request_of_a_browser() -> None:
    made = read_har(har(BROWSER)).requests[0]
    assert made.name == "POST /api"
    assert made.request == Request(
        "POST", "https://h/api?x={1}",
        headers=(("accept-encoding", "gzip"), ("X-Two", "1"), ("x-two", "2"), ("cookie", "a=1"),
                 ("content-type", "application/json")),
        body=Body("json", '{"a":1}'), version="2", follow=False, without=("User-Agent", "Accept"),
    )  # fmt: skip


def test_braces_in_a_recording_are_no_variables() -> None:
    made = read_har(har({**BROWSER, "url": "http://h/{{x}}"})).request
    assert made.url == "http://h/{{$braces}}x}}"


@pytest.mark.parametrize(("post", "wanted"), [
    ({"mimeType": FORM_TYPE, "params": [{"name": "a", "value": "b c"}]}, Body("form", fields=(("a", "b c"),))),
    ({"mimeType": FORM_TYPE, "params": [], "text": "a=b+c"}, Body("form", fields=(("a", "b c"),))),
    ({"mimeType": "multipart/form-data; boundary=x", "params": [
        {"name": "a", "value": "b"}, {"name": "f", "fileName": "x.txt", "contentType": "text/plain"}]},
     Body("multipart", parts=(Part("a", "b"), Part("f", path="x.txt", content_type="text/plain")))),
    ({"mimeType": "image/png", "text": "/wA=", "_encoding": "base64"},
     Body("text", raw=b"\xff\0", content_type="image/png")),
    ({"mimeType": "text/plain", "text": "\ud800"}, Body("text", "\ufffd", content_type="text/plain")),
    (None, Body()), ([], Body()), ({"params": {"a": 1}, "text": 5}, Body("text", "5")),
])  # fmt: skip
def test_bodies(post: object, wanted: Body) -> None:
    assert request_of({"url": "http://h", "postData": post}, []).body == wanted


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"log": 1}', '{"log": {"entries": {}}}', "[" * 100_000,
                                  '{"log": ' * 50_000, "1" * 10_000])  # fmt: skip
def test_what_is_no_har_is_refused(text: str) -> None:
    with pytest.raises(FormatError, match=r"\w"):
        read_har(text)


HEADERS = st.lists(st.tuples(st.from_regex(r"X-[A-Za-z]{1,6}", fullmatch=True), LINE), max_size=3)


@given(st.sampled_from(["GET", "POST", "PROPFIND"]), WORD, HEADERS, st.binary(max_size=60))
def test_what_was_written_comes_back(method: str, path: str, headers: list[tuple[str, str]], body: bytes) -> None:
    url = "http://h/" + path
    wire = [(name, value.encode().decode("latin-1")) for name, value in headers]  # heads are read as Latin-1
    typed = [*wire, ("Content-Type", "a/b"), ("Host", "h"), ("Content-Length", "5")]
    back = request_of(json.loads(json.dumps(request_object(method, url, typed, body, secrets=True))), [])
    assert (back.method, back.url, back.headers) == (method, url, (*headers, ("Content-Type", "a/b")))
    assert (encoded(back.body).data or b"") == body


VALUES = st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=5),
                      lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(
                          ["name", "value", "text", "params", "mimeType", "url", "request", "headers", "fileName",
                           "postData", "cookies", "method", "httpVersion"]), inner, max_size=4),
                           max_leaves=12)  # fmt: skip


@given(VALUES)
def test_any_value_is_read_or_refused(value: Any) -> None:
    read = read_har({"log": {"entries": [value, {"request": value}, {"request": {"url": "h", "headers": value}},
                                         {"request": {"url": "h", "postData": value}}]}})  # fmt: skip
    assert all(isinstance(one.request, Request) for one in read.requests)
    with pytest.raises(FormatError):
        read_har({"log": value if not isinstance(value, dict) else None})  # type: ignore[dict-item]
