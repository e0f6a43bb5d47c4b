import os
import signal
import socket
import threading
from pathlib import Path

import pytest

from protocols.concurrency import childserver
from protocols.concurrency.contract import Listen
from protocols.concurrency.server import make_server
from protocols.record.recorder import Recorder
from protocols.record.traced import Trace, TracedSocket
from protocols.service.child import ChildProcess, ChildService
from tests.protocols.concurrency.bench import (
    DEADLINE_S,
    LOCAL_MODELS,
    STOP_S,
    Log,
    dial,
    eventually,
    read_exactly,
    running,
)
from tests.protocols.concurrency.handlers import spec

FORKING = ["fork", "socketserver-forking"]


def state_of(pid):
    """The letter of proc(5), "" for no process. An orphan that the test process adopted waits for nobody else."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if fields[0] == "Z" and fields[1] == str(os.getpid()) else fields[0]


@pytest.mark.parametrize("model", FORKING)
def test_three_clients_have_three_processes_that_are_not_ours_and_no_zombie_stays(model):
    with running(model) as (server, log):
        clients = [dial(server) for _ in range(3)]
        served = log.wait("accepted by", 3)
        pids = {int(event.detail["worker"].removeprefix("pid ")) for event in served}
        assert len(pids) == 3
        assert os.getpid() not in pids
        eventually(lambda: pids < set(server.facts().children), "children in the facts")
        child = (set(server.facts().children) - pids).pop()
        for client in clients:
            client.close()
        log.wait("process ended", 3)
        eventually(lambda: server.facts().children == (child,), "children gone")
        assert [state_of(pid) for pid in pids] == ["", "", ""]
        listing = Path(f"/proc/{child}/task/{child}/children").read_text()
        assert listing.split() == []


@pytest.mark.parametrize("model", FORKING)
def test_whoever_was_answered_is_in_the_table_though_nobody_has_read_what_the_child_tells(model, monkeypatch):
    reading, run = threading.Event(), ChildProcess.run

    def late(self):
        reading.wait(DEADLINE_S)
        run(self)

    monkeypatch.setattr(ChildProcess, "run", late)
    with running(model) as (server, log):
        for number in (1, 2):
            client = dial(server)
            client.sendall(b"x")
            assert read_exactly(client, 1) == b"x"
            assert [row.number for row in server.connections()] == list(range(1, number + 1))
        assert log.kinds().count("accepted by") == 2
        reading.set()


@pytest.mark.parametrize("model", FORKING)
def test_a_crash_of_one_process_is_told_and_the_others_are_served_on(model):
    with running(model, "faulty") as (server, log), dial(server) as other:
        other.sendall(b"x")
        assert read_exactly(other, 1) == b"x"
        with dial(server) as victim:
            victim.sendall(b"die")
            assert victim.recv(10) == b""
        crashed = log.wait("process crashed")[0]
        assert crashed.errno == "EXIT_3"
        assert crashed.detail["why"]
        eventually(lambda: len(server.connections()) == 1, "one row less")
        other.sendall(b"y")
        assert read_exactly(other, 1) == b"y"


@pytest.mark.parametrize("model", FORKING)
def test_a_worker_killed_from_outside_is_told(model):
    with running(model) as (server, log), dial(server) as client:
        worker = log.wait("accepted by")[0].detail["worker"]
        os.kill(int(worker.removeprefix("pid ")), signal.SIGKILL)
        assert log.wait("process crashed")[0].errno == "SIGKILL"
        assert client.recv(10) == b""


@pytest.mark.parametrize("model", FORKING)
def test_a_killed_server_child_is_a_crash_and_takes_its_workers_and_path_with_it(model, tmp_path):
    path = tmp_path / "s"
    recorder = Recorder()
    log = Log(recorder)
    server = make_server(recorder, spec("echo"), Listen(transport="unix", path=str(path)), name="echo", model=model)
    server.start()
    with dial(server) as client:
        worker = int(log.wait("accepted by")[0].detail["worker"].removeprefix("pid "))
        child = next(pid for pid in server.facts().children if pid != worker)
        os.kill(child, signal.SIGKILL)
        assert server.join(DEADLINE_S)
        assert client.recv(10) == b""
    assert server.state == "failed"
    assert log.wait("child crashed")[0].errno == "SIGKILL"
    eventually(lambda: state_of(worker) == "", "end of the worker")
    assert not path.exists()
    assert server.connections() == []


@pytest.mark.parametrize("model", FORKING)
@pytest.mark.parametrize("transport", ["tcp", "unix"])
def test_both_ends_share_one_connection_id_though_two_processes_saw_them(model, transport, tmp_path):
    listen = Listen(transport=transport, path=str(tmp_path / "s") if transport == "unix" else "")
    with running(model, listen=listen) as (server, log):
        recorder = server.recorder
        family = socket.AF_UNIX if transport == "unix" else socket.AF_INET
        for _ in range(3):
            client = TracedSocket(family, socket.SOCK_STREAM, trace=Trace(recorder, "client", None, transport))
            client.settimeout(DEADLINE_S)
            client.connect(server.address)
            client.sendall(b"hello")
            assert read_exactly(client, 5) == b"hello"
            client.close()
        log.wait("connection ended", 3)
    conns = {}
    for event in log.all():
        if event.kind in ("sendall", "recv") and event.size:
            conns.setdefault(event.conn, set()).add((event.service == "client", event.direction))
    assert len(conns) == 3
    assert all(len(ways) == 4 for ways in conns.values())


@pytest.mark.parametrize("model", FORKING)
def test_a_send_from_the_client_sorts_before_the_childs_recv(model):
    with running(model) as (server, log):
        client = TracedSocket(trace=Trace(server.recorder, "client"))
        client.settimeout(DEADLINE_S)
        client.connect(server.address)
        client.sendall(b"hello")
        assert read_exactly(client, 5) == b"hello"
        client.close()
        log.wait("connection ended")
    found = sorted((e for e in log.all() if e.layer == "call" and e.size), key=lambda event: event.t)
    sent = [event.service == "client" for event in found]
    assert sent == [True, False, False, True]


@pytest.mark.parametrize("model", FORKING)
def test_delay_can_be_changed_for_running_workers(model):
    with running(model, delay_ms=60_000) as (server, log), dial(server) as client:
        log.wait("accepted by")
        server.set_delay_ms(0)
        client.sendall(b"quick")
        assert read_exactly(client, 5) == b"quick"


@pytest.mark.parametrize("model", FORKING)
def test_settings_changed_before_the_start_count(model):
    recorder = Recorder()
    log = Log(recorder)
    server = make_server(recorder, spec("echo"), Listen(), name="echo", model=model, hold_accept=True)
    server.set_hold_accept(False)
    server.start()
    with dial(server) as client:
        client.sendall(b"x")
        assert read_exactly(client, 1) == b"x"
        log.wait("accepted by")
    assert server.stop(STOP_S)


def test_large_data_goes_through_the_commands_to_the_worker():
    with running("fork") as (server, log), dial(server) as client:
        log.wait("accepted by")
        server.send(server.connections()[0].conn, b"z" * 1_000_000)
        assert read_exactly(client, 1_000_000) == b"z" * 1_000_000


@pytest.mark.parametrize("model", FORKING)
def test_a_forking_server_runs_as_nobody(model, monkeypatch):
    def as_nobody(recorder, name, target, params, stopping, **more):
        assert target == "protocols.concurrency.childside:run"
        return ChildProcess(
            recorder, name, "tests.protocols.service.jobs:forking_server_as_nobody", params, stopping, **more
        )

    monkeypatch.setattr(childserver, "ChildProcess", as_nobody)
    with running(model) as (server, log), dial(server) as client:
        client.sendall(b"x")
        assert read_exactly(client, 1) == b"x"
        worker = log.wait("accepted by")[0].detail["worker"].removeprefix("pid ")
        uid = Path(f"/proc/{worker}/status").read_text().partition("Uid:\t")[2].split()[0]
        assert uid != "0"


def test_every_other_model_runs_as_nobody():
    recorder = Recorder()
    log = Log(recorder)
    service = ChildService(recorder, "nobody", "child", "tests.protocols.service.jobs:models_as_nobody", {})
    service.start()
    assert service.join(DEADLINE_S)
    assert [event.summary for event in log.wait("served", len(LOCAL_MODELS))] == LOCAL_MODELS
