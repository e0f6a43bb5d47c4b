"""Strips: what the window itself has to say, as lines above the panel and never as a dialog.

One strip for each matter (recovery, a saved session, a crash, quitting), gone when the matter
is settled. It must not know what caused it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from widgets.parts.banner import Banner
from widgets.parts.buttons import IconButton

EDGE: Final = 16
TOP: Final = 8


class Strips(QWidget):
    """A column of strips; empty it takes no room."""

    def __init__(self) -> None:
        super().__init__()
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(EDGE, 0, EDGE, 0)
        self._column.setSpacing(6)
        self._strips: dict[str, tuple[QWidget, Banner]] = {}
        self._fit()

    def say(
        self,
        matter: str,
        kind: str,
        lead: str,
        text: str = "",
        *,
        action: str = "",
        act: Callable[[], object] | None = None,
        icon: str = "",
        closable: bool = True,
        closed: Callable[[], object] | None = None,
    ) -> None:
        """Say something about a matter; what was said about it before is replaced.

        kind: "error", "warning" or "note". act: what the button `action` does. closable: the user may put
        the strip away, then `closed` is called; a condition that holds stays.
        """
        self.clear(matter)
        banner = Banner(kind)
        line = QWidget()
        row = QHBoxLayout(line)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        row.addWidget(banner, 1)
        banner.say(lead, text, action, icon)
        if act is not None:
            banner.acted.connect(act)
        if closable:
            close = IconButton("x", "Put this line away")
            close.clicked.connect(lambda: self._put_away(matter, closed))
            row.addWidget(close)
        self._column.addWidget(line)
        self._strips[matter] = (line, banner)
        self._fit()

    def clear(self, matter: str) -> None:
        """The matter is settled."""
        found = self._strips.pop(matter, None)
        if found is not None:
            self._column.removeWidget(found[0])
            found[0].hide()
            found[0].deleteLater()
            self._fit()

    def banner(self, matter: str) -> Banner | None:
        """The strip of a matter that is open."""
        found = self._strips.get(matter)
        return None if found is None else found[1]

    def _put_away(self, matter: str, closed: Callable[[], object] | None) -> None:
        self.clear(matter)
        if closed is not None:
            closed()

    def _fit(self) -> None:
        used = bool(self._strips)
        self._column.setContentsMargins(EDGE, TOP if used else 0, EDGE, 0)
        self.setVisible(used)
