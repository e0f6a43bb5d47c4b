"""What a proxy changes in a head, and what it leaves."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols.http.exchange import read_head, read_request_head
from protocols.http.proxy.rewriting import (
    Place,
    absolute_place,
    authority_place,
    request_head,
    response_head,
    with_length,
)
from protocols.http.server.asked import BadRequest, read_asked

PLACE = Place("http", "shop.example", 80)


def passed(*lines: str, upgrade: bool = False) -> list[tuple[str, str]]:
    head = "\r\n".join(["GET http://shop.example/a HTTP/1.1", "Host: shop.example", *lines, "", ""]).encode()
    line, headers = read_request_head(request_head(read_asked(head), PLACE, "/a", "me", upgrade=upgrade))
    assert line == "GET /a HTTP/1.1"
    return headers


def test_order_case_and_duplicates_stay_and_hop_by_hop_headers_go() -> None:
    found = passed("x-B: 1", "X-a: 2", "x-b: 3", "Connection: keep-alive, X-Secret", "X-Secret: 1", "Keep-Alive: 5",
                   "Proxy-Connection: keep-alive", "Proxy-Authorization: Basic x", "Via: 1.0 first")  # fmt: skip
    assert found == [("Host", "shop.example"), ("x-B", "1"), ("X-a", "2"), ("x-b", "3"), ("Via", "1.0 first"),
                     ("Via", "1.1 me")]  # fmt: skip


def test_connection_can_not_take_the_framing_away() -> None:
    found = passed("Connection: content-length, host, transfer-encoding", "Content-Length: 3")
    assert ("Content-Length", "3") in found
    assert ("Host", "shop.example") in found


def test_the_url_counts_not_the_host_header() -> None:
    head = b"GET http://shop.example/a HTTP/1.1\r\nHost: evil.example\r\n\r\n"
    assert b"Host: shop.example\r\n" in request_head(read_asked(head), PLACE, "/a", "me", upgrade=False)


def test_an_upgrade_is_passed_on_when_it_is_meant() -> None:
    assert ("Upgrade", "websocket") in passed("Connection: Upgrade", "Upgrade: websocket", upgrade=True)
    assert ("Upgrade", "h2c") not in passed("Upgrade: h2c")


def test_the_answer_keeps_its_cookies_and_its_framing() -> None:
    head = read_head(b"HTTP/1.1 200 Fine\r\nSet-Cookie: a=1\r\nset-cookie: b=2\r\nConnection: close\r\n"
                     b"Transfer-Encoding: chunked\r\nTrailer: X\r\n\r\n")  # fmt: skip
    text = response_head(head, "me", close=False, unchunked=False, upgrade=False)
    assert text == (b"HTTP/1.1 200 Fine\r\nSet-Cookie: a=1\r\nset-cookie: b=2\r\nTransfer-Encoding: chunked\r\n"
                    b"Trailer: X\r\nVia: 1.1 me\r\n\r\n")  # fmt: skip
    assert b"chunked" not in response_head(head, "me", close=True, unchunked=True, upgrade=False)


@pytest.mark.parametrize(("target", "place", "path"), [
    ("http://h/", Place("http", "h", 80), "/"), ("http://h", Place("http", "h", 80), "/"),
    ("HTTPS://H:8443/a?b#c", Place("https", "h", 8443), "/a?b"), ("http://[::1]:81/x", Place("http", "::1", 81), "/x"),
    ("http://h?x=1", Place("http", "h", 80), "/?x=1"),
])  # fmt: skip
def test_a_full_url_leads_to_a_place(target: str, place: Place, path: str) -> None:
    assert absolute_place(target) == (place, path)


@pytest.mark.parametrize("target", [
    "ftp://h/", "http://", "http:///x", "http://u:p@h/", "http://h:0/", "http://h:x/", "x",
])  # fmt: skip
def test_a_url_that_leads_nowhere_is_refused(target: str) -> None:
    with pytest.raises(BadRequest):
        absolute_place(target)


def test_connect_names_a_host_and_a_port() -> None:
    assert authority_place("[::1]:443") == Place("", "::1", 443)
    for target in ("h", "h:0", "h:65536", "h:99999999", "http://h/", "h:443/", "a b:1", ":443", "h:-1"):
        with pytest.raises(BadRequest):
            authority_place(target)


@settings(max_examples=50)
@given(st.text(max_size=40))
def test_any_target_leads_somewhere_or_is_refused(target: str) -> None:
    for read in (absolute_place, authority_place):
        with contextlib.suppress(BadRequest):
            found = read(target)
            place = found[0] if isinstance(found, tuple) else found
            assert place.host
            assert 0 < place.port < 65536


def test_a_new_length_stands_where_the_old_one_stood() -> None:
    before = [("A", "1"), ("content-length", "9"), ("B", "2"), ("Transfer-Encoding", "chunked")]
    assert with_length(before, 3, before) == [("A", "1"), ("Content-Length", "3"), ("B", "2")]
    assert with_length([("A", "1"), ("Content-Length", "7")], None, before) == [
        ("A", "1"), ("content-length", "9"), ("Transfer-Encoding", "chunked")]  # fmt: skip
