"""The window stays alive while 200 clients talk to a server that it shows."""

from __future__ import annotations

import socket
import threading

from tests.stall import StallMeter
from tests.widgets.sockets.conftest import Bench

CLIENTS = 200
LIMIT_MS = 100


def _talk(address: tuple[str, int], stop: threading.Event, ready: threading.Event) -> None:
    """Foreign clients that talk as fast as they are answered, some thousand messages a second."""
    clients = [socket.create_connection(address, 5) for _ in range(CLIENTS)]
    ready.set()
    try:
        while not stop.is_set():
            for client in clients:
                client.sendall(b"hello")
            for client in clients:
                client.recv(100)
            stop.wait(0.05)
    finally:
        for client in clients:
            client.close()


def test_200_busy_connections_leave_no_gap_of_100_ms(bench: Bench) -> None:
    view = bench.start_server(behaviour="echo", model="selectors")
    assert view.slot.server is not None
    stop, ready = threading.Event(), threading.Event()
    thread = threading.Thread(target=_talk, args=(view.slot.server.address, stop, ready))
    thread.start()
    try:
        bench.wait(ready.is_set, 20_000)
        bench.wait(lambda: view.slot.rows.rowCount() == CLIENTS, 20_000)
        with StallMeter() as meter:
            bench.qtbot.wait(2000)
    finally:
        stop.set()
        thread.join(10)
    assert meter.max_ms < LIMIT_MS, str(meter)
    bench.wait(lambda: view.slot.rows.rowCount() == 0, 20_000)
