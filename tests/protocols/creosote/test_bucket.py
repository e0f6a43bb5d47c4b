"""A bucket takes everything that reaches it, uncut, counts what was lost, forwards unchanged, and stops clean."""

from __future__ import annotations

import contextlib
import itertools
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.creosote.bucket import Bucket, BucketSettings
from protocols.creosote.losses import Losses, number_in
from protocols.creosote.module import spew
from protocols.creosote.redirect import Redirect
from protocols.creosote.sender import Sender, SpewSettings
from protocols.creosote.wire import LARGEST, classic_text
from protocols.record.event import Event
from protocols.record.recorder import Recorder
from protocols.service.base import ServiceError

linux = pytest.mark.skipif(sys.platform != "linux", reason="Linux's loopback broadcast and drop counters")


def until(happened: Callable[[], bool], timeout_s: float = 5.0) -> None:
    pause = threading.Event()
    deadline = time.monotonic() + timeout_s
    while not happened():
        assert time.monotonic() < deadline, "it did not happen in time"
        pause.wait(0.005)


@contextlib.contextmanager
def listening(**settings: object) -> Iterator[tuple[Bucket, Callable[[], list[Event]]]]:
    recorder = Recorder()
    tail = recorder.tail()
    bucket = Bucket(recorder, BucketSettings(port=0, **settings))  # type: ignore[arg-type]
    bucket.start()
    seen: list[Event] = []

    def datagrams() -> list[Event]:
        seen.extend(event for event in map(Event.of, tail.take()) if event.kind == "datagram")
        return seen

    try:
        yield bucket, datagrams
    finally:
        assert bucket.stop(20)


@pytest.mark.parametrize("fast", [True, False])
def test_every_datagram_arrives_whole_with_its_sender(fast: bool) -> None:
    payloads = [b"", b"x", bytes(range(256)), b"a" * 511, b"b" * 512, b"c" * 513, b"d" * 1025, b"e" * 65507]
    with listening(fast=fast) as (bucket, datagrams), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        before = time.monotonic_ns()
        for payload in payloads:
            sock.sendto(payload, ("127.0.0.1", bucket.port))
        until(lambda: len(datagrams()) == len(payloads))
        events = datagrams()
        assert [event.data for event in events] == payloads
        assert all(event.detail["peer"] == ["127.0.0.1", sock.getsockname()[1]] for event in events)
        assert all(event.service == f"bucket:{bucket.port}" and event.direction == "in" for event in events)
        assert all(before <= event.t <= time.monotonic_ns() for event in events)
        assert (bucket.received, bucket.cut) == (len(payloads), 2)


