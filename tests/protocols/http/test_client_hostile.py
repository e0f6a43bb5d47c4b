"""Bad servers: each request ends by a limit, the time or Cancel, says what it was, and keeps what came."""

from __future__ import annotations

import contextlib
import gzip
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from protocols.http.client.client import HttpClient
from protocols.http.client.run import Run
from protocols.http.request import Limits, Request
from protocols.record.recorder import Recorder
from tests.protocols.http.peers import DEADLINE_S, answer, read_head, says

OK = b"HTTP/1.1 200 OK\r\n"
_RST = struct.pack("ii", 1, 0)
_MIB = 1 << 20


@pytest.fixture
def client() -> Iterator[HttpClient]:
    made = HttpClient(Recorder())
    made.start()
    yield made
    assert made.stop(10)


def asked(client: HttpClient, play: Callable[[socket.socket], None], **limits: object) -> Run:
    def serve(sock: socket.socket) -> None:
        read_head(sock)
        with contextlib.suppress(OSError):
            play(sock)

    with says(serve) as port:
        wanted = Limits(**{"timeout_s": 15.0, **limits})  # type: ignore[arg-type]
        run = client.send(Request(url=f"http://127.0.0.1:{port}/", limits=wanted))
        assert run.wait(DEADLINE_S)
    return run


