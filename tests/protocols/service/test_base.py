import threading

import pytest

from protocols.record.event import Event
from protocols.record.recorder import Recorder
from protocols.service.base import Service, ServiceError, is_exposed
from protocols.service.running import Running


class Waiting(Service):
    """Blocks until stopped; its workers too."""

    def __init__(self, recorder, *, workers=0, fail_open=None, fail_main=None, stubborn=None):
        super().__init__(recorder, "waiting:1", "waiting")
        self.fail_open, self.fail_main, self.stubborn = fail_open, fail_main, stubborn
        self.worker_count = workers
        self.closed = 0
        self.woken = threading.Event()

    def _open(self):
        if self.fail_open:
            raise self.fail_open

    def _main(self):
        for number in range(self.worker_count):
            self.spawn(f"waiting-worker-{number}:1", self.woken.wait)
        if self.fail_main:
            raise self.fail_main
        self.woken.wait()
        if self.stubborn:
            self.stubborn.wait()

    def _wake_up(self):
        if self.stopping.is_set():
            self.woken.set()

    def _close(self):
        self.closed += 1

    def _thread_name(self):
        return "waiting-main:1"


def notes(tail):
    return [Event.of(raw).kind for raw in tail.take()]


def test_start_and_stop_leave_no_thread():
    recorder = Recorder()
    tail = recorder.tail()
    service = Waiting(recorder, workers=3)
    service.start()
    assert service.state == "running"
    assert service.threads()[0] == "waiting-main:1"
    assert service.stop(20)
    assert service.state == "stopped"
    assert service.closed == 1
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("waiting")]
    told = notes(tail)
    assert told[0] == "started"
    assert told[-1] == "stopped"


def test_start_raises_the_real_error_and_the_service_is_failed():
    service = Waiting(Recorder(), fail_open=PermissionError(13, "no"))
    with pytest.raises(PermissionError):
        service.start()
    assert service.state == "failed"
    assert service.join(0)
    assert service.closed == 1


def test_an_error_in_the_main_thread_is_told_and_ends_in_failed():
    recorder = Recorder()
    tail = recorder.tail()
    service = Waiting(recorder, workers=2, fail_main=OSError(24, "Too many open files"))
    service.start()
    assert service.join(20)
    assert service.state == "failed"
    failed = next(Event.of(raw) for raw in tail.take() if raw[2] == "failed")
    assert failed.errno == "EMFILE"
    assert failed.detail["why"]


def test_what_can_not_be_closed_is_told_and_the_service_ends():
    class Full(Waiting):
        def _close(self):
            raise OSError(28, "No space left on device")

    recorder = Recorder()
    tail = recorder.tail()
    service = Full(recorder)
    service.start()
    assert service.stop(20)
    assert service.state == "failed"
    assert service.ended_by.errno == 28
    assert {"failed", "stopped"} <= set(notes(tail))


def test_stop_is_idempotent_and_may_come_before_start():
    service = Waiting(Recorder())
    assert service.stop(20)
    assert service.stop(20)
    with pytest.raises(ServiceError):
        service.start()
    assert service.state == "stopped"


def test_join_of_a_service_that_does_not_end_says_so():
    release = threading.Event()
    service = Waiting(Recorder(), stubborn=release)
    service.start()
    assert not service.stop(0.05)
    release.set()
    assert service.join(20)


def test_stop_all_signals_everyone_before_it_joins_anyone():
    running = Running()
    recorder = Recorder()
    services = [Waiting(recorder) for _ in range(10)]
    release = threading.Event()
    stuck = Waiting(recorder, stubborn=release)
    stuck.name = "stuck:1"
    for service in [stuck, *services]:
        service.start()
        running.add(service)
    assert running.stop_all(1.5) == ["stuck:1"]
    assert all(service.state == "stopped" for service in services)
    assert running.all() == [stuck]
    release.set()
    assert stuck.join(20)


def test_what_a_view_has_of_its_own_is_stopped_with_all_and_counted_by_nobody():
    running, recorder = Running(), Recorder()
    asked, own = Waiting(recorder), Waiting(recorder)
    own.asked_for = False
    for service in (asked, own):
        service.start()
        running.add(service)
    assert running.asked_for() == [asked]
    assert running.stop_all() == []
    assert own.state == "stopped"


@pytest.mark.parametrize(
    ("host", "exposed"),
    [("127.0.0.1", False), ("::1", False), ("localhost", False), ("", True), ("0.0.0.0", True), ("::", True)],
)
def test_a_wider_address_than_loopback_is_exposed(host, exposed):
    assert is_exposed(host) is exposed
