"""Sends and receives are joined by byte range, however the network cut the bytes; a lost call is found."""

from __future__ import annotations

import threading
from itertools import accumulate

from hypothesis import given
from hypothesis import strategies as st

from protocols.record.event import Raw
from protocols.record.ranges import Part, Ranges, bytes_of, verify_ranges
from protocols.record.recorder import Recorder
from protocols.record.traced import traced_socket

SIZES = st.lists(st.integers(1, 9), min_size=1, max_size=12)


def calls(way: str, end: str, sizes: list[int], conn: str = "1") -> list[Raw]:
    kind = "send" if way == "out" else "recv"
    starts = [0, *accumulate(sizes)]
    return [
        (n, "call", kind, "s", conn, way, starts[n], size, bytes(range(size)), "", {"end": end})  # type: ignore[misc]
        for n, size in enumerate(sizes)
    ]


@given(SIZES, SIZES)
def test_every_byte_of_a_send_is_in_exactly_the_receives_that_carried_it(sent: list[int], got: list[int]) -> None:
    raws = [*calls("out", "client", sent), *calls("in", "server", got)]
    ranges = Ranges(enumerate(raws))
    for raw in raws[: len(sent)]:
        start, stop = raw[6], raw[6] + raw[7]  # type: ignore[operator]
        partners = ranges.partners(raw)
        covered = [at for part in partners for at in range(part.start, part.stop)]
        assert covered == list(range(start, min(stop, sum(got))))  # type: ignore[arg-type]
        for part in partners:
            carrier = raws[part.row]
            assert carrier[6] <= part.start < part.stop <= carrier[6] + carrier[7]  # type: ignore[operator]
            back = [part_back.row for part_back in ranges.partners(carrier)]
            assert raws.index(raw) in back


@given(SIZES, st.data())
def test_a_call_that_is_missing_or_twice_is_found(sizes: list[int], data: st.DataObject) -> None:
    raws = calls("out", "client", sizes)
    assert verify_ranges(raws) == []
    at = data.draw(st.integers(0, len(raws) - 1))
    (overlap,) = verify_ranges([*raws, raws[at]])
    assert (overlap.kind, overlap.stop - overlap.start) == ("overlap", sizes[at])
    problems = verify_ranges(raws[:at] + raws[at + 1 :])
    if at < len(raws) - 1:
        assert [(problem.kind, problem.start) for problem in problems] == [("gap", sum(sizes[:at]))]
        assert "connection 1, client, out: gap" in str(problems[0])


def test_bytes_from_nowhere_are_found() -> None:
    (problem,) = verify_ranges([*calls("out", "client", [3]), *calls("in", "server", [3, 2])])
    assert (problem.kind, problem.start, problem.stop) == ("received but never sent", 3, 5)


def test_connections_and_directions_are_kept_apart() -> None:
    raws = [*calls("out", "client", [4]), *calls("out", "server", [5]), *calls("out", "client", [6], conn="2")]
    ranges = Ranges(enumerate(raws))
    assert verify_ranges(raws) == []
    assert len(ranges.lanes()) == 3
    assert ranges.partners(calls("in", "server", [9])[0]) == [Part(0, 0, 4)]


def test_events_without_bytes_are_no_part_of_it() -> None:
    odd: list[Raw] = [
        (1, "call", "recv", "s", "1", "in", 0, 0, b"", "EOF", {"end": "client"}),
        (1, "message", "reply", "s", "1", "in", 0, 5, b"hello", "", {"end": "client"}),
        (1, "call", "recv", "s", "1", "in", None, None, None, "EAGAIN", {"end": "client"}),
        (1, "call", "close", "s", "1", None, None, None, None, "", None),
    ]
    assert Ranges(enumerate(odd)).lanes() == []


def test_kept_bytes_are_given_or_owned_up_to() -> None:
    raws = dict(enumerate(calls("in", "server", [4, 4])))
    short = (*raws[1][:8], b"\0", *raws[1][9:])
    parts = [Part(0, 1, 3), Part(1, 4, 8)]
    assert bytes_of({0: raws[0], 1: short}, parts) == [(parts[0], b"\1\2"), (parts[1], None)]


def test_a_real_conversation_adds_up() -> None:
    recorder = Recorder()
    tail = recorder.tail()
    with traced_socket(recorder, "echo") as listener, traced_socket(recorder, "client") as client:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        client.settimeout(10)
        client.connect(listener.getsockname())
        served, _ = listener.accept()

        def echo() -> None:
            with served:
                while data := served.recv(1000):
                    served.sendall(data)

        thread = threading.Thread(target=echo)
        thread.start()
        for size in (1, 3000, 70_000):
            client.sendall(bytes(size))
            left = size
            while left:
                left -= len(client.recv(777))
        client.shutdown(1)
        assert client.recv(1) == b""
        thread.join(10)
    raws = tail.take()
    assert verify_ranges(raws) == []
    ranges = Ranges(enumerate(raws))
    assert len(ranges.lanes()) == 4
    big = next(raw for raw in raws if raw[2] == "sendall" and raw[7] == 70_000)
    assert sum(part.stop - part.start for part in ranges.partners(big)) == 70_000
