"""What was typed is what is sent, however malformed, and every way it can end is said."""

from __future__ import annotations

import contextlib
import socket
import ssl

import pytest

from protocols.http.client.rawsend import RawSend
from protocols.record.event import Event
from protocols.record.recorder import Recorder
from tests.protocols.http.peers import DEADLINE_S, says

ODD = b"GE T /\x00 HTTP/9.9\nHost:\r\r\n\xff\xfe\r\n\r\n"


def test_the_bytes_arrive_as_typed_and_the_answer_is_kept() -> None:
    got: list[bytes] = []

    def play(sock: socket.socket) -> None:
        got.append(sock.recv(4096))
        sock.sendall(b"HTTP/1.1 400 No\r\n\r\n")

    recorder = Recorder()
    tail = recorder.tail()
    with says(play) as port:
        raw = RawSend(recorder, "127.0.0.1", port, ODD)
        raw.start()
        assert raw.join(DEADLINE_S)
    assert (got, bytes(raw.received.data)) == ([ODD], b"HTTP/1.1 400 No\r\n\r\n")
    assert raw.why == "The other end closed the connection."
    messages = [event for event in map(Event.of, tail.take()) if event.layer == "message"]
    assert [(one.kind, one.data, one.offset) for one in messages] == [
        ("request", ODD, 0), ("response", raw.received.data, 0)]  # fmt: skip
    assert messages[0].conn is not None


def test_silence_and_a_stop_end_it() -> None:
    with says(lambda sock: sock.recv(4096) and sock.recv(1)) as port:
        raw = RawSend(Recorder(), "127.0.0.1", port, b"x", quiet_s=0.1)
        raw.start()
        assert raw.join(DEADLINE_S)
    assert "silent" in raw.why
    with says(lambda sock: sock.recv(4096) and sock.recv(1)) as port:
        raw = RawSend(Recorder(), "127.0.0.1", port, b"x", quiet_s=60)
        raw.start()
        assert raw.stop(20)
    assert raw.why == "It was stopped."


def test_nobody_there_is_an_error_of_the_start() -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    raw = RawSend(Recorder(), "127.0.0.1", port, b"x")
    with pytest.raises(ConnectionRefusedError):
        raw.start()


def test_over_tls_too() -> None:
    from protocols.tls import client_context, server_context

    def play(sock: socket.socket) -> None:
        with server_context(["127.0.0.1"]).wrap_socket(sock, server_side=True) as tls:
            tls.sendall(tls.recv(4096).upper())
            with contextlib.suppress(OSError, ssl.SSLError):
                tls.unwrap()

    with says(play) as port:
        raw = RawSend(Recorder(), "127.0.0.1", port, b"hello", context=client_context(), quiet_s=DEADLINE_S)
        raw.start()
        assert raw.join(DEADLINE_S)
    assert bytes(raw.received.data) == b"HELLO"
