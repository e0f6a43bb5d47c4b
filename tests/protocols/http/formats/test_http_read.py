"""`.http` files of both flavours are read as their editors mean them, and what is written comes back."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols.http.bodies import encoded, guessed_type
from protocols.http.formats.http_read import auth_of, read_blocks, read_http
from protocols.http.formats.http_write import write_http
from protocols.http.formats.imported import FormatError, Named
from protocols.http.request import Auth, Body, Part, Request
from tests.protocols.http.formats.requests import REQUESTS, TEXTS, sent, told

FILE = """\
@base = http://127.0.0.1:8080
@user=guido

### Say hello
# What a greeting says.
# @no-redirect
// @timeout 200 ms
GET {{base}}/hello
    ?name=Dave
    &loud=1 HTTP/1.1
Accept: text/plain
# the second one
accept: */*
Authorization: Basic {{user}} guido456

###
# @name save
POST {{base}}/items
Content-Type: application/json

{
  "name": "pen"
}

> {% client.global.set("id", response.body.id); %}

### form
POST {{base}}/form HTTP/2
Content-Type: application/x-www-form-urlencoded

name={{user}}
&mail=d%40x.com

### upload
PUT {{base}}/files
Content-Type: multipart/form-data; boundary=XX
Cookie: a=1; b=2

--XX
Content-Disposition: form-data; name="note"

two
lines
--XX
Content-Disposition: form-data; name="file"; filename="a.txt"
Content-Type: text/plain

< ./a.txt
--XX--

### from a file
POST {{base}}/raw

< ./body.bin
"""


def test_a_file_is_read_as_editors_mean_it() -> None:
    read = read_http(FILE, Path("/srv/lab"))
    assert read.variables == {"base": "http://127.0.0.1:8080", "user": "guido"}
    assert [one.name for one in read.requests] == ["Say hello", "save", "form", "upload", "from a file"]
    hello, save, form, upload, raw = (one.request for one in read.requests)
    assert (hello.method, hello.url, hello.version) == ("GET", "{{base}}/hello?name=Dave&loud=1", "1.1")
    assert hello.headers == (("Accept", "text/plain"), ("accept", "*/*"))
    assert hello.auth == Auth("basic", "{{user}}", "guido456")
    assert (hello.follow, hello.limits.timeout_s) == (False, 0.2)
    assert read.requests[0].note == "What a greeting says.\nthe second one"
    assert save.body == Body("json", '{\n  "name": "pen"\n}')
    assert save.headers == ()
    assert form.body == Body("form", fields=(("name", "{{user}}"), ("mail", "d@x.com")))
    assert form.version == "2"
    assert upload.cookies == (("a", "1"), ("b", "2"))
    assert upload.body.parts == (
        Part("note", "two\nlines"),
        Part("file", path="/srv/lab/a.txt", content_type="text/plain"),
    )
    assert raw.body == Body("file", path="/srv/lab/body.bin")
    assert raw.without == ("Content-Type",)
    assert read.notes == ["There is a script for the answer, which is not run here."]


@pytest.mark.parametrize(("text", "wanted"), [
    ("http://h/", Request(url="http://h/")),
    ("GET", Request()),
    ("PURGE h/x", Request("PURGE", "h/x")),
    ("\n\nGET http://h/a b HTTP/1.0\n", Request(url="http://h/a b", version="1.0")),
    ("GET h HTTP/2 (Prior Knowledge)", Request(url="h", version="2")),
    ("GET h\r\nA: 1\r\n", Request(url="h", headers=(("A", "1"),))),
    ("POST h\nContent-Type: text/csv\n\na,b", Request("POST", "h", headers=(("Content-Type", "text/csv"),),
                                                     body=Body("text", "a,b"))),
    ("POST h\n\n<a/>", Request("POST", "h", body=Body("xml", "<a/>"), without=("Content-Type",))),
    ("< {%\n  x\n%}\nGET h", Request(url="h")),
])  # fmt: skip
def test_short_forms(text: str, wanted: Request) -> None:
    assert read_http(text).request == wanted


