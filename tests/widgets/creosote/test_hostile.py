"""Whatever a stranger sends shows as plain text, runs nowhere, and breaks nothing."""

from __future__ import annotations

import gzip
import pickle
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtGui import QGuiApplication, QPixmap

from tests.widgets.creosote.conftest import Room
from widgets.creosote.table.columns import MESSAGE_STYLES
from widgets.creosote.wording import shown, without_colours

FLAG = "netlab-pickle-ran"


class Trap:
    """Unpickling it makes a file."""

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return (Path.touch, (Path(FLAG),))


HOSTILE = {
    "empty": b"",
    "largest": b"A" * 65507,
    "every byte": bytes(range(256)),
    "nuls": b"\0" * 500,
    "bidi": "user \u202e\u2066evil\u2069\u202c \u200f end \u061c".encode(),
    "escapes": b"\x1b[2J\x1b]0;title\x07\x1b[1;31mred\x1b[0m\x1b[999999999999m\x1bP+q\x1b\\ done",
    "html": b"<img src=x onerror=alert(1)><b>bold</b>&lt;script&gt;<a href='file:///etc/passwd'>x</a>",
    "half a character": "caf\u00e9 \u20ac".encode()[:-1],
    "surrogates": b'{"msg":"\\ud800 lone", "level":"error"}',
    "tags": "a\U000e0041\U000e007fb \ufeff \u2028 \u00ad".encode(),
    "zalgo": ("z" + "\u0300\u0301\u0302" * 300).encode(),
    "pickle": pickle.dumps(Trap()),
    "framed pickle": len(pickle.dumps(Trap())).to_bytes(4, "big") + pickle.dumps(Trap()),
    "gzip bomb": gzip.compress(b"\0" * 50_000_000)[:65000],
    "zlib bomb": zlib.compress(b'{"short_message":"' + b"x" * 30_000_000)[:65000],
    "deep json": b'{"a":' * 5000 + b"1" + b"}" * 5000,
    "many fields": b"{" + b",".join(b'"k%d":%d' % (n, n) for n in range(4000)) + b"}",
    "forged syslog": b"<0>1 - bank core 1 - - [x y=\"z\\\"]\"] all money gone",
    "gelf chunk": b"\x1e\x0f12345678\xff\xffrest",
    "formula": b"=cmd|' /C calc'!A0",
    "long word": b"w" * 30_000,
    "newlines": b"line\nline\r\n\x0b\x0c\x85line",
    "million spaces": b" " * 60_000 + b"=" * 5000,
}


def painted(room: Room) -> QPixmap:
    """The log's view as it is painted now."""
    return room.pane.view.grab()


GROUPS = [list(HOSTILE)[first::4] for first in range(4)]
"""A window for each datagram would cost more than all that is proved with it."""


@pytest.mark.parametrize("names", GROUPS, ids=lambda names: names[0])
def test_a_hostile_datagram_arrives_whole_and_shows_as_plain_text(room: Room, names: list[str], tmp_path: Path) -> None:
    port = room.listen()
    log, pane = room.panel.feed.log, room.pane
    for name in names:
        payload, row = HOSTILE[name], len(log)
        room.send(port, payload, b"and one after it")
        assert log.payload(row) == payload, name
        for style in MESSAGE_STYLES:
            pane.set_style(style)
            for colour in (True, False):
                pane.set_ansi_as_colour(colour)
                painted(room)
            for column in [*pane.view.head.columns()]:
                text = pane.painter.words.cell(row, column)
                plain = (char.isprintable() or "\u2400" <= char <= "\u2421" or char == "\u202f" for char in text)
                assert all(plain), name
        pane.go_to(row)
        assert room.desk.log.event(room.desk.selection.row or 0).data == payload, name
        assert pane.painter.words.whole(row) is not None, name
        pane.copy_rows()
        assert "\x1b" not in QGuiApplication.clipboard().text(), name
    for kind in ("txt", "jsonl", "csv", "pcapng"):
        path = tmp_path / f"log.{kind}"
        pane.export_to(path, kind)
        room.wait(path.exists)
        room.wait(lambda: pane._export is None)
    assert not Path(FLAG).exists()


def test_a_pickle_is_refused_with_the_reason(room: Room) -> None:
    room.send(room.listen(), HOSTILE["framed pickle"])
    reading = room.panel.feed.log.reading(0)
    assert reading.kind == "pickle"
    room.pane.go_to(0)
    part = room.inspector.bytes_page.datagram
    assert part.warning.isVisible()
    assert "Refused" in part.warning.text()
    assert "unpickling runs" in part.warning.text()


def test_a_bomb_is_stopped_and_told(room: Room) -> None:
    room.send(room.listen(), HOSTILE["gzip bomb"])
    assert "bomb" in room.panel.feed.log.reading(0).warning


def test_a_thousand_forged_senders_leave_the_window_usable(room: Room) -> None:
    port = room.listen()
    for _ in range(10):
        room.send(port, *[b"I am bank #%d" % number for number in range(5)])
    from array import array

    from protocols.record.bulk import Bulk

    peers = [(f"10.0.{n // 256}.{n % 256}", 1024 + n) for n in range(20_000)]
    data = b"forged" * len(peers)
    ends = array("I", range(6, 6 * len(peers) + 1, 6))
    bulk = Bulk("bucket:1", ("127.0.0.1", 1), array("q", [1] * len(peers)), data, ends, array("I", range(len(peers))),
                peers, [str(n) for n in range(len(peers))], 0)  # fmt: skip
    room.panel.feed.take(bulk)
    room.panel.feed.tick()
    room.panel.feed.ticked.emit()
    assert room.pane.bar.senders.count() <= 42
    assert room.filter("from:10.0.78.31") == [20_049]


@given(st.text(alphabet=st.characters(), max_size=60))
def test_shown_text_is_printable_whatever_it_was(text: str) -> None:
    for found in (shown(text), without_colours(text)):
        assert all(char.isprintable() or "\u2400" <= char <= "\u2421" for char in found)
        assert not set(found) & set("\u202a\u202b\u202d\u202e\u2066\u2067\u2068\u200e\u200f\u061c")
