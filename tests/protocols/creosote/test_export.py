"""What is exported is read back by whoever it is for: the lab, a spreadsheet, a packet tool."""

from __future__ import annotations

import csv
import io
import shutil
import subprocess
from array import array
from itertools import accumulate
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.creosote.alarms import Alarm, Watch
from protocols.creosote.export import Cancelled, inert, to_csv, to_json_lines, to_pcapng, to_text
from protocols.creosote.log import DatagramLog
from protocols.creosote.rates import OTHERS, SENDERS, Rates
from protocols.creosote.wire import classic_text
from protocols.headers import checksum, udp_packet
from protocols.record.bulk import Bulk
from protocols.record.event import from_json

EPOCH_NS = 1_700_000_000_000_000_000


def log_of(payloads: list[bytes]) -> DatagramLog:
    log = DatagramLog()
    log.append(
        Bulk("bucket:7739", ("127.0.0.1", 7739), array("q", range(len(payloads))), b"".join(payloads),
             array("I", accumulate(map(len, payloads))), array("I", [0] * len(payloads)), [("127.0.0.1", 4000)],
             ["1"], 0)
    )  # fmt: skip
    return log


@given(st.lists(st.binary(max_size=60), min_size=1, max_size=20))
def test_json_lines_and_classic_text_hold_every_byte(payloads: list[bytes]) -> None:
    log, out, text = log_of(payloads), io.BytesIO(), io.BytesIO()
    to_json_lines(log, range(len(log)), out, EPOCH_NS)
    events = [from_json(line) for line in out.getvalue().splitlines()]
    assert [event.data for event in events] == payloads
    assert events[0].detail["epoch_ns"] == EPOCH_NS
    to_text(log, range(len(log)), text)
    assert text.getvalue().decode() == "".join(classic_text(payload) + "\n" for payload in payloads)


@given(st.lists(st.text(max_size=30), min_size=1, max_size=20))
def test_no_cell_of_the_table_is_a_formula(texts: list[str]) -> None:
    log, out = log_of([text.encode("utf-8", "backslashreplace") for text in texts]), io.BytesIO()
    to_csv(log, range(len(log)), out, EPOCH_NS)
    rows = list(csv.reader(io.StringIO(out.getvalue().decode(), newline="")))
    assert len(rows) == len(texts) + 1
    assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for row in rows for cell in row)
    assert rows[1][:2] == ["1", "2023-11-14T22:13:20.000000000Z"]


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@x", " =1", "\t=1", "\n=1"])
def test_formulas_are_made_inert(cell: str) -> None:
    assert inert(cell) == "'" + cell
    assert inert("plain") == "plain"


@given(st.binary(max_size=300), st.booleans())
def test_packets_have_right_checksums(payload: bytes, wide: bool) -> None:
    source, target = (("::1", 1), ("::1", 2)) if wide else (("127.0.0.1", 1), ("127.0.0.2", 2))
    packet = udp_packet(source, target, payload)
    if wide:
        addresses, udp = packet[8:40], packet[40:]
    else:
        assert checksum(packet[:20]) == 0
        addresses, udp = packet[12:20], packet[20:]
    assert checksum(addresses + len(udp).to_bytes(4, "big") + b"\0\0\0\x11" + udp) == 0
    assert udp[8:] == payload


def test_a_packet_tool_reads_the_file(tmp_path: Path) -> None:
    path = tmp_path / "datagrams.pcapng"
    with path.open("wb") as file:
        to_pcapng(log_of([b"hello", b"", bytes(range(256))]), range(3), file, EPOCH_NS)
    data = path.read_bytes()
    assert data.count(b"reconstructed") == 3
    reader = shutil.which("tcpdump")
    if reader is None:
        return  # the bytes were checked above; where the tool exists it is asked too
    done = subprocess.run([reader, "-nn", "-r", str(path)], capture_output=True, text=True, timeout=30, check=False)
    lines = done.stdout.splitlines()
    assert len(lines) == 3, done.stderr
    assert "127.0.0.1.4000 > 127.0.0.1.7739: UDP, length 5" in lines[0]


def test_an_export_can_be_cancelled() -> None:
    log, out = log_of([b"x"] * 5000), io.BytesIO()
    with pytest.raises(Cancelled):
        to_text(log, range(5000), out, lambda done: done < 2000)
    assert out.getvalue() == b"x\n" * 2000


def test_an_alarm_goes_off_once_for_a_flood_and_marks_every_row() -> None:
    log = log_of([b"before: disk full"])
    watch = Watch(log, (Alarm("disk", '"disk full"', quiet_s=10),), 0)
    assert watch.look(0.0, budget_s=60) == []
    for _ in range(3):
        log.append(log_of([b"ok", b"disk FULL again", b"ok"]).stretches(0, 3)[0].bulk)
    (hit,) = watch.look(1.0, budget_s=60)
    assert (hit.rows, hit.loud) == ((2, 5, 8), True)
    log.append(log_of([b"disk full"]).stretches(0, 1)[0].bulk)
    (hit,) = watch.look(2.0, budget_s=60)
    assert not hit.loud
    log.append(log_of([b"disk full"]).stretches(0, 1)[0].bulk)
    (hit,) = watch.look(12.0, budget_s=60)
    assert hit.loud
    assert watch.behind == 0


def test_rates_are_counted_by_second_and_sender() -> None:
    rates = Rates(seconds=10)
    rates.add(100, {0: 5, 1: 2})
    rates.add(100, {0: 1})
    rates.add(102, {1: 7})
    assert rates.series([0, 1], 103, 4) == [[0, 6, 0, 0], [0, 2, 0, 7]]
    assert rates.last(103) == {1: 7}
    rates.add(103, dict.fromkeys(range(1000), 1))
    assert rates.last(104)[OTHERS] == 1000 - SENDERS
