"""Rows of single calls: a button for each, and the line of Python that it is. Which are right is told by their sign.

It must not know the calls.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable
from typing import Final

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QWidget

from protocols.named import Named
from widgets.parts.buttons import Button
from widgets.parts.text import ElidedLabel
from widgets.theme.theme import set_look

_MODULES: Final = re.compile(r"\b(?:socket|http\.client)\.(?=AF_|SO|SH|socket\(|HTTP)")


class CodeLine(ElidedLabel):
    """A line of Python; where it does not fit, without what every line begins with, then cut before its end."""

    def __init__(self) -> None:
        super().__init__("", "mono", "text2")

    def shorter(self) -> tuple[str, ...]:
        """What the drawer's script has in full."""
        bare = _MODULES.sub("", self.text())
        return bare, bare.partition(" = ")[2] or bare


class StepRows(QWidget):
    """The rows. `clicked(step)`: one was chosen, right or wrong; nothing is while another one waits."""

    clicked = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.buttons: dict[str, Button] = {}
        self._codes: dict[str, CodeLine] = {}
        self._waiting = ""
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(10)
        self._grid.setVerticalSpacing(3)
        self._grid.setColumnStretch(1, 1)

    def set_steps(self, steps: Iterable[Named]) -> None:
        """Show other calls."""
        for widget in (*self.buttons.values(), *self._codes.values()):
            self._grid.removeWidget(widget)
            widget.hide()
            widget.deleteLater()
        self.buttons.clear()
        self._codes.clear()
        for at, step in enumerate(steps):
            button = Button(step.title, "circle", small=True, parent=self)
            button.setToolTip(step.meaning)
            button.clicked.connect(lambda _checked=False, name=step.id: self._on_clicked(name))
            code = CodeLine()
            self._grid.addWidget(button, at, 0)
            self._grid.addWidget(code, at, 1)
            self.buttons[step.id], self._codes[step.id] = button, code

    def _on_clicked(self, step: str) -> None:
        if not self._waiting:
            self.clicked.emit(step)

    def code(self, step: str) -> str:
        """The line of Python that a step is now, whole."""
        return self._codes[step].text()

    def mark(self, legal: Collection[str], waiting: str, code: Callable[[str], str]) -> None:
        """Emphasise what is right now, its first as the primary button. waiting: the step under way, or ""."""
        self._waiting = waiting
        first = next(iter(legal), "")
        for name, button in self.buttons.items():
            right = name in legal
            set_look(button, "primary", name == first and not waiting)
            button.set_icon("hourglass" if name == waiting else "circle-dot" if right else "circle")
            button.setEnabled(waiting in ("", name))  # without the one that has the focus the list would scroll
            button.setAccessibleDescription("right now" if right else "wrong now: try it and see why")
            self._codes[name].setText(code(name))
            self._codes[name].set_tone("" if right else "text2")
