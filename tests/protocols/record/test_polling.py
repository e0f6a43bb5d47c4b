"""The poll of systems without one does what the kernel's does."""

from __future__ import annotations

import select
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from protocols.record import polling
from protocols.record.polling import POLLIN, POLLOUT, Poller, SelectPoll, poll, readable

KINDS = [SelectPoll] + ([select.poll] if hasattr(select, "poll") else [])
WITHOUT = '''
import select, selectors, socket
selectors.DefaultSelector = selectors.SelectSelector  # it was chosen when the module was imported
del selectors.PollSelector
for name in dir(select):
    if name.startswith(("poll", "POLL", "epoll", "EPOLL")):
        delattr(select, name)
del socket.MSG_DONTWAIT
from protocols.concurrency.contract import Listen
from protocols.concurrency.server import make_server
from protocols.record.recorder import Recorder
from protocols.sockets.behaviours import spec
for model in ("iterative", "threads", "pool", "select", "selectors", "asyncio", "socketserver-threading"):
    for transport, kind in (("tcp", socket.SOCK_STREAM), ("udp", socket.SOCK_DGRAM)):
        made = spec("upper", transport=transport)
        server = make_server(Recorder(), made, Listen(transport), name="upper", model=model)
        server.start()
        with socket.socket(type=kind) as sock:
            sock.settimeout(10)
            sock.connect(server.address)
            sock.send(b"hello")
            assert sock.recv(100) == b"HELLO", (model, transport)
        assert server.stop(20), model
print("done")
'''


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    left, right = socket.socketpair()
    with left, right:
        yield left, right


@pytest.mark.parametrize("kind", KINDS)
def test_it_names_what_is_ready_and_for_what(
    kind: Callable[[], Poller], pair: tuple[socket.socket, socket.socket]
) -> None:
    left, right = pair
    poller = kind()
    poller.register(left, POLLIN)
    assert poller.poll(0) == []
    right.send(b"x")
    assert poller.poll(10_000) == [(left.fileno(), POLLIN)]
    poller.modify(left.fileno(), POLLIN | POLLOUT)
    assert poller.poll(None) == [(left.fileno(), POLLIN | POLLOUT)]
    poller.unregister(left)
    assert poller.poll(0) == []
    with pytest.raises((KeyError, OSError)):
        poller.modify(left, POLLIN)


def test_the_systems_own_is_taken_where_it_is() -> None:
    assert isinstance(poll(), SelectPoll) == (not hasattr(select, "poll"))
    assert getattr(select, "POLLIN", POLLIN) == polling.POLLIN


def test_readable_looks_and_takes_nothing(pair: tuple[socket.socket, socket.socket]) -> None:
    left, right = pair
    assert not readable(left)
    right.send(b"x")
    assert readable(left)
    assert left.recv(1) == b"x"


def test_servers_serve_on_a_system_without_poll() -> None:
    run = subprocess.run([sys.executable, "-c", WITHOUT], capture_output=True, text=True, timeout=60, check=False,
                         cwd=Path(__file__).parents[3])  # fmt: skip
    assert run.stdout == "done\n", run.stderr
