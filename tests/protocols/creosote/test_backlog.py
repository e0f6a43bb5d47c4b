"""The queue is long for bursts, short under overload, and what it drops is counted."""

from __future__ import annotations

import socket

from protocols.creosote.backlog import OVERLOADED, ROWS, SHORT_BUFFER, Backlog, prepare


def queue_bytes(sock: socket.socket) -> int:
    return sock.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF)


def test_a_queue_is_shortened_while_nobody_could_keep_up_and_long_again_after() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as here:
        prepare(here)
        long, backlog = queue_bytes(here), Backlog(here)
        for _ in range(OVERLOADED - 1):
            backlog.saw(ROWS)
        assert queue_bytes(here) == long
        backlog.saw(ROWS)
        assert queue_bytes(here) <= 2 * SHORT_BUFFER
        backlog.saw(ROWS)
        backlog.saw(ROWS - 1)
        assert queue_bytes(here) == long
