"""Heads, chunks, cookies and redirects are read whatever bytes come, and nothing of them is lost."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.http.bodies import form_bytes, form_fields, hex_bytes
from protocols.http.client.jar import Cookie, Jar, JarError, read_cookie
from protocols.http.client.redirects import Refusal, next_request
from protocols.http.exchange import Kept, chunks_end, read_head, read_request_head
from protocols.http.request import _PLAIN_URL, Body, Request, RequestError, checked_url

TOKEN = st.text("abcXYZ019!#$-_~", min_size=1, max_size=12)
VALUE = st.text(st.characters(min_codepoint=33, max_codepoint=255, exclude_characters="\x7f\x85\xa0"), max_size=20)


@given(st.binary(max_size=300))
def test_any_bytes_make_a_head(data: bytes) -> None:
    read_head(data)
    read_request_head(data)


@given(st.lists(st.tuples(TOKEN, VALUE), max_size=8), st.integers(100, 999))
def test_a_head_comes_back_as_it_was_written(headers: list[tuple[str, str]], status: int) -> None:
    text = f"HTTP/1.1 {status} Fine\r\n" + "".join(f"{name}: {value}\r\n" for name, value in headers) + "\r\n"
    head = read_head(text.encode("latin-1"))
    assert (head.version, head.status, head.reason, head.headers) == ("1.1", status, "Fine", headers)


@given(st.lists(st.binary(min_size=1, max_size=40), max_size=6), st.binary(max_size=20))
def test_the_trailers_begin_behind_the_last_chunk(chunks: list[bytes], rest: bytes) -> None:
    body = b"".join(b"%x;x=y\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks) + b"0\r\n"
    assert chunks_end(body + rest) == len(body)
    assert all(chunks_end(body[:cut]) is None for cut in range(len(body)))


@given(st.binary(max_size=100))
def test_any_bytes_may_pretend_to_be_chunks(data: bytes) -> None:
    end = chunks_end(data)
    assert end is None or 0 < end <= len(data)


@given(st.lists(st.binary(max_size=30)), st.integers(0, 60))
def test_what_is_kept_is_the_beginning_and_all_is_counted(pieces: list[bytes], limit: int) -> None:
    kept = Kept(limit)
    for piece in pieces:
        kept.add(piece)
    whole = b"".join(pieces)
    assert (bytes(kept.data), kept.size, kept.whole) == (whole[:limit], len(whole), len(whole) <= limit)


FIELD = st.text(st.characters(exclude_characters="\t\r\n\0", exclude_categories=("Cs",)), min_size=1, max_size=10)


@given(st.lists(st.builds(Cookie, FIELD.filter(lambda text: text[0] not in "#."), FIELD, FIELD, FIELD,
                          st.integers(0, 1 << 40), st.booleans(), st.booleans(), st.booleans())))  # fmt: skip
def test_a_jar_comes_back_from_its_file(tmp_path_factory: pytest.TempPathFactory, cookies: list[Cookie]) -> None:
    path = tmp_path_factory.mktemp("jar") / "cookies.txt"
    cookies = [one for one in cookies if one.domain.strip()]
    jar = Jar(cookies)
    jar.save(path)
    assert Jar.load(path).all() == jar.all()


@given(st.text(max_size=60))
def test_a_line_that_is_no_cookie_is_refused_with_a_reason(line: str) -> None:
    with contextlib.suppress(JarError):
        assert isinstance(read_cookie(line), Cookie)


def test_a_bad_line_of_a_jar_is_named(tmp_path: Path) -> None:
    path = tmp_path / "jar"
    path.write_text("# comment\n\nonly three\tfields\there\n")
    with pytest.raises(JarError, match="line 3"):
        Jar.load(path)


@given(st.lists(st.tuples(FIELD, st.text(st.characters(exclude_categories=("Cs",)), max_size=10))))
def test_a_form_comes_back(fields: list[tuple[str, str]]) -> None:
    assert list(form_fields(form_bytes(fields))) == fields


@given(st.binary(max_size=40), st.sampled_from(["", " ", ":", ", ", "\n"]))
def test_hex_comes_back(data: bytes, between: str) -> None:
    assert hex_bytes(between.join(f"{byte:02x}" for byte in data)) == data


@given(st.text(max_size=60))
def test_a_url_is_made_sendable_or_refused(text: str) -> None:
    try:
        url = checked_url(text)
    except RequestError:
        return
    assert url.lower().startswith("data:") or (url.isascii() and " " not in url)
    assert checked_url(url) == url


@pytest.mark.parametrize(("typed", "sent"), [
    ("127.0.0.1:8080/a b", "http://127.0.0.1:8080/a%20b"), ("localhost:80", "http://localhost:80"),
    ("http://büro.example/ü?ü=1#x", "http://xn--bro-hoa.example/%C3%BC?%C3%BC=1#x"), ("example.org", "http://example.org"),
    ("http://[::1]:80/%41%zz", "http://[::1]:80/%41%zz"), ("HTTPS://h/../a", "HTTPS://h/../a"),
])  # fmt: skip
def test_urls_as_typed_and_as_sent(typed: str, sent: str) -> None:
    assert checked_url(typed) == sent


@given(st.text(max_size=40), st.sampled_from([301, 302, 303, 307, 308]))
def test_any_location_leads_to_the_web_or_nowhere(location: str, status: int) -> None:
    asked = Request("POST", "http://h/a", body=Body("text", "x"))
    leads = next_request(asked, "http://h/a", status, location)
    assert leads is None or isinstance(leads, Refusal) or leads.url.lower().startswith(("http://", "https://"))


@given(st.from_regex(_PLAIN_URL, fullmatch=True))
def test_a_url_that_needs_no_look_is_what_the_long_look_makes_of_it(url: str) -> None:
    assert checked_url(url) == checked_url(f" {url}") == url


def test_a_head_read_again_is_a_new_one() -> None:
    block = b"HTTP/1.1 200 OK\r\nA: 1\r\nodd\r\n\r\n"
    first, again = read_head(block), read_head(block)
    first.headers.append(("B", "2"))
    first.odd.clear()
    assert (again.headers, again.odd) == ([("A", "1")], ["odd"])
    assert read_head(block) == again
