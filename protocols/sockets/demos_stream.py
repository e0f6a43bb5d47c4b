"""Experiments with a stream: what send takes, what recv gives, and where messages end.

Each runs on loopback within seconds. It must not know who shows the findings.
"""

from __future__ import annotations

import hashlib
import random
import socket
import threading
from collections.abc import Callable

from protocols.framing import LengthFraming, LineFraming
from protocols.numbers import grouped
from protocols.record import polling
from protocols.record.event import monotonic_ns
from protocols.record.recorder import Recorder
from protocols.record.tcpstate import tcp_info
from protocols.sockets.demo import Finding
from protocols.sockets.pairs import read_to_end, tcp_pair, wait_for

BULK_BYTES = 8_000_000


def partial_write(recorder: Recorder) -> list[Finding]:
    """A non-blocking send of 8 MB to a peer that does not read yet."""
    data = bytes(range(256)) * (BULK_BYTES // 256)
    with tcp_pair(recorder, "demo partial-write") as (client, server):
        client.setblocking(False)
        first = client.send(data)
        reader = _Reader(server)
        reader.start()
        sent, calls = first, 1
        while sent < len(data):
            wait_for(client, polling.POLLOUT)
            sent += client.send(data[sent:])
            calls += 1
        client.close()
        got = reader.result()
    return [
        Finding("asked", f"send was asked to take {grouped(len(data))} bytes", len(data)),
        Finding("sent", f"the first send took {grouped(first)}: the two kernel buffers were full then", first),
        Finding("remaining", f"{grouped(len(data) - first)} bytes remained for our own loop", len(data) - first),
        Finding("calls", f"it took {calls} calls in all, waiting for room between them", calls),
        Finding("received", f"the peer got {grouped(len(got))} bytes", len(got)),
        Finding("equal", "they are the bytes that were sent", got == data),
    ]


def own_sendall(recorder: Recorder) -> list[Finding]:
    """Write your own sendall: send again what is left."""
    data = random.Random(1).randbytes(1_000_000)
    offsets: list[int] = []
    with tcp_pair(recorder, "demo own-sendall") as (client, server):
        client.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 32 << 10)
        client.setblocking(False)
        reader = _Reader(server)
        reader.start()
        at = 0
        while at < len(data):
            wait_for(client, polling.POLLOUT)
            at += client.send(data[at:])
            offsets.append(at)
        client.close()
        got = reader.result()
    return [
        Finding("offsets", f"{len(offsets)} sends; the offset grew to {grouped(offsets[-1])}", offsets),
        Finding("sum", f"the pieces add up to {grouped(at)} bytes", at),
        Finding("equal", "the peer got the bytes in order", got == data),
    ]


def sendall_slow_reader(recorder: Recorder) -> list[Finding]:
    """sendall blocks until the last byte is in the kernel's hands."""
    data = bytes(BULK_BYTES)
    with tcp_pair(recorder, "demo sendall") as (client, server):
        reader = _Reader(server, pause_s=0.2)
        reader.start()
        client.settimeout(20)
        started = monotonic_ns()
        client.sendall(data)
        took_s = (monotonic_ns() - started) / 1e9
        client.close()
        got = reader.result()
    return [
        Finding("seconds", f"sendall returned after {took_s:.2f} s, as slow as the reader", took_s),
        Finding("received", f"the peer got {grouped(len(got))} bytes", len(got)),
    ]


def two_sends(recorder: Recorder, delay_s: float = 0.0) -> list[Finding]:
    """Two sends, 'one' and 'two': how many recv calls do they take?"""
    with tcp_pair(recorder, "demo two-sends", before=_no_delay) as (client, server):
        chunks: list[bytes] = []
        client.sendall(b"one")
        if delay_s:
            chunks.append(server.recv(100))
        client.sendall(b"two")
        client.shutdown(socket.SHUT_WR)
        _settled(server, 6 - sum(map(len, chunks)))
        while data := server.recv(100):
            chunks.append(data)
    return [
        Finding("chunks", f"recv gave {chunks!r}", [chunk.decode() for chunk in chunks]),
        Finding("count", f"{len(chunks)} chunk{'s' if len(chunks) != 1 else ''} from two sends", len(chunks)),
        Finding("equal", "joined, they are what was sent", b"".join(chunks) == b"onetwo"),
    ]