@pytest.mark.parametrize(("value", "wanted"), [
    ("Basic guido guido456", Auth("basic", "guido", "guido456")),
    ("Basic guido:gui do", Auth("basic", "guido", "gui do")),
    ("basic Z3VpZG86Z3VpZG80NTY=", Auth("basic", "guido", "guido456")),
    ("Digest guido guido456", Auth("digest", "guido", "guido456")),
    ('Digest username="guido", realm="lab"', Auth()),
    ("Bearer a.b.c", Auth("bearer", token="a.b.c")),
    ("AWS4-HMAC-SHA256 x", Auth()),
])  # fmt: skip
def test_who_asks(value: str, wanted: Auth) -> None:
    assert auth_of(value) == wanted


def test_what_is_not_taken_over_is_said() -> None:
    read = read_http(
        "# @timeout soon\nGET h HTTP/7\nno header\n\n### s\nWEBSOCKET ws://h\n### g\nPOST h\n\n<@ ./x.txt\n"
    )
    assert len(read.requests) == 2
    assert len(read.notes) == 5


@settings(max_examples=20)
@given(st.lists(st.tuples(REQUESTS, st.sampled_from(["", "a name", "ünïcode #1"])), min_size=1, max_size=3))
def test_what_is_written_comes_back(requests: list[tuple[Request, str]]) -> None:
    text = write_http(Named(request, name) for request, name in requests)
    read = read_http(text)
    assert [one.name for one in read.requests] == [name for _, name in requests], text
    for (request, _), back in zip(requests, (one.request for one in read.requests), strict=True):
        assert told(back) == told(request), text
        wanted, got = sent(request.body), sent(back.body)
        assert (got.data, got.parts, got.path) == (wanted.data, wanted.parts, wanted.path), text
        if got.data is not None:
            assert (back.header("Content-Type") or got.content_type) == wanted.content_type, text
        assert back.body.kind == request.body.kind or request.body.raw is not None
    again = read_http(write_http(read.requests))
    assert again.requests == read.requests


def test_a_body_that_has_no_type_gets_none() -> None:
    request = Request("POST", "h", body=Body("json", "{}"), without=("Content-Type",))
    assert "Content-Type" not in write_http([request])
    assert read_http(write_http([request])).request == request


@pytest.mark.parametrize("request_", [
    Request(url="http://h/\nX: 1"), Request(headers=(("a b:", "1"),), url="h"), Request(headers=(("a", "1\r2"),),
    url="h"),
    Request("G T", "h"), Request(url="h", body=Body("text", "\ud800")), Request(url="h", body=Body("file", path=" a")),
])  # fmt: skip
def test_what_can_not_be_held_is_refused(request_: Request) -> None:
    with pytest.raises(FormatError, match=r"\w"):
        write_http([request_])


JUNK = st.one_of(TEXTS, st.lists(st.sampled_from(FILE.split("\n")), max_size=30).map("\n".join), st.text())


@given(JUNK)
def test_any_text_is_read_and_keeps_its_bytes(text: str) -> None:
    blocks = read_blocks(text)
    assert "".join(block.text for block in blocks) in (text, text.replace("\r\n", "\n"))
    for block in blocks:
        if block.named is not None:
            assert isinstance(block.named.request, Request)


def test_a_long_line_is_read_in_time() -> None:
    for text in ("GET h " + " " * 10**6, "# @a " + " " * 10**6 + "b", "GET h\n\n<" + " " * 10**6, "{{" * 10**6,
                 "GET h\n" + "x: y\n" * 10**5, "###\n" * 10**4):  # fmt: skip
        assert read_blocks(text)


def test_a_guessed_type_is_written_for_others(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("{}")
    text = write_http([Request("PUT", "h", body=Body("file", path=str(tmp_path / "a.json")))], tmp_path)
    assert f"Content-Type: {guessed_type('a.json')}\n\n< ./a.json\n" in text
    back = read_http(text, tmp_path).request
    assert encoded(back.body).path == str(tmp_path / "a.json")
