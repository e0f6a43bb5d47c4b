"""Iterative: one connection after the other, all in the server's main thread."""

from __future__ import annotations

import threading
from typing import Any

from protocols.concurrency.accepting import accept_loop
from protocols.concurrency.blocking import BlockingLink
from protocols.concurrency.serving import Serving
from protocols.record.traced import TracedSocket


def serve(serving: Serving, listener: TracedSocket) -> None:
    """Serve until the stop; the second client waits in the backlog until the first is done."""

    def take(sock: TracedSocket, address: Any) -> None:
        BlockingLink(serving, sock, address, f"thread {threading.current_thread().name}").serve()

    accept_loop(serving, listener, take)
