"""A form that shows what everybody sets and keeps the rest behind "More"; it scrolls up and down, never sideways.

It must not know what the fields mean.
"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QPoint, QTimer
from PySide6.QtWidgets import QScrollArea, QVBoxLayout, QWidget

from widgets.parts.buttons import Button, LinkButton
from widgets.parts.fields import Fields
from widgets.parts.flow import FlowBox, scroll_area
from widgets.parts.text import Label

PAD = 12
ABOVE_MORE = 8


class FoldedForm(QWidget):
    """`fields` are its values; `place_for_strip` takes what tells an error; `sections` are those behind "More".

    name: what it sets up ("the server"), for screen readers.
    """

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.fields = Fields(self)
        self.more_button = LinkButton("More")
        self.more_button.setCheckable(True)
        self.more_button.setAccessibleName(f"More settings of {name}")
        self.more = QWidget()
        self.more.setVisible(False)
        self.sections: dict[str, QWidget] = {}
        self.place_for_strip = QVBoxLayout()
        self._folded = QVBoxLayout(self.more)
        self._folded.setContentsMargins(0, 0, 0, 0)
        self._folded.setSpacing(8)
        self.more_button.toggled.connect(self._on_more_toggled)

    def lay_out(self, *rows: QWidget, links: tuple[QWidget, ...] = (), right: Button | None = None) -> None:
        """Put it together, once: rows, strip, the line with "More", `links` and the button at its right end."""
        self._scroll = scroll_area(self)
        body = QWidget(self._scroll.viewport())
        column = QVBoxLayout(body)
        column.setContentsMargins(PAD, PAD, PAD, PAD)
        column.setSpacing(PAD)
        for row in rows:
            column.addWidget(row)
        column.addLayout(self.place_for_strip)
        self._line = FlowBox(spacing=12)
        for widget in (self.more_button, *links):
            self._line.add(widget)
        if right is not None:
            self._line.add(QWidget(), 1)
            self._line.add(right)
        column.addWidget(self._line)
        column.addWidget(self.more)
        column.addStretch(1)
        self._scroll.setWidget(body)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self._scroll)

    def add_section(self, title: str, fill: Callable[[FlowBox], None], *below: QWidget) -> None:
        """A titled group of fields behind "More", with what stands below them."""
        box = QWidget()
        lines = QVBoxLayout(box)
        lines.setContentsMargins(0, 4 if title else 0, 0, 0)
        lines.setSpacing(6)
        if title:
            lines.addWidget(Label(title, "section"))
        flow = FlowBox(spacing=12)
        fill(flow)
        for widget in (flow, *below):
            lines.addWidget(widget)
        self._folded.addWidget(box)
        self.sections[title] = box

    def _on_more_toggled(self, on: bool) -> None:
        self.more.setVisible(on)
        self.more_button.setText("Less" if on else "More")
        if on:
            QTimer.singleShot(0, self, self._bring_more)  # once it has its place

    def _bring_more(self) -> None:
        """Show as much as fits of what was asked for: "Less" goes to the top, here and in what scrolls around."""
        holder: QWidget | None = self._scroll
        while holder is not None:
            if isinstance(holder, QScrollArea):
                bring(holder, self._line)
            holder = holder.parentWidget()


def bring(area: QScrollArea, widget: QWidget) -> None:
    """Scroll so that `widget` and what stands below it is seen as far as it fits."""
    inside = area.widget()
    if inside is not None:
        top = widget.mapTo(inside, QPoint(0, 0)).y()
        area.verticalScrollBar().setValue(max(0, top - ABOVE_MORE))
