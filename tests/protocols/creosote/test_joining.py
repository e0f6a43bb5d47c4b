"""Pieces of 1,024 bytes are joined for the eye: only one sender's, only at once, and never in what is kept."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from itertools import accumulate

from hypothesis import given, settings
from hypothesis import strategies as st

from protocols.creosote.joining import GAP_NS, MOST_PIECES, Joins
from protocols.creosote.log import DatagramLog
from protocols.creosote.wire import BUFSIZE, pieces
from protocols.record.bulk import Bulk

PEERS = [("127.0.0.1", 4000), ("127.0.0.1", 4001), ("127.0.0.1", 4002)]


def bulk(rows: Sequence[tuple[int, int, bytes]]) -> Bulk:
    """Rows of (time, sender, payload)."""
    data = [payload for _, _, payload in rows]
    return Bulk("bucket:7739", ("127.0.0.1", 7739), array("q", [t for t, _, _ in rows]), b"".join(data),
                array("I", accumulate(map(len, data))), array("I", [who for _, who, _ in rows]), PEERS,
                ["1", "2", "3"], 0)  # fmt: skip


def log_of(rows: Sequence[tuple[int, int, bytes]], size: int = 1000) -> DatagramLog:
    log = DatagramLog()
    for at in range(0, len(rows), size):
        log.append(bulk(rows[at : at + size]))
    return log


def groups(log: DatagramLog) -> list[list[int]]:
    joins = Joins(log)
    joins.go_on()
    return [list(joins.pieces(row)) for row in range(log.first, len(log)) if row not in set(joins.later)]


def test_a_classic_message_is_one_row_and_its_bytes_are_whole() -> None:
    message = "größer ".encode() * 400
    parts = list(pieces(message, chunk=True))
    log = log_of([(at, 0, part) for at, part in enumerate(parts)] + [(9, 0, b"next")])
    joins = Joins(log)
    joins.go_on()
    assert [len(part) for part in parts] == [1024, 1024, 1024, 528]
    assert joins.payload(0) == joins.payload(2) == message
    assert joins.payload(4) == b"next"
    assert [log.payload(row) for row in range(5)] == [*parts, b"next"]


def test_senders_that_speak_at_the_same_time_are_not_mixed() -> None:
    rows = [(1, 0, b"a" * 1024), (2, 1, b"b" * 1024), (3, 2, b"other"), (4, 0, b"a!"), (5, 1, b"b!")]
    assert groups(log_of(rows)) == [[0, 3], [1, 4], [2]]


def test_what_comes_late_or_is_longer_or_empty_stands_alone() -> None:
    whole = b"x" * BUFSIZE
    for second in ((1 + GAP_NS + 1, 0, b"late"), (2, 0, b"y" * 1025), (2, 0, b""), (2, 1, b"another's")):
        assert groups(log_of([(1, 0, whole), second])) == [[0], [1]]
    assert groups(log_of([(1, 0, whole), (1 + GAP_NS, 0, b"in time")])) == [[0, 1]]


def test_a_flood_of_records_as_long_as_a_piece_is_not_one_endless_row() -> None:
    found = groups(log_of([(at, 0, b"r" * BUFSIZE) for at in range(3 * MOST_PIECES)]))
    assert [len(group) for group in found] == [MOST_PIECES] * 3


def test_groups_whose_first_row_left_memory_are_forgotten() -> None:
    rows = [(at, 0, b"z" * (BUFSIZE if at % 3 < 2 else 5)) for at in range(30)]
    log = DatagramLog(limit_bytes=8 * (2053 + 60))
    joins = Joins(log)
    for at in range(30):
        log.append(bulk(rows[at : at + 1]))
        joins.go_on()
    assert log.first > 0
    shown = [row for row in range(log.first, 30) if row not in set(joins.later)]
    assert sorted(piece for row in shown for piece in joins.pieces(row)) == list(range(log.first, 30))


row = st.tuples(st.integers(0, GAP_NS), st.integers(0, 2), st.sampled_from([0, 5, 1023, 1024, 1025, 2048]))


@settings(max_examples=40, deadline=None)
@given(steps=st.lists(row, max_size=40), size=st.integers(1, 41))
def test_every_datagram_is_in_one_row_however_the_log_grew(steps: list[tuple[int, int, int]], size: int) -> None:
    times = list(accumulate(step for step, _, _ in steps))
    rows = [(t, who, bytes(length)) for t, (_, who, length) in zip(times, steps, strict=True)]
    found = groups(log_of(rows, size))
    assert sorted(piece for group in found for piece in group) == list(range(len(rows)))
    assert found == groups(log_of(rows))
    for group in found:
        assert len({rows[piece][1] for piece in group}) == 1
        assert all(len(rows[piece][2]) == BUFSIZE for piece in group[:-1])
        assert group == sorted(group)
