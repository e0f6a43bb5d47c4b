"""TailPicture: a page of new rows painted a few rows at a time, so that the event loop turns in between.

When a hundred thousand rows a second come in, every row of the page is new each time: painted at once they are the
longest piece of work of the window. It must not know rows, columns or scrolling.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, TypeAlias

from PySide6.QtCore import QObject, QSize, QTimer, Signal
from PySide6.QtGui import QColor, QPainter, QPixmap

BAND: Final = 5
"""Rows painted between two turns of the event loop: about a millisecond, a few while workers have the processors."""
Paint: TypeAlias = "Callable[[QPainter, Sequence[tuple[int, int]], int], object]"


class TailPicture(QObject):
    """ready(top): the page that begins at this place is painted; `shown` gives it until the next one is, or `spoil`."""

    ready = Signal(int)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._picture: QPixmap | None = None
        self._top = 0
        self._shown: QPixmap | None = None
        self._shown_top = 0
        self._stale = False
        self._lines: Sequence[tuple[int, int]] = ()
        self._paint: Paint | None = None
        self._turn = QTimer(self)
        self._turn.setSingleShot(True)
        self._turn.timeout.connect(self._on_turn_timeout)

    @property
    def busy(self) -> bool:
        """Whether rows are still to be painted."""
        return bool(self._lines)

    def begin(
        self, top: int, lines: Sequence[tuple[int, int]], paint: Paint, size: QSize, dpr: float, ground: QColor
    ) -> None:
        """Paint these lines (place, row) on a page of that size in px. paint: is given some lines, and `top`."""
        if self._picture is None or self._picture.size() != size * dpr:
            self._picture = QPixmap(size * dpr)
        self._picture.setDevicePixelRatio(dpr)
        self._picture.fill(ground)
        self._top, self._lines, self._paint, self._stale = top, lines, paint, False
        self._turn.start(1)

    def forget(self) -> None:
        """What is painted is no longer what will be shown, and what was shown no longer what is."""
        self._lines, self._paint = (), None
        self._turn.stop()
        self.spoil()

    def spoil(self) -> None:
        """Rows look different now: the page that is shown is painted anew, and so is one under way when it is shown."""
        self._shown, self._stale = None, True

    def shown(self, top: int, size: QSize, dpr: float) -> QPixmap | None:
        """The last page that was painted, if it is this one: whatever covered it in part need not be painted anew."""
        picture = self._shown
        return picture if picture is not None and top == self._shown_top and picture.size() == size * dpr else None

    def _on_turn_timeout(self) -> None:
        if self._picture is None or self._paint is None:
            return
        band, self._lines = self._lines[:BAND], self._lines[BAND:]
        painter = QPainter(self._picture)
        self._paint(painter, band, self._top)
        painter.end()
        if self._lines:
            self._turn.start(1)
            return
        if not self._stale:
            self._picture, self._shown = self._shown, self._picture
        self._shown_top, self._paint = self._top, None
        self.ready.emit(self._top)
