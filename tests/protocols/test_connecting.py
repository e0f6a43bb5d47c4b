"""Connecting: the waits, their end, and the pauses between attempts."""

from __future__ import annotations

import socket
import threading
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.address import Target, unix_address
from protocols.connecting import Stopped, backoff, connect, poll_wait
from protocols.record.recorder import Recorder
from protocols.record.traced import traced_socket
from protocols.service.wake import Wake
from tests.protocols.sockets.ends import DEADLINE_S, Log, black_hole, plain_listener


def test_a_stop_before_the_wait_ends_it_at_once() -> None:
    wake = Wake()
    try:
        with pytest.raises(Stopped):
            poll_wait(wake, lambda: True)(-1, 0, 10)
    finally:
        wake.close()


def test_a_wait_ends_after_its_time_and_a_wake_that_is_no_stop_does_not_end_it() -> None:
    wake = Wake()
    try:
        wake.set()
        assert poll_wait(wake, lambda: False)(-1, 0, 0.02) is False
    finally:
        wake.close()


def test_the_connect_is_told_as_one_blocking_call() -> None:
    recorder = Recorder()
    log = Log(recorder)
    wake = Wake()
    try:
        with plain_listener() as listener, traced_socket(recorder, "client") as sock:
            connect(sock, listener.getsockname(), None, poll_wait(wake, lambda: False))
            event = log.calls("connect")[0]
            assert event.conn == "1"
            assert event.errno is None
            assert event.detail["blocked_ns"] >= 0
            assert event.detail["peer"] == list(listener.getsockname())
            assert sock.gettimeout() == 0
    finally:
        wake.close()


def test_a_time_out_is_told_with_its_errno() -> None:
    recorder = Recorder()
    log = Log(recorder)
    wake = Wake()
    try:
        with black_hole() as address, traced_socket(recorder, "client") as sock, pytest.raises(TimeoutError):
            connect(sock, address, 0.1, poll_wait(wake, lambda: False))
    finally:
        wake.close()
    assert log.calls("connect")[0].errno == "ETIMEDOUT"


def test_a_full_unix_queue_is_waited_for(tmp_path: object) -> None:
    """A UNIX listener with a full queue says EAGAIN: the connect asks again until the time is over."""
    path = f"{tmp_path}/full.sock"
    wake = Wake()
    with socket.socket(socket.AF_UNIX) as listener, socket.socket(socket.AF_UNIX) as first:
        listener.bind(path)
        listener.listen(0)
        first.connect(path)
        with traced_socket(Recorder(), "client", socket.AF_UNIX) as sock, pytest.raises(TimeoutError):
            connect(sock, path, 0.1, poll_wait(wake, lambda: False))
    wake.close()


@given(st.integers(2, 12), st.integers(0, 1000))
def test_pauses_grow_and_are_bounded(attempts: int, seed: int) -> None:
    pauses = list(backoff(attempts, seed=seed))
    assert len(pauses) == attempts - 1
    assert all(0 < pause <= 5.0 * 1.25 for pause in pauses)
    assert all(after > before * 0.59 for before, after in pairwise(pauses))


def test_the_jitter_differs_between_clients() -> None:
    assert len({tuple(backoff(3, seed=seed)) for seed in range(10)}) == 10


def test_the_jitterless_pauses_double() -> None:
    assert list(backoff(5, first_s=0.1, jitter=0)) == pytest.approx([0.1, 0.2, 0.4, 0.8])


@pytest.mark.parametrize(
    ("target", "text"),
    [
        (Target("tcp", "127.0.0.1", 80), "127.0.0.1:80"),
        (Target("tcp", "::1", 80), "[::1]:80"),
        (Target("unix", path="/srv/echo.sock"), "/srv/echo.sock"),
    ],
)
def test_a_target_is_written_as_people_write_it(target: Target, text: str) -> None:
    assert target.text == text


def test_addresses_have_the_form_of_their_family() -> None:
    """Two parts, four parts, a string."""
    assert len(Target("tcp", "127.0.0.1", 80).resolve()[0].address) == 2
    assert len(Target("tcp", "::1", 80).resolve()[0].address) == 4
    assert Target("unix", path="/srv/echo.sock").resolve()[0].address == "/srv/echo.sock"
    assert unix_address("@name") == "\0name"


def test_a_stop_does_not_wait_for_a_silent_resolver(monkeypatch: pytest.MonkeyPatch) -> None:
    over = threading.Event()

    def silent(*args: object) -> object:
        over.wait(DEADLINE_S)
        raise socket.gaierror(socket.EAI_AGAIN, "no answer")

    wake = Wake()
    monkeypatch.setattr(socket, "getaddrinfo", silent)
    try:
        with pytest.raises(Stopped):
            Target("tcp", "a.name.invalid", 80).resolve(poll_wait(wake, lambda: True))
    finally:
        over.set()
        wake.close()
        for thread in threading.enumerate():
            if thread.name.startswith("resolver:"):
                thread.join(DEADLINE_S)
