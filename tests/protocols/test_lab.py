import threading

import pytest

from protocols.concurrency.contract import Listen
from protocols.concurrency.server import make_server
from protocols.lab import Lab
from tests.protocols.concurrency.bench import Log, dial
from tests.protocols.concurrency.handlers import spec


def test_a_lab_shows_what_runs_and_the_states_of_both_ends_and_leaves_nothing():
    with Lab() as lab:
        log = Log(lab.recorder)
        server = make_server(lab.recorder, spec("echo"), Listen(), name="echo")
        lab.start(server)
        assert lab.running.all() == [server]
        with dial(server):
            states = log.wait(lambda event: event.layer == "state" and event.kind == "ESTABLISHED", 2)
        assert {event.detail["end"] for event in states} == {"client", "server"}
        assert lab.stop(server)
        assert lab.running.all() == []
    assert not [thread for thread in threading.enumerate() if thread.name.startswith(("echo", "record", "lab"))]


def test_a_service_that_cannot_start_is_forgotten():
    with Lab() as lab:
        first = make_server(lab.recorder, spec("echo"), Listen(), name="echo")
        lab.start(first)
        second = make_server(lab.recorder, spec("echo"), Listen(port=first.address[1]), name="echo")
        with pytest.raises(OSError, match="in use"):
            lab.start(second)
        assert lab.running.all() == [first]


def test_close_stops_everything_that_runs():
    lab = Lab()
    servers = [make_server(lab.recorder, spec("echo"), Listen(), name="echo", model=m) for m in ("threads", "epoll")]
    for server in servers:
        lab.start(server)
    assert lab.close() == []
    assert {server.state for server in servers} == {"stopped"}
