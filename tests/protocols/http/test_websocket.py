"""The WebSocket client against the sandbox, against another library's server, and against servers that misbehave."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator

import pytest
from websockets.sync.server import ServerConnection, serve

from protocols.http.by_hand.websocket import WebSocketClient
from protocols.http.by_hand.websocket_frames import Seen, WebSocketError, checked_url
from protocols.http.server.kinds import sandbox_server
from protocols.record.event import Event
from protocols.record.recorder import Recorder
from protocols.service.base import ServiceError
from protocols.tls import believing
from tests.protocols.http.peers import answer, read_head, says
from tests.protocols.http.proxy.lab import until


@contextlib.contextmanager
def running(client: WebSocketClient) -> Iterator[WebSocketClient]:
    client.start()
    try:
        yield client
    finally:
        assert client.stop(20)


@contextlib.contextmanager
def sandbox(**common: object) -> Iterator[tuple[Recorder, str]]:
    recorder = Recorder()
    server = sandbox_server(recorder, **common)
    server.start()
    assert isinstance(server.address, tuple)
    try:
        yield recorder, f"127.0.0.1:{server.address[1]}"
    finally:
        assert server.stop(20)


@contextlib.contextmanager
def library(handler: Callable[[ServerConnection], None]) -> Iterator[int]:
    """A server of the websockets library, with its own frames and its own closing."""
    server = serve(handler, "127.0.0.1", 0, compression=None)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.socket.getsockname()[1]
    finally:
        server.shutdown()
        thread.join()


def came(client: WebSocketClient, count: int) -> list[Seen]:
    until(lambda: sum(one.direction == "in" for one in client.frames) >= count)
    return [one for one in client.frames if one.direction == "in"]


@pytest.mark.parametrize("tls", [None, "good"])
def test_messages_of_all_kinds_come_back_from_the_sandbox(tls: str | None) -> None:
    with sandbox(tls=tls) as (recorder, place):
        tail = recorder.tail()
        url = f"{'wss' if tls else 'ws'}://{place}/websocket"
        with running(WebSocketClient(recorder, url, context=believing("lab"))) as client:
            assert client.open
            client.send("text", "grüße".encode())
            client.send("binary", bytes(range(256)))
            client.send("ping", b"there?")
            got = came(client, 3)
            assert {(one.opcode, one.data) for one in got} == {
                ("TEXT", "grüße".encode()), ("BINARY", bytes(range(256))), ("PONG", b"there?")}  # fmt: skip
            assert {one.masked for one in client.frames if one.direction == "out"} == {True}
            assert {one.masked for one in got} == {False}
            client.send("text", b"abcdef", pieces=3)
            parts = came(client, 6)[3:]
            assert [(one.opcode, one.fin, one.data) for one in parts] == [
                ("TEXT", False, b"ab"), ("CONT", False, b"cd"), ("CONT", True, b"ef")]  # fmt: skip
            client.close(3001, "enough")
            until(lambda: client.state == "stopped")
            assert client.ended == "It was closed with 3001, a code of the application: enough."
            with pytest.raises(ServiceError, match="3001"):
                client.send("text", b"late")
        told = [event for event in map(Event.of, tail.take()) if event.kind == "websocket frame"]
        assert {event.direction for event in told if event.service == client.name} == {"in", "out"}


def test_the_frames_heads_are_those_of_the_rfc() -> None:
    for size, head in ((5, b"\x81\x85"), (126, b"\x81\xfe\x00\x7e"), (65536, b"\x81\xff" + (65536).to_bytes(8, "big"))):
        assert Seen(1, 0, "out", "TEXT", True, True, size, b"").head == head
    assert Seen(1, 0, "in", "CONT", False, False, 0, b"").head == b"\x00\x00"


def test_another_librarys_server_is_understood_and_its_goodbye_told() -> None:
    asked: list[str] = []

    def handler(server: ServerConnection) -> None:
        assert server.request is not None
        asked.append(server.request.headers.get("X-Lab", ""))
        server.send(["in ", "three ", "pieces"])
        server.ping(b"p")
        for message in server:
            server.send(message)
            server.close(4000, "bye")

    with library(handler) as port:
        client = WebSocketClient(Recorder(), f"http://127.0.0.1:{port}/", headers=(("X-Lab", "yes"),))
        with running(client):
            assert b"".join(one.data for one in came(client, 3)[:3]) == b"in three pieces"
            until(lambda: any(one.opcode == "PONG" and one.direction == "out" for one in client.frames))
            client.send("text", b"x" * 200_000)
            until(lambda: client.state == "stopped")
            assert client.ended == "It was closed with 4000, a code of the application: bye."
            assert any(one.size == 200_000 and len(one.data) == 64 << 10 for one in client.frames)
    assert asked == ["yes"]


def _shaken(sock: socket.socket) -> None:
    """Shake hands by hand."""
    from websockets.server import ServerProtocol

    protocol = ServerProtocol()
    protocol.receive_data(read_head(sock))
    (request,) = protocol.events_received()
    protocol.send_response(protocol.accept(request))  # type: ignore[arg-type]
    for piece in protocol.data_to_send():
        sock.sendall(piece)


@pytest.mark.parametrize(("said", "ended"), [
    (b"\x81\x85abcdhello", "1002"),  # a server must not mask
    (b"\x81\x7f" + b"\x7f" * 8, "1009"),  # longer than anybody takes
    (b"\x81\x02\xff\xfe", ""),  # no UTF-8: shown, for it is what came
    (b"\x83\x00", "1002"),  # an opcode that is none
    (b"", "1006"),  # gone without a word
])  # fmt: skip
def test_a_server_that_breaks_the_rules_is_told_as_such(said: bytes, ended: str) -> None:
    def talk(sock: socket.socket) -> None:
        _shaken(sock)
        sock.sendall(said)
        if not ended:
            sock.recv(100)

    with says(talk) as port:
        client = WebSocketClient(Recorder(), f"ws://127.0.0.1:{port}/")
        with running(client):
            if ended:
                until(lambda: client.state == "stopped")
                assert ended in client.ended
            else:
                assert came(client, 1)[0].data == b"\xff\xfe"
                client.close()


@pytest.mark.parametrize(("said", "words"), [
    (b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "answered 404"),
    (b"HTTP/1.1 101 Switching Protocols\r\n\r\n", "none"), (b"SSH-2.0\r\n\r\n", "none"), (b"", "none"),
])  # fmt: skip
def test_an_answer_that_is_no_handshake_is_an_error_with_its_reason(said: bytes, words: str) -> None:
    with says(answer(said)) as port:
        client = WebSocketClient(Recorder(), f"ws://127.0.0.1:{port}/")
        with pytest.raises((WebSocketError, OSError), match=words if said else None):
            client.start()


def test_silence_and_a_port_where_nobody_listens() -> None:
    with says(lambda sock: sock.recv(65536) and sock.recv(1)) as port:
        client = WebSocketClient(Recorder(), f"ws://127.0.0.1:{port}/", timeout_s=0.2)
        with pytest.raises(TimeoutError):
            client.start()
    client = WebSocketClient(Recorder(), "ws://127.0.0.1:1/")
    with pytest.raises(ConnectionRefusedError):
        client.start()


def test_what_may_not_be_sent_is_refused_before() -> None:
    with sandbox() as (recorder, place), running(WebSocketClient(recorder, f"ws://{place}/websocket")) as client:
        for refused in (lambda: client.send("text", b"\xff"), lambda: client.send("ping", b"x" * 126),
                        lambda: client.close(1005), lambda: client.close(1000, "x" * 124)):  # fmt: skip
            with pytest.raises(WebSocketError):
                refused()
        client.send("text", b"still open")
        assert came(client, 1)[0].data == b"still open"


@pytest.mark.parametrize("url", ["", "ftp://x/", "ws://", "ws://x:port/", "x", "ws://x/#fragment"])
def test_what_is_no_address_of_a_websocket_is_said(url: str) -> None:
    with pytest.raises(WebSocketError):
        checked_url(url)


def test_http_is_taken_for_ws() -> None:
    assert checked_url(" https://x/a?b ") == "wss://x/a?b"