def two_sends_apart(recorder: Recorder) -> list[Finding]:
    """The same, when the reader reads between the two sends."""
    return two_sends(recorder, delay_s=0.2)


def recv_sizes(recorder: Recorder) -> list[Finding]:
    """'abcdef' read with recv(4): the size is a maximum."""
    with tcp_pair(recorder, "demo recv-size") as (client, server):
        client.sendall(b"abcdef")
        client.shutdown(socket.SHUT_WR)
        _settled(server, 6)
        chunks = []
        while data := server.recv(4):
            chunks.append(data)
    return [
        Finding("chunks", f"recv(4) gave {chunks!r}, then b''", [chunk.decode() for chunk in chunks]),
        Finding("largest", "no chunk is larger than asked", max(map(len, chunks))),
        Finding("sum", "together they are all 6 bytes", sum(map(len, chunks))),
    ]


def reassembly(recorder: Recorder, size: int = 16 << 20) -> list[Finding]:
    """Four ways to join what recv gives, timed; the bytes must be the same."""
    data = random.Random(2).randbytes(size)
    chunks = [data[at : at + 4096] for at in range(0, size, 4096)]
    ways: dict[str, Callable[[list[bytes]], bytes]] = {
        "list and join": b"".join, "bytearray": _by_bytearray, "memoryview into one buffer": _by_view,
        "bytes +=": _by_adding,
    }  # fmt: skip
    findings, digests = [], set()
    for name, way in ways.items():
        part = chunks if name != "bytes +=" else chunks[: len(chunks) // 8]
        started = monotonic_ns()
        joined = way(part)
        took_ms = (monotonic_ns() - started) / 1e6
        if part is chunks:
            digests.add(hashlib.sha256(joined).hexdigest())
        elif joined != data[: len(joined)]:
            digests.add("other bytes")
        share = "" if part is chunks else f" for an eighth of the bytes: about {took_ms * 64:.0f} ms for all, it copies"
        findings.append(Finding(name, f"{name}: {took_ms:.1f} ms{share}", took_ms))
    recorder.note("joined", f"{grouped(size)} bytes in {grouped(len(chunks))} chunks", service="demo reassembly")
    return [*findings, Finding("hashes", "every way gives the same bytes", len(digests))]


def _by_bytearray(chunks: list[bytes]) -> bytes:
    whole = bytearray()
    for chunk in chunks:
        whole += chunk
    return bytes(whole)


def _by_view(chunks: list[bytes]) -> bytes:
    whole = bytearray(sum(map(len, chunks)))
    view, at = memoryview(whole), 0
    for chunk in chunks:
        view[at : at + len(chunk)] = chunk
        at += len(chunk)
    return bytes(whole)


def _by_adding(chunks: list[bytes]) -> bytes:
    whole = b""
    keep = [whole]  # a second name for the old value, as real code has: CPython may otherwise grow it in place
    for chunk in chunks:
        whole = whole + chunk
        keep[0] = whole
    return whole


def framing(recorder: Recorder) -> list[Finding]:
    """100 messages of random sizes, sent in random pieces: framing finds them again."""
    chance = random.Random(3)
    messages = [chance.randbytes(chance.randrange(0, 400)) for _ in range(100)]
    lines = [message.replace(b"\n", b"").replace(b"\r", b"") for message in messages]
    findings = []
    for name, frames, maker in (("length prefix", messages, LengthFraming), ("lines", lines, LineFraming)):
        writer, reader = maker(), maker()
        wire = b"".join(writer.frame(message) for message in frames)
        got: list[bytes] = []
        pieces = 0
        with tcp_pair(recorder, f"demo framing {name}", before=_no_delay) as (client, server):
            at = 0
            while at < len(wire):
                step = chance.randrange(1, 300)
                client.sendall(wire[at : at + step])
                at += step
                got += reader.feed(server.recv(chance.randrange(1, 300)))
            client.shutdown(socket.SHUT_WR)
            while data := server.recv(64):
                got += reader.feed(data)
                pieces += 1
        findings.append(Finding(name, f"{name}: {len(got)} of {len(frames)} messages came whole", got == frames))
    return findings


def file_mode(recorder: Recorder) -> list[Finding]:
    """makefile: write without flush, and the peer gets nothing."""
    with tcp_pair(recorder, "demo makefile") as (client, server):
        file = client.makefile("rwb")
        file.write(b"first line\nsecond line\n")
        before = wait_for(server, polling.POLLIN, 0.1)
        file.flush()
        wait_for(server, polling.POLLIN)
        got = server.recv(100)
        file.close()
        descriptor = client.fileno()
        client.sendall(b"third line\n")
        client.close()
        with server.makefile("rb") as reading:
            lines = list(reading)
    return [
        Finding("before", "before flush the peer had nothing: the bytes lay in our own buffer", before),
        Finding("after", f"after flush it had {len(got)} bytes", len(got)),
        Finding("fileno", f"closing the file left the socket open (descriptor {descriptor})", descriptor),
        Finding("lines", f"iterating gave {lines!r}", [line.decode() for line in got.splitlines(True) + lines]),
    ]


def half_close(recorder: Recorder) -> list[Finding]:
    """shutdown(SHUT_WR): the peer sees the end, and its answer still arrives."""
    with tcp_pair(recorder, "demo half-close") as (client, server):
        client.sendall(b"question")
        client.shutdown(socket.SHUT_WR)
        question = read_to_end(server)
        deadline = monotonic_ns() + 500_000_000
        while _state(client) == "FIN_WAIT1" and monotonic_ns() < deadline:
            wait_for(client, 0, 0.01)  # until the FIN is acknowledged
        states = (_state(client), _state(server))
        server.sendall(b"answer")
        server.close()
        answer = read_to_end(client)
        try:
            client.send(b"more")
            refused = ""
        except OSError as error:
            refused = type(error).__name__
    return [
        Finding("question", f"the server read {question!r} to its end", question.decode()),
        Finding("states", f"meanwhile: client {states[0]}, server {states[1]}", list(states)),
        Finding("answer", f"the answer {answer!r} came after our end", answer.decode()),
        Finding("refused", f"sending after shutdown raised {refused}", refused),
    ]


def _state(sock: socket.socket) -> str:
    info = tcp_info(sock)
    return "" if info is None else info.state


def nagle(recorder: Recorder) -> list[Finding]:
    """1,000 sends of one byte, and one send of 1,000: how many segments?"""
    findings = []
    for name, no_delay, size in (("Nagle", False, 1), ("NODELAY", True, 1), ("one send", False, 1000)):
        before = _no_delay if no_delay else None
        with tcp_pair(recorder, f"demo nagle {name}", before=before) as (client, server):
            for _ in range(1000 // size):
                client.sendall(b"x" * size)
            client.shutdown(socket.SHUT_WR)
            got = read_to_end(server)
            count = segments_out(client)
        text = f"{name}: {1000 // size} sends, {count} data segments, {len(got)} bytes arrived"
        findings += [Finding(name, text, count), Finding(f"{name} bytes", f"{len(got)} bytes", len(got))]
    return findings


def segments_out(sock: socket.socket) -> int:
    """Data segments this socket has sent (tcpi_data_segs_out, Linux 4.6); 0 where the system can't tell."""
    try:
        raw = socket.socket.getsockopt(sock, socket.IPPROTO_TCP, socket.TCP_INFO, 160)
    except (OSError, AttributeError):
        return 0
    return int.from_bytes(raw[156:160], "little") if len(raw) >= 160 else 0


def _no_delay(sock: socket.socket) -> None:
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def _settled(sock: socket.socket, size: int) -> None:
    """Wait until so many bytes lie in the receive buffer."""
    deadline = monotonic_ns() + 2_000_000_000
    while len(socket.socket.recv(sock, size, socket.MSG_PEEK)) < size and monotonic_ns() < deadline:
        wait_for(sock, polling.POLLIN, 0.01)


class _Reader(threading.Thread):
    """Reads to the end of the stream, after a pause."""

    def __init__(self, sock: socket.socket, pause_s: float = 0.0) -> None:
        super().__init__(name="demo-reader:0", daemon=True)
        self._sock = sock
        self._pause_s = pause_s
        self._parts: list[bytes] = []
        self._error: OSError | None = None

    def run(self) -> None:
        """Read."""
        threading.Event().wait(self._pause_s)
        self._sock.settimeout(20)
        try:
            self._parts.append(read_to_end(self._sock, 1 << 20))
        except OSError as error:
            self._error = error

    def result(self) -> bytes:
        """What came. Raises what reading raised."""
        self.join(25)
        if self._error is not None:
            raise self._error
        return b"".join(self._parts)
