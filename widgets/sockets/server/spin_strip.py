"""Does the loop see its client go? The strip of the two upper-case loops, the courses' one and the mended one.

One click lets a client come, speak and leave; what the loop makes of it stands here then. It must
not know how a client is made: it asks for one.
"""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from protocols.numbers import grouped
from widgets.parts.banner import Banner
from widgets.parts.buttons import Button
from widgets.parts.flow import FlowBox
from widgets.sockets.server.slot import ServerSlot

COURSE: Final = "upper-course"
MENDED: Final = "upper-lines"
TWIN: Final = {COURSE: MENDED, MENDED: COURSE}
_COMPARE: Final = {COURSE: "Try the mended one", MENDED: "Try the courses' one"}


class SpinStrip(QWidget):
    """Hidden but for these two loops. Signals ask for a client that leaves, an end of the spinning, the other loop."""

    leave_requested = Signal()
    stop_requested = Signal()
    compare_requested = Signal()

    def __init__(self, slot: ServerSlot, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.slot = slot
        self.note, self.warning = Banner("note"), Banner("warning")
        self.leave_button = Button("Let a client come and go", "log-out", small=True)
        self.stop_button = Button("Stop the loop", "square", small=True)
        self.compare_button = Button("", "arrow-left-right", small=True)
        self.row = FlowBox()
        for button in (self.leave_button, self.stop_button, self.compare_button):
            self.row.add(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 10)
        column.setSpacing(8)
        for widget in (self.note, self.warning, self.row):
            column.addWidget(widget)
        self.leave_button.clicked.connect(self.leave_requested)
        self.stop_button.clicked.connect(self.stop_requested)
        self.compare_button.clicked.connect(self.compare_requested)
        slot.changed.connect(self.refresh)
        self.refresh()

    def text(self) -> str:
        """What the strip says; empty when it is away."""
        return "" if self.isHidden() else self.warning.text() if self.slot.spinning else self.note.text()

    def refresh(self) -> None:
        """Show what the loop does now, or did last."""
        slot = self.slot
        behaviour = str(slot.values.get("behaviour"))
        self.setVisible(behaviour in TWIN and slot.phase == "running" and slot.values.get("transport", "tcp") == "tcp")
        spins = slot.spinning
        if spins:
            rate = grouped(sum(spin.loops_per_s for spin in spins))
            self.note.clear()
            self.warning.say(
                "It spins.", f"{rate} turns a second for nobody: recv() gives b'' at once and for ever, nothing looks."
            )
        else:
            self.warning.clear()
            self.note.say(*self._remark(behaviour))
        self.stop_button.setVisible(bool(spins))
        self.leave_button.setVisible(not spins and slot.visit in ("", "over"))
        self.compare_button.setVisible(slot.visit == "over")
        self.compare_button.setText(_COMPARE.get(behaviour, ""))

    def _remark(self, behaviour: str) -> tuple[str, str]:
        slot = self.slot
        if slot.visit == "under way":
            return "A client comes and goes.", "It says hello, takes the answer and closes."
        if slot.visit != "over":
            return "Does this loop see its client go?", "Let one come, say hello and go, and look."
        beside = f" {slot.compared}" if slot.compared else ""
        if slot.turns:
            return "It span.", f"{grouped(slot.turns)} turns after its client had gone, until it was ended.{beside}"
        if behaviour == MENDED:
            return "It saw the end.", f"recv() gave b'' once, and the loop ended: no turn for nothing.{beside}"
        return "The client has gone.", f"The next look tells what the loop makes of it.{beside}"
