"""Levels are counted a little at a time, every row once."""

from __future__ import annotations

from protocols.creosote.levels import LevelCount
from tests.protocols.creosote.test_log import bulk_of, filled


def test_every_row_is_counted_once_however_small_the_slices() -> None:
    log = filled([b"ERROR one", b"nothing", b"WARN two", b'{"level":"error","msg":"x"}', b"DEBUG"] * 100, 7)
    levels = LevelCount(log)
    assert levels.behind == 500
    while not levels.go_on(0):
        assert levels.behind < 500
    assert (levels.behind, levels.of("ERROR"), levels.of("WARN"), levels.of("")) == (0, 200, 100, 100)
    log.append(bulk_of([b"CRITICAL more"], 500))
    assert levels.behind == 1
    assert levels.go_on(1.0)
    assert levels.of("ERROR", "CRITICAL") == 201


def test_a_snapshot_stays_as_it_was() -> None:
    log = filled([b"a", b"b"], 1)
    before = log.snapshot()
    for at in range(2, 200):
        log.append(bulk_of([b"c"], at))
    assert len(before) == 2
    assert [before.payload(row) for row in range(2)] == [b"a", b"b"]
    assert before.senders[before.sender(1)] == log.senders[log.sender(1)]
