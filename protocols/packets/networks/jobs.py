"""What a host of a private network can do: listen, serve, send, say something to all. Each is a child's job.

Runs on the host, by `protocols.service.childmain`; its sockets are traced as the lab's own, under the host's name.
It must not know how the network was made.
"""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable
from functools import partial
from typing import Any, Final

from protocols.concurrency.contract import Connection, Handler, HandlerSpec, Listen
from protocols.concurrency.server import make_server
from protocols.record.traced import traced_socket
from protocols.service.childmain import Job

PORT: Final = 7000
_ANSWER_BYTES: Final = 65536
_PATIENCE_S: Final = 5.0


class Echo(Handler):
    """Sends back what comes, in capitals."""

    def received(self, conn: Connection, data: bytes) -> None:
        """One recv()."""
        conn.send(data.upper())


class Ear:
    """Hears datagrams. answering: it sends each back in capitals."""

    def __init__(self, answering: bool) -> None:
        self._answering = answering

    def received(self, data: bytes, sender: object) -> bytes | None:
        """One datagram."""
        return data.upper() if self._answering else None


def handlers(kind: str) -> Callable[[], Any]:
    """The factory that a HandlerSpec of this module names."""
    made: dict[str, Callable[[], Any]] = {"tcp": Echo, "udp": partial(Ear, True), "ear": partial(Ear, False)}
    return made[kind]


def serve(job: Job) -> None:
    """Serve until the end of stdin. params: host (its name), kind ("tcp", "udp" or "ear"), port."""
    params = job.params
    kind, port = str(params["kind"]), int(params.get("port", PORT))
    spec = HandlerSpec(f"{__name__}:handlers", {"kind": kind})
    listen = Listen("tcp" if kind == "tcp" else "udp", host=str(params.get("address", "0.0.0.0")), port=port)
    words = {"tcp": "TCP server", "udp": "UDP server", "ear": "ear"}
    server = make_server(job.recorder, spec, listen, name=f"{params['host']}, {words[kind]}", model="threads")
    server.start()
    try:
        job.ready(where=f"{params['host']}:{port}")
        while job.commands.read() is not None:
            pass
    finally:
        server.stop()


def talk(job: Job) -> None:
    """Connect, send a text, wait for as many bytes, end. params: host, to, port, text."""
    params = job.params
    text = str(params["text"]).encode()
    sock = traced_socket(job.recorder, f"{params['host']}, client")
    with contextlib.closing(sock):
        sock.settimeout(_PATIENCE_S)
        sock.connect((str(params["to"]), int(params["port"])))
        job.ready()
        sock.sendall(text)
        got = 0
        while got < len(text) and (data := sock.recv(_ANSWER_BYTES)):
            got += len(data)


def say(job: Job) -> None:
    """Send one datagram, perhaps to everybody. params: host, to, port, text, answer (whether to wait for one)."""
    params = job.params
    sock = traced_socket(job.recorder, f"{params['host']}, sender", type=socket.SOCK_DGRAM)
    with contextlib.closing(sock):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        sock.settimeout(_PATIENCE_S)
        job.ready()
        sock.sendto(str(params["text"]).encode(), (str(params["to"]), int(params["port"])))
        if params.get("answer"):
            sock.recvfrom(_ANSWER_BYTES)


def ping(job: Job) -> None:
    """Ping another host. params: host, to, count."""
    from protocols.packets.reach.ping import Pinger, pings, told

    params = job.params
    service = f"{params['host']}, ping"
    with Pinger(str(params["to"]), ways=("datagram", "raw")) as pinger:
        job.ready(way=pinger.way)
        for echo in pings(pinger, int(params.get("count", 3)), interval_s=0.2):
            told(job.recorder, pinger, echo, service)


def trace(job: Job) -> None:
    """Find the routers on the way to another host. params: host, to."""
    from protocols.packets.reach.traceroute import text_of
    from protocols.packets.reach.traceroute import trace as traced

    params = job.params
    job.ready()
    for hop in traced(str(params["to"])):
        detail = {"hops": hop.hops, "by": hop.address, "rtts_us": list(hop.rtts_us), "arrived": hop.arrived}
        job.recorder.emit("message", "hop", text_of(hop), service=f"{params['host']}, traceroute", detail=detail)
