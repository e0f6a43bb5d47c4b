"""Hostile clients: each ends by a limit or a time-out, with the right status and a note, and hurts nobody else."""

from __future__ import annotations

import contextlib
import socket
import struct
import time
from collections.abc import Iterator

import pytest

from protocols.http.server.kinds import sandbox_server
from tests.protocols.http.peers import DEADLINE_S
from tests.protocols.http.server.sites import Site, read, running, say

MODELS = ("threads", "epoll", "asyncio")
HOST = b"Host: h\r\n"
CHUNKS = b"POST /echo HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n"
BAD: dict[str, tuple[bytes, bytes]] = {
    "no request line": (b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n", b"400"),
    "another version": (b"GET / HTTP/3.0\r\n\r\n", b"505"),
    "no host": (b"GET / HTTP/1.1\r\n\r\n", b"400"),
    "two hosts": (b"GET / HTTP/1.1\r\n" + HOST * 2 + b"\r\n", b"400"),
    "10,000 headers": (b"GET / HTTP/1.1\r\n" + HOST + b"X-Header: y\r\n" * 10_000 + b"\r\n", b"431"),
    "300 headers": (b"GET / HTTP/1.1\r\n" + HOST + b"X: y\r\n" * 300 + b"\r\n", b"431"),
    "a folded header": (b"GET / HTTP/1.1\r\n" + HOST + b"A: b\r\n c\r\n\r\n", b"400"),
    "a blank before the colon": (b"GET / HTTP/1.1\r\n" + HOST + b"A : b\r\n\r\n", b"400"),
    "both lengths": (
        b"POST /echo HTTP/1.1\r\n" + HOST + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", b"400"
    ),
    "two lengths": (b"POST /echo HTTP/1.1\r\n" + HOST + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello", b"400"),
    "a length of letters": (b"POST /echo HTTP/1.1\r\n" + HOST + b"Content-Length: -1\r\n\r\n", b"400"),
    "another coding": (b"POST /echo HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: gzip\r\n\r\n", b"501"),
    "a body too large": (b"POST /echo HTTP/1.1\r\n" + HOST + b"Content-Length: 99999999999\r\n\r\n", b"413"),
    "a chunk without a size": (CHUNKS + b"hello\r\n", b"400"), "a chunk too long": (CHUNKS + b"2\r\nhello\r\n", b"400"),
}  # fmt: skip


@pytest.fixture(scope="module", params=MODELS)
def site(request: pytest.FixtureRequest) -> Iterator[Site]:
    with running(sandbox_server, model=request.param, time_out_s=0.3) as running_site:
        assert running_site.get("/time").status == 200  # asyncio's own sockets stand now, and are no test's leak
        yield running_site


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_request_is_refused_with_its_status(site: Site, name: str) -> None:
    data, status = BAD[name]
    site.raws.clear()
    got = say(site, data)
    assert got.startswith(b"HTTP/1.1 " + status)
    assert got.endswith(b"</html>\n")
    assert b"\r\nConnection: close\r\n" in got
    told = site.notes("bad request")[-1]
    assert (told[10]["status"], bool(told[10]["why"])) == (int(status), True)


def test_a_line_of_100_mb_ends_at_the_limit(site: Site) -> None:
    with site.dial() as sock:
        sent = 0
        with contextlib.suppress(ConnectionError):
            sock.sendall(b"GET /")
            while sent < 100 << 20:
                sock.sendall(b"x" * (1 << 20))
                sent += 1 << 20
        got = read(sock)
    assert got.startswith(b"HTTP/1.1 431 ") or not got  # a RST may overtake it: the rest of the line was never read
    assert site.notes("bad request")
    assert site.get("/time").status == 200


def test_time_runs_out_for_silence_for_half_a_request_and_for_half_a_body(site: Site) -> None:
    for data, status in (
        (b"", b"408"), (b"GET / HTTP/1.1\r\nHo", b"408"),
        (b"POST /echo HTTP/1.1\r\n" + HOST + b"Content-Length: 9\r\n\r\nab", b"408"),
    ):  # fmt: skip
        began = time.monotonic()
        assert say(site, data).startswith(b"HTTP/1.1 " + status)
        assert time.monotonic() - began >= 0.29
    kept = say(site, b"GET /time HTTP/1.1\r\n" + HOST + b"\r\n")
    assert kept.count(b"HTTP/1.1 ") == 1  # after an answer the connection just ends
    assert site.notes("timed out")


def test_a_header_without_end_is_not_waited_for(site: Site) -> None:
    with site.dial() as sock:
        sock.sendall(b"GET / HTTP/1.1\r\n")
        sock.settimeout(0.05)
        began, got = time.monotonic(), b""
        while not got and time.monotonic() - began < DEADLINE_S:
            with contextlib.suppress(TimeoutError, ConnectionError):
                sock.sendall(b"X: y\r\n")
                got = sock.recv(4096)
    assert got.startswith((b"HTTP/1.1 408 ", b"HTTP/1.1 431 "))


def test_a_half_closed_client_gets_its_answers_all_the_same(site: Site) -> None:
    two = b"GET /slow?bytes=3&delay_ms=20 HTTP/1.1\r\n" + HOST + b"\r\nGET /status/418 HTTP/1.1\r\n" + HOST + b"\r\n"
    got = say(site, two, end=True)
    assert got.count(b"HTTP/1.1 ") == 2
    assert b"012HTTP/1.1 418 " in got
    assert say(site, b"GET / HTTP/1.1\r\n", end=True).startswith(b"HTTP/1.1 400 ")
    assert say(site, b"", end=True) == b""


def test_a_reset_in_the_middle_ends_that_connection_only(site: Site) -> None:
    site.raws.clear()
    with site.dial() as sock:
        sock.sendall(b"GET /endless HTTP/1.1\r\n" + HOST + b"\r\n")
        assert sock.recv(10_000)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    count = 1
    while not any("/endless" in note[9] for note in site.notes("answer cut", count)):
        count += 1  # one of an earlier test, told late
    assert site.get("/time").status == 200


def test_who_takes_nothing_of_an_answer_is_given_up(site: Site) -> None:
    site.raws.clear()
    with site.dial() as sock:
        sock.sendall(b"GET /big?mb=200 HTTP/1.1\r\n" + HOST + b"\r\n")
        assert "took nothing" in site.notes("given up")[0][10]["why"]
        assert len(read(sock)) < 200 << 20


def test_requests_in_a_row_are_answered_in_order_and_not_hoarded(site: Site) -> None:
    pipelined = b"".join(b"GET /echo?n=%d HTTP/1.1\r\n%s\r\n" % (n, HOST) for n in range(200))
    got = say(site, pipelined + b"GET /time HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n")
    places = [got.index(b'"target": "/echo?n=%d"' % n) for n in range(200)]
    assert places == sorted(places)
    site.raws.clear()
    with site.dial() as sock:
        with contextlib.suppress(ConnectionError, TimeoutError):
            sock.sendall(b"GET /slow?bytes=1000&delay_ms=100 HTTP/1.1\r\n" + HOST + b"\r\n")
            for _ in range(100):
                sock.sendall(b"GET /echo HTTP/1.1\r\n" + HOST + b"X: " + b"y" * 60_000 + b"\r\n\r\n")
        assert "ahead" in site.notes("given up")[0][10]["why"]


def test_good_requests_before_a_bad_one_are_answered(site: Site) -> None:
    got = say(site, b"GET /status/204 HTTP/1.1\r\n" + HOST + b"\r\nrubbish\r\n\r\n")
    assert got.startswith(b"HTTP/1.1 204 ")
    assert b"HTTP/1.1 400 " in got
