import errno
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from protocols.record.recorder import Recorder
from protocols.service.base import ServiceError
from protocols.service.child import ChildService, command
from protocols.service.running import Running
from tests.protocols.concurrency.bench import DEADLINE_S, Log, eventually


def child(job, params=None, **more):
    recorder = Recorder()
    log = Log(recorder)
    target = f"tests.protocols.service.jobs:{job}"
    return ChildService(recorder, f"child {job}", "child", target, params or {}, **more), log


def alive(pid):
    """Running: neither gone nor a zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_a_child_tells_its_events_obeys_commands_and_ends_with_the_stop():
    service, log = child("patient")
    service.start()
    hello = log.wait("process started")[0]
    assert abs(hello.detail["epoch_ns"] - service.recorder.epoch_ns) < 5_000_000_000
    pid = service.facts().children[0]
    assert alive(pid)
    service.child.tell({"do": "say", "text": "hello from the parent"})
    said = log.wait("said")[0]
    assert said.summary == "hello from the parent"
    assert said.detail["pid"] == pid
    assert hello.t < said.t < time.monotonic_ns()
    assert service.stop(20)
    assert service.state == "stopped"
    assert not alive(pid)


def test_a_child_that_ends_by_itself_ends_the_service():
    service, _ = child("patient")
    service.start()
    service.child.tell({"do": "quit"})
    assert service.join(DEADLINE_S)
    assert service.state == "stopped"


def test_a_killed_child_is_an_event_and_the_service_has_failed():
    service, log = child("patient")
    service.start()
    service.child.tell({"do": "die"})
    assert service.join(DEADLINE_S)
    assert service.state == "failed"
    crashed = log.wait("child crashed")[0]
    assert crashed.errno == "SIGKILL"
    assert crashed.detail["exit_status"] == -signal.SIGKILL
    assert "SIGKILL: last words" in crashed.detail["why"]
    assert service.stop(20)


def test_an_exception_in_the_child_is_an_event_with_its_text():
    service, log = child("broken")
    service.start()
    assert service.join(DEADLINE_S)
    assert service.state == "failed"
    assert "broken on purpose" in log.wait("child failed")[0].detail["why"]


@pytest.mark.parametrize("number", [errno.EADDRINUSE, errno.EACCES])
def test_an_error_before_it_is_ready_is_raised_in_start_as_if_it_were_ours(number):
    service, _ = child("failing", {"number": number})
    with pytest.raises(OSError) as caught:
        service.start()
    assert caught.value.errno == number
    assert service.state == "failed"


def test_a_child_that_ends_before_it_is_ready_raises_in_start():
    service, _ = child("silent")
    with pytest.raises(OSError, match="exit status 7"):
        service.start()


def test_a_command_that_does_not_exist_raises_in_start():
    service, _ = child("patient", argv=["/nonexistent/netlab-child"])
    with pytest.raises(FileNotFoundError):
        service.start()


def test_a_wrong_target_raises_in_start():
    recorder = Recorder()
    service = ChildService(recorder, "x", "child", "os:system", {})
    with pytest.raises((OSError, ValueError), match="does not name"):
        service.start()


@pytest.mark.parametrize("job", ["burning", "deaf"])
def test_a_child_that_does_not_listen_is_killed(job):
    service, _ = child(job)
    service.start()
    pid = service.facts().children[0]
    assert service.stop(20)
    assert service.state == "stopped"
    assert not alive(pid)


def test_a_stop_during_the_start_ends_it():
    service, _ = child("patient", argv=[sys.executable, "-c", "import time; time.sleep(60)"])
    running = Running()
    running.add(service)
    timer = threading.Timer(0.1, service.request_stop)
    timer.start()
    with pytest.raises(ServiceError):
        service.start()
    timer.join()
    assert service.join(0)


def test_lines_of_forked_writers_are_never_torn():
    service, log = child("chatty", {"writers": 4, "lines": 150, "largest": 60_000})
    service.start()
    assert service.join(DEADLINE_S)
    lines = log.wait("line", 600)
    assert len(lines) == 600
    assert "child line refused" not in log.kinds()
    for line in lines:
        assert len(line.summary) == line.detail["turn"] * 7919 % 60_000


def test_what_a_child_prints_is_no_event_and_rubbish_is_told_and_skipped():
    service, log = child("printing")
    service.start()
    assert service.join(DEADLINE_S)
    assert "child line refused" not in log.kinds()
    service, log = child("rubbish")
    service.start()
    assert service.join(DEADLINE_S)
    assert len(log.wait("child line refused", 3)) == 3
    assert service.state == "stopped"


def test_the_child_may_be_behind_any_command():
    service, log = child("patient", argv=["env", "NETLAB_TEST=1", "nice", *command()])
    service.start()
    log.wait("process started")
    assert service.stop(20)


def test_grandchildren_end_when_their_parent_is_killed():
    service, log = child("family")
    service.start()
    grandchild = log.wait("forked")[0].detail["child"]
    assert alive(grandchild)
    service.child.tell({"do": "vanish"})
    assert service.join(DEADLINE_S)
    eventually(lambda: not alive(grandchild), "end of the grandchild")


KILLED = """
import sys, time
from protocols.record.recorder import Recorder
from protocols.service.child import ChildService
service = ChildService(Recorder(), "x", "child", "tests.protocols.service.jobs:family", {})
service.start()
print(service.facts().children[0], flush=True)
time.sleep(60)
"""


def test_a_child_and_its_forks_end_when_the_parent_is_killed():
    with subprocess.Popen([sys.executable, "-c", KILLED], stdout=subprocess.PIPE, text=True) as parent:
        pid = int(parent.stdout.readline())
        forks = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        assert forks
        parent.kill()
    eventually(lambda: not alive(pid) and not any(alive(int(fork)) for fork in forks), "end of the family")


def test_a_child_may_run_as_nobody():
    service, log = child("nobody")
    service.start()
    assert log.wait("who")[0].detail["uid"] != 0
    assert service.stop(20)
