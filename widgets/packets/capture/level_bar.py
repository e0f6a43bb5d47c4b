"""The three levels in one line above every view: which work now, and the command for the first that does not.

A click on one leads to its whole story. It must not know how levels are probed.
"""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from protocols.packets.levels import Level, Levels
from widgets.packets.capture.level_strip import CommandLine
from widgets.parts.panel_head import EDGE_PX
from widgets.parts.status_item import StatusItem
from widgets.parts.text import ElidedLabel, plain_tip


class LevelBar(QWidget):
    """level_requested(number): tell more of that level. copied(command)."""

    level_requested = Signal(int)
    copied = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.waiting = ElidedLabel("Looking at what this user may do\u2026", "caption", "text2")
        self.items: list[StatusItem] = []
        self.more: CommandLine | None = None
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(EDGE_PX, 0, EDGE_PX, 4)
        self._row.setSpacing(8)
        self._row.addWidget(self.waiting)
        self._row.addStretch(1)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def show_levels(self, levels: Levels) -> None:
        """Show what a probe found."""
        self.waiting.hide()
        for old in (*self.items, *([self.more] if self.more is not None else [])):
            self._row.removeWidget(old)
            old.setParent(None)
            old.deleteLater()
        self.items, self.more = [], None
        for level in levels.levels:
            item = StatusItem(_word(level), state="done" if level.works else "waiting")
            item.setToolTip(plain_tip(story(level)))
            item.clicked.connect(lambda _=False, number=level.number: self.level_requested.emit(number))
            self._row.insertWidget(self._row.count() - 1, item)  # before the stretch
            self.items.append(item)
        lacking = next((one for level in levels.levels if not level.works for one in level.more if one.command), None)
        if lacking is not None:
            self.more = CommandLine(lacking.command, short=True)
            self.more.copied.connect(self.copied)
            self._row.addWidget(self.more, 100)


def _word(level: Level) -> str:
    """Which sort of packets it is for, and whether it works: never told by the sign alone."""
    return f"L{level.number} {level.title.lower()}: {'works' if level.works else 'not yet'}"


def story(level: Level) -> str:
    """What works now, what more would be possible, and the commands for it."""
    lines = [*level.now]
    for one in level.more:
        lines.append(one.what)
        if one.command:
            lines.append(f"    {one.command}")
    return "\n".join(lines)
