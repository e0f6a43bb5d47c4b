"""How slow and how late the proxy passes bytes on, for each way; every change holds at once.

It must not know the proxy, only the slot that takes lines.
"""

from __future__ import annotations

from typing import Any, Final

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QVBoxLayout, QWidget

from protocols.http.proxy.core import Way
from widgets.http.proxy.slot import WAYS, ProxySlot
from widgets.parts.buttons import Button
from widgets.parts.fields import Choice, Fields
from widgets.parts.flow import FlowBox, scrolled
from widgets.parts.text import Label

PRESETS: Final = {
    "": ("As fast as it goes", None), "modem": ("Modem, 56 kbit/s", ((4200, 60), (7000, 60))),
    "edge": ("EDGE, 240 kbit/s", ((25_000, 210), (30_000, 210))),
    "3g": ("3G, 1.6 Mbit/s", ((96_000, 75), (200_000, 75))),
    "sat": ("Satellite, late", ((250_000, 300), (2_500_000, 300))),
    "late": ("Only late, 500 ms each way", ((0, 500), (0, 500))),
}  # fmt: skip
TITLES: Final[dict[Way, str]] = {"up": "Upstream: client to origin", "down": "Downstream: origin to client"}
ABOUT: Final = ("The line is shared by all connections, as a slow line would be. Each exchange that it slows down "
                "says so in the list.")  # fmt: skip


class LinePage(QWidget):
    """The form."""

    def __init__(self, slot: ProxySlot, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.slot = slot
        self.fields = Fields(self)
        self.reset_button = Button("As fast as it goes", "zap", small=True)
        body = QWidget()
        column = QVBoxLayout(body)
        column.setContentsMargins(12, 12, 12, 12)
        column.setSpacing(10)
        add, first = self.fields, FlowBox(spacing=12)
        first.add(add.choice("preset", "Like", [Choice(key, title) for key, (title, _) in PRESETS.items()]))
        column.addWidget(first)
        for way in WAYS:
            row = FlowBox(spacing=12)
            row.add(add.number(f"{way}_rate", "At most", 0, (0, 1_000_000_000), suffix=" bytes/s",
                               zero="as fast as it goes"))  # fmt: skip
            row.add(add.number(f"{way}_delay", "Later by", 0, (0, 3_600_000), suffix=" ms"))
            column.addWidget(Label(TITLES[way], "section"))
            column.addWidget(row)
        column.addWidget(Label(ABOUT, "caption", "text2", wrap=True))
        column.addWidget(self.reset_button, 0, Qt.AlignmentFlag.AlignLeft)
        column.addStretch(1)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(scrolled(body))
        self.fields.changed.connect(self._on_changed)
        self.reset_button.clicked.connect(self.reset)
        self.reset_button.setEnabled(False)

    def _on_changed(self, key: str) -> None:
        if key == "preset":
            lines = PRESETS[self.fields["preset"]][1]
            for way, (rate, delay) in zip(WAYS, lines or ((0, 0), (0, 0)), strict=True):
                self.fields.set_values({f"{way}_rate": rate, f"{way}_delay": delay})
            return
        for way in WAYS:
            self.slot.set_line(way, self.fields[f"{way}_rate"] or None, self.fields[f"{way}_delay"])
        self.reset_button.setEnabled(self.slows)

    @property
    def slows(self) -> bool:
        """Something is slowed down."""
        return any(rate is not None or delay for rate, delay in self.slot.lines.values())

    def reset(self) -> None:
        """Slow nothing down."""
        self.fields.set_values({"preset": "", **{f"{way}_{what}": 0 for way in WAYS for what in ("rate", "delay")}})

    def values(self) -> dict[str, Any]:
        """What the next start finds again."""
        return {key: value for key, value in self.fields.values().items() if key != "preset"}
