"""What stands in the place of a panel that could not be built: the sentence, and the lab goes on."""

from __future__ import annotations

from collections.abc import Iterator

from PySide6.QtWidgets import QVBoxLayout

from widgets.desk import Desk
from widgets.panel import Check, DemoStep, Panel
from widgets.parts.empty import EmptyState


class BrokenPanel(Panel):
    """Says which panel is missing; its demo fails."""

    def __init__(self, desk: Desk, title: str, error: Exception) -> None:
        super().__init__(desk)
        self._words = f"{title} could not be opened: {type(error).__name__}: {error}"
        column = QVBoxLayout(self)
        sentence = f"{self._words}\nThe rest of the lab works; the crash report has more."
        column.addWidget(EmptyState("octagon-x", sentence))

    def demo(self) -> Iterator[DemoStep]:
        """Never fine."""
        yield Check(self._words, False)
