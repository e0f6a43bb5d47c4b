"""A sender spews what it was told, at the rate it was told, from as many sockets as it plays programs."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.creosote.programs import PROGRAMS
from protocols.creosote.reading.reading import read
from protocols.creosote.sender import Sender, SpewSettings
from protocols.record.event import Event
from protocols.record.recorder import Recorder
from protocols.service.base import ServiceError


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        sock.settimeout(20)
        yield sock


def sender(listener: socket.socket, **settings: object) -> tuple[Sender, Recorder]:
    recorder = Recorder()
    port = listener.getsockname()[1]
    return Sender(recorder, SpewSettings(port=port, **settings)), recorder  # type: ignore[arg-type]


def test_numbered_messages_arrive_in_order_and_it_ends_by_itself(listener: socket.socket) -> None:
    made, recorder = sender(listener, message="hi", count=20, numbered=True)
    tail = recorder.tail()
    made.start()
    assert [listener.recv(100) for _ in range(20)] == [b"#%d hi" % number for number in range(20)]
    assert made.join(20)
    events = [Event.of(raw) for raw in tail.take()]
    assert sum(event.kind == "sendto" for event in events) == 20
    (told,) = [event for event in events if event.kind == "spewed"]
    assert (told.detail["messages"], told.detail["datagrams"]) == (20, 20)


def test_pieces_and_whole_datagrams(listener: socket.socket) -> None:
    made, _ = sender(listener, message=b"x" * 2500)
    made.start()
    assert [len(listener.recv(9999)) for _ in range(3)] == [1024, 1024, 452]
    assert made.join(20)
    whole, _ = sender(listener, message=b"x" * 2500, chunk=False)
    whole.start()
    assert len(listener.recv(9999)) == 2500
    assert whole.join(20)


def test_several_programs_speak_from_their_own_sockets(listener: socket.socket) -> None:
    made, _ = sender(listener, programs=("web", "db", "mailq"), count=5, per_s=500.0)
    made.start()
    heard = [listener.recvfrom(9999) for _ in range(15)]
    assert made.join(20)
    assert len({address for _, address in heard}) == 3
    assert {read(data).kind for data, _ in heard} == {"json", "syslog", "logfmt"}


def test_a_rate_without_end_is_stopped_at_once(listener: socket.socket) -> None:
    made, _ = sender(listener, message="tick", count=0, per_s=100.0)
    made.start()
    for _ in range(5):
        assert listener.recv(10) == b"tick"
    assert made.stop(20)
    assert 5 <= made.sent < 200


def test_the_lines_of_a_file_are_messages(listener: socket.socket, tmp_path: Path) -> None:
    source = tmp_path / "lines.txt"
    source.write_bytes(b"one\n\ntwo\r\nthree")
    made, _ = sender(listener, file=str(source), count=2)
    made.start()
    assert [listener.recv(10) for _ in range(6)] == [b"one", b"two", b"three"] * 2
    assert made.join(20)
    empty = tmp_path / "empty"
    empty.touch()
    with pytest.raises(ServiceError, match="no line"):
        sender(listener, file=str(empty))[0].start()


def test_as_the_original_a_broadcast_is_denied_where_it_was_asked_for() -> None:
    recorder = Recorder()
    tail = recorder.tail()
    settings = SpewSettings(host="127.255.255.255", port=9, message="x", as_original=True)
    with pytest.raises(PermissionError):
        Sender(recorder, settings).start()
    (event,) = [event for event in map(Event.of, tail.take()) if event.kind == "sendto"]
    assert event.errno == "EACCES"
    assert "broadcast" in event.detail["why"]
    polite = Sender(recorder, SpewSettings(host="127.255.255.255", port=9, message="x"))
    polite.start()
    assert polite.join(20)


def test_an_unknown_program_is_named() -> None:
    with pytest.raises(ServiceError, match="nobody"):
        Sender(Recorder(), SpewSettings(programs=("nobody",))).start()


@given(st.integers(0, 10_000))
def test_every_program_writes_the_dialect_it_says(number: int) -> None:
    kinds = {"text": {"text"}, "json": {"json"}, "syslog": {"syslog"}, "logfmt": {"logfmt"},
             "traceback": {"text", "trace"}}  # fmt: skip
    for made_up in PROGRAMS:
        message = made_up.message(number)
        assert message == made_up.message(number)
        assert read(message.encode()).kind in kinds[made_up.dialect]