def repeat(piece: bytes, total: int) -> Callable[[socket.socket], None]:
    """Send a piece until so many bytes have gone, or nobody takes them any more."""

    def play(sock: socket.socket) -> None:
        block = piece * max(1, 65536 // len(piece))
        for _ in range(total // len(block)):
            sock.sendall(block)

    return play


def said(*pieces: bytes) -> Callable[[socket.socket], None]:
    return lambda sock: sock.sendall(b"".join(pieces))


def then(first: bytes, play: Callable[[socket.socket], None]) -> Callable[[socket.socket], None]:
    def both(sock: socket.socket) -> None:
        sock.sendall(first)
        play(sock)

    return both


def reset(sock: socket.socket) -> None:
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RST)
    sock.close()


def half_close(sock: socket.socket) -> None:
    sock.shutdown(socket.SHUT_WR)
    sock.recv(1)


ZOO: dict[str, tuple[Callable[[socket.socket], None], str, bytes]] = {
    "nothing at all": (said(), "NOTHING", b""),
    "another protocol": (said(b"SSH-2.0-lab\r\n"), "UNSUPPORTED", b"SSH"),
    "an endless header": (then(OK, repeat(b"X-Endless: y\r\n", 40 * _MIB)), "", OK),
    "a line of 100 MB": (then(OK + b"X: ", repeat(b"y", 100 * _MIB)), "", OK),
    "a status line without end": (then(b"HTTP/1.1 200 ", repeat(b"O", 100 * _MIB)), "", b""),
    "10,000 headers": (said(OK, *(b"X-%d: y\r\n" % number for number in range(10_000)), b"\r\n"), "", OK),
    "a length too long": (said(OK, b"Content-Length: 10\r\n\r\nshort"), "CUT_SHORT", OK),
    "a length that is none": (said(OK, b"Content-Length: many\r\n\r\nhello"), "", OK),
    "a broken chunk": (said(OK, b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nzz\r\n"), "RECV", OK),
    "a chunk cut off": (said(OK, b"Transfer-Encoding: chunked\r\n\r\nff\r\nhello"), "CUT_SHORT", OK),
    "no gzip": (said(OK, b"Content-Encoding: gzip\r\nContent-Length: 4\r\n\r\nnope"), "BAD_ENCODING", OK),
    "RST in the middle": (then(OK + b"Content-Length: 10\r\n\r\nshort", reset), "ECONNRESET", b""),
    "half-closed early": (then(OK + b"Content-Length: 10\r\n\r\nshort", half_close), "CUT_SHORT", OK),
}  # fmt: skip


@pytest.mark.parametrize("name", ZOO)
def test_a_bad_server_is_named_and_what_came_is_kept(client: HttpClient, name: str) -> None:
    play, symbol, begin = ZOO[name]
    run = asked(client, play)
    assert run.state == "failed"
    assert run.failure is not None
    assert run.failure.why.endswith(".")
    assert run.failure.title
    assert symbol in ("", run.failure.symbol)
    assert run.failure.symbol != "TIMEOUT"
    assert run.final is not None
    assert bytes(run.final.received.data).startswith(begin)
    assert run.final.received.size < 2 * _MIB  # a limit cut it long before its end


def test_a_length_too_short_leaves_the_rest_unread(client: HttpClient) -> None:
    run = asked(client, said(OK, b"Content-Length: 5\r\n\r\nhello and more"))
    assert (run.state, bytes(run.body.data)) == ("done", b"hello")


def test_a_half_closed_body_without_a_length_is_whole(client: HttpClient) -> None:
    run = asked(client, then(OK + b"\r\nall of it", half_close))
    assert (run.state, bytes(run.body.data)) == ("done", b"all of it")


def test_a_gzip_bomb_stops_at_the_limit(client: HttpClient) -> None:
    bomb = gzip.compress(gzip.compress(bytes(64 * _MIB)))  # twice packed: the outer coding is undone
    assert len(bomb) < 20_000
    head = OK + b"Content-Encoding: gzip, gzip\r\nContent-Length: %d\r\n\r\n" % len(bomb)
    run = asked(client, said(head, bomb), max_bytes=_MIB)
    assert run.failure is not None
    assert (run.failure.symbol, run.body.size) == ("CUT", _MIB)
    assert str(_MIB) in run.failure.why


def test_an_endless_body_stops_at_the_limit_or_is_only_kept_in_part(client: HttpClient) -> None:
    run = asked(client, then(OK + b"\r\n", repeat(b"z", 1 << 40)), max_bytes=300_000)
    assert run.failure is not None
    assert (run.failure.symbol, run.body.size, bytes(run.body.data[:2])) == ("CUT", 300_000, b"zz")
    run = asked(client, then(OK + b"\r\n", repeat(b"z", 8 * _MIB)), keep_bytes=_MIB)
    assert (run.state, run.body.size, len(run.body.data)) == ("done", 8 * _MIB, _MIB)
    assert run.final is not None
    assert not run.final.received.whole


def test_a_redirect_loop_ends_at_its_limit(client: HttpClient) -> None:
    hops = 0

    def play(sock: socket.socket) -> None:
        nonlocal hops
        with contextlib.suppress(OSError):
            while read_head(sock):
                hops += 1
                sock.sendall(b"HTTP/1.1 302 Again\r\nLocation: /\r\nContent-Length: 0\r\n\r\n")

    with says(play) as port:
        run = client.send(Request(url=f"http://127.0.0.1:{port}/", limits=Limits(max_redirects=7)))
        assert run.wait(DEADLINE_S)
        client.stop(10)
    assert run.failure is not None
    assert (run.failure.symbol, len(run.exchanges), hops) == ("TOO_MANY_REDIRECTS", 8, 8)


@pytest.mark.parametrize("begin", [b"", b"HTTP/1.1 2", OK + b"Content-Length: 9\r\n\r\nhalf"])
def test_silence_ends_by_cancel_at_once_or_by_the_time(client: HttpClient, begin: bytes) -> None:
    def play(sock: socket.socket) -> None:
        read_head(sock)
        with contextlib.suppress(OSError):
            sock.sendall(begin)
            sock.recv(1)

    with says(play) as port:
        run = client.send(Request(url=f"http://127.0.0.1:{port}/"))
        until = time.monotonic() + DEADLINE_S
        while time.monotonic() < until and not (run.final and (run.final.received.size or not begin.endswith(b"half"))):
            run.wait(0.005)
        began = time.monotonic()
        run.cancel()
        assert run.wait(DEADLINE_S)
        assert time.monotonic() - began < 5
    assert run.failure is not None
    assert (run.state, run.failure.symbol) == ("cancelled", "CANCELLED")
    assert bytes(run.body.data) == (b"half" if begin.endswith(b"half") else b"")
    with says(play) as port:
        run = client.send(Request(url=f"http://127.0.0.1:{port}/", limits=Limits(timeout_s=0.2)))
        assert run.wait(DEADLINE_S)
    assert run.failure is not None
    assert run.failure.symbol == "TIMEOUT"


def test_a_disk_that_is_full_is_said_and_ends_it(client: HttpClient, tmp_path: Path) -> None:
    class Full:
        def write(self, data: bytes, /) -> None:
            raise OSError(28, "No space left on device", str(tmp_path / "big"))

    with says(answer(OK + b"Content-Length: 5\r\n\r\nhello")) as port:
        run = client.send(Request(url=f"http://127.0.0.1:{port}/"), Full())
        assert run.wait(DEADLINE_S)
    assert run.failure is not None
    assert (run.failure.symbol, "No space left" in run.failure.why) == ("WRITE", True)
    run = client.send(Request(url="data:,hello"), Full())  # no wire to fail on, and the client goes on all the same
    assert run.wait(DEADLINE_S)
    assert run.failure is not None
    assert (run.failure.symbol, client.state) == ("WRITE", "running")


@pytest.mark.parametrize("target", [
    "file:///etc/passwd", "FILE:/etc/passwd", "data:text/plain,hello", "ftp://127.0.0.1/a", "ftps://127.0.0.1/a",
    "gopher://127.0.0.1/", "javascript:1", "mailto:a@127.0.0.1", "localhost:80/a",
])  # fmt: skip
def test_no_redirect_leaves_the_web(client: HttpClient, target: str) -> None:
    said = b"HTTP/1.1 307 Go\r\nContent-Length: 0\r\nLocation: " + target.encode() + b"\r\n\r\n"
    with says(answer(said)) as port:
        run = client.send(Request(url=f"http://127.0.0.1:{port}/"))
        assert run.wait(DEADLINE_S)
    assert run.failure is not None
    assert run.failure.symbol == "REDIRECT_REFUSED"
    assert [one.status for one in run.exchanges] == [307]


def test_redirects_and_their_waits_count_against_one_time(client: HttpClient) -> None:
    """Each hop is well within the time, all together are not: the limit is for the whole request."""
    stop = threading.Event()

    def play(sock: socket.socket) -> None:
        while read_head(sock) and not stop.wait(0.1):
            sock.sendall(b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: /again\r\n\r\n")

    with says(play) as port:
        limits = Limits(timeout_s=0.6, max_redirects=10_000)
        run = client.send(Request(url=f"http://127.0.0.1:{port}/", limits=limits))
        ended = run.wait(DEADLINE_S)
        stop.set()
    assert ended
    assert run.failure is not None
    assert (run.failure.symbol, run.redirects > 0) == ("TIMEOUT", True)
