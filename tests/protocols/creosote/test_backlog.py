"""The queue is long for bursts, short under overload, and what it drops is counted."""

from __future__ import annotations

import socket

from protocols.creosote.backlog import OVERLOADED, ROWS, SHORT_BUFFER, Backlog, prepare


def queue_bytes(sock: socket.socket) -> int:
    return sock.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF)


def test_a_queue_that_runs_over_is_short_until_it_is_empty() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as here:
        prepare(here)
        long, backlog = queue_bytes(here), Backlog(here)
        for looks in range(OVERLOADED):
            assert queue_bytes(here) == long
            backlog.saw(ROWS, looks)
        assert queue_bytes(here) <= 2 * SHORT_BUFFER
        backlog.saw(ROWS, OVERLOADED)
        assert queue_bytes(here) <= 2 * SHORT_BUFFER
        backlog.saw(ROWS - 1, OVERLOADED)
        assert queue_bytes(here) == long


def test_a_queue_that_is_only_caught_up_with_stays_long() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as here:
        prepare(here)
        long, backlog = queue_bytes(here), Backlog(here)
        for _ in range(3 * OVERLOADED):
            backlog.saw(ROWS, 17)  # lost before: not now
        assert queue_bytes(here) == long
