"""What the courses ask of servers, seen through the behaviours and clients of the bench."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from typing import Any

import pytest

from protocols.concurrency.contract import Listen
from protocols.record.diag import tcp_sockets
from protocols.record.recorder import Recorder
from protocols.record.tcpstate import queues
from protocols.sockets.client import StreamClient
from tests.protocols.sockets.ends import DEADLINE_S, Log, client_of, received, serving, started, wait_received


def dial(address: Any) -> socket.socket:
    return socket.create_connection(address, DEADLINE_S)


def exchange(address: Any, sent: bytes) -> bytes:
    with dial(address) as sock:
        sock.sendall(sent)
        sock.shutdown(socket.SHUT_WR)
        parts = []
        while data := sock.recv(4096):
            parts.append(data)
    return b"".join(parts)


def test_the_same_listening_socket_takes_one_client_after_the_other() -> None:
    recorder = Recorder()
    log = Log(recorder)
    with serving("hello", "iterative", recorder) as server:
        for _ in range(3):
            assert exchange(server.address, b"") == b"Hello 127.0.0.1\n"
        notes = log.wait_kind("accepted by", 3)
    assert [note.detail["number"] for note in notes] == [1, 2, 3]
    assert len({event.detail["fd"] for event in log.calls("accept") if event.errno is None}) == 1


def test_five_clients_have_five_sockets_on_one_local_port() -> None:
    recorder = Recorder()
    log = Log(recorder)
    with serving("echo", "threads", recorder) as server, contextlib.ExitStack() as stack:
        for _ in range(5):
            stack.enter_context(dial(server.address))
        log.wait_kind("accepted by", 5)
        accepts = [event for event in log.calls("accept") if event.errno is None]
        assert len({tuple(event.detail["peer"]) for event in accepts}) == 5
        assert len({event.detail["local"][1] for event in accepts}) == 1
        assert len(server.connections()) == 5


def test_an_iterative_server_answers_the_second_client_when_the_first_has_gone() -> None:
    with serving("echo", "iterative") as server, dial(server.address) as first, dial(server.address) as second:
        first.sendall(b"one")
        assert first.recv(10) == b"one"
        second.sendall(b"two")
        second.settimeout(0.15)
        with pytest.raises(TimeoutError):
            second.recv(10)
        first.close()
        second.settimeout(DEADLINE_S)
        assert second.recv(10) == b"two"


@pytest.mark.parametrize("model", ["threads", "fork", "select", "poll", "epoll", "selectors", "asyncio"])
def test_three_clients_are_served_side_by_side(model: str) -> None:
    with serving("echo", model) as server, contextlib.ExitStack() as stack:
        clients = [stack.enter_context(dial(server.address)) for _ in range(3)]
        for number, client in enumerate(reversed(clients)):
            client.sendall(b"%d" % number)
            assert client.recv(10) == b"%d" % number


@pytest.mark.parametrize(("model", "at_once"), [("iterative", 1), ("threads", 3)])
def test_slow_handlers_follow_each_other_or_run_at_once(model: str, at_once: int) -> None:
    """Three clients of a handler that takes its time."""
    recorder = Recorder()
    log = Log(recorder)
    with serving("echo", model, recorder, delay_ms=200 if at_once == 1 else 60_000) as server:
        threads = [threading.Thread(target=exchange, args=(server.address, b"x")) for _ in range(3)]
        began = time.monotonic()
        for thread in threads:
            thread.start()
        if at_once > 1:  # all three are held up at the same time
            log.wait(lambda event: event.kind == "recv" and bool(event.size), at_once)
            server.set_delay_ms(0)
        for thread in threads:
            thread.join(DEADLINE_S)
        assert at_once > 1 or time.monotonic() - began > 0.55


def test_an_allow_list_serves_some_and_shows_the_door_to_others() -> None:
    """127.0.0.2 is another client on Linux."""
    recorder = Recorder()
    log = Log(recorder)
    with serving("echo", "socketserver-threading", recorder, allow=["127.0.0.1/32"]) as server:
        assert exchange(server.address, b"hello") == b"hello"
        assert isinstance(server.address, tuple)
        with socket.create_connection(server.address, DEADLINE_S, source_address=("127.0.0.2", 0)) as other:
            assert other.recv(10) == b""
        assert "127.0.0.2" in log.wait_kind("refused")[0].summary


def test_two_hundred_connections_are_all_served() -> None:
    with serving("echo", "socketserver-threading") as server:
        assert [exchange(server.address, b"%d" % number) for number in range(200)] == [b"%d" % n for n in range(200)]


def test_hand_written_and_socketserver_versions_say_the_same() -> None:
    talks = [b"one\ntwo\n\n", b"no end", b"\n", b"", b"a\r\nb\r\n\r\nafter\r\n"]
    with serving("upper-lines", "iterative") as mine, serving("upper-lines", "socketserver") as theirs:
        assert [exchange(mine.address, talk) for talk in talks] == [exchange(theirs.address, talk) for talk in talks]


@pytest.mark.parametrize("model", ["iterative", "threads", "socketserver", "epoll"])
def test_a_stopped_server_leaves_its_port_free_at_once(model: str) -> None:
    """Also while it is blocked in accept, and with a client connected."""
    with serving("echo", model) as server:
        address = server.address
        client = dial(address)
        client.sendall(b"x")
        assert client.recv(1) == b"x"
    client.close()
    assert isinstance(address, tuple)
    with serving("echo", model, listen=Listen(port=address[1])) as again:
        assert again.address == address


def test_one_client_is_spoken_to_all_are_spoken_to_and_one_is_ended() -> None:
    """The live table: send to one, broadcast, half-close, reset."""
    recorder = Recorder()
    log = Log(recorder)
    with serving("discard", "threads", recorder) as server:
        clients = [client_of(server, recorder, name=f"client {number}") for number in (1, 2, 3)]
        with started(clients[0]), started(clients[1]):
            clients[2].start()
            log.wait_kind("accepted by", 3)
            conns = {str(client.conn): client for client in clients}
            first, second, third = conns
            server.send(first, b"only you")
            assert wait_received(log, conns[first], 8) == b"only you"
            assert server.broadcast(b"all") == 3
            for client in clients:
                wait_received(log, client, 3)
            assert received(conns[second]) == b"all"
            server.reset(third)
            assert conns[third].join(DEADLINE_S)
            assert conns[third].error is not None
            assert conns[third].error.errno == "ECONNRESET"
            server.half_close(second)
            assert conns[second].join(DEADLINE_S)


def wait_queues(client: StreamClient) -> None:
    """Until the kernel's table has bytes in both queues: received and not read there, sent and not taken here."""
    local, peer = client.look(lambda sock: (sock.getsockname(), sock.getpeername())).result(DEADLINE_S)
    end = time.monotonic() + DEADLINE_S
    while True:
        rows = {(row.local, row.peer): row for row in tcp_sockets()}
        here, there = rows[local, peer], rows[peer, local]
        own = client.look(queues).result(DEADLINE_S)
        if here.send_queue > 0 and there.receive_queue > 0 and own[1] > 0:
            return
        assert time.monotonic() < end, (here, there, own)


def test_unread_bytes_wait_in_the_queues() -> None:
    """A server that does not accept, a client that sends."""
    recorder = Recorder()
    with serving("echo", "threads", recorder, hold_accept=True) as server:
        client = client_of(server, recorder)
        client.start()
        client.send(bytes(1_000_000))
        assert client.peek().result(DEADLINE_S) == b""
        assert server.connections() == []
        wait_queues(client)
        assert client.stop(20)
