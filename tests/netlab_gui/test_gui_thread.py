"""Nothing in the window's thread may wait for the network: every demo runs under a profiler that looks."""

from __future__ import annotations

import _socket
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import pytest

from netlab_gui.driving import Driver

WAITING = frozenset({
    "accept", "_accept", "bind", "close", "connect", "connect_ex", "listen", "recv", "recv_into", "recvfrom",
    "recvfrom_into", "recvmsg", "send", "sendall", "sendmsg", "sendto", "shutdown", "getaddrinfo", "gethostbyname",
    "gethostbyaddr", "getnameinfo",
})  # fmt: skip
WAKES = "protocols/service/wake.py"
"""A byte into a non-blocking socket pair of the lab's own: how a worker is woken. It never waits."""


@contextmanager
def watched(found: list[str]) -> Iterator[None]:
    """Within it, calls of the socket module's C code in this thread are put into `found`."""

    def look(frame: FrameType, event: str, argument: Any) -> None:
        if event != "c_call" or getattr(argument, "__name__", "") not in WAITING:
            return
        owner = getattr(argument, "__self__", None)
        if (isinstance(owner, _socket.socket) or owner is _socket) and not frame.f_code.co_filename.endswith(WAKES):
            found.append(f"{argument.__name__} in {frame.f_code.co_filename}:{frame.f_lineno}")

    sys.setprofile(look)
    try:
        yield
    finally:
        sys.setprofile(None)


def test_the_watch_sees_a_call_that_is_made_here() -> None:
    found: list[str] = []
    with watched(found):
        one, two = socket.socketpair()
        one.send(b"x")
        two.recv(1)
        one.close()
        two.close()
    assert [entry.split()[0] for entry in found] == ["send", "recv", "close", "close"]


@pytest.mark.parametrize("panel", ["sockets", "running"])
def test_a_demo_makes_no_socket_call_in_the_gui_thread(application: Any, panel: str) -> None:
    found: list[str] = []
    application.window.show_panel(panel)
    with watched(found):
        verdicts = Driver(lambda: None).play(application.window.stack.panel(panel))
    assert [verdict.text for verdict in verdicts if not verdict.ok] == []
    assert found == []
    log = application.workplace.desk.log
    calls = [log.event(row) for row in range(len(log)) if log.raw(row)[1] == "call"]
    assert calls
    here = [event for event in calls if "fork" not in str(event.service)]  # that one's calls are a child process's
    assert {event.detail.get("thread") for event in here} & {"MainThread"} == set()
