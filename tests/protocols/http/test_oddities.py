"""An answer that was taken although it breaks the rules says which."""

from __future__ import annotations

import pytest

from protocols.http.client.oddities import oddities
from protocols.http.exchange import Exchange, Kept, read_head


def _exchange(head: bytes, body: bytes, method: str = "GET") -> Exchange:
    exchange = Exchange(1, method, "http://h/", Kept(1000), Kept(1000))
    exchange.received.add(head)
    exchange.received.add(body)
    exchange.head_received = len(head)
    exchange.answer = read_head(head)
    return exchange


@pytest.mark.parametrize(("head", "body", "word"), [
    (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", b"abc", "1 byte came beyond the Content-Length of 2"),
    (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n", b"0\r\n\r\n", "the chunks count"),
    (b"HTTP/1.1 200 OK\r\nA: b\r\n", b"", "blank line behind the headers is missing"),
    (b"HTTP/1.1 200 OK\nA: b\n\n", b"", "end with LF alone"),
    (b"HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n", b"", "a line of its own"),
    (b"HTTP/1.1 200 OK\r\n<p>\r\n\r\n", b"", "no header: '<p>'"),
])  # fmt: skip
def test_each_oddity_has_a_sentence(head: bytes, body: bytes, word: str) -> None:
    (sentence,) = oddities(_exchange(head, body))
    assert word in sentence


@pytest.mark.parametrize(("head", "body", "method"), [
    (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", b"ab", "GET"),
    (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", b"", "HEAD"),
    (b"HTTP/1.1 304 Not Modified\r\nContent-Length: 2\r\n\r\n", b"", "GET"),
])  # fmt: skip
def test_an_answer_as_it_should_be_has_none(head: bytes, body: bytes, method: str) -> None:
    assert oddities(_exchange(head, body, method)) == []
