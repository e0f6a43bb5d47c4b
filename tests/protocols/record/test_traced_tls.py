"""TLS plaintext is recorded once, marked, with exact ranges; a failed handshake tells OpenSSL's reason."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
from collections.abc import Callable

import pytest
import trustme

from protocols.record.event import Event
from protocols.record.recorder import Recorder
from protocols.record.traced import TracedSocket, traced_socket
from protocols.record.traced_tls import TracedTLSObject, TracedTLSSocket, handshake_done, wrap_tls


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def server_context(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost", "127.0.0.1").configure_cert(context)
    return context


@pytest.fixture
def client_context(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


def connected(recorder: Recorder) -> tuple[TracedSocket, TracedSocket]:
    with traced_socket(recorder, "server") as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        client = traced_socket(recorder, "client")
        client.connect(listener.getsockname())
        served, _ = listener.accept()
    return client, served


def beside(work: Callable[[], object]) -> threading.Thread:
    thread = threading.Thread(target=work)
    thread.start()
    return thread


def test_plaintext_is_recorded_for_both_ends(server_context: ssl.SSLContext, client_context: ssl.SSLContext) -> None:
    recorder = Recorder()
    tail = recorder.tail()
    plain, served = connected(recorder)

    def serve() -> None:
        tls = wrap_tls(server_context, served, server_side=True)
        with tls:
            tls.sendall(tls.recv(100).upper())
            assert tls.recv(100) == b""

    thread = beside(serve)
    with wrap_tls(client_context, plain, server_side=False, server_hostname="localhost") as client:
        client.sendall(b"secret")
        with client.makefile("rb") as answer:
            assert answer.read(6) == b"SECRET"
        client.shutdown(socket.SHUT_WR)
        thread.join(20)
    events = [Event.of(raw) for raw in tail.take()]
    shaken = [event for event in events if event.kind == "handshake"]
    assert {event.detail["end"] for event in shaken} == {"client", "server"}
    assert all(event.detail["version"].startswith("TLSv1.") for event in shaken)
    told = next(event for event in shaken if event.detail["end"] == "client")
    assert "localhost" in told.detail["peer_certificate"]["names"]
    moved = sorted((event for event in events if event.direction and event.size), key=lambda event: event.t)
    assert [(e.service, e.direction, e.offset, e.size, e.data) for e in moved] == [
        ("client", "out", 0, 6, b"secret"), ("server", "in", 0, 6, b"secret"),
        ("server", "out", 0, 6, b"SECRET"), ("client", "in", 0, 6, b"SECRET"),
    ]  # fmt: skip
    assert {event.conn for event in moved} == {"1"}
    assert all(event.detail["tls"] is True for event in moved)


def test_an_unknown_authority_gives_opensslls_reason(server_context: ssl.SSLContext) -> None:
    recorder = Recorder()
    tail = recorder.tail()
    plain, served = connected(recorder)

    def serve() -> None:
        with pytest.raises(ssl.SSLError):
            wrap_tls(server_context, served, server_side=True)

    thread = beside(serve)
    with pytest.raises(ssl.SSLCertVerificationError):
        wrap_tls(ssl.create_default_context(), plain, server_side=False, server_hostname="localhost")
    thread.join(20)
    failed = [event for event in map(Event.of, tail.take()) if event.kind == "handshake"]
    by_end = {event.detail["end"]: event for event in failed}
    assert by_end["client"].errno == "CERTIFICATE_VERIFY_FAILED"
    assert by_end["server"].errno in ("TLSV1_ALERT_UNKNOWN_CA", "SSLV3_ALERT_BAD_CERTIFICATE")
    assert all(event.detail["why"].endswith(".") for event in failed)


def test_a_non_blocking_handshake_is_recorded_once_when_it_is_over(
    server_context: ssl.SSLContext, client_context: ssl.SSLContext
) -> None:
    recorder = Recorder()
    tail = recorder.tail()
    plain, served = connected(recorder)
    ends: list[TracedTLSSocket] = [
        wrap_tls(client_context, plain, server_side=False, server_hostname="localhost", handshake=False),
        wrap_tls(server_context, served, server_side=True, handshake=False),
    ]
    waiting = list(ends)
    for tls in ends:
        tls.setblocking(False)
    while waiting:
        for tls in list(waiting):
            try:
                tls.do_handshake()
                waiting.remove(tls)
            except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
                pass
    for tls in ends:
        tls.close()
    shaken = [event for event in map(Event.of, tail.take()) if event.kind == "handshake"]
    assert sorted(event.detail["end"] for event in shaken) == ["client", "server"]


def test_asyncio_moves_ciphertext_unseen_and_plaintext_seen(
    server_context: ssl.SSLContext, client_context: ssl.SSLContext
) -> None:
    recorder = Recorder()
    tail = recorder.tail()
    plain, served = connected(recorder)
    server_context.sslobject_class = TracedTLSObject

    async def serve() -> bytes:
        assert served.trace is not None
        served.trace.muted = True
        served.setblocking(False)
        reader, writer = await asyncio.open_connection(sock=served, ssl=None)
        del reader
        transport = await asyncio.get_running_loop().start_tls(
            writer.transport, protocol := Collect(), server_context, server_side=True
        )
        engine = transport.get_extra_info("ssl_object")
        engine.trace = served.trace
        handshake_done(served.trace, engine, 0, -1)
        data = await protocol.first
        transport.write(data.upper())
        await protocol.over
        transport.close()
        return data

    class Collect(asyncio.Protocol):
        def __init__(self) -> None:
            loop = asyncio.get_running_loop()
            self.first: asyncio.Future[bytes] = loop.create_future()
            self.over: asyncio.Future[None] = loop.create_future()

        def data_received(self, data: bytes) -> None:
            self.first.set_result(data)

        def connection_lost(self, exc: Exception | None) -> None:
            if not self.over.done():
                self.over.set_result(None)

        def eof_received(self) -> None:
            if not self.over.done():
                self.over.set_result(None)

    got: list[bytes] = []

    def client() -> None:
        with wrap_tls(client_context, plain, server_side=False, server_hostname="localhost") as tls:
            tls.sendall(b"hello")
            got.append(tls.recv(100))

    thread = beside(client)
    assert asyncio.run(serve()) == b"hello"
    thread.join(20)
    assert got == [b"HELLO"]
    moved = [event for event in map(Event.of, tail.take()) if event.direction and event.size]
    assert [(e.service, e.direction, e.data) for e in sorted(moved, key=lambda e: e.t) if e.service == "server"] == [
        ("server", "in", b"hello"), ("server", "out", b"HELLO"),
    ]  # fmt: skip
