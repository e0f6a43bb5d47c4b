"""Packets and events of the same traffic, joined both ways: made packets and captured ones, TCP and UDP."""

from __future__ import annotations

import io
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from protocols import pcapng
from protocols.concurrency.contract import Listen
from protocols.packets.files.capture import Capture
from protocols.packets.joining.known import Known
from protocols.packets.joining.to_event import joined
from protocols.packets.joining.to_packet import make_file, packet_of
from protocols.packets.reconstruct.frame import Frame
from protocols.packets.reconstruct.reconstruct import Reconstructor
from protocols.packets.reconstruct.save import save
from protocols.record.event import detail_of
from protocols.record.log import EventLog
from protocols.record.recorder import Recorder
from protocols.record.traced import traced_socket
from tests.protocols.sockets.ends import DEADLINE_S, Log, client_of, serving, started, wait_received

PAYLOADS = (b"first", b"second " * 20_000, b"third")


@pytest.fixture(scope="module")
def talk() -> tuple[EventLog, int]:
    """A conversation over TCP, then one datagram, as the time line has them; and what its times count from."""
    recorder = Recorder()
    log, tail = Log(recorder), recorder.tail()
    with serving("echo", "threads", recorder, Listen(host="127.0.0.1")) as server:
        client = client_of(server, recorder)
        with started(client):
            for payload in PAYLOADS:
                client.send(payload).result(DEADLINE_S)
            wait_received(log, client, sum(map(len, PAYLOADS)))
        log.wait_kind("connection ended", service=server.name)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ear:
        ear.bind(("127.0.0.1", 0))
        with traced_socket(recorder, "spewer", socket.AF_INET, socket.SOCK_DGRAM) as mouth:
            mouth.sendto(b"albatross", ear.getsockname())
    kept = EventLog()
    kept.append(tail.take())
    return kept, recorder.epoch_ns


@pytest.fixture(scope="module")
def frames(talk: tuple[EventLog, int]) -> list[Frame]:
    log, _ = talk
    return Reconstructor().feed(enumerate(log.raws(0, len(log))))


def made(frames: list[Frame], epoch_ns: int) -> bytes:
    file = io.BytesIO()
    save(frames, file, epoch_ns)
    return file.getvalue()


def captured(frames: list[Frame], epoch_ns: int) -> bytes:
    """The same frames as a wire would give them: nothing says where they come from, and TCP counts from elsewhere."""
    parts = [pcapng.section(), pcapng.interface("lo")]
    for frame in frames:
        data = bytearray(frame.data)
        if data[23] == 6:
            server = frame.sender == "server"
            for at, base in ((38, 0xFFFFFF00 if server else 9), (42, 9 if server else 0xFFFFFF00)):
                number = int.from_bytes(data[at : at + 4], "big") + base
                data[at : at + 4] = (number % (1 << 32)).to_bytes(4, "big")
        parts.append(pcapng.packet(frame.t + epoch_ns + 40_000, bytes(data), length=frame.length))
    return b"".join(parts)


@pytest.fixture(params=[made, captured])
def capture(
    request: pytest.FixtureRequest, talk: tuple[EventLog, int], frames: list[Frame], tmp_path: Path
) -> Iterator[Capture]:
    make: Callable[[list[Frame], int], bytes] = request.param
    (tmp_path / "file.pcapng").write_bytes(make(frames, talk[1]))
    with Capture(tmp_path / "file.pcapng").read_all() as one:
        yield one


def test_each_packet_leads_to_the_call_that_sent_its_bytes(
    talk: tuple[EventLog, int], frames: list[Frame], capture: Capture
) -> None:
    log, epoch_ns = talk
    known = Known()
    for row, frame in enumerate(frames):
        found = joined(log, known, capture, row, epoch_ns)
        assert found is not None
        raw = log.raw(found.row)
        assert raw[4] == frame.conn
        if frame.offset is not None and frame.size:
            assert (found.sender, found.start, found.stop) == (frame.sender, frame.offset, frame.offset + frame.size)
            assert raw[6] is not None
            assert raw[7]
            assert raw[1] == "call"
            assert raw[6] < found.stop
            assert raw[6] + raw[7] > found.start
            assert (detail_of(raw)["end"] == frame.sender) == (raw[5] == "out")
        elif frame.size:
            assert (raw[2], raw[8]) == ("sendto", b"albatross")
    assert log.raw(_row(log, known, capture, 0, epoch_ns))[2] in ("connect", "accept")


def _row(log: EventLog, known: Known, capture: Capture, row: int, epoch_ns: int) -> int:
    found = joined(log, known, capture, row, epoch_ns)
    assert found is not None
    return found.row


def test_each_event_with_bytes_leads_to_a_packet_that_carries_them(
    talk: tuple[EventLog, int], frames: list[Frame], capture: Capture
) -> None:
    log, epoch_ns = talk
    known, looked = Known(), 0
    for row in range(len(log)):
        raw = log.raw(row)
        if raw[1] not in ("call", "message") or not raw[7] or raw[4] is None:
            continue
        found = packet_of(log, known, capture, row, epoch_ns)
        assert found is not None, raw
        frame = frames[found]
        assert frame.conn == raw[4]
        if raw[6] is not None:
            assert frame.offset is not None
            assert frame.offset < raw[6] + raw[7]
            assert frame.offset + frame.size > raw[6]
            assert (frame.sender == detail_of(raw)["end"]) == (raw[5] == "out")
        looked += 1
    assert looked >= 10


def test_a_capture_of_others_or_of_another_day_is_nobodys(
    talk: tuple[EventLog, int], frames: list[Frame], tmp_path: Path
) -> None:
    log, epoch_ns = talk
    for name, data in (("day", captured(frames, epoch_ns - 86_400 * 10**9)), ("none", made([], epoch_ns))):
        (tmp_path / name).write_bytes(data)
        with Capture(tmp_path / name).read_all() as capture:
            assert not [row for row in range(len(capture)) if joined(log, Known(), capture, row, epoch_ns)]
            sent = next(row for row in range(len(log)) if log.raw(row)[7])
            assert packet_of(log, Known(), capture, sent, epoch_ns) is None


def test_a_file_is_made_of_an_events_connection(talk: tuple[EventLog, int], tmp_path: Path) -> None:
    log, epoch_ns = talk
    row = next(row for row in range(len(log)) if log.raw(row)[2] == "sendall")
    found = make_file(log, row, tmp_path / "one.pcapng", epoch_ns)
    assert found is not None
    with Capture(found.path).read_all() as capture:
        assert len(capture) == found.packets
        assert all(capture.reconstructed(at) for at in range(len(capture)))
        assert capture.packet(found.row).endswith(PAYLOADS[0])
        assert _row(log, Known(), capture, found.row, epoch_ns) == row
    bound = next(row for row in range(len(log)) if log.raw(row)[2] == "bind")
    assert make_file(log, bound, tmp_path / "none.pcapng", epoch_ns) is None
    assert not (tmp_path / "none.pcapng").exists()
