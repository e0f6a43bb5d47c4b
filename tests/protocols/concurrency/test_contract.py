"""Handlers that wait: for time, and for what they sent to leave, in every model."""

import socket
import time

import pytest

from protocols.concurrency.contract import Handler, HandlerSpec
from tests.protocols.concurrency.bench import STREAM_MODELS, dial, read_exactly, running

PIECE = bytes(range(256)) * 256
PIECES = 64


class Streaming(Handler):
    """Answers anything with 4 MB, never more of it in memory than the connection takes; tells how much waited."""

    def __init__(self):
        self.left = 0
        self.most = 0

    def received(self, conn, data):
        self.left = PIECES
        self.go(conn)

    def drained(self, conn):
        self.go(conn)

    def go(self, conn):
        while self.left and not conn.full:
            self.left -= 1
            conn.send(PIECE)
            self.most = max(self.most, conn.pending_out())
        if not self.left:
            conn.send(b"%12d" % self.most)
            conn.close()


class Clock(Handler):
    """Says a letter three times, some time apart; "q" cancels what "s" has begun."""

    def __init__(self):
        self.count = 0

    def opened(self, conn):
        conn.wake_in(3600)

    def received(self, conn, data):
        if data == b"q":
            conn.wake_in(None)
            conn.send(b"quiet")
            conn.wake_in(0)
            self.count = 2
        else:
            conn.wake_in(0.05)

    def ended(self, conn):
        conn.wake_in(0.02)

    def woken(self, conn):
        self.count += 1
        conn.send(b"%d" % self.count)
        if self.count == 3:
            conn.close()
        else:
            conn.wake_in(0.05)


def streaming():
    return Streaming


def clock():
    return Clock


def spec(name):
    return HandlerSpec(f"{__name__}:{name}")


@pytest.mark.parametrize("model", STREAM_MODELS)
def test_a_big_answer_waits_for_its_reader_outside_of_memory(model):
    with running(model, handler=spec("streaming")) as (server, _), dial(server) as sock:
        sock.sendall(b"x")
        with sock.makefile("rb") as file:
            for _ in range(PIECES):
                assert file.read(len(PIECE)) == PIECE
            assert int(file.read()) < 1 << 20


@pytest.mark.parametrize("model", STREAM_MODELS)
def test_a_handler_is_woken_when_its_time_has_come(model):
    with running(model, handler=spec("clock")) as (server, _):
        with dial(server) as sock:
            began = time.monotonic()
            sock.sendall(b"s")
            assert read_exactly(sock, 3) == b"123"
            assert time.monotonic() - began >= 0.14
            assert sock.recv(1) == b""
        with dial(server) as sock:
            sock.sendall(b"q")
            assert read_exactly(sock, 6) == b"quiet3"
        with dial(server) as sock:  # the end of the peer's direction does not stop the clock
            sock.shutdown(socket.SHUT_WR)
            assert read_exactly(sock, 3) == b"123"
