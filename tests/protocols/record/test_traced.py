"""Traced sockets record every call once, with exact byte ranges, and behave as plain ones do."""

from __future__ import annotations

import errno
import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.record.event import Direction, Event
from protocols.record.recorder import Recorder, Tail
from protocols.record.trace import Trace
from protocols.record.traced import TracedSocket, traced_pair, traced_socket


class Bench:
    """A recorder, its tail, and sockets that are closed at the end."""

    def __init__(self) -> None:
        self.recorder = Recorder()
        self.tail: Tail = self.recorder.tail()
        self.opened: list[socket.socket] = []

    def socket(self, service: str, family: int = socket.AF_INET, kind: int = socket.SOCK_STREAM) -> TracedSocket:
        sock = traced_socket(self.recorder, service, family, kind)
        self.opened.append(sock)
        return sock

    def pair(self) -> tuple[TracedSocket, TracedSocket]:
        """A client and the server's socket for it, connected over loopback TCP."""
        listener = self.socket("server")
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        client = self.socket("client")
        client.connect(listener.getsockname())
        served, _ = listener.accept()
        self.opened.append(served)
        return client, served

    def events(self, *kinds: str) -> list[Event]:
        taken = [Event.of(raw) for raw in self.tail.take()]
        return [event for event in taken if not kinds or event.kind in kinds]


@pytest.fixture
def bench() -> Iterator[Bench]:
    made = Bench()
    yield made
    for sock in made.opened:
        sock.close()


def test_both_ends_and_both_directions_share_one_connection(bench: Bench) -> None:
    client, served = bench.pair()
    client.sendall(b"ping")
    assert served.recv(10) == b"ping"
    served.sendall(b"pong")
    assert client.recv(10) == b"pong"
    moved = bench.events("sendall", "recv")
    assert {event.conn for event in moved} == {"1"}
    assert [(e.service, e.direction, e.offset, e.size) for e in moved] == [
        ("client", "out", 0, 4), ("server", "in", 0, 4), ("server", "out", 0, 4), ("client", "in", 0, 4),
    ]  # fmt: skip
    assert {event.detail["end"] for event in moved if event.service == "client"} == {"client"}


def test_sendall_is_one_event_however_often_the_kernel_is_asked(bench: Bench) -> None:
    client, served = bench.pair()
    payload = os.urandom(3_000_000)
    received = bytearray()

    def read() -> None:
        while len(received) < len(payload):
            received.extend(served.recv(65536))

    reader = threading.Thread(target=read)
    reader.start()
    client.sendall(payload)
    reader.join(20)
    assert received == payload
    events = bench.events()
    sends = [event for event in events if event.service == "client" and event.direction == "out"]
    assert [(event.kind, event.offset, event.size) for event in sends] == [("sendall", 0, len(payload))]
    assert sends[0].detail["kept"] == len(sends[0].data or b"") < len(payload)
    ranges = [(event.offset, event.size) for event in events if event.direction == "in" and event.service == "server"]
    at = 0
    for offset, size in ranges:
        assert offset == at
        at += size or 0
    assert at == len(payload)


def test_a_send_that_writes_part_says_how_much(bench: Bench) -> None:
    client, _ = bench.pair()
    client.setblocking(False)
    sent = client.send(bytes(8_000_000))
    assert 0 < sent < 8_000_000
    (event,) = bench.events("send")
    assert (event.size, event.detail["asked"]) == (sent, 8_000_000)


def test_sendall_that_fails_half_way_keeps_the_range_exact(bench: Bench) -> None:
    client, served = bench.pair()
    client.setblocking(False)
    with pytest.raises(BlockingIOError):
        client.sendall(bytes(8_000_000))
    moved, failed = bench.events("sendall")
    assert moved.size is not None
    assert moved.detail["asked"] == 8_000_000
    assert failed.errno == "EAGAIN"
    client.close()
    total = 0
    while data := served.recv(1 << 20):
        total += len(data)
    assert total == moved.size


