"""Answers and pages are read for what they are, and hostile ones are read at all."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.http.page import Form, Link, read_page
from protocols.http.reading import (
    EventStream,
    ServerEvent,
    csv_rows,
    image_size,
    kind_of,
    letters_of,
    meaning,
    media_type,
    text_of,
)


def test_every_status_has_a_meaning() -> None:
    assert meaning(404) == "Not Found: Nothing matches the given URI."
    assert all(meaning(status).endswith(".") for status in range(0, 1000))
    assert "finds fault" in meaning(499)


@pytest.mark.parametrize(("body", "kind", "charset", "known_by"), [
    (b"gr\xfc\xdfe", "text/plain; charset=ISO-8859-1", "iso8859-1", "header"),
    ("grüße".encode(), "text/plain", "utf-8", "guess"), (b"gr\xfc\xdfe", None, "latin-1", "guess"),
    ("grüße".encode("utf-16"), "text/plain", "utf-16", "byte order mark"),
    (b"<html><meta charset='windows-1252'>", "text/html", "cp1252", "document"),
    (b"<?xml version='1.0' encoding='koi8-r'?><a/>", "text/xml", "koi8-r", "document"),
    (b"x", "text/plain; charset=no-such", "utf-8", "guess"), (b"x", "text/plain; charset=base64", "utf-8", "guess"),
])  # fmt: skip
def test_the_charset_and_how_it_is_known(body: bytes, kind: str | None, charset: str, known_by: str) -> None:
    found = letters_of(body, kind)
    assert (found.charset, found.known_by) == (charset, known_by)


def test_the_wrong_charset_shows_mojibake_on_purpose() -> None:
    assert text_of("grüße".encode(), "latin-1") == "grÃ¼Ã\x9fe"


@pytest.mark.parametrize(("body", "name", "kind"), [
    (b"", None, "empty"), (b'{"a": 1}', None, "json"), (b"[1]", "text/plain", "json"),
    (b"<a/>", "image/svg+xml", "xml"),
    (b"a;b", "text/csv", "csv"), (b"<!DOCTYPE html><p>", None, "html"), (b"\x00\x01\x02", None, "binary"),
    (b"\x89PNG\r\n\x1a\n" + b"0" * 20, "text/plain", "image"), (b"plain words", None, "text"),
    (b"{}", "application/problem+json", "json"), (b"RIFF0000WEBPVP8 ", None, "image"),
])  # fmt: skip
def test_what_kind_of_thing_it_is(body: bytes, name: str | None, kind: str) -> None:
    assert kind_of(body, name) == kind


@given(st.binary(max_size=200), st.one_of(st.none(), st.text(max_size=60)))
def test_any_body_and_any_type_are_read(body: bytes, name: str | None) -> None:
    kind_of(body, name)
    text_of(body, letters_of(body, name).charset)
    media_type(name)
    image_size(body)


def test_an_image_says_its_size_without_being_decoded() -> None:
    head = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + (60_000).to_bytes(4, "big") * 2
    assert image_size(head) == (60_000, 60_000)


def test_csv_finds_its_separator() -> None:
    assert list(csv_rows("a;b\n1;2\n")) == [["a", "b"], ["1", "2"]]


@given(st.text(max_size=200))
def test_any_text_is_some_table(text: str) -> None:
    assert len(list(csv_rows(text, limit=5))) <= 5


EVENTS = b"\xef\xbb\xbf: hello\r\nevent: add\r\ndata: one\r\ndata:two\r\nid: 7\r\n\r\ndata\n\nretry: 10\rdata: last\r\r"


@given(st.lists(st.integers(0, len(EVENTS)), max_size=8))
def test_events_are_the_same_wherever_the_bytes_split(cuts: list[int]) -> None:
    stream, found, places = EventStream(), list[ServerEvent](), [0, *sorted(cuts), len(EVENTS)]
    for begin, end in pairwise(places):
        found += stream.feed(EVENTS[begin:end])
    assert found == [ServerEvent("add", "one\ntwo", "7"), ServerEvent("message", "", "7"),
                     ServerEvent("message", "last", "7", 10)]  # fmt: skip


def test_an_endless_event_is_refused() -> None:
    with pytest.raises(ValueError, match="longer"):
        EventStream(limit=100).feed(b"data: " + b"x" * 200)


PAGE = """<title>A  page</title><base href="/dir/"><a href="one.html">First <b>link</b></a><img src=/i.png alt=pic>
<a href='http://[bad'>x</a><a href=two>Second
<form action=send method=post><input name=name value="D&amp;D"><input type=email name=email>
<input type=checkbox name=yes checked><input type=checkbox name=no><textarea name=note>
 text</textarea><select name=pick><option>one<option value=2 selected>two</select>
<input type=submit name=submit-button value=Go><input type=submit name=other><input type=reset></form>
<form action="/find?old=1"><input name=q value="a b"></form>"""


def test_links_become_addresses_and_forms_become_requests() -> None:
    page = read_page(PAGE, "http://h/x/index.html")
    assert page.title == "A page"
    assert page.links[:2] == [Link("http://h/dir/one.html", "a", "First link"), Link("http://h/i.png", "img", "pic")]
    post, find = page.forms
    assert (post.action, post.method) == ("http://h/dir/send", "POST")
    assert post.values() == (("name", "D&D"), ("email", ""), ("yes", "on"), ("note", " text"), ("pick", "2"),
                             ("submit-button", "Go"))  # fmt: skip
    assert post.fields[5].options == ["one", "2"]
    assert post.request().body.fields == post.values()
    assert find.request().url == "http://h/find?q=a+b"


@given(st.text(max_size=300), st.text("<![>ab/='\" formaselctopinu&;", max_size=200))
def test_any_text_is_some_page(first: str, second: str) -> None:
    for form in read_page(first + second, "http://h/").forms:
        assert isinstance(form, Form)
        form.request()
