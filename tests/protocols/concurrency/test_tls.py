import random
import socket
import ssl

import pytest

from protocols.concurrency.contract import Listen, ServerTLS
from protocols.concurrency.server import make_server
from protocols.record.recorder import Recorder
from protocols.tls import client_context, lab_ca
from tests.protocols.concurrency.bench import (
    PARALLEL,
    STOP_S,
    STREAM_MODELS,
    dial,
    eventually,
    read_exactly,
    read_to_end,
    running,
)
from tests.protocols.concurrency.handlers import spec


def server_tls(**settings):
    return ServerTLS(pem=lab_ca().issue(["127.0.0.1"]), **settings)


def dial_tls(server):
    return client_context().wrap_socket(dial(server), server_hostname="127.0.0.1")


@pytest.mark.parametrize("model", STREAM_MODELS)
def test_clients_get_back_their_bytes_through_tls_and_the_plaintext_is_recorded(model):
    payload = random.Random(model).randbytes(50_000)
    with running(model, tls=server_tls()) as (server, log):
        clients = [dial_tls(server) for _ in range(3 if model in PARALLEL else 1)]
        for client in clients:
            client.sendall(payload)
        for client in clients:
            assert read_exactly(client, len(payload)) == payload
            client.close()
        log.wait("connection ended", len(clients))
    assert log.kinds("call").count("handshake") == len(clients)
    for conn in {event.conn for event in log.all() if event.kind == "handshake"}:
        for kind, direction in (("recv", "in"), ("request", "in"), ("reply", "out")):
            parts = [e for e in log.all() if e.conn == conn and e.kind == kind and e.direction == direction and e.size]
            assert b"".join(event.data for event in sorted(parts, key=lambda e: e.offset)) == payload
        assert all(event.detail["tls"] for event in log.all() if event.conn == conn and event.kind == "recv")


@pytest.mark.parametrize("model", STREAM_MODELS)
def test_a_server_that_closes_says_so_first(model):
    with running(model, "faulty", tls=server_tls()) as (server, _), dial(server) as plain:
        context = client_context()
        with context.wrap_socket(plain, server_hostname="127.0.0.1", suppress_ragged_eofs=False) as client:
            client.sendall(b"bye")
            assert read_to_end(client) == b"bye"


@pytest.mark.parametrize("model", STREAM_MODELS)
def test_a_client_that_speaks_no_tls_is_told_apart_and_the_server_serves_on(model):
    with running(model, tls=server_tls()) as (server, log):
        with dial(server) as plain:
            plain.sendall(b"GET / HTTP/1.0\r\n\r\n")
            try:
                plain.recv(100)
                read_to_end(plain)
            except ConnectionResetError:
                pass
        failed = log.wait("handshake")[0]
        assert failed.errno
        assert failed.detail["why"]
        with dial_tls(server) as client:
            client.sendall(b"x")
            assert client.recv(1) == b"x"


@pytest.mark.parametrize("model", STREAM_MODELS)
def test_a_client_that_never_finishes_its_handshake_is_let_go(model):
    with running(model, tls=server_tls(handshake_timeout_s=0.2)) as (server, _), dial(server) as silent:
        try:
            assert read_to_end(silent) == b""
        except ConnectionResetError:
            pass


@pytest.mark.parametrize("model", PARALLEL)
def test_a_silent_handshake_holds_up_neither_the_others_nor_the_stop(model):
    with running(model, tls=server_tls(handshake_timeout_s=60)) as (server, _), dial(server):
        with dial_tls(server) as client:
            client.sendall(b"x")
            assert client.recv(1) == b"x"
        assert server.stop(STOP_S)


@pytest.mark.parametrize("model", STREAM_MODELS)
def test_the_table_can_send_half_close_and_reset_under_tls(model):
    with running(model, tls=server_tls()) as (server, log), dial_tls(server) as client:
        client.sendall(b"hello")
        assert read_exactly(client, 5) == b"hello"
        conn = server.connections()[0].conn
        server.send(conn, b"from outside" * 1000)
        assert read_exactly(client, 12000) == b"from outside" * 1000
        if model != "asyncio":
            server.half_close(conn)
            assert client.recv(100) == b""
        server.reset(conn)
        log.wait("connection ended")
        eventually(lambda: server.connections() == [])


@pytest.mark.parametrize("model", [name for name in PARALLEL if name != "pool"])
def test_a_slow_reader_under_tls_holds_up_nobody(model):
    with running(model, "flood", recv_size=100, tls=server_tls()) as (server, _), dial_tls(server) as slow:
        slow.settimeout(0.2)
        try:
            for _ in range(500):
                slow.sendall(b"s" * 65536)
        except (TimeoutError, ssl.SSLWantWriteError):
            pass
        with dial_tls(server) as quick:
            quick.sendall(b"q")
            assert read_exactly(quick, 1 << 20) == b"q" * (1 << 20)
        assert server.stop(STOP_S)


def test_tls_needs_a_stream_and_a_child_needs_the_key():
    with pytest.raises(ValueError, match="stream"):
        make_server(Recorder(), spec("upper_datagrams"), Listen(transport="udp"), name="x", tls=server_tls())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with pytest.raises(ValueError, match="pem"):
        make_server(Recorder(), spec("echo"), Listen(), name="x", model="fork", tls=ServerTLS(context=context))


def test_unix_stream_sockets_take_tls_too(tmp_path):
    listen = Listen(transport="unix", path=str(tmp_path / "tls"))
    with running(listen=listen, tls=server_tls()) as (server, _), dial_tls(server) as client:
        client.sendall(b"x")
        assert client.recv(1) == b"x"
        assert isinstance(client, socket.socket)
