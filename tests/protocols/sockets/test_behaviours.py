"""What the servers of the bench answer, in any model, and what the classic loop does."""

from __future__ import annotations

import socket
import time
from typing import Any

import pytest

from protocols.concurrency.contract import Listen
from protocols.record.recorder import Recorder
from protocols.sockets import behaviours
from protocols.sockets.behaviours import BEHAVIOURS, behaviour, rot13, spec
from protocols.sockets.expression import ExpressionError
from tests.protocols.sockets.ends import DEADLINE_S, Log, client_of, serving, started, wait_received


def exchange(address: Any, sent: bytes) -> bytes:
    """Send, half-close, read to the end."""
    with socket.create_connection(address, DEADLINE_S) as sock:
        sock.sendall(sent)
        sock.shutdown(socket.SHUT_WR)
        parts = []
        while data := sock.recv(4096):
            parts.append(data)
        return b"".join(parts)


def ask(address: Any, sent: bytes) -> bytes:
    """One datagram and its answer."""
    with socket.socket(type=socket.SOCK_DGRAM) as sock:
        sock.settimeout(DEADLINE_S)
        sock.sendto(sent, address)
        return sock.recvfrom(65535)[0]


@pytest.mark.parametrize(
    ("name", "sent", "answer"),
    [
        ("echo", b"Hello, world", b"Hello, world"),
        ("upper", b"MixedCaseString", b"MIXEDCASESTRING"),
        ("lower", b"MixedCaseString", b"mixedcasestring"),
        ("reverse", b"abc", b"cba"),
        ("rot13", b"Hello", b"Uryyb"),
        ("discard", b"anything", b""),
        ("upper-lines", b"one\ntwo\n\nthree\n", b"ONE\nTWO\n"),
        ("upper-lines", b"no line end", b"NO LINE END"),
        ("echo-once", b"first", b"first"),
    ],
)
def test_a_stream_server_answers_by_its_rule(name: str, sent: bytes, answer: bytes) -> None:
    """Each transform, and the lines of the mended upper-case server."""
    with serving(name) as server:
        assert exchange(server.address, sent) == answer


def test_hello_greets_with_the_clients_address_and_closes() -> None:
    with serving("hello") as server:
        assert exchange(server.address, b"") == b"Hello 127.0.0.1\n"


def test_the_time_server_sends_the_time_of_now() -> None:
    with serving("time", "socketserver") as server:
        line = exchange(server.address, b"").decode().strip()
    assert abs(time.mktime(time.strptime(line)) - time.time()) < DEADLINE_S


def test_the_page_server_answers_a_request_by_hand() -> None:
    with serving("page") as server:
        answer = exchange(server.address, b"GET /index.html HTTP/1.0\r\n\r\n")
    assert answer.startswith(b"HTTP/1.0 200 ")
    assert answer.endswith(b"</html>\n")


@pytest.mark.parametrize("name", ["echo", "upper", "hello", "time", "reverse"])
def test_a_datagram_server_answers_by_its_rule(name: str) -> None:
    with serving(name, "iterative", listen=Listen("udp")) as server:
        answer = ask(server.address, b"MixedCaseString")
    if name == "time":
        assert abs(time.mktime(time.strptime(answer.decode().strip())) - time.time()) < DEADLINE_S
        return
    expected = {"echo": b"MixedCaseString", "upper": b"MIXEDCASESTRING", "hello": b"Hello 127.0.0.1\n",
                "reverse": b"gnirtSesaCdexiM"}  # fmt: skip
    assert answer == expected[name]


def test_a_users_own_expression_is_served() -> None:
    with serving("transform", expression="data.upper() + b'!'") as server:
        assert exchange(server.address, b"hello") == b"HELLO!"


def test_a_failing_expression_is_told_to_the_peer_and_the_server_lives() -> None:
    with serving("transform", expression="data.decode('ascii').upper()") as server:
        assert exchange(server.address, b"\xff").startswith(b"error: ")
        assert exchange(server.address, b"fine") == b"FINE"


