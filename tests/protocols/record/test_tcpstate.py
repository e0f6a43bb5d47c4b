"""The TCP states of both ends are seen without privilege, also of an end that another program holds."""

from __future__ import annotations

import contextlib
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.record.connections import End
from protocols.record.diag import TCP_STATES, proc_row, tcp_sockets
from protocols.record.event import Event
from protocols.record.recorder import Recorder
from protocols.record.tcpstate import KernelTable, StateSampler, queues, saw_state, tcp_info
from protocols.record.traced import traced_socket

linux = pytest.mark.skipif(sys.platform != "linux", reason="asks Linux's socket tables")


def until(happened: Callable[[], bool], timeout_s: float = 15.0) -> None:
    pause = threading.Event()
    deadline = time.monotonic() + timeout_s
    while not happened():
        assert time.monotonic() < deadline, "it did not happen in time"
        pause.wait(0.01)


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        client = socket.create_connection(listener.getsockname())
        served, _ = listener.accept()
        with client, served:
            yield client, served


@linux
def test_tcp_info_and_queues_tell_what_the_kernel_holds(pair: tuple[socket.socket, socket.socket]) -> None:
    client, served = pair
    client.sendall(bytes(1000))
    until(lambda: queues(served)[0] == 1000)
    info = tcp_info(served)
    assert info is not None
    assert (info.state, info.receive_queue) == ("ESTABLISHED", 1000)
    assert info.receive_segment > 0
    client.close()
    until(lambda: (tcp_info(served) or info).state == "CLOSE_WAIT")


@linux
def test_the_table_shows_both_ends_of_a_half_closed_connection(pair: tuple[socket.socket, socket.socket]) -> None:
    client, served = pair
    client.shutdown(socket.SHUT_WR)
    table = KernelTable(max_age_s=0)
    until(lambda: table.both_ends(client.getsockname(), client.getpeername()) == ("FIN_WAIT2", "CLOSE_WAIT"))
    assert table.both_ends(("127.0.0.1", 1), ("127.0.0.1", 2)) == ("", "")
    assert served.recv(1) == b""


@linux
def test_netlink_and_proc_tell_the_same(pair: tuple[socket.socket, socket.socket]) -> None:
    client, server = pair
    port = client.getsockname()[1]
    both = {port, server.getsockname()[1]}  # a stranger's TIME_WAIT may have one of them, too
    with open("/proc/net/tcp", encoding="ascii") as table:
        next(table)
        proc = {(row.local, row.peer, row.state) for line in table if both == set(_ports(row := proc_row(line, 2)))}
    assert proc == {(row.local, row.peer, row.state) for row in tcp_sockets(port) if both == set(_ports(row))}
    assert len(proc) == 2


def _ports(row: object) -> tuple[int, int]:
    return row.local[1], row.peer[1]  # type: ignore[attr-defined]


@linux
@given(
    host=st.ip_addresses(v=4), port=st.integers(0, 65535), state=st.sampled_from(sorted(TCP_STATES)),
    queue=st.integers(0, 2**32 - 1),
)  # fmt: skip
def test_a_line_of_proc_is_read_back(host: object, port: int, state: int, queue: int) -> None:
    word = struct.unpack("=I", socket.inet_aton(str(host)))[0]
    line = f"   1: {word:08X}:{port:04X} 0100007F:0050 {state:02X} {queue:08X}:00000007 00:00000000 0 1000 0 4242 1"
    row = proc_row(line, socket.AF_INET)
    assert row.local == (str(host), port)
    assert row.peer == ("127.0.0.1", 80)
    assert (row.state, row.uid, row.inode) == (TCP_STATES[state], 1000, 4242)
    assert (row.send_queue, row.receive_queue) == (queue, 7)


@linux
def test_the_sampler_tells_the_whole_life_of_both_ends() -> None:
    recorder = Recorder()
    tail = recorder.tail()
    sampler = StateSampler(recorder)
    sampler.start()
    seen: list[tuple[str, str, str | None]] = []

    def states() -> list[tuple[str, str, str | None]]:
        for raw in tail.take():
            event = Event.of(raw)
            if event.layer == "state":
                seen.append((event.detail["end"], event.kind, event.service))
        return seen

    with contextlib.ExitStack() as stack:
        stack.callback(sampler.stop)
        listener = stack.enter_context(traced_socket(recorder, "server"))
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        client = stack.enter_context(socket.create_connection(listener.getsockname()))  # for the lab a stranger's end
        served, _ = listener.accept()
        stack.callback(served.close)
        until(lambda: ("client", "ESTABLISHED", None) in states())
        client.shutdown(socket.SHUT_WR)
        until(lambda: ("client", "FIN_WAIT2", None) in states())
        until(lambda: ("server", "CLOSE_WAIT", "server") in states())
        served.close()
        until(lambda: ("client", "TIME_WAIT", None) in states())
        until(lambda: ("server", "CLOSE", "server") in states())
    assert sampler.stop(20)


def test_a_state_seen_late_does_not_go_backwards() -> None:
    recorder = Recorder()
    tail = recorder.tail()
    end = End("1", "client", ("a", 1), ("b", 2))
    for state in ("ESTABLISHED", "FIN_WAIT2", "ESTABLISHED", "FIN_WAIT1", "FIN_WAIT2", "TIME_WAIT"):
        saw_state(recorder, end, state, "test")
    assert [raw[2] for raw in tail.take()] == ["ESTABLISHED", "FIN_WAIT2", "TIME_WAIT"]


@linux
def test_an_ordinary_user_sees_the_states_too() -> None:
    script = (
        "import os,socket\n"
        "from protocols.record.tcpstate import KernelTable\n"
        "''.encode('idna')\n"  # an interpreter in a home that others can't read must not import later
        "if os.getuid() == 0: os.setgid(65534); os.setuid(65534)\n"
        "l=socket.create_server(('127.0.0.1',0)); c=socket.create_connection(l.getsockname()); s,_=l.accept()\n"
        "print(*KernelTable().both_ends(c.getsockname(), c.getpeername()))\n"
        "for x in (l,c,s): x.close()\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=30, check=False)
    assert done.stdout.split() == ["ESTABLISHED", "ESTABLISHED"], done.stderr
