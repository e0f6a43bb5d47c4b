"""Step by step: the legal order works, and every wrong order gets the kernel's own answer, explained."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from protocols.record.recorder import Recorder
from protocols.sockets.step_table import AFTER, LEGAL, STEPS
from protocols.sockets.steps import StepMachine, StepResult
from tests.protocols.sockets.ends import DEADLINE_S, Log, plain_listener

Make = Callable[..., StepMachine]


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


@pytest.fixture
def machine(recorder: Recorder) -> Iterator[Make]:
    """Makes machines that are stopped at the end."""
    made: list[StepMachine] = []

    def make(**settings: Any) -> StepMachine:
        one = StepMachine(recorder, name=f"steps {len(made) + 1}", **settings)
        one.start()
        made.append(one)
        return one

    yield make
    for one in made:
        assert one.stop(20)


def do(one: StepMachine, step: str, **settings: Any) -> StepResult:
    return one.do(step, **settings).result(DEADLINE_S)


def port_of(one: StepMachine) -> int:
    return int(one.local.rpartition(":")[2])


def test_a_server_and_a_client_go_through_their_life(machine: Make, recorder: Recorder) -> None:
    """The states in order, and the calls on the time line."""
    log = Log(recorder)
    server = machine(role="server")
    for step, stage in (("create", "created"), ("bind", "bound"), ("listen", "listening")):
        assert step in server.legal()
        result = do(server, step)
        assert (result.ok, result.after) == (True, stage)
    client = machine(role="client", port=port_of(server))
    do(client, "create")
    accepted = server.do("accept")
    assert do(client, "connect").after == "connected"
    assert accepted.result(DEADLINE_S).after == "connected"
    assert do(client, "send", data=b"hello").result == "5 bytes"
    assert do(server, "recv", size=100).data == b"hello"
    do(server, "send", data=b"HELLO")
    assert do(client, "recv").data == b"HELLO"
    assert do(client, "shutdown").after == "half-closed"
    assert do(server, "recv").after == "ended"
    assert do(server, "close").after == "listening"
    assert do(client, "recv").data == b""
    assert do(client, "close").after == "closed"
    assert do(server, "close").after == "closed"
    order = [event.kind for event in log.all() if event.layer == "call" and event.service == server.name]
    assert order == ["socket", "bind", "listen", "accept", "recv", "send", "recv", "close", "close"]


@pytest.mark.parametrize(
    ("role", "before", "step", "errno"),
    [
        ("client", (), "recv", "EBADF"),
        ("client", ("create",), "recv", "ENOTCONN"),
        ("client", ("create",), "send", "EPIPE"),
        ("client", ("create",), "shutdown", "ENOTCONN"),
        ("server", ("create",), "accept", "EINVAL"),
        ("server", ("create", "bind"), "bind", "EINVAL"),
        ("server", ("create", "bind", "listen"), "recv", "ENOTCONN"),
        ("server", ("create", "bind", "listen"), "send", "EPIPE"),
        ("server", (), "listen", "EBADF"),
    ],
)
def test_a_step_out_of_order_gives_the_kernels_error_and_what_was_legal(
    machine: Make, recorder: Recorder, role: Any, before: tuple[str, ...], step: str, errno: str
) -> None:
    """Recv before connect is ENOTCONN, data on the listening socket fails."""
    log = Log(recorder)
    one = machine(role=role)
    for earlier in before:
        assert do(one, earlier).ok
    result = do(one, step)
    assert (result.ok, result.errno) == (False, errno)
    assert step not in result.legal
    assert all(legal in result.why for legal in result.legal)
    assert one.stage == result.before
    assert log.wait_kind("explained")[0].errno == errno


def test_listen_without_bind_is_allowed_and_takes_a_free_port(machine: Make) -> None:
    server = machine(role="server")
    do(server, "create")
    assert do(server, "listen").after == "listening"
    assert port_of(server) > 0


def test_a_second_connect_is_refused_by_the_kernel(machine: Make) -> None:
    with plain_listener() as listener:
        client = machine(role="client", port=listener.getsockname()[1])
        do(client, "create")
        do(client, "connect")
        assert do(client, "connect").errno in ("EISCONN", "")


def test_connect_to_nobody_is_refused(machine: Make) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        client = machine(role="client", port=probe.getsockname()[1])
        do(client, "create")
        assert do(client, "connect").errno == "ECONNREFUSED"
        assert client.stage == "created"


def test_a_waiting_accept_can_be_cancelled_and_the_machine_goes_on(machine: Make, recorder: Recorder) -> None:
    log = Log(recorder)
    server = machine(role="server")
    for step in ("create", "bind", "listen"):
        do(server, step)
    waiting = server.do("accept")
    log.wait_kind("blocked")
    assert server.blocked_in == "accept"
    server.cancel()
    with pytest.raises(OSError, match="stopped"):
        waiting.result(DEADLINE_S)
    assert server.stage == "listening"
    assert do(server, "close").ok


def test_stop_ends_a_waiting_accept(machine: Make) -> None:
    server = machine(role="server")
    for step in ("create", "bind", "listen"):
        do(server, step)
    waiting = server.do("accept")
    assert server.stop(DEADLINE_S)
    with pytest.raises(OSError, match="stopped"):
        waiting.result(DEADLINE_S)


def test_datagram_steps_need_no_connection(machine: Make) -> None:
    server = machine(role="server", transport="udp")
    do(server, "create")
    do(server, "bind")
    client = machine(role="client", transport="udp", port=port_of(server))
    do(client, "create")
    assert do(client, "sendto", data=b"hello").after == "ready"
    assert do(server, "recvfrom").data == b"hello"
    assert do(server, "sendto", data=b"HELLO").ok
    assert do(client, "recvfrom").data == b"HELLO"


def test_a_datagram_server_has_nobody_to_answer_before_it_received(machine: Make) -> None:
    server = machine(role="server", transport="udp")
    do(server, "create")
    do(server, "bind")
    result = do(server, "sendto")
    assert (result.ok, result.errno) == (False, "EDESTADDRREQ")


def test_unix_steps_use_a_path_and_remove_it(machine: Make, tmp_path: Any) -> None:
    path = tmp_path / "steps.sock"
    server = machine(role="server", transport="unix", path=str(path))
    for step in ("create", "bind", "listen"):
        assert do(server, step).ok
    assert path.is_socket()
    client = machine(role="client", transport="unix", path=str(path))
    do(client, "create")
    assert do(client, "connect").ok
    assert do(server, "accept").ok
    do(server, "close")
    do(server, "close")
    assert not path.exists()


def test_each_step_has_its_line_of_python(machine: Make) -> None:
    server = machine(role="server", port=0)
    assert do(server, "create").code == "listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)"
    assert do(server, "bind").code == "listener.bind(('127.0.0.1', 0))"
    assert do(server, "listen").code == "listener.listen(5)"
    assert do(server, "close").code == "listener.close()"


def test_an_unknown_step_is_refused(machine: Make) -> None:
    with pytest.raises(ValueError, match="no step"):
        machine(role="client").do("accept")


@pytest.mark.parametrize("key", STEPS)
def test_the_table_is_whole(key: Any) -> None:
    """Every legal step exists, and every stage it leads to has its row."""
    names = {step.id for step in STEPS[key]}
    for stage, legal in LEGAL[key].items():
        assert set(legal) <= names, stage
    for (stage, step), after in AFTER[key].items():
        assert step in names
        assert stage in LEGAL[key]
        assert LEGAL[key][after] or after == "ready"
