"""Experiments with the standard library's socketserver: its handlers, its mix-ins, its stop.

Each runs on loopback within seconds, on traced sockets. It must not know who shows the findings.
"""

from __future__ import annotations

import contextlib
import socket
import socketserver
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, Final

from protocols.record.event import monotonic_ns
from protocols.record.recorder import Recorder
from protocols.record.trace import Trace
from protocols.record.traced import TracedSocket
from protocols.sockets.demo import Finding
from protocols.sockets.pairs import LOOPBACK

SLOW_S: Final = 0.3


class _Threading(socketserver.ThreadingMixIn, socketserver.TCPServer):
    """The four lines of the standard library, written out."""

    daemon_threads = True
    allow_reuse_address = True


class _WrongOrder(socketserver.TCPServer, socketserver.ThreadingMixIn):
    """The mix-in comes too late: TCPServer's own process_request is found first."""


@contextlib.contextmanager
def _running(
    recorder: Recorder, service: str, kind: type[socketserver.BaseServer], handler: Any
) -> Iterator[socketserver.BaseServer]:
    """A socketserver in a thread of its own, its sockets traced."""
    server: Any = kind((LOOPBACK, 0), handler, bind_and_activate=False)  # type: ignore[call-arg]
    server.socket = TracedSocket.adopt(server.socket, Trace(recorder, service))
    server.server_bind()
    server.server_activate()
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), name=f"{service.replace(' ', '-')}:0")
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _ask(address: Any, sent: bytes) -> bytes:
    with socket.create_connection(address, 5) as sock:
        sock.sendall(sent)
        sock.shutdown(socket.SHUT_WR)
        parts = []
        while data := sock.recv(4096):
            parts.append(data)
    return b"".join(parts)


def handler_life(recorder: Recorder) -> list[Finding]:
    """A handler's life: made for each connection, setup, handle, finish."""
    steps: list[str] = []
    ids: list[int] = []
    kept: list[object] = []

    class Handler(socketserver.BaseRequestHandler):
        def setup(self) -> None:
            kept.append(self)  # so that no two of them can have one id
            ids.append(id(self))
            steps.append("setup")

        def handle(self) -> None:
            steps.append("handle")
            self.request.sendall(self.request.recv(100).upper())

        def finish(self) -> None:
            steps.append("finish")

    with _running(recorder, "demo handler-life", socketserver.TCPServer, Handler) as server:
        answers = [_ask(server.server_address, word) for word in (b"one", b"two")]
    return [
        Finding("steps", f"the calls: {', '.join(steps)}", steps),
        Finding("instances", f"{len(set(ids))} handlers for 2 connections", len(set(ids))),
        Finding("answers", f"the answers: {answers!r}", [answer.decode() for answer in answers]),
    ]


def request_kinds(recorder: Recorder) -> list[Finding]:
    """self.request is a socket for TCP, and (data, socket) for UDP."""
    seen: dict[str, Any] = {}

    class Stream(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            seen["tcp"] = isinstance(self.request, socket.socket)
            seen["client"] = self.client_address[0]
            seen["server"] = type(self.server).__name__
            self.wfile.write(self.rfile.readline().upper())

    class Datagram(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            seen["udp"] = isinstance(self.request, tuple)
            data, sock = self.request
            sock.sendto(data.upper(), self.client_address)

    with _running(recorder, "demo request tcp", socketserver.TCPServer, Stream) as server:
        line = _ask(server.server_address, b"hello\n")
    udp = _running(recorder, "demo request udp", socketserver.UDPServer, Datagram)
    with udp as server, socket.socket(type=socket.SOCK_DGRAM) as sock:
        sock.settimeout(5)
        sock.sendto(b"hello", server.server_address)
        datagram = sock.recvfrom(100)[0]
    return [
        Finding("tcp", "TCP: self.request is the connected socket", seen["tcp"]),
        Finding("udp", "UDP: self.request is (data, socket)", seen["udp"]),
        Finding("client", f"self.client_address begins with {seen['client']}", seen["client"]),
        Finding("server", f"self.server is a {seen['server']}", seen["server"]),
        Finding("answers", f"rfile and wfile answered {line!r}, the datagram {datagram!r}",
                [line.decode(), datagram.decode()]),
    ]  # fmt: skip


def factory(recorder: Recorder) -> list[Finding]:
    """A handler may be anything that can be called: here a function."""
    calls: list[str] = []

    def answer(request: socket.socket, address: Any, server: socketserver.BaseServer) -> None:
        calls.append(address[0])
        request.sendall(request.recv(100).upper())

    with _running(recorder, "demo factory", socketserver.TCPServer, answer) as server:
        got = _ask(server.server_address, b"no class at all")
    return [
        Finding("answer", f"the function answered {got!r}", got.decode()),
        Finding("calls", f"it was called with request, address and server, {len(calls)} time", len(calls)),
    ]


def mix_in_order(recorder: Recorder) -> list[Finding]:
    """class Mine(ThreadingMixIn, TCPServer): who has the say over process_request?"""
    right = [kind.__name__ for kind in _Threading.__mro__]
    owners = [_owner(kind, "process_request") for kind in (_Threading, _WrongOrder)]
    recorder.note("order", " -> ".join(right), service="demo mix-in")
    return [
        Finding("mro", f"looked up in this order: {', '.join(right)}", right),
        Finding("right", f"mix-in first: process_request is {owners[0]}'s, and makes threads", owners[0]),
        Finding("wrong", f"mix-in last: it is {owners[1]}'s, and the mix-in is never asked", owners[1]),
    ]


def _owner(kind: type, name: str) -> str:
    return next(parent.__name__ for parent in kind.__mro__ if name in vars(parent))


def slow_handlers(recorder: Recorder) -> list[Finding]:
    """Three clients of a handler that takes 0.3 s: one after the other, or at once?"""
    findings = []
    for name, kind in (("plain", socketserver.TCPServer), ("threading", _Threading)):
        with _running(recorder, f"demo slow {name}", kind, _slow) as server:
            took_s = _together(lambda server=server: _ask(server.server_address, b"x"), 3)  # type: ignore[misc]
        findings.append(Finding(name, f"{name}: three clients took {took_s:.2f} s", took_s))
    return findings


def _slow(request: socket.socket, address: Any, server: socketserver.BaseServer) -> None:
    time.sleep(SLOW_S)
    request.sendall(request.recv(100))


def _together(work: Callable[[], object], count: int) -> float:
    threads = [threading.Thread(target=work, name=f"demo-client-{number}:0") for number in range(count)]
    started = monotonic_ns()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return (monotonic_ns() - started) / 1e9


def stop_from_outside(recorder: Recorder) -> list[Finding]:
    """'This server never terminates': shutdown() from another thread ends it, and its port is free."""
    with _running(recorder, "demo shutdown", socketserver.TCPServer, _slow) as server:
        address = server.server_address
        started = monotonic_ns()
    took_s = (monotonic_ns() - started) / 1e9
    with socket.create_server(address) as again:
        bound = again.getsockname() == address
    return [
        Finding("seconds", f"shutdown() took {took_s:.2f} s", took_s),
        Finding("rebound", "the port could be bound again at once", bound),
    ]