def test_recv_into_sendmsg_and_makefile_are_seen(bench: Bench) -> None:
    client, served = bench.pair()
    client.sendmsg([b"one ", b"two\n"])
    buffer = bytearray(100)
    count = served.recv_into(buffer)
    assert buffer[:count] == b"one two\n"
    with served.makefile("wb") as out:
        out.write(b"a line\n")
        assert bench.events("send") == []
        out.flush()
    with client.makefile("rb") as lines:
        assert lines.readline() == b"a line\n"
    events = bench.events("send", "recv_into", "sendmsg")
    assert [(e.kind, e.data) for e in events if e.size][-2:] == [("send", b"a line\n"), ("recv_into", b"a line\n")]


def test_peek_leaves_the_byte_range_where_it_was(bench: Bench) -> None:
    client, served = bench.pair()
    client.sendall(b"abc")
    assert served.recv(3, socket.MSG_PEEK) == b"abc"
    assert served.recv(3) == b"abc"
    peeked, taken = bench.events("recv")
    assert (peeked.offset, taken.offset) == (None, 0)


def test_end_of_stream_and_half_close_are_told(bench: Bench) -> None:
    client, served = bench.pair()
    client.shutdown(socket.SHUT_WR)
    assert served.recv(10) == b""
    served.sendall(b"still here")
    assert client.recv(100) == b"still here"
    events = bench.events()
    assert [e.detail["how"] for e in events if e.kind == "shutdown"] == ["SHUT_WR"]
    assert any(e.kind == "recv" and e.size == 0 and "end of stream" in e.summary for e in events)
    states = [(e.detail["end"], e.kind) for e in events if e.layer == "state"]
    assert ("server", "CLOSE_WAIT") in states
    assert ("client", "FIN_WAIT2") in states or ("client", "FIN_WAIT1") in states


def test_an_active_call_is_stamped_at_its_start_and_a_passive_one_at_its_end(bench: Bench) -> None:
    client, served = bench.pair()
    reading = threading.Thread(target=served.recv, args=(10,))
    reading.start()
    client.sendall(b"x")
    reading.join(20)
    sends, recvs = [], []
    for event in bench.events("sendall", "recv"):
        (sends if event.kind == "sendall" else recvs).append(event)
    assert sends[0].t < recvs[0].t
    assert recvs[0].detail["took_ns"] >= 0


@pytest.mark.parametrize("timeout", [None, 5.0])
def test_refused_is_recorded_with_symbol_and_sentence(bench: Bench, timeout: float | None) -> None:
    idle = socket.socket()
    idle.bind(("127.0.0.1", 0))
    client = bench.socket("client")
    client.settimeout(timeout)
    with pytest.raises(ConnectionRefusedError):
        client.connect(idle.getsockname())
    port = idle.getsockname()[1]
    idle.close()
    (event,) = bench.events("connect")
    assert event.errno == "ECONNREFUSED"
    assert str(port) in event.detail["why"]
    assert event.detail["why"].endswith(".")
    assert event.conn is None


def test_time_out_would_block_and_reset_have_their_symbols(bench: Bench) -> None:
    client, served = bench.pair()
    client.settimeout(0.01)
    with pytest.raises(TimeoutError):
        client.recv(1)
    client.setblocking(False)
    with pytest.raises(BlockingIOError):
        client.recv(1)
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    client.close()
    with pytest.raises(ConnectionResetError):
        served.recv(1)
    assert [e.errno for e in bench.events("recv")] == ["ETIMEDOUT", "EAGAIN", "ECONNRESET"]


def test_a_connect_under_way_gets_its_connection_when_so_error_is_read(bench: Bench) -> None:
    listener = bench.socket("server")
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    client = bench.socket("client")
    client.setblocking(False)
    assert client.connect_ex(listener.getsockname()) in (0, errno.EINPROGRESS)
    served, _ = listener.accept()
    bench.opened.append(served)
    assert client.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0
    assert client.trace is not None
    assert served.trace is not None
    assert client.trace.conn == served.trace.conn == "1"


def test_options_are_named(bench: Bench) -> None:
    sock = bench.socket("client")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) == 0
    assert [e.detail["option"] for e in bench.events("setsockopt", "getsockopt")] == ["SO_REUSEADDR", "TCP_NODELAY"]


