"""The strip of the three levels: for each what works now, what more would be possible, and the exact command for it.

It must not know how levels are probed.
"""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QGuiApplication, QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from protocols.packets.levels import Level, More
from widgets.parts.buttons import IconButton
from widgets.parts.card import Card
from widgets.parts.text import ElidedLabel, Label
from widgets.theme.theme import theme

LEAST_PX = 250
_ICONS = ("layers", "network", "plug-zap")


class CommandLine(QWidget):
    """A command in the fixed font, and a button that copies it. copied(command): it was.

    short: one line, whose tool tip has what does not fit; else as many as it needs.
    """

    copied = Signal(str)

    def __init__(self, command: str, *, short: bool = False) -> None:
        super().__init__()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        self.command = command
        self.label = ElidedLabel(command, "mono") if short else Label(command, "mono", wrap=True)
        if short:
            self.label.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
            self.label.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.label.setAccessibleName(command)
        self.button = IconButton("copy", f"Copy the command {command}")
        self.button.clicked.connect(self._copy)
        row.addWidget(self.label, 1)
        row.addWidget(self.button)

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self.command)
        self.copied.emit(self.command)


class LevelCard(Card):
    """One level. copied(command): a command was copied."""

    copied = Signal(str)

    def __init__(self, level: Level) -> None:
        super().__init__(f"Level {level.number}: {level.title.lower()}", _ICONS[level.number])
        self.level = level
        self.set_state("done" if level.works else "waiting", "Works" if level.works else "Not yet")
        self.commands: list[CommandLine] = []
        body = QWidget()
        column = QVBoxLayout(body)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        for sentence in level.now:
            column.addWidget(Label(sentence, "body", wrap=True))
        for more in level.more:
            self._add_more(column, more)
        column.addStretch(1)
        self.add_section(body)

    def _add_more(self, column: QVBoxLayout, more: More) -> None:
        column.addWidget(Label(more.what, "body", "text2", wrap=True))
        if more.command:
            line = CommandLine(more.command)
            line.copied.connect(self.copied)
            self.commands.append(line)
            column.addWidget(line)


class LevelStrip(QWidget):
    """The cards beside each other, below each other where it is narrow. copied(command)."""

    copied = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._box = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._box.setContentsMargins(0, 0, 0, 0)
        self._box.setSpacing(12)
        self.waiting = Label("Looking at what this user may do\u2026", "body", "text2")
        self._box.addWidget(self.waiting)
        self.cards: list[LevelCard] = []

    def show_levels(self, levels: Sequence[Level]) -> None:
        """Show what a probe found."""
        self.waiting.hide()
        for card in self.cards:
            self._box.removeWidget(card)
            card.setParent(None)
            card.deleteLater()
        self.cards = [LevelCard(level) for level in levels]
        for card in self.cards:
            card.copied.connect(self.copied)
            self._box.addWidget(card, 1)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        wide = self.width() >= 3 * theme().px(LEAST_PX) + 24
        way = QBoxLayout.Direction.LeftToRight if wide else QBoxLayout.Direction.TopToBottom
        if self._box.direction() != way:
            self._box.setDirection(way)

    def minimumSizeHint(self) -> QSize:
        """One card's width is enough: they go below each other."""
        return QSize(theme().px(LEAST_PX), super().minimumSizeHint().height())
