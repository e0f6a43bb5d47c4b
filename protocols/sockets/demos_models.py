"""Experiments about what the models rest on: the limit of select(), the events of kqueue, a port mapper.

Each runs on loopback within seconds. It must not know who shows the findings.
"""

from __future__ import annotations

import importlib
import json
import os
import select
import socket
from collections.abc import Callable
from typing import Any, Final

from protocols.numbers import grouped
from protocols.record import polling
from protocols.record.recorder import Recorder
from protocols.record.traced import TracedSocket, traced_socket
from protocols.service.descriptors import raise_limit
from protocols.sockets.demo import Finding
from protocols.sockets.pairs import listener, tcp_pair, udp_socket

HIGH: Final = 1_100
"""A descriptor above FD_SETSIZE, which is 1,024."""
_NO_HIGH: Final = "this process may not have a descriptor {number}: its limit is too low (ulimit -n)"


# -- select() and its bit set ---------------------------------------------------------------------------------


def select_limit(recorder: Recorder) -> list[Finding]:
    """A descriptor above 1,024: select() refuses it, poll() waits for it."""
    with tcp_pair(recorder, "demo select-limit") as (client, server):
        high = _copy_at(server.fileno(), HIGH)
        if high is None:
            return [Finding("available", _NO_HIGH.format(number=HIGH), False)]
        try:
            client.sendall(b"x")
            refused = _selected(high)
            poller = polling.poll()
            poller.register(high, polling.POLLIN)
            ready = len(poller.poll(5_000))
        finally:
            os.close(high)
    return [
        Finding("available", f"the socket has descriptor {grouped(high)} now", True),
        Finding("select", f"select() says: {refused}", refused),
        Finding("poll", f"poll() names {ready} descriptor that is ready", ready),
    ]


def _copy_at(fd: int, number: int) -> int | None:
    """A copy of a descriptor at `number` or above; None where that can't be."""
    try:
        fcntl: Any = importlib.import_module("fcntl")
    except ImportError:  # not a UNIX
        return None
    raise_limit()
    try:
        return int(fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, number))
    except OSError:
        return None


def _selected(fd: int) -> str:
    try:
        select.select([fd], [], [], 0)
    except ValueError as error:
        return f"ValueError: {error}"
    return "nothing wrong"


# -- kqueue ---------------------------------------------------------------------------------------------------

READ, EOF = "EVFILT_READ", "EV_EOF"
LISTENER, CONNECTION = 3, 4
REPLAY: Final = (
    (LISTENER, READ, "", 1),  # data of a listening socket: how many connections wait
    (CONNECTION, READ, "", 5),  # of a connection: how many bytes wait
    (CONNECTION, READ, EOF, 0),  # the peer has ended its direction
)
"""Events (ident, filter, flags, data) in the form of kqueue(2), for one client that says hello and goes."""


def kqueue_events(recorder: Recorder) -> list[Finding]:
    """What a kqueue tells of one client that says hello and goes: live where there is one, else replayed."""
    here = hasattr(select, "kqueue")
    told = _live(recorder) if here else [_meaning(*event) for event in REPLAY]
    for number, text in enumerate(told, 1):
        recorder.note("kevent", text, service="demo kqueue", number=number, replayed=not here)
    where = "kqueue is there" if here else "kqueue exists on BSD and macOS only: these events are a replay"
    return [Finding("available", where, here), Finding("events", "; ".join(told), told)]


def _meaning(ident: int, kind: str, flags: str, data: int) -> str:
    """What a server does about one event."""
    if flags == EOF:
        return f"{kind} with {EOF} on the connection: recv() gives b'', so close it"
    if ident == LISTENER:
        return f"{kind} on the listening socket, data={data}: accept() {data}"
    return f"{kind} on the connection, data={data}: recv() gives {data} bytes"


def _live(recorder: Recorder) -> list[str]:
    kernel: Any = select  # its names exist on BSD and macOS only
    told = []
    with listener(recorder, "demo kqueue server") as waiting, traced_socket(recorder, "demo kqueue client") as client:
        queue = kernel.kqueue()
        try:
            client.connect(waiting.getsockname())
            told.append(_next(kernel, queue, waiting, LISTENER))
            server, _ = waiting.accept()
            with server:
                client.sendall(b"hello")
                told.append(_next(kernel, queue, server, CONNECTION))
                server.recv(100)
                client.shutdown(socket.SHUT_WR)
                told.append(_next(kernel, queue, server, CONNECTION))
        finally:
            queue.close()
    return told


def _next(kernel: Any, queue: Any, sock: TracedSocket, ident: int) -> str:
    wanted = kernel.kevent(sock.fileno(), kernel.KQ_FILTER_READ, kernel.KQ_EV_ADD | kernel.KQ_EV_ONESHOT)
    (event,) = queue.control([wanted], 1, 5.0)
    return _meaning(ident, READ, EOF if event.flags & kernel.KQ_EV_EOF else "", event.data)


# -- a port mapper --------------------------------------------------------------------------------------------


def port_mapper(recorder: Recorder) -> list[Finding]:
    """A server on port 0 registers with a port mapper; a client that knows only its name finds and reaches it."""
    ports: dict[str, int] = {}
    with udp_socket(recorder, "demo port-mapper") as mapper, listener(recorder, "demo port-mapper server") as server:
        port = int(server.getsockname()[1])
        with udp_socket(recorder, "demo port-mapper register") as asking:
            early = _asked(asking, mapper, ports, {"lookup": "greeter"})
            _asked(asking, mapper, ports, {"register": "greeter", "port": port})
            found = _asked(asking, mapper, ports, {"lookup": "greeter"})
        with traced_socket(recorder, "demo port-mapper client") as client:
            client.connect((server.getsockname()[0], found["port"]))
            conn, _ = server.accept()
            with conn:
                conn.sendall(b"found me")
                greeting = client.recv(100).decode("ascii", "replace")
    return [
        Finding("early", f"before the server registered: port {early['port']}", early["port"]),
        Finding("port", f"the system gave the server port {port}; the mapper said {found['port']}", found["port"]),
        Finding("reached", f"the client went there and was told {greeting!r}", greeting),
    ]


def _asked(sock: TracedSocket, mapper: TracedSocket, ports: dict[str, int], question: dict[str, Any]) -> dict[str, Any]:
    """Ask the mapper, and let it answer: both on this thread, one datagram each way."""
    sock.sendto(json.dumps(question).encode(), mapper.getsockname())
    data, sender = mapper.recvfrom(1024)
    mapper.sendto(json.dumps(mapped(ports, data)).encode(), sender)
    answer: dict[str, Any] = json.loads(sock.recvfrom(1024)[0])
    return answer


def mapped(ports: dict[str, int], data: bytes) -> dict[str, Any]:
    """The mapper's answer to a datagram: it may come from anybody, so all of it is looked at."""
    try:
        question = json.loads(data)
    except ValueError:
        return {"error": "not JSON"}
    known: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
        "register": lambda asked: _registered(ports, asked),
        "lookup": lambda asked: {"port": ports.get(str(asked["lookup"]))},
    }
    for word, answer in known.items():
        if isinstance(question, dict) and word in question:
            return answer(question)
    return {"error": "register or lookup"}


def _registered(ports: dict[str, int], asked: dict[str, Any]) -> dict[str, Any]:
    port = asked.get("port")
    if not isinstance(port, int) or not 0 < port < 65536 or len(ports) >= 1000:
        return {"error": "no such port"}
    ports[str(asked["register"])] = port
    return {"registered": port}
