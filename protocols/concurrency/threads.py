"""Threads: each connection gets a thread of its own."""

from __future__ import annotations

from typing import Any

from protocols.concurrency.accepting import accept_loop
from protocols.concurrency.blocking import BlockingLink
from protocols.concurrency.link import port_of
from protocols.concurrency.serving import Serving
from protocols.record.traced import TracedSocket


def serve(serving: Serving, listener: TracedSocket) -> None:
    """Accept until the stop; each connection is served in its own thread, "<subject>-conn:<client's port>"."""

    def take(sock: TracedSocket, address: Any) -> None:
        link = BlockingLink(serving, sock, address, "")
        name = serving.thread_name("conn", port_of(address) or link.number)
        link.worker = f"thread {name}"
        try:
            serving.spawn(name, link.serve, conn=link.conn)
        except RuntimeError:
            serving.refuse(sock, address, "The system has no room for one more thread, so the connection is closed.")

    accept_loop(serving, listener, take)