@pytest.mark.parametrize("fast", [True, False])
def test_senders_mixed_in_one_look_are_told_apart(fast: bool) -> None:
    with listening(fast=fast) as (bucket, datagrams), contextlib.ExitStack() as stack:
        socks = [stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) for _ in range(5)]
        for number in range(200):
            socks[number % 5].sendto(b"#%d from %d" % (number // 5, number % 5), ("127.0.0.1", bucket.port))
        until(lambda: len(datagrams()) == 200)
        ports = [sock.getsockname()[1] for sock in socks]
        for event in datagrams():
            assert event.data is not None
            assert event.detail["peer"][1] == ports[int(event.data.rsplit(b" ", 1)[1])]
        rows = {row.address[1]: row for row in bucket.senders()}
        assert {port: rows[port].datagrams for port in ports} == dict.fromkeys(ports, 40)
        assert [rows[port].lost for port in ports] == [0] * 5
        assert len({row.conn for row in rows.values()}) == 5


@linux
def test_loopback_broadcast_is_heard_by_a_bucket_on_loopback() -> None:
    with listening() as (bucket, datagrams):
        spew("to all", "127.255.255.255", bucket.port)
        until(lambda: [event.data for event in datagrams()] == [b"to all"])
        assert not bucket.facts().exposed


@linux
def test_two_buckets_that_share_a_port_both_get_broadcasts_and_one_the_rest() -> None:
    with listening(share=True) as (first, heard_first):
        recorder = Recorder()
        tail = recorder.tail()
        second = Bucket(recorder, BucketSettings(port=first.port, share=True))
        second.start()
        try:
            spew("to all", "127.255.255.255", first.port)
            spew("to one", "127.0.0.1", first.port)
            got: list[bytes | None] = []

            def heard_second() -> list[bytes | None]:
                got.extend(event.data for event in map(Event.of, tail.take()) if event.kind == "datagram")
                return got

            until(lambda: sorted(map(str, heard_second())) == ["b'to all'", "b'to one'"])
            until(lambda: [event.data for event in heard_first()] == [b"to all"])
        finally:
            assert second.stop(20)


def test_a_taken_port_is_refused_where_start_was_called() -> None:
    with listening() as (bucket, _):
        other = Bucket(Recorder(), BucketSettings(port=bucket.port))
        with pytest.raises(OSError, match="in use"):
            other.start()
        assert other.state == "failed"


@linux
def test_a_multicast_group_is_heard_on_loopback_without_exposure() -> None:
    with listening(groups=("239.77.39.1",)) as (bucket, datagrams):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton("127.0.0.1"))
            sock.sendto(b"group", ("239.77.39.1", bucket.port))
            sock.sendto(b"alone", ("127.0.0.1", bucket.port))
        until(lambda: sorted(event.data or b"" for event in datagrams()) == [b"alone", b"group"])
        assert not bucket.facts().exposed


@linux
def test_a_bucket_by_name_hears_loopback_broadcast_and_a_group_from_a_sender_that_stays_here() -> None:
    with listening(host="localhost", groups=("239.77.39.2",)) as (bucket, datagrams):
        spew("to all", "127.255.255.255", bucket.port)
        sender = Sender(Recorder(), SpewSettings("239.77.39.2", bucket.port, "to the group", here=True))
        sender.start()
        assert sender.join(20)
        until(lambda: sorted(event.data or b"" for event in datagrams()) == [b"to all", b"to the group"])


def test_a_redirector_forwards_everything_unchanged() -> None:
    with listening() as (target, heard), listening(redirect=("127.0.0.1", target.port)) as (source, _):
        for number in range(50):
            spew(struct.pack(">I", number), port=source.port)
        until(lambda: len(heard()) == 50)
        assert [event.data for event in heard()] == [struct.pack(">I", number) for number in range(50)]
        until(lambda: source.forwarded == 50)


def test_a_redirector_looks_its_target_up_once_and_crosses_address_families() -> None:
    with listening() as (target, heard):
        for host in ("127.0.0.1", "::1"):
            with listening(host=host, redirect=("localhost", target.port)) as (source, _):
                family = socket.AF_INET6 if ":" in host else socket.AF_INET
                with socket.socket(family, socket.SOCK_DGRAM) as sock:
                    sock.sendto(host.encode(), (host, source.port))
                until(lambda host=host: any(event.data == host.encode() for event in heard()))  # type: ignore[misc]
    with pytest.raises(ServiceError, match="nosuch"):
        Bucket(Recorder(), BucketSettings(port=0, redirect=("nosuch.invalid", 9))).start()


@linux
@pytest.mark.parametrize(
    ("host", "target"),
    [("127.0.0.1", "localhost"), ("127.0.0.1", "127.255.255.255"), ("0.0.0.0", "127.0.0.1"),
     ("0.0.0.0", "255.255.255.255")],
)  # fmt: skip
def test_a_bucket_that_would_redirect_to_itself_is_refused(host: str, target: str) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        port = sock.getsockname()[1]
    with pytest.raises(ServiceError, match="round for ever"):
        Bucket(Recorder(), BucketSettings(host, port, redirect=(target, port))).start()


def test_what_can_not_be_forwarded_is_counted_and_told_once() -> None:
    redirect, too_long = Redirect(("127.0.0.1", 9), ()), bytes(LARGEST + 1)
    try:
        assert redirect.send([b"fits", too_long, too_long]) == "EMSGSIZE"
        assert (redirect.forwarded, redirect.failed) == (1, 2)
        assert "2 datagrams to 127.0.0.1:9" in redirect.why("EMSGSIZE")
    finally:
        redirect.close()


def test_a_strict_bucket_keeps_1024_bytes_and_counts_what_it_cut() -> None:
    with listening(strict=True) as (bucket, datagrams):
        spew(b"z" * 3000, port=bucket.port, chunk=False)
        until(lambda: len(datagrams()) == 1)
        assert datagrams()[0].data == b"z" * 1024


def test_the_log_file_has_classic_lines(tmp_path: Path) -> None:
    log = tmp_path / "bucket.log"
    for _ in range(2):
        with listening(log_file=str(log)) as (bucket, datagrams):
            spew(bytes(range(256)), port=bucket.port)
            until(lambda: len(datagrams()) == 1)
    assert log.read_text() == (classic_text(bytes(range(256))) + "\n") * 2


@linux
def test_what_the_kernel_drops_is_counted_to_the_last_one() -> None:
    recorder = Recorder()
    tail = recorder.tail()
    bucket = Bucket(recorder, BucketSettings(port=0))
    bucket._open()  # bound, and nobody reads yet: the queue must overflow
    ear = bucket._ears[0]
    socket.socket.setsockopt(ear.sock, socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        for number in range(500):
            sock.sendto(b"#%d" % number + bytes(200), ("127.0.0.1", bucket.port))
    bucket._begun = True
    bucket._run()
    until(lambda: bucket.received + bucket.dropped == 500)
    assert bucket.stop(20)
    assert bucket.dropped > 0
    notes = [event for event in map(Event.of, tail.take()) if event.kind == "datagrams lost"]
    assert notes
    assert notes[0].detail["dropped"] == bucket.dropped
    assert notes[0].detail["why"].endswith(".")


def test_a_stopped_bucket_leaves_its_port_free() -> None:
    with listening() as (bucket, _):
        port = bucket.port
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", port))


@pytest.mark.parametrize(
    ("payload", "number"),
    [(b"#17 hello", 17), (b"seq=4 x", 4), (b'{"a":1,"seq": 99}', 99), (b"hello 5", None), (b"issue#5", None)],
)
def test_running_numbers_are_found(payload: bytes, number: int | None) -> None:
    assert number_in(payload) == number


@given(lost=st.sets(st.integers(1, 98)), cuts=st.lists(st.integers(1, 99), max_size=5))
def test_gaps_are_counted_however_the_batches_fall(lost: set[int], cuts: list[int]) -> None:
    losses = Losses()
    arrived = [number for number in range(100) if number not in lost]
    edges = sorted({0, len(arrived), *(cut for cut in cuts if cut < len(arrived))})
    for start, stop in itertools.pairwise(edges):
        part = arrived[start:stop]
        losses.saw("s", len(part), b"#%d" % part[0], b"#%d" % part[-1])
    assert losses.of("s") == len(lost)
    assert losses.of("other") is None


@linux
def test_what_the_kernel_is_asked_for_has_its_name_on_the_time_line() -> None:
    recorder = Recorder()
    tail = recorder.tail()
    bucket = Bucket(recorder, BucketSettings(port=0))
    bucket.start()
    assert bucket.stop(20)
    summaries = [event.summary for event in map(Event.of, tail.take()) if event.kind == "setsockopt"]
    assert {"setsockopt(SO_RXQ_OVFL, 1)", "setsockopt(SO_TIMESTAMPNS, 1)"} <= set(summaries)