def test_datagrams_of_a_conversation_share_one_id_even_from_a_socket_bound_to_all(bench: Bench) -> None:
    server = bench.socket("server", kind=socket.SOCK_DGRAM)
    server.bind(("", 0))
    client = bench.socket("client", kind=socket.SOCK_DGRAM)
    client.sendto(b"question", ("127.0.0.1", server.getsockname()[1]))
    data, sender = server.recvfrom(100)
    server.sendto(data.upper(), sender)
    assert client.recvfrom(100)[0] == b"QUESTION"
    moved = bench.events("sendto", "recvfrom")
    assert {event.conn for event in moved} == {"1"}
    assert {event.offset for event in moved} == {None}
    assert [event.detail["end"] for event in moved] == ["client", "server", "server", "client"]


def test_a_dual_stack_server_and_an_ipv4_client_are_one_connection(bench: Bench) -> None:
    listener = bench.socket("server", family=socket.AF_INET6)
    listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    listener.bind(("::", 0))
    listener.listen()
    client = bench.socket("client")
    client.connect(("127.0.0.1", listener.getsockname()[1]))
    served, address = listener.accept()
    bench.opened.append(served)
    assert address[0] == "::ffff:127.0.0.1"
    assert client.trace is not None
    assert served.trace is not None
    assert client.trace.conn == served.trace.conn


@pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="no UNIX sockets on this system")
@pytest.mark.parametrize("kind", [socket.SOCK_STREAM, getattr(socket, "SOCK_SEQPACKET", socket.SOCK_STREAM)])
def test_unix_ends_without_a_name_find_each_other(bench: Bench, tmp_path: Path, kind: int) -> None:
    listener = bench.socket("server", family=socket.AF_UNIX, kind=kind)
    listener.bind(str(tmp_path / "s"))
    listener.listen()
    pairs = []
    for _ in range(3):
        client = bench.socket("client", family=socket.AF_UNIX, kind=kind)
        client.connect(str(tmp_path / "s"))
        served, _ = listener.accept()
        bench.opened.append(served)
        assert client.trace is not None
        assert served.trace is not None
        pairs.append((client.trace.conn, served.trace.conn))
    assert pairs == [("1", "1"), ("2", "2"), ("3", "3")]


def test_addresses_used_again_are_a_new_connection(bench: Bench) -> None:
    listener = bench.socket("server")
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    conns: list[str | None] = []
    port = 0
    for _ in range(2):
        client = bench.socket("client")
        client.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        client.bind(("127.0.0.1", port))
        port = client.getsockname()[1]
        client.connect(listener.getsockname())
        served, _ = listener.accept()
        assert client.trace is not None
        assert served.trace is not None
        assert client.trace.conn == served.trace.conn
        conns.append(client.trace.conn)
        client.close()
        served.close()
    assert conns == ["1", "2"]


def test_close_is_recorded_once_and_says_when_python_puts_it_off(bench: Bench) -> None:
    client, _ = bench.pair()
    reader = client.makefile("rb")
    client.close()
    client.close()
    reader.close()
    (event,) = [event for event in bench.events("close") if event.service == "client"]
    assert event.detail["put_off"] is True


def test_sendfile_has_its_range_and_no_bytes(bench: Bench, tmp_path: Path) -> None:
    source = tmp_path / "big"
    source.write_bytes(os.urandom(100_000))
    client, served = bench.pair()
    client.sendall(b"head")
    with source.open("rb") as file:
        client.sendfile(file)
    client.shutdown(socket.SHUT_WR)
    received = b""
    while data := served.recv(65536):
        received += data
    assert received == b"head" + source.read_bytes()
    (event,) = bench.events("sendfile")
    assert (event.offset, event.size, event.data, event.detail["kept"]) == (4, 100_000, b"", 0)


def test_without_a_trace_or_with_recording_off_nothing_is_put(bench: Bench) -> None:
    client, served = bench.pair()
    bench.events()
    bench.recorder.enabled = False
    client.sendall(b"quiet")
    assert served.recv(10) == b"quiet"
    assert bench.events() == []


