"""Live capture on loopback, by our own child and by dumpcap: honest counts, an end, and nothing left."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from protocols.creosote.bucket import Bucket, BucketSettings
from protocols.packets.bpf import FilterError
from protocols.packets.capture.live import LiveCapture, Way, has_net_raw
from protocols.packets.capture.wanted import Wanted
from protocols.packets.files.capture import Capture
from protocols.packets.joining.known import Known
from protocols.packets.joining.to_event import joined
from protocols.packets.joining.to_packet import packet_of
from protocols.record.log import EventLog
from protocols.record.recorder import Recorder
from protocols.service.child import ChildFailed
from tests.peers import require_tool
from tests.protocols.sockets.ends import Log

DEADLINE_S = 30.0
WAYS: list[Way] = ["own", "dumpcap"]


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest) -> Way:
    """Both ways, where this machine lets us: the tests run as root in CI."""
    if not has_net_raw():
        pytest.skip("capturing needs CAP_NET_RAW")
    if request.param == "dumpcap":
        require_tool("dumpcap")
    return request.param  # type: ignore[no-any-return]


@pytest.fixture
def port() -> Iterator[int]:
    """A UDP port on which somebody listens and reads nothing."""
    with socket.socket(type=socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        yield sock.getsockname()[1]


def until(fits: Callable[[], object]) -> None:
    end = time.monotonic() + DEADLINE_S
    while not fits():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.01)


def send(port: int, count: int, size: int = 100) -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as sock:
        for number in range(count):
            sock.sendto(number.to_bytes(4, "big").ljust(size, b"."), ("127.0.0.1", port))


def read(path: str, *fields: str) -> list[list[str]]:
    words = [word for field in fields for word in ("-e", field)]
    done = subprocess.run(
        [require_tool("tshark"), "-n", "-r", path, "-T", "fields", "-E", "separator=|", *words],
        capture_output=True,
        text=True,
        check=True,
    )
    return [line.split("|") for line in done.stdout.splitlines()]


def test_every_packet_once_with_bytes_times_and_lengths_as_tshark_reads_them(
    way: Way, port: int, tmp_path: Path
) -> None:
    path = str(tmp_path / "all.pcapng")
    recorder = Recorder()
    tail = recorder.tail()
    capture = LiveCapture(recorder, Wanted(path, rule=f"udp port {port}"), way)
    before = time.time()
    capture.start()
    send(port, 500)
    for size in range(1, 60):
        send(port, 1, size + 4)
    until(lambda: way != "own" or capture.counts.captured == 559)
    assert capture.stop(20)
    counts = capture.counts
    assert (counts.captured, counts.dropped, counts.dropped_by_us, counts.ended) == (559, 0, 0, "stopped")
    said = [(raw[2], raw[9]) for raw in tail.take()]
    assert ("capture ended", "559 packets captured, 0 dropped by the kernel; ended: stopped") in said
    assert "capture counts" not in dict(said), "a day's capture does not fill the time line"
    rows = read(path, "frame.len", "frame.cap_len", "udp.dstport", "data", "frame.time_epoch")
    assert len(rows) == 559, "each loopback frame once"
    assert [int(row[0]) for row in rows] == [142] * 500 + [42 + 4 + size for size in range(1, 60)]
    assert [row[3][:8] for row in rows[:500]] == [f"{number:08x}" for number in range(500)]
    assert all(row[0] == row[1] and row[2] == str(port) and before - 1 < float(row[4]) < time.time() for row in rows)


def test_captured_and_dropped_together_are_what_was_sent(tmp_path: Path, port: int) -> None:
    """A child that does not read for a while: what the kernel had no room for is counted, to the last packet."""
    if not has_net_raw():
        pytest.skip("capturing needs CAP_NET_RAW")
    wanted = Wanted(str(tmp_path / "some.pcapng"), rule=f"udp port {port}", buffer_mb=4)
    recorder = Recorder()
    tail = recorder.tail()
    capture = LiveCapture(recorder, wanted, "own")
    capture.start()
    pid = capture.child.pid()
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    send(port, 5_000, 1400)
    os.kill(pid, signal.SIGCONT)
    assert capture.stop(30)
    counts = capture.counts
    assert counts.captured + counts.dropped == 5_000
    assert counts.dropped > 0
    assert "packets lost" in [raw[2] for raw in tail.take()]
    assert len(read(counts.path, "frame.number")) == counts.captured


def test_it_ends_after_so_many_packets(way: Way, port: int, tmp_path: Path) -> None:
    path = str(tmp_path / "ten.pcapng")
    capture = LiveCapture(Recorder(), Wanted(path, rule=f"udp port {port}", count=10), way)
    capture.start()
    send(port, 100)
    until(lambda: capture.state == "stopped")
    assert (capture.counts.captured, capture.counts.ended) == (10, "count")
    assert len(read(path, "frame.number")) == 10
    assert capture.join()


def test_it_ends_after_so_many_seconds(way: Way, tmp_path: Path, port: int) -> None:
    capture = LiveCapture(Recorder(), Wanted(str(tmp_path / "s.pcapng"), rule=f"udp port {port}", seconds=1), way)
    capture.start()
    until(lambda: capture.state == "stopped")
    assert capture.counts.ended == "seconds"
    assert capture.join()


def test_it_ends_at_a_size(port: int, tmp_path: Path) -> None:
    if not has_net_raw():
        pytest.skip("capturing needs CAP_NET_RAW")
    path = tmp_path / "size.pcapng"
    capture = LiveCapture(Recorder(), Wanted(str(path), rule=f"udp port {port}", size_bytes=100_000), "own")
    capture.start()
    send(port, 3000, 400)
    until(lambda: capture.state == "stopped")
    assert capture.counts.ended == "size"
    assert path.stat().st_size == capture.counts.bytes + 32 or path.stat().st_size >= 100_000
    assert capture.join()


def test_a_ring_keeps_the_newest_files_and_each_is_whole(way: Way, port: int, tmp_path: Path) -> None:
    wanted = Wanted(str(tmp_path / "ring.pcapng"), rule=f"udp port {port}", ring_files=2, ring_bytes=50_000)
    capture = LiveCapture(Recorder(), wanted, way)
    capture.start()
    for done in range(1, 5):
        send(port, 100, 1000)
        until(lambda sent=100 * done: capture.counts.captured >= sent)  # type: ignore[misc]
    assert capture.stop(20)
    left = sorted(str(path) for path in tmp_path.iterdir())
    assert left == sorted(capture.counts.files)
    assert 1 <= len(left) <= 2
    assert capture.counts.captured == 400
    numbers = [int(row[0][:8], 16) for path in left for row in read(path, "data")]
    assert numbers[-1] == 99


def test_a_wrong_filter_is_refused_before_anything_starts(tmp_path: Path, way: Way) -> None:
    capture = LiveCapture(Recorder(), Wanted(str(tmp_path / "no.pcapng"), rule="udp prt 5"), way)
    with pytest.raises(FilterError, match="syntax error"):
        capture.start()
    assert not list(tmp_path.iterdir())


def test_an_unknown_interface_is_an_error_of_the_start(tmp_path: Path, way: Way) -> None:
    capture = LiveCapture(Recorder(), Wanted(str(tmp_path / "no.pcapng"), interface="nowhere0"), way)
    with pytest.raises((ValueError, OSError), match="nowhere0"):
        capture.start()


def test_a_buckets_datagrams_and_their_packets_lead_to_each_other(way: Way, tmp_path: Path) -> None:
    recorder = Recorder()
    tail = recorder.tail()
    bucket = Bucket(recorder, BucketSettings(port=0))
    bucket.start()
    capture = LiveCapture(recorder, Wanted(str(tmp_path / "a.pcapng"), rule=f"udp port {bucket.port}"), way)
    capture.start()
    send(bucket.port, 5)
    until(lambda: capture.counts.captured == 5)
    assert bucket.stop(DEADLINE_S)
    assert capture.stop(DEADLINE_S)
    log = EventLog()
    log.append(tail.take())
    rows = [row for row in range(len(log)) if log.raw(row)[2] == "datagram"]
    with Capture(tmp_path / "a.pcapng").read_all() as packets:
        assert [packet_of(log, Known(), packets, row, recorder.epoch_ns) for row in rows] == list(range(5))
        found = [joined(log, Known(), packets, packet, recorder.epoch_ns) for packet in range(5)]
    assert [one.row for one in found if one is not None] == rows


def test_a_dead_child_shows_at_once(way: Way, tmp_path: Path) -> None:
    recorder = Recorder()
    log = Log(recorder)
    capture = LiveCapture(recorder, Wanted(str(tmp_path / "dead.pcapng")), way)
    capture.start()
    pid = capture.child.pid()
    assert pid is not None
    os.killpg(pid, signal.SIGKILL)
    killed = time.monotonic_ns()
    crashed = log.wait_kind("child crashed")[0]
    assert crashed.detail["errno"] == "SIGKILL"
    assert crashed.t - killed < 10e9
    until(lambda: capture.state == "failed")
    assert capture.join()


def test_without_the_right_the_error_says_permission(tmp_path: Path) -> None:
    """The same child without capabilities: setpriv takes them from it before it begins."""
    setpriv = require_tool("setpriv")
    if not has_net_raw():
        pytest.skip("there is nothing to take away")
    capture = LiveCapture(Recorder(), Wanted(str(tmp_path / "no.pcapng")), "own")
    capture.child._argv[:0] = [setpriv, "--bounding-set=-all", "--inh-caps=-all"]
    with pytest.raises(PermissionError):
        capture.start()


def test_a_full_disk_ends_it_with_a_word(tmp_path: Path, port: int) -> None:
    if not has_net_raw():
        pytest.skip("capturing needs CAP_NET_RAW")
    recorder = Recorder()
    log = Log(recorder)
    capture = LiveCapture(recorder, Wanted("/dev/full", rule=f"udp port {port}"), "own")
    with pytest.raises((OSError, ChildFailed)) as caught:
        capture.start()
    assert "No space left" in str(caught.value)
    assert log.all()
