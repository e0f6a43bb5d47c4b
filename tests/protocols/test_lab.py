import threading

import pytest

from protocols.concurrency.contract import Listen
from protocols.concurrency.server import make_server
from protocols.lab import Lab
from protocols.service.base import Service, ServiceError
from tests.protocols.concurrency.bench import Log, dial
from tests.protocols.concurrency.handlers import spec


class Silent(Service):
    """Waits for its end."""

    def __init__(self, recorder):
        super().__init__(recorder, "silent:1", "silent")

    def _open(self):
        pass

    def _main(self):
        assert self.stopping.wait(20)


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


def test_nothing_starts_once_the_lab_ends_and_what_was_starting_is_stopped():
    lab = Lab()
    opening, ended = threading.Event(), threading.Event()

    class Slow(Silent):
        def _open(self):
            opening.set()
            assert ended.wait(20)

    slow, late, never = Slow(lab.recorder), Silent(lab.recorder), Silent(lab.recorder)
    errors = []

    def intent():
        lab.start(slow)
        try:
            lab.start(late)
        except ServiceError as error:
            errors.append(str(error))

    lab.intents.submit(intent)
    assert opening.wait(20)
    assert lab.end(0) == ["silent:1"], "its start was under way, and it did not end in no time"
    ended.set()
    assert lab.close(20) == []
    assert lab.intents.wait(20)
    assert slow.state == "stopped"
    assert late.state == "new"
    assert "the lab is closing" in errors[0]
    with pytest.raises(ServiceError, match="the lab is closing"):
        lab.start(never)
    assert lab.running.all() == []


def test_services_started_from_many_threads_while_the_lab_closes_all_end():
    lab = Lab()
    services = [Silent(lab.recorder) for _ in range(60)]
    for service in services:
        lab.intents.submit(lambda service=service: lab.start(service))
    assert lab.close(20) == []
    assert {service.state for service in services} <= {"new", "stopped"}
    assert not any(service.threads() for service in services)
