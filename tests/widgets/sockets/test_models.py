"""Models and pure parts: transcripts, connections, words, pairs, mends, flow."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from protocols.concurrency.contract import ConnectionRow
from protocols.numbers import grouped, size_text
from protocols.record.event import monotonic_ns
from protocols.sockets.transcript import Line
from widgets.parts.flow import FlowBox
from widgets.sockets.client.form import TRANSPORTS
from widgets.sockets.client.transcript_model import LIMIT, TranscriptModel
from widgets.sockets.mends import client_mends, server_mends
from widgets.sockets.pairing import client_for, server_for
from widgets.sockets.server.connections_model import ConnectionsModel
from widgets.sockets.wording import elapsed, hex_line, visible


@given(st.binary(max_size=300))
def test_bytes_are_shown_on_one_line_without_any_control_character(data: bytes) -> None:
    text = visible(data)
    assert all(char.isprintable() or char == " " for char in text if ord(char) < 0xA0)
    assert "\n" not in text
    assert "\u202e" not in text


def test_escapes_and_sizes_are_as_people_write_them() -> None:
    assert visible(b"a\r\n\x00\x1b\xff") == "a\\r\\n\\0\\e\\xff"
    assert visible("Grüße\u202e".encode()) == "Grüße\\u202e"
    assert visible(b"x" * 10, 4) == "xxxx…"
    assert hex_line(b"\x01\xff") == "01 ff"
    assert grouped(1234567) == "1\u202f234\u202f567"
    assert (size_text(46), size_text(123_456), size_text(8_000_000)) == ("46 B", "123 kB", "8.0 MB")


def _lines(count: int, first: int = 0) -> list[Line]:
    return [Line(at * 1_000_000, "in", b"%d" % at, str(at), "data") for at in range(first, first + count)]


def test_a_transcript_is_bounded_and_a_good_model(qtmodeltester: ModelTester) -> None:
    model = TranscriptModel(0)
    qtmodeltester.check(model)
    model.append(_lines(LIMIT - 1))
    model.append(_lines(5, LIMIT))
    assert model.rowCount() == LIMIT
    assert model.text(LIMIT - 1) == str(LIMIT + 4)
    model.set_hex(True)
    assert model.text(0) == b"4".hex()
    model.append(_lines(2 * LIMIT))
    assert model.rowCount() == LIMIT
    model.clear()
    assert model.rowCount() == 0


def test_a_line_says_from_which_chunks_it_was_put_together() -> None:
    model = TranscriptModel(0)
    whole, joined = Line(0, "in", b"one", "", "frame", (1, 1)), Line(1, "in", b"two", "", "frame", (2, 4))
    model.append([*_lines(1), whole, joined])
    assert [model.chip(row) for row in range(3)] == ["", "", "3 chunks"]
    assert "recv() number 2 to 4" in model.index(2).data(Qt.ItemDataRole.ToolTipRole)
    assert "recv() number 1." in model.index(1).data(Qt.ItemDataRole.ToolTipRole)
    assert model.index(2).data(Qt.ItemDataRole.AccessibleTextRole).endswith("two, 3 chunks")


def _row(number: int, **changes: object) -> ConnectionRow:
    row = ConnectionRow(str(number), number, f"127.0.0.1:{number}", "ESTABLISHED", "", 0, 0, "thread", 0)
    return replace(row, **changes)  # type: ignore[arg-type]


@given(st.lists(st.sets(st.integers(1, 12)), max_size=6))
def test_rows_keep_their_place_while_they_live(snapshots: list[set[int]]) -> None:
    model = ConnectionsModel()
    before: list[int] = []
    for snapshot in snapshots:
        model.update([_row(number) for number in sorted(snapshot)])
        shown = [row.number for row in model.rows()]
        assert set(shown) == snapshot
        assert [number for number in before if number in snapshot] == shown[: len(set(before) & snapshot)]
        before = shown


def test_a_snapshot_changes_only_what_is_new(qtmodeltester: ModelTester) -> None:
    model = ConnectionsModel()
    qtmodeltester.check(model)
    model.update([_row(1), _row(2)])
    changed: list[int] = []
    model.dataChanged.connect(lambda top, _bottom: changed.append(top.row()))
    model.update([_row(1), _row(2, received=7)])
    assert changed == [1]
    assert model.row_of("2") == 1
    assert model.row(5) is None


def test_a_long_session_tells_how_long_it_stands() -> None:
    """An idle client, and its timer."""
    model = ConnectionsModel()
    model.update([_row(1, since_ns=monotonic_ns() - 3_723 * 10**9)])
    tip = model.index(0, 1).data(Qt.ItemDataRole.ToolTipRole)
    assert tip.splitlines()[1] == "Peer: 127.0.0.1:1"
    assert tip.splitlines()[-1] == "Connected for 1:02:03"
    assert elapsed(5.9) == "0:05"
    assert elapsed(754) == "12:34"


def test_every_transport_has_a_server_that_fits_its_client() -> None:
    for choice in TRANSPORTS:
        values = server_for({"transport": choice.key, "port": 7, "path": "/p"})
        assert values["transport"] == choice.key
        client = client_for(values, None)
        assert client["transport"] == choice.key


def test_mends_fit_the_error() -> None:
    assert client_mends("ECONNREFUSED", {"port": 2345})[0].text == "Start a server on 2345 and retry"
    unix = client_mends("ENOENT", {"transport": "unix", "path": "/x"})
    assert [mend.key for mend in unix] == ["start-server", "edit"]
    assert [mend.key for mend in client_mends("EAI_NONAME", {})] == ["loopback", "edit"]
    assert [mend.key for mend in server_mends("EADDRINUSE", {"port": 80})] == ["free-port", "who-has", "edit"]
    assert server_mends("EACCES", {"port": 80})[0].text == "Use 8080 instead"
    assert server_mends("EBADF", {}) == ()


def test_a_flow_breaks_its_line_and_grows_what_may_grow(qtbot: QtBot) -> None:
    box = FlowBox(spacing=10)
    qtbot.addWidget(box)
    labels = [QLabel("x") for _ in range(4)]
    for label in labels:
        label.setMinimumSize(100, 20)
        label.setMaximumSize(400, 20)
    for at, label in enumerate(labels):
        box.add(label, 1 if at == 0 else 0)
    box.resize(500, 20)
    box.show()
    assert box.heightForWidth(500) == 20
    assert box.heightForWidth(250) == 48
    assert labels[0].width() == 500 - 3 * 110
