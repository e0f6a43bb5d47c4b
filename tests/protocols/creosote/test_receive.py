"""Reading a socket by the thousand: nothing is cut or mixed up, and times are the kernel's."""

from __future__ import annotations

import socket
import sys
import threading
import time
from collections.abc import Iterator

import pytest

from protocols.creosote.backlog import ROWS, prepare
from protocols.creosote.batch import Block
from protocols.creosote.receive import CALM, CROWD, CROWDS, SAMPLE, ManyAtOnce, OneByOne, Senders, receiver

linux = pytest.mark.skipif(sys.platform != "linux", reason="recvmmsg and the kernel's arrival times are Linux's")


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, socket.socket]]:
    """A receiving socket with a large queue, and one that is connected to it."""
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as here,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as there,
    ):
        prepare(here)
        here.bind(("127.0.0.1", 0))
        there.connect(here.getsockname())
        yield here, there


def wait_for_stamps(there: socket.socket, reader: ManyAtOnce, block: Block) -> None:
    """The kernel begins to stamp what comes in a moment after it was asked to; until then it stamps what is read."""
    pause, deadline = threading.Event(), time.monotonic() + 10
    while time.monotonic() < deadline:
        there.send(b"?")
        sent = time.monotonic_ns()
        pause.wait(0.02)
        assert reader.take(block) == 1
        if block.take_all().t[0] < sent + 10_000_000:
            return
    raise AssertionError("arrival times never came")


@linux
def test_in_a_crowd_every_sixteenth_time_is_the_kernels_and_all_bytes_are_there(
    ends: tuple[socket.socket, socket.socket],
) -> None:
    here, there = ends
    epoch_ns = time.time_ns() - time.monotonic_ns()
    reader, block = ManyAtOnce(here, Senders(), epoch_ns), Block(2 * ROWS, 1 << 16)
    wait_for_stamps(there, reader, block)
    before = time.monotonic_ns()
    sent = [b"#%d " % number + b"." * (number % 700) for number in range(ROWS + CROWD + 9)]
    for payload in sent:
        there.send(payload)
    after = time.monotonic_ns()
    assert reader.take(block) == ROWS
    assert reader.take(block) == len(sent) - ROWS
    assert reader.take(block) == 0
    batch = block.take_all()
    assert batch.payloads() == sent
    stamps = batch.t.tolist()
    slack_ns = 50_000_000  # the wall clock may be corrected between the two readings of it
    assert before - slack_ns <= stamps[0] <= stamps[-1] <= after + slack_ns
    assert stamps == sorted(stamps)
    assert len(set(stamps[:ROWS])) > ROWS // 2  # a first look asks for every time
    assert 2 <= len(set(stamps[ROWS:])) <= (CROWD + 9) // SAMPLE + 1  # the next knows that it is a crowd


@linux
def test_after_a_crowd_every_time_is_asked_for_again(ends: tuple[socket.socket, socket.socket]) -> None:
    here, there = ends
    epoch_ns = time.time_ns() - time.monotonic_ns()
    reader, block = ManyAtOnce(here, Senders(), epoch_ns), Block(4 * ROWS, 1 << 16)
    wait_for_stamps(there, reader, block)
    for count in (CROWD + 1, 3, 40):
        for _ in range(count):
            there.send(b"x")
        assert reader.take(block) == count
    assert len(set(block.take_all().t.tolist()[-40:])) > 20


@linux
def test_in_a_crowd_without_end_nothing_is_lost_or_mixed_up_and_times_stay_in_order(
    ends: tuple[socket.socket, socket.socket],
) -> None:
    here, there = ends
    reader, block = ManyAtOnce(here, Senders(), time.time_ns() - time.monotonic_ns()), Block(ROWS)
    wait_for_stamps(there, reader, block)
    sent: list[bytes] = []
    seen: list[bytes] = []
    stamps: list[int] = []
    distinct: list[int] = []
    counts = [CROWD + 1] * (CROWDS + 3) + [CROWD] * (CALM - 1) + [5, 40]
    for turn, count in enumerate(counts):
        payloads = [b"%d %d" % (turn, row) + b"." * (row % 7 * (turn % 2)) for row in range(count)]
        for payload in payloads:
            there.send(payload)
        assert reader.take(block) == count
        batch = block.take_all()
        sent += payloads
        seen += batch.payloads()
        stamps += batch.t.tolist()
        distinct.append(len(set(batch.t.tolist())))
    assert seen == sent
    assert stamps == sorted(stamps)
    assert distinct[CROWDS - 1] > 1  # every sixteenth
    assert set(distinct[CROWDS : CROWDS + 3]) == {1}  # all bear the time of the look
    assert distinct[-1] > 20  # it is calm again: the kernel's own times
    assert stamps[-1] <= time.monotonic_ns() + 50_000_000


@linux
def test_drops_are_told_in_a_crowd_without_end(ends: tuple[socket.socket, socket.socket]) -> None:
    here, there = ends
    reader, block = ManyAtOnce(here, Senders(), 0), Block(ROWS)
    got = sent = 0
    for turn in range(CROWDS + 3):
        if turn == CROWDS + 1:
            here.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        for _ in range(CROWD + 1):
            there.send(b"x")
        sent += CROWD + 1
        got += reader.take(block)
        assert block.take_all().dropped == sent - got
    assert sent > got


@linux
def test_a_crowd_of_one_size_is_told_from_what_follows_it(ends: tuple[socket.socket, socket.socket]) -> None:
    here, there = ends
    reader, block = ManyAtOnce(here, Senders(), 0), Block(ROWS)
    many = CROWD + 1
    turns = [
        [b"%06d" % row for row in range(many)],  # the next look expects six bytes each
        [b"%0*d" % (row % 13, row) for row in range(many)],  # shorter, as long, and longer
        [b"%06d" % row for row in range(many)],
        [b"x" * 65507, b"", b"%06d" % 7, b"y" * 2100],
        [b""] * many,  # nothing is a size as well
        [b"", b"a", b""],
        [b"%02100d" % row for row in range(many)],  # wider than any short part
        [b"%02100d" % row for row in range(many)],
        [b"%0600d" % row for row in range(many)],
        [b"%0600d" % row for row in range(3)],
        [b"%06d" % row for row in range(many)],
    ]
    for payloads in turns:
        for payload in payloads:
            there.send(payload)
        assert reader.take(block) == len(payloads)
        assert block.take_all().payloads() == payloads


def test_one_by_one_reads_the_same(ends: tuple[socket.socket, socket.socket]) -> None:
    here, there = ends
    reader, block = OneByOne(here, Senders(), 0), Block(2 * ROWS, 64)
    sent = [b"", b"x" * 65507, bytes(range(256))]
    for payload in sent:
        there.send(payload)
    assert reader.take(block) == 3
    assert block.take_all().payloads() == sent


def test_forged_senders_past_the_most_share_one_number() -> None:
    senders = Senders(most=4)
    numbers = [senders.number(port, ("10.0.0.1", port)) for port in range(10)]
    assert numbers == [0, 1, 2, 3, 3, 3, 3, 3, 3, 3]
    assert senders.addresses[3] == ("others", 0)


def test_the_best_reader_is_chosen_by_system_and_family() -> None:
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as six:
        assert isinstance(receiver(six, Senders(), 0), OneByOne)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as four:
        assert isinstance(receiver(four, Senders(), 0, fast=False), OneByOne)
