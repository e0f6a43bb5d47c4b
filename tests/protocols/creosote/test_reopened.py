"""A session's datagrams are the same log again, whether they were kept one by one or by the thousand."""

from __future__ import annotations

from protocols.creosote.reopened import datagrams_of
from protocols.record.log import EventLog
from tests.protocols.creosote.test_log import PEERS, bulk_of


def test_every_datagram_comes_back_with_sender_time_and_bytes() -> None:
    events = EventLog()
    small, large = bulk_of([b"one", b"", b"three"], 0), bulk_of([b"#%d" % n for n in range(5000)], 3)
    events.append(list(small.raws()))
    events.append([(5, "note", "told", None, None, None, None, None, None, "between", {})])
    events.append_many(large)
    events.append(list(bulk_of([b"last"], 9000, service="bucket:2").raws()))
    log = datagrams_of(events)
    assert len(log) == 5004
    assert [log.payload(row) for row in (0, 1, 2, 3, 5002, 5003)] == [b"one", b"", b"three", b"#0", b"#4999", b"last"]
    assert log.t(1) == 1
    assert log.senders[log.sender(1)] == ("bucket:7739", PEERS[1])
    assert log.senders[log.sender(5003)][0] == "bucket:2"


def test_a_log_without_datagrams_is_empty() -> None:
    events = EventLog()
    events.append([(5, "message", "datagram", "echo", None, "in", None, 1, b"x", "x", {"end": "server"})])
    assert len(datagrams_of(events)) == 0