def test_a_socket_pair_is_one_connection_with_two_ends(bench: Bench) -> None:
    left, right = traced_pair(bench.recorder, "pair")
    bench.opened += [left, right]
    left.sendall(b"x")
    assert right.recv(1) == b"x"
    moved = bench.events("sendall", "recv")
    assert [(e.conn, e.detail["end"]) for e in moved] == [("1", "client"), ("1", "server")]


def test_adopt_takes_over_the_descriptor_and_its_time_out(bench: Bench) -> None:
    plain, other = socket.socketpair()
    plain.settimeout(3.5)
    sock = TracedSocket.adopt(plain, Trace(bench.recorder, "adopted"))
    bench.opened += [sock, other]
    assert plain.fileno() == -1
    assert sock.gettimeout() == 3.5
    sock.send(b"a")
    assert other.recv(1) == b"a"


@given(chunks=st.lists(st.binary(min_size=1, max_size=200), max_size=20), size=st.integers(1, 300))
def test_every_byte_belongs_to_one_send_and_one_recv(chunks: list[bytes], size: int) -> None:
    recorder = Recorder()
    tail = recorder.tail()
    left, right = traced_pair(recorder, "pair")
    with left, right:
        for chunk in chunks:
            left.send(chunk)
        left.shutdown(socket.SHUT_WR)
        while right.recv(size):
            pass
    sent, received = bytearray(), bytearray()
    for event in map(Event.of, tail.take()):
        if event.direction is None:
            continue
        target = sent if event.direction == "out" else received
        assert event.offset == len(target)
        target += event.data or b""
    assert sent == received == b"".join(chunks)


class _Digits:
    """The owner of a socket whose digits are secret; it counts the bytes that moved."""

    def __init__(self) -> None:
        self.moved = {"in": 0, "out": 0}

    def ranges(self, direction: Direction, data: bytes | memoryview, moved: bool) -> list[tuple[int, int]]:
        self.moved[direction] += len(data) if moved else 0
        return [(at, at + 1) for at, one in enumerate(bytes(data)) if 48 <= one < 58]


def test_an_owner_s_secrets_are_in_no_event(bench: Bench) -> None:
    client, served = bench.pair()
    assert client.trace is not None
    assert served.trace is not None
    client.trace.secrets, served.trace.secrets = one, other = _Digits(), _Digits()
    client.send(b"PIN 1234")
    client.sendall(memoryview(b" and 5678"))
    client.sendmsg([b", 90", b"!"])
    assert served.recv(4, socket.MSG_PEEK) == b"PIN "
    assert served.recv(8) == b"PIN 1234"
    buffer = bytearray(14)
    assert served.recv_into(buffer, 14, socket.MSG_WAITALL) == 14
    assert bytes(buffer) == b" and 5678, 90!"
    served.shutdown(socket.SHUT_RD)
    events = bench.events("send", "sendall", "sendmsg", "recv", "recv_into")
    assert [event.data for event in events] == [
        b"PIN ****", b" and ****", b", **!", b"PIN ", b"PIN ****", b" and ****, **!",
    ]  # fmt: skip
    assert [event.detail.get("masked") for event in events] == [4, 4, 2, None, 4, 6]
    assert [event.size for event in events] == [8, 9, 5, 4, 8, 14]
    assert [event.summary for event in events][:3] == [
        "send(b'PIN ****') = 8", "sendall(b' and ****') = 9", "sendmsg(b', **!') = 5",
    ]  # fmt: skip
    assert (one.moved["out"], other.moved["in"]) == (22, 22)


def test_the_part_that_was_not_sent_is_in_no_event_either(bench: Bench) -> None:
    client, served = bench.pair()
    assert client.trace is not None
    client.trace.secrets = _Digits()
    client.trace.sent("send", 0, 3, b"PIN 1234", 3, 8, 0, "b'PIN 1234'")
    served.close()
    client.close()
    with pytest.raises(OSError, match="Bad file"):
        client.send(b"PIN 1234")
    sent, failed = bench.events("send")
    assert (sent.data, sent.summary) == (b"PIN", "send(b'PIN ****') = 3")
    assert failed.summary == "send(b'PIN ****') = EBADF"
