"""The parts of a message and of a URL: every byte belongs to one of them, and each says what it is."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import settings as limits
from hypothesis import strategies as st

from protocols.http.parts import Span, message_parts, span_at, told_value, url_parts

ANSWER = (b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nServer: x\r\n"
          b"Transfer-Encoding: chunked\r\n\r\n")  # fmt: skip
BODY = b"5;n=1\r\nhello\r\n0\r\nX-Sum: 5\r\n\r\n"


def named(spans: list[Span], data: bytes) -> dict[str, bytes]:
    return {span.name: data[span.start : span.stop] for span in spans}


def no_gap(spans: list[Span], size: int) -> bool:
    places = [0, *(span.stop for span in spans)]
    return [span.start for span in spans] == places[:-1] and places[-1] == size


def test_an_answer_is_cut_into_its_parts_at_the_right_offsets() -> None:
    data = ANSWER + BODY
    spans = message_parts(data, len(ANSWER), chunked=True)
    assert no_gap(spans, len(data))
    found = named(spans, data)
    assert (found["Status line: status"], found["Status line: reason"]) == (b"200", b"OK")
    assert {"General header: Transfer-Encoding", "Entity header: Content-Type", "Response header: Server",
            "Trailer: X-Sum", "The blank line"} <= found.keys()  # fmt: skip
    assert found["Body, in a chunk"] == b"hello"
    framing = [data[span.start : span.stop] for span in spans if span.kind == "framing"]
    assert framing == [b"5;n=1\r\n", b"\r\n", b"0\r\n"]
    body = span_at(spans, data.index(b"hello") + 2)
    assert body is not None
    assert body.told == "5 bytes"


def test_a_request_is_cut_and_its_credentials_are_read() -> None:
    data = b"POST /a?b=1 HTTP/1.1\r\nHost: h\nAuthorization: Basic Z3VpZG86Z3VpZG80NTY=\r\n\r\nx=1"
    spans = message_parts(data, len(data) - 3, sent=True)
    assert no_gap(spans, len(data))
    found = named(spans, data)
    assert (found["Request line: method"], found["Request line: target"], found["Body"]) == (b"POST", b"/a?b=1", b"x=1")
    value = next(span for span in spans if span.name == "Value of Authorization")
    assert value.told == "base64 of guido:guido456, which anybody on the way can undo."
    assert any("LF alone" in span.told for span in spans)
    assert told_value("Authorization", "Basic %%%") == "This is no base64."
    assert "step by step" in told_value("Proxy-Authorization", 'Digest username="x"')


def test_a_url_is_cut_into_its_parts() -> None:
    url = "https://guido:pw@[::1]:8443/a/b?name=Da+ve&n=1#top"
    parts = {span.name: url[span.start : span.stop] for span in url_parts(url)}
    assert parts == {"Scheme": "https", "User": "guido", "Password": "pw", "Host": "[::1]", "Port": "8443",
                     "Path": "/a/b", "Name of a parameter": "n", "Value of name": "Da+ve", "Value of n": "1",
                     "Fragment": "top"}  # fmt: skip
    assert span_at(url_parts(url), url.index("Da+ve")).told == "It reads 'Da ve'."  # type: ignore[union-attr]
    assert url_parts("") == []


@limits(max_examples=150)
@given(st.binary(max_size=200) | st.builds(lambda body: ANSWER + body, st.binary(max_size=80)), st.integers(0, 260),
       st.booleans(), st.booleans())  # fmt: skip
def test_whatever_came_every_byte_has_one_part(data: bytes, head: int, sent: bool, chunked: bool) -> None:
    spans = message_parts(data, min(head, len(data)), sent=sent, chunked=chunked)
    assert no_gap(spans, len(data))
    assert all(span_at(spans, place) is not None for place in range(len(data)))


@limits(max_examples=100)
@given(st.text(max_size=60))
def test_the_parts_of_any_text_lie_in_it_in_order(text: str) -> None:
    spans = url_parts(text)
    assert all(0 <= span.start < span.stop <= len(text) for span in spans)
    assert all(one.stop <= other.start for one, other in itertools.pairwise(spans))
