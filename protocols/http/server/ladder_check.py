"""The checks of the ladder: what each step must answer, asked over a bare socket (matrix of the courses).

A check looks at a running server and says in a sentence what it found. It must not know how the
server is made.
"""

from __future__ import annotations

import http.client
import io
import re
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Final
from urllib.parse import urljoin

TIMEOUT_S: Final = 10.0
_HREF: Final = re.compile(rb'href="([^"]+)"')


@dataclass(frozen=True)
class Found:
    """One thing that was looked at."""

    ok: bool
    text: str


class Peer:
    """A client that sends exact bytes, one connection for each request."""

    def __init__(self, host: str, port: int, timeout_s: float = TIMEOUT_S) -> None:
        self._address, self._timeout_s = (host, port), timeout_s

    def raw(self, request: bytes) -> bytes:
        """All that comes back."""
        with socket.create_connection(self._address, self._timeout_s) as sock:
            sock.sendall(request)
            got = b""
            while data := sock.recv(65536):
                got += data
            return got

    def ask(self, uri: str, method: str = "GET") -> Reply:
        """What a strict client makes of it. Raises http.client.HTTPException."""
        got = self.raw(f"{method} {uri} HTTP/1.1\r\nHost: lab\r\n\r\n".encode())
        response = http.client.HTTPResponse(_Socket(got), method=method)  # type: ignore[arg-type]
        response.begin()
        return Reply(response.status, response.headers, response.read())


class _Socket:
    """What http.client reads from."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def makefile(self, mode: str) -> io.BytesIO:
        return io.BytesIO(self._data)


@dataclass(frozen=True)
class Reply:
    """An answer, read as the standard says."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes


Check = Callable[[Peer], Iterator[Found]]


def check_step(number: int, host: str, port: int, timeout_s: float = TIMEOUT_S) -> list[Found]:
    """Look at a running step: what it must do, and whether it does. A connection that fails is a finding, too."""
    found: list[Found] = []
    try:
        for one in _CHECKS[number](Peer(host, port, timeout_s)):
            found.append(one)  # one by one: what was found before an error stays
    except (OSError, http.client.HTTPException) as error:
        found.append(Found(False, f"{type(error).__name__}: {error}"))
    return found


def _bare(peer: Peer) -> Iterator[Found]:
    got = peer.raw(b"GET / HTTP/1.1\r\nHost: lab\r\n\r\n")
    yield Found(got.startswith(b"<html>"), f"A lenient client shows what came: {got[:30]!r}..")
    try:
        peer.ask("/")
        yield Found(False, "A strict client took it for an answer.")
    except http.client.BadStatusLine as error:
        yield Found(True, f"A strict client refuses it: BadStatusLine: {str(error)[:40]}..")


def _head(peer: Peer) -> Iterator[Found]:
    reply = peer.ask("/")
    yield Found(reply.status == 200, f"The status is {reply.status}.")
    length = reply.headers["Content-Length"]
    yield Found(length == str(len(reply.body)), f"Content-Length says {length}, and {len(reply.body)} bytes came.")
    date = parsedate_to_datetime(reply.headers["Date"] or "")
    yield Found(abs(date.timestamp() - time.time()) < 120, f"The Date is an HTTP date: {reply.headers['Date']}.")


def _uri(peer: Peer) -> Iterator[Found]:
    reply = peer.ask("/some/where?x=1")
    yield Found(reply.status == 200 and b"/some/where?x=1" in reply.body, "GET is answered with the URI in the page.")
    reply = peer.ask("/", "POST")
    yield Found(reply.status in (405, 501), f"POST is answered with {reply.status}.")
    got = peer.raw(b"nonsense\r\n\r\n")
    yield Found(got.startswith(b"HTTP/1.1 400 "), "What is no request is a 400.")


def _folder(peer: Peer) -> Iterator[Found]:
    reply = peer.ask("/images")
    yield Found(reply.status == 200 and b"sample_1.png" in reply.body, "/images is listed.")
    yield Found(peer.ask("/nope").status == 404, "/nope is a 404.")
    for path in ("/../step1.py", "/%2e%2e/step1.py", "/images/../../step1.py", "/%00"):
        yield Found(peer.ask(path).status == 404, f"{path} does not lead out of the folder.")


def _files(peer: Peer) -> Iterator[Found]:
    for path, kind, begin in (
        ("/sample.txt", "text/plain", b"This is a text file"), ("/a_web_page.html", "text/html", b"<!DOCTYPE html>"),
        ("/images/sample_1.png", "image/png", b"\x89PNG"), ("/images/sample_2.jpeg", "image/jpeg", b"\xff\xd8\xff"),
    ):  # fmt: skip
        reply = peer.ask(path)
        good = reply.status == 200 and reply.headers["Content-Type"] == kind and reply.body.startswith(begin)
        yield Found(good, f"{path} is {reply.headers['Content-Type']}, {len(reply.body)} bytes.")
    yield from _folder(peer)


def _links(peer: Peer) -> Iterator[Found]:
    for page in ("/", "/images"):
        reply = peer.ask(page)
        links = [link.decode() for link in _HREF.findall(reply.body)]
        yield Found(bool(links), f"{page} has {len(links)} links.")
        for link in links:
            status = peer.ask(urljoin(page, link)).status
            yield Found(status == 200, f"{link} leads to a {status}.")


def _time(peer: Peer) -> Iterator[Found]:
    first, second = peer.ask("/the_time"), peer.ask("/the_time")
    yield Found(first.status == second.status == 200 and first.body != second.body, "/the_time changes.")
    date = re.search(rb"<p>(.*? GMT)", second.body)
    told = parsedate_to_datetime(date.group(1).decode()).timestamp() if date else 0.0
    yield Found(abs(told - time.time()) < 120, "The time is now.")
    same = peer.ask("/sample.txt").body == peer.ask("/sample.txt").body
    yield Found(same, "A file is the same twice.")


def _table(peer: Peer) -> Iterator[Found]:
    yield from _time(peer)
    reply = peer.ask("/the_sum?a=1&b=2.5")
    yield Found(b"3.5" in reply.body, "The query reaches the page: 1 + 2.5 = 3.5.")


def _programs(peer: Peer) -> Iterator[Found]:
    yield from _table(peer)
    first, second = peer.ask("/home_page.py?who=me"), peer.ask("/home_page.py")
    yield Found(b"import os" not in first.body and b"who=me" in first.body, "The output came, not the source.")
    yield Found(first.body != second.body, "Each request had a process of its own.")


_CHECKS: Final[dict[int, Check]] = {
    1: _bare, 2: _head, 3: _uri, 4: _folder, 5: _files, 6: _links, 7: _time, 8: _table, 9: _programs,
}  # fmt: skip
