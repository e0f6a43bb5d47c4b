"""What the tests of servers share: a running server, a client, and waiting for events with a deadline."""

from __future__ import annotations

import contextlib
import socket
import time

from protocols.concurrency.contract import MODELS, Listen
from protocols.concurrency.server import make_server
from protocols.record.event import Event
from protocols.record.recorder import Recorder
from tests.protocols.concurrency.handlers import spec

DEADLINE_S = 20.0
STOP_S = 10.0
"""For stops that are not the subject of their test: a loaded machine is slow."""
STREAM_MODELS = [model.name for model in MODELS if model.available and "tcp" in model.transports]
LOCAL_MODELS = [name for name in STREAM_MODELS if "fork" not in name]
PARALLEL = [name for name in STREAM_MODELS if name not in ("iterative", "socketserver")]


_dialled: list[socket.socket] = []
"""The clients of running servers: a test that fails leaves none open for the tests after it."""


class Log:
    """The events of a recorder, and waiting for one."""

    def __init__(self, recorder):
        self.tail = recorder.tail()
        self.events = []

    def all(self):
        self.events += [Event.of(raw) for raw in self.tail.take()]
        return self.events

    def wait(self, wanted, count=1):
        """Events that fit `wanted` (a kind or a function), once there are `count` of them."""
        fits = wanted if callable(wanted) else lambda event: event.kind == wanted
        end = time.monotonic() + DEADLINE_S
        while True:
            found = [event for event in self.all() if fits(event)]
            if len(found) >= count:
                return found
            left = end - time.monotonic()
            assert left > 0, f"{wanted} x {count} never came; seen: {[e.kind for e in self.events][-40:]}"
            self.tail.wait(min(left, 0.2))

    def kinds(self, layer=None):
        return [event.kind for event in self.all() if layer in (None, event.layer)]


@contextlib.contextmanager
def running(model="threads", handler="echo", listen=None, recorder=None, **settings):
    """A started server and the log of its events; at the end it is stopped and its clients are closed."""
    recorder = recorder or Recorder()
    log = Log(recorder)
    handler = spec(handler) if isinstance(handler, str) else handler
    server = make_server(recorder, handler, listen or Listen(), name="echo", model=model, **settings)
    server.start()
    try:
        yield server, log
    finally:
        stopped = server.stop(STOP_S)
        for client in _dialled:
            client.close()
        _dialled.clear()
        assert stopped, f"{server.name} did not stop: {server.threads()}"
        log.all()


def dial(server, timeout_s=DEADLINE_S):
    """A plain client of a stream server."""
    address = server.address
    if isinstance(address, tuple):
        client = socket.create_connection(address, timeout_s)
        _dialled.append(client)
        return client
    kind = socket.SOCK_SEQPACKET if server.listen.transport == "unix-seqpacket" else socket.SOCK_STREAM
    client = socket.socket(socket.AF_UNIX, kind)
    _dialled.append(client)
    client.settimeout(timeout_s)
    client.connect("\0" + address[1:] if address.startswith("@") else address)
    return client


def read_exactly(client, count):
    got = bytearray()
    while len(got) < count:
        data = client.recv(65536)
        assert data, f"the stream ended after {len(got)} of {count} bytes"
        got += data
    return bytes(got)


def read_to_end(client):
    got = bytearray()
    while data := client.recv(65536):
        got += data
    return bytes(got)


def eventually(condition, what="condition"):
    """Wait for something that no event tells; a yield between looks."""
    end = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < end, f"{what} never came true"
        time.sleep(0.002)
