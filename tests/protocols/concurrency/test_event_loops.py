import contextlib
import os
import resource
import select
import socket

import pytest

from protocols.concurrency import kqueue_model
from protocols.concurrency.contract import MODELS, Listen, model_info
from protocols.concurrency.server import LocalServer, make_server
from protocols.record.recorder import Recorder
from protocols.service.base import ServiceError
from protocols.service.descriptors import raise_limit
from tests.protocols.concurrency.bench import STOP_S, dial, eventually, read_exactly, running
from tests.protocols.concurrency.handlers import spec

LOOPS = ["select", "poll", "epoll", "selectors"]


@contextlib.contextmanager
def descriptors_below(number):
    """All descriptors below `number` taken, so that the next one is at least that."""
    raise_limit()
    taken = []
    try:
        while not taken or taken[-1] < number - 1:
            taken.append(os.dup(0))
        yield
    finally:
        for fd in taken:
            os.close(fd)


def enough_descriptors():
    if raise_limit()[0] < 1200:
        pytest.skip("this process may not have 1,200 descriptors")


def test_select_refuses_a_descriptor_above_its_limit_and_says_why():
    enough_descriptors()
    with running("select") as (server, log):
        with dial(server) as before:
            log.wait("accepted by")
            with descriptors_below(1024), dial(server) as refused:
                assert refused.recv(10) == b""
                told = log.wait("refused")[0]
                assert "FD_SETSIZE = 1\u202f024" in told.detail["why"]
                before.sendall(b"still served")
                assert read_exactly(before, 12) == b"still served"
        with dial(server) as after:
            after.sendall(b"x")
            assert read_exactly(after, 1) == b"x"


def test_select_says_why_when_even_its_listener_does_not_fit():
    enough_descriptors()
    with descriptors_below(1024), running("select") as (server, log):
        failed = log.wait("failed")[0]
        assert "FD_SETSIZE = 1\u202f024" in failed.detail["why"]
        assert server.join(20)
        assert server.state == "failed"


@pytest.mark.parametrize("model", ["poll", "epoll", "selectors", "threads", "asyncio", "pool", "iterative"])
def test_the_others_do_not_mind_high_descriptors(model):
    enough_descriptors()
    with descriptors_below(1100), running(model) as (server, _), dial(server) as client:
        client.sendall(b"x")
        assert read_exactly(client, 1) == b"x"


@pytest.mark.parametrize("model", [*LOOPS, "threads", "pool", "iterative", "asyncio", "socketserver"])
def test_out_of_descriptors_is_told_and_passes(model):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    filled = []
    with running(model) as (server, log), socket.socket() as client:
        client.settimeout(10)
        with dial(server) as first:  # whatever the model opens for itself is open then
            first.sendall(b"x")
            assert read_exactly(first, 1) == b"x"
        log.wait("connection ended")
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(map(int, os.listdir("/proc/self/fd"))) + 8, hard))
        try:
            with contextlib.suppress(OSError):
                while True:
                    filled.append(os.dup(0))
            client.connect(server.address)
            paused = log.wait("accept paused")[0]
        finally:
            for fd in filled:
                os.close(fd)
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        assert paused.errno == "EMFILE"
        assert paused.detail["why"]
        client.sendall(b"x")
        assert read_exactly(client, 1) == b"x"


@pytest.mark.parametrize("size", [1, 7, 4096])
def test_edge_triggered_epoll_reads_until_it_would_block(size):
    payload = os.urandom(20_000)
    with running("epoll", edge_triggered=True, recv_size=size) as (server, _):
        clients = [dial(server) for _ in range(3)]
        for client in clients:
            client.sendall(payload)
        for client in clients:
            assert read_exactly(client, len(payload)) == payload
            client.shutdown(socket.SHUT_WR)
            assert client.recv(1) == b""
            client.close()


def test_edge_triggered_epoll_goes_on_after_a_slow_reader_has_read():
    with running("epoll", "flood", edge_triggered=True, recv_size=100) as (server, _), dial(server) as slow:
        slow.sendall(b"s" * 1000)
        assert read_exactly(slow, 10 << 20) == b"s" * (10 << 20)


@pytest.mark.parametrize("model", LOOPS)
def test_an_outsider_is_told_when_the_peer_does_not_read(model):
    with running(model) as (server, log), dial(server):
        log.wait("accepted by")
        conn = server.connections()[0].conn

        def sent():
            try:
                server.send(conn, b"x" * (1 << 20))
            except OSError as error:
                return "does not read" in str(error)
            return False

        eventually(sent, "refusal of a send")
        assert server.broadcast(b"more") == 0


def test_a_connection_that_is_gone_is_an_error_in_words():
    with running("epoll") as (server, _):
        for ask in (server.reset, server.half_close, server.close_connection):
            with pytest.raises(ServiceError, match="no connection 77"):
                ask("77")
        with pytest.raises(ServiceError, match="no connection 77"):
            server.send("77", b"x")


def test_kqueue_is_there_or_greyed_with_the_reason():
    info = model_info("kqueue")
    assert info.available == hasattr(select, "kqueue")
    if not info.available:
        assert "BSD" in info.reason
        with pytest.raises(ValueError, match="BSD"):
            make_server(Recorder(), spec("echo"), Listen(), name="echo", model="kqueue")


def test_every_model_says_what_it_is():
    assert len({model.name for model in MODELS}) == len(MODELS)
    for model in MODELS:
        assert model.title
        assert model.explain.endswith(".")
        assert bool(model.reason) != model.available


class _Kevent:
    def __init__(self, ident, filter, flags):
        self.ident, self.filter, self.flags = ident, filter, flags


class _Kqueue:
    """What kqueue(2) promises, over poll(): enough to try the poller where there is no kqueue."""

    def __init__(self):
        self.filters = set()

    def control(self, changes, count, timeout=None):
        for change in changes or ():
            if change.flags == 1:
                self.filters.add((change.ident, change.filter))
            else:
                self.filters.remove((change.ident, change.filter))
        if not count:
            return []
        poll = select.poll()
        for fd, kind in self.filters:
            poll.register(fd, select.POLLIN if kind == -1 else select.POLLOUT)
        masks = {}
        for fd, kind in self.filters:
            masks[fd] = masks.get(fd, 0) | (select.POLLIN if kind == -1 else select.POLLOUT)
        for fd, mask in masks.items():
            poll.register(fd, mask)
        found = poll.poll(None if timeout is None else timeout * 1000)
        kinds = ((-1, select.POLLIN | select.POLLHUP | select.POLLERR), (-2, select.POLLOUT))
        return [_Kevent(fd, kind, 0) for fd, mask in found for kind, bits in kinds
                if mask & bits and (fd, kind) in self.filters]  # fmt: skip

    def close(self):
        self.filters.clear()


def test_the_kqueue_poller_keeps_to_kqueues_rules(monkeypatch):
    class Kernel:
        kqueue, kevent = _Kqueue, _Kevent
        KQ_FILTER_READ, KQ_FILTER_WRITE, KQ_EV_ADD, KQ_EV_DELETE = -1, -2, 1, 2

    if hasattr(select, "kqueue"):
        return
    monkeypatch.setattr(kqueue_model, "_kernel", Kernel)
    server = LocalServer(Recorder(), spec("flood"), Listen(), name="echo", model="kqueue")
    server.start()
    try:
        with dial(server) as client:
            client.sendall(b"x" * 5000)
            assert read_exactly(client, 2 << 20) == b"x" * (2 << 20)
    finally:
        assert server.stop(STOP_S)