def test_a_bad_expression_is_refused_before_the_server_is_made() -> None:
    with pytest.raises(ExpressionError):
        spec("transform", expression="__import__('os')")


def test_every_behaviour_can_be_made_for_streams_and_datagrams() -> None:
    for entry in BEHAVIOURS:
        for transport in ("tcp", "udp", "unix", "unix-dgram"):
            assert spec(entry.name, transport=transport).make()() is not None


def test_an_unknown_behaviour_names_those_there_are() -> None:
    with pytest.raises(KeyError, match="echo, upper"):
        behaviour("nothing")


def test_rot13_twice_gives_the_text_again() -> None:
    data = bytes(range(256))
    assert rot13(rot13(data)) == data


def test_lines_cut_by_the_network_are_put_together() -> None:
    recorder = Recorder()
    log = Log(recorder)
    with serving("upper-lines", recorder=recorder) as server:
        client = client_of(server, recorder)
        with started(client):
            client.send(b"he").result(DEADLINE_S)
            client.send(b"llo\nwor").result(DEADLINE_S)
            assert wait_received(log, client, 6) == b"HELLO\n"
            client.send(b"ld\n").result(DEADLINE_S)
            assert wait_received(log, client, 12) == b"HELLO\nWORLD\n"


def test_a_line_without_end_does_not_fill_the_memory() -> None:
    with serving("upper-lines") as server, dial(server.address) as sock, pytest.raises(OSError, match=r"reset|pipe"):
        send_on_and_on(sock)


def send_on_and_on(sock: socket.socket) -> None:
    """More than any line may have."""
    for _ in range(1000):
        sock.sendall(b"x" * 65536)


def dial(address: Any) -> socket.socket:
    """A plain client."""
    return socket.create_connection(address, DEADLINE_S)


def test_a_blank_line_ends_the_classic_loop_too() -> None:
    """The course's protocol."""
    with serving("upper-course") as server, dial(server.address) as sock:
        sock.sendall(b"hello\r\n")
        assert sock.recv(100) == b"HELLO\r\n"
        sock.sendall(b"\r\n")
        assert sock.recv(100) == b""


@pytest.mark.parametrize("model", ["iterative", "threads", "epoll", "asyncio"])
def test_the_classic_loop_spins_after_the_clients_end_and_the_lab_survives_it(model: str) -> None:
    """Over 1,000 turns a second and no exception; told, not written down one by one."""
    recorder = Recorder()
    log = Log(recorder)
    with serving("upper-course", model, recorder) as server:
        assert exchange_open(server.address, b"hello\r\n") == b"HELLO\r\n"
        spinning = log.wait(lambda event: event.kind == "spinning" and event.detail["loops"] > 1000)[0]
        assert spinning.detail["loops_per_s"] > 1000
    assert recorder.total < 1000


def test_the_lab_ends_a_loop_that_spins_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(behaviours, "SPIN_LIMIT_S", 0.1)
    recorder = Recorder()
    log = Log(recorder)
    with serving("upper-course", "iterative", recorder) as server:
        exchange_open(server.address, b"hello\r\n")
        log.wait_kind("connection ended")
        assert exchange_open(server.address, b"next client\r\n") == b"NEXT CLIENT\r\n"


def exchange_open(address: Any, sent: bytes) -> bytes:
    """Send, take one answer, close."""
    with socket.create_connection(address, DEADLINE_S) as sock:
        sock.sendall(sent)
        return sock.recv(4096)


def test_the_mended_server_ends_at_the_clients_end() -> None:
    """One EOF, then free for the next client."""
    with serving("upper-lines", "iterative") as server:
        assert exchange(server.address, b"one\n") == b"ONE\n"
        assert exchange(server.address, b"two\n") == b"TWO\n"
