"""FollowPage: what two ends said to each other, both directions in their colours, as text or hex; also while it grows.

Putting together runs on a lab thread. It must not know the list.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Signal
from PySide6.QtGui import QTextBlockFormat, QTextCharFormat, QTextCursor
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QPlainTextEdit, QStackedWidget, QVBoxLayout, QWidget

from protocols.numbers import grouped, size_text
from protocols.packets.files.capture import Capture
from protocols.packets.streams.follow import Follow, Piece
from widgets.parts.buttons import Button
from widgets.parts.card import IconLabel
from widgets.parts.empty import EmptyState
from widgets.parts.segments import Segments
from widgets.parts.text import ElidedLabel, Label
from widgets.theme.theme import theme
from widgets.theme.tokens import tint
from widgets.timeline.wording import visible

if TYPE_CHECKING:
    from widgets.desk import Desk

SHOWN_BYTES: Final = 1 << 20
"""So much of a conversation is shown; saving takes all of it."""
NONE: Final = "Choose a packet of TCP or UDP and “Follow stream”: both directions of its conversation stand here."
_SIDES: Final = ("Both", "Client", "Server")


class FollowPage(QWidget):
    """only_requested(row): show only the packets of this conversation."""

    only_requested = Signal(int)

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self.follow: Follow | None = None
        self._shown = 0
        self._shown_bytes = 0
        self._turn = 0
        self._busy = False
        self.title = ElidedLabel("", "body")
        self.sides = Segments(_SIDES, "Which end is shown")
        self.forms = Segments(("Text", "Hex"), "How the bytes are shown")
        self.save_button = Button("Save", "save", small=True)
        self.only_button = Button("Only this conversation", "funnel", small=True)
        self.legend_client = Label("", "caption", "out")
        self.legend_server = Label("", "caption", "in")
        self.text = QPlainTextEdit()
        self._stack = QStackedWidget()
        self._stack.addWidget(EmptyState("arrow-left-right", NONE))
        self._lay_out()
        self.sides.chosen.connect(lambda _at: self._again())
        self.forms.chosen.connect(lambda _at: self._again())
        self.save_button.clicked.connect(self.save)
        self.only_button.clicked.connect(self._on_only)
        theme().changed.connect(self._again)

    def _lay_out(self) -> None:
        self.text.setReadOnly(True)
        self.text.setUndoRedoEnabled(False)
        self.text.setFrameShape(QPlainTextEdit.Shape.NoFrame)
        self.text.setAccessibleName("Bytes of the conversation")
        self.text.document().setDocumentMargin(theme().px(12))
        theme().dress(self.text, "mono")
        head = QHBoxLayout()
        head.setContentsMargins(12, 4, 12, 4)
        head.setSpacing(8)
        head.addWidget(self.title, 1)
        for widget in (self.sides, self.forms, self.only_button, self.save_button):
            head.addWidget(widget)
        legend = QHBoxLayout()
        legend.setContentsMargins(12, 0, 12, 4)
        legend.setSpacing(6)
        for icon, role, text in (("arrow-right", "out", self.legend_client), ("arrow-left", "in", self.legend_server)):
            legend.addWidget(IconLabel(icon, role, 14))
            legend.addWidget(text)
            legend.addSpacing(12)
        legend.addStretch(1)
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(head)
        column.addLayout(legend)
        column.addWidget(self.text, 1)
        self._stack.addWidget(page)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self._stack)

    # What is followed

    def show_stream(self, capture: Capture, row: int) -> None:
        """Follow the conversation of a packet."""
        self._turn += 1
        turn = self._turn
        self._busy = True
        self._desk.bridge.call(lambda: _followed(capture, row), lambda follow: self._on_followed(turn, follow),
                               lambda error: self._on_failed(turn, error), owner=self)  # fmt: skip

    def show_nothing(self) -> None:
        """Another file is open."""
        self._turn += 1
        self._busy = False
        self.follow = None
        self._stack.setCurrentIndex(0)

    def grown(self) -> None:
        """The capture has more packets."""
        follow, turn = self.follow, self._turn
        if follow is None or self._busy:
            return
        self._busy = True
        self._desk.bridge.call(
            follow.more, lambda _count: self._on_more(turn), lambda error: self._on_failed(turn, error), owner=self
        )

    def _on_followed(self, turn: int, follow: Follow) -> None:
        if turn == self._turn:
            self._busy = False
            self.follow = follow
            self._stack.setCurrentIndex(1)
            self._again()

    def _on_more(self, turn: int) -> None:
        if turn == self._turn:
            self._busy = False
            self._show_new()

    def _on_failed(self, turn: int, error: BaseException) -> None:
        if turn == self._turn:
            self._busy = False
            if not isinstance(error, ValueError):
                raise error
            self._desk.decline(str(error))

    # The text

    def _again(self) -> None:
        if self.follow is None:
            return
        self.text.clear()
        self._shown = self._shown_bytes = 0
        self._show_new()

    def _show_new(self) -> None:
        follow = self.follow
        if follow is None:
            return
        bar = self.text.verticalScrollBar()
        at_end = bar.value() >= bar.maximum() and self._shown > 0
        cursor = QTextCursor(self.text.document())
        cursor.movePosition(QTextCursor.MoveOperation.End)
        cursor.beginEditBlock()
        side = self.sides.current()
        for piece in follow.pieces[self._shown :]:
            if side == 0 or piece.ours == (side == 1):
                self._put(cursor, piece)
        cursor.endEditBlock()
        self._shown = len(follow.pieces)
        if at_end:
            bar.setValue(bar.maximum())
        self._tell()

    def _put(self, cursor: QTextCursor, piece: Piece) -> None:
        if self._shown_bytes >= SHOWN_BYTES:
            return
        tokens = theme().tokens
        colour = tokens.out if piece.ours else tokens.in_
        shape, ground = QTextCharFormat(), QTextBlockFormat()
        shape.setForeground(colour)
        ground.setBackground(tint(tokens, colour))
        if not cursor.atStart():
            cursor.insertBlock()
        cursor.setBlockFormat(ground)
        data = piece.data[: SHOWN_BYTES - self._shown_bytes]
        self._shown_bytes += len(data)
        if piece.missing:
            cursor.insertText(f"[{grouped(piece.missing)} bytes are missing here]\n", shape)
        cursor.insertText(_hex(data) if self.forms.current() == 1 else _plain(data), shape)

    def _tell(self) -> None:
        follow = self.follow
        assert follow is not None
        client, server = (name.replace("|", " port ") for name in (follow.client, follow.server))
        sizes = [sum(len(piece.data) for piece in follow.pieces if piece.ours == ours) for ours in (True, False)]
        self.legend_client.setText(f"{client}: {size_text(sizes[0])}")
        self.legend_server.setText(f"{server}: {size_text(sizes[1])}")
        what = "TCP" if follow.protocol == 6 else "UDP"
        cut = ""
        if self._shown_bytes >= SHOWN_BYTES or follow.full:
            cut = f", the first {size_text(self._shown_bytes)} are shown"
        self.title.setText(f"{what} stream, {grouped(len(follow.pieces))} pieces{cut}")

    def _on_only(self) -> None:
        if self.follow is not None and self.follow.pieces:
            self.only_requested.emit(self.follow.pieces[0].row)

    # Saving

    def save(self) -> None:
        """Ask where to, and write what is shown: all of both ends, or of one."""
        if self.follow is None:
            return
        path, _ = QFileDialog.getSaveFileName(self, "Save the stream", "stream.bin")
        if path:
            self.save_as(Path(path))

    def save_as(self, path: Path) -> None:
        """Write the bytes of the chosen end, or of both as they came."""
        follow, side = self.follow, self.sides.current()
        if follow is None:
            return
        data = b"".join(one.data for one in follow.pieces if side == 0 or one.ours == (side == 1))
        self._desk.bridge.call(lambda: path.write_bytes(data), lambda size: self._on_saved(path, size),
                               lambda error: self._desk.decline(f"{path} could not be written: {error}"),
                               owner=self)  # fmt: skip

    def _on_saved(self, path: Path, size: int) -> None:
        self._desk.toast(f"{path.name}: {size_text(size)} saved")


def _followed(capture: Capture, row: int) -> Follow:
    follow = Follow(capture, row)
    follow.more()
    if not capture.growing:
        follow.finish()
    return follow


def _plain(data: bytes) -> str:
    lines = data.decode("utf-8", "backslashreplace").replace("\r\n", "\n").split("\n")
    return "\n".join(visible(line) for line in lines)


def _hex(data: bytes) -> str:
    lines = []
    for start in range(0, len(data), 16):
        part = data[start : start + 16]
        text = "".join(chr(one) if 0x20 <= one < 0x7F else "·" for one in part)
        lines.append(f"{start:08x}  {part.hex(' '):<47}  {text}")
    return "\n".join(lines)
