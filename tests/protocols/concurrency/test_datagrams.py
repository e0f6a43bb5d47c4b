import socket

import pytest

from protocols.concurrency.contract import MODELS as ALL_MODELS
from protocols.concurrency.contract import Listen
from protocols.service.base import ServiceError
from tests.protocols.concurrency.bench import DEADLINE_S, STOP_S, eventually, running

MODELS = [model.name for model in ALL_MODELS if model.available]
UDP = Listen(transport="udp")


def client(server, source="127.0.0.1"):
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.settimeout(DEADLINE_S)
    sock.bind((source, 0))
    sock.connect(server.address)
    return sock


@pytest.mark.parametrize("model", MODELS)
def test_three_senders_get_their_own_answers(model):
    with running(model, "upper_datagrams", UDP) as (server, log):
        socks = [client(server) for _ in range(3)]
        for turn in range(3):
            for number, sock in enumerate(socks):
                sock.send(b"hello %d from %d" % (turn, number))
            for number, sock in enumerate(socks):
                assert sock.recv(100) == b"HELLO %d FROM %d" % (turn, number)
        for sock in socks:
            sock.close()
        messages = log.wait("datagram", 18)
    assert {event.direction for event in messages} == {"in", "out"}
    assert len({event.conn for event in messages}) == 3


@pytest.mark.parametrize("model", MODELS)
def test_a_handlers_error_loses_one_datagram_and_not_the_server(model):
    with running(model, "upper_datagrams", UDP) as (server, log), client(server) as sock:
        sock.send(b"crash")
        log.wait("handler failed")
        sock.send(b"and on")
        assert sock.recv(100) == b"AND ON"


@pytest.mark.parametrize("model", MODELS)
def test_an_empty_datagram_is_a_datagram_and_none_is_no_answer(model):
    with running(model, "upper_datagrams", UDP) as (server, log), client(server) as sock:
        sock.send(b"")
        log.wait(lambda event: event.kind == "recvfrom" and event.size == 0)
        sock.send(b"x")
        assert sock.recv(100) == b"X"


@pytest.mark.parametrize("model", MODELS)
def test_unix_datagrams(model, tmp_path):
    path = tmp_path / "server"
    with running(model, "upper_datagrams", Listen(transport="unix-dgram", path=str(path))) as (server, _):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
            sock.settimeout(DEADLINE_S)
            sock.bind(str(tmp_path / "client"))
            sock.sendto(b"x", str(path))
            assert sock.recv(100) == b"X"
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as nameless:
            nameless.sendto(b"no way back", str(path))
        assert server.state == "running"
    assert not path.exists()


@pytest.mark.parametrize("model", MODELS)
def test_a_sender_that_is_not_in_the_allow_list_is_not_answered(model):
    with running(model, "upper_datagrams", UDP, allow=["127.0.0.1"]) as (server, log):
        stranger, friend = client(server, "127.0.0.2"), client(server)
        stranger.send(b"let me in")
        log.wait("refused")
        friend.send(b"hi")
        assert friend.recv(10) == b"HI"
        stranger.setblocking(False)
        with pytest.raises(BlockingIOError):
            stranger.recv(10)
        stranger.close()
        friend.close()


@pytest.mark.parametrize("model", ["iterative", "selectors", "asyncio", "fork", "socketserver-forking"])
def test_the_table_shows_senders_and_can_answer_them(model):
    with running(model, "upper_datagrams", UDP) as (server, _), client(server) as sock:
        sock.send(b"abc")
        assert sock.recv(10) == b"ABC"
        eventually(lambda: [(row.received, row.sent) for row in server.connections()] == [(3, 3)])
        row = server.connections()[0]
        assert row.peer == "{}:{}".format(*sock.getsockname())
        server.send(row.conn, b"unasked")
        assert sock.recv(10) == b"unasked"
        assert server.broadcast(b"all") == 1
        assert sock.recv(10) == b"all"
        with pytest.raises(ServiceError):
            server.reset(row.conn)


@pytest.mark.parametrize("model", MODELS)
def test_stop_with_datagrams_under_way(model):
    with running(model, "upper_datagrams", UDP, delay_ms=60_000) as (server, log), client(server) as sock:
        for _ in range(5):
            sock.send(b"x")
        log.wait("recvfrom")
        assert server.stop(STOP_S)


ONE_BY_ONE = ("iterative", "socketserver", "select", "poll", "epoll", "selectors", "kqueue")


@pytest.mark.parametrize("model", MODELS)
def test_only_parallel_models_answer_while_one_is_delayed(model):
    with running(model, "upper_datagrams", UDP, delay_ms=100) as (server, log):
        socks = [client(server) for _ in range(3)]
        for sock in socks:
            sock.send(b"x")
        for sock in socks:
            assert sock.recv(10) == b"X"
            sock.close()
        messages = sorted(log.wait("datagram", 6), key=lambda event: event.t)
    assert ([event.direction for event in messages] == ["in", "out"] * 3) == (model in ONE_BY_ONE)


def test_a_pool_leaves_in_the_receive_buffer_what_it_has_no_thread_for():
    with running("pool", "upper_datagrams", UDP, delay_ms=200, workers=2) as (server, log):
        with client(server) as sock:
            for _ in range(3):
                sock.send(b"x")
            for _ in range(3):
                assert sock.recv(10) == b"X"
        messages = sorted(log.wait("datagram", 6), key=lambda event: event.t)
        assert [event.direction for event in messages][:3] == ["in", "in", "out"]
        assert sum("pool" in name for name in server.threads()) == 2
