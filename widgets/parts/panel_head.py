"""The head of a panel: its title, the views of its subject, and its buttons.

It never gets wider than its room: the last button gives up its words first, then the views fold into a
list, then all buttons show their icons alone. It must not know the panel.
"""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSize
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from widgets.parts.buttons import Button
from widgets.parts.low_room import LowRoom
from widgets.parts.segments import Segments
from widgets.parts.text import Label
from widgets.theme.theme import theme

EDGE_PX = 16
GAP_PX = 8
AFTER_TITLE_PX = 12


class PanelHead(QWidget):
    """One line: title and segments at the left, buttons at the right; Show as Python is the last."""

    def __init__(self, title: str, segments: Segments, *buttons: Button) -> None:
        super().__init__()
        self.title = Label(title, "panel")
        self.segments = segments
        self.buttons = buttons
        row = QHBoxLayout(self)
        row.setContentsMargins(EDGE_PX, 10, EDGE_PX, 8)
        row.setSpacing(GAP_PX)
        row.addWidget(self.title)
        row.addSpacing(AFTER_TITLE_PX - GAP_PX)
        row.addWidget(segments)
        row.addStretch(1)
        for button in buttons:
            row.addWidget(button)
        theme().scaled.connect(self._suit)

    def minimumSizeHint(self) -> QSize:
        return QSize(self._need(len(self.buttons), folded=True), super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._suit()

    def event(self, event: QEvent) -> bool:
        done = super().event(event)
        if event.type() == QEvent.Type.LayoutRequest:
            self._suit()
        return done

    def _suit(self) -> None:
        count = len(self.buttons)
        steps = ((0, False), (1, False), (0, True), (1, True), (count, True))
        wordless = next((many for many, folded in steps if self._need(many, folded=folded) <= self.width()), count)
        for at, button in enumerate(self.buttons):
            button.show_only("icon" if at >= count - wordless else "both")

    def _need(self, wordless: int, *, folded: bool) -> int:
        """The width that the line needs with so many buttons showing their icon alone."""
        shown = [button for button in self.buttons if not button.isHidden()]
        words = len(shown) - min(wordless, len(shown))
        buttons = sum(button.width_of("both" if at < words else "icon") for at, button in enumerate(shown))
        views = (self.segments.minimumSizeHint() if folded else self.segments.sizeHint()).width()
        gaps = 2 * EDGE_PX + AFTER_TITLE_PX + GAP_PX * len(shown)
        return self.title.sizeHint().width() + views + buttons + gaps


def lay_out_pages(panel: QWidget, head: PanelHead, pages: QWidget) -> None:
    """Put the head over the views of a panel, and the panel's edge around these; in a low window they scroll."""
    column = QVBoxLayout(panel)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(0)
    column.addWidget(head)
    body = QVBoxLayout()
    column.addLayout(body, 1)
    body.setContentsMargins(EDGE_PX, 0, EDGE_PX, 12)
    body.addWidget(LowRoom(pages))
