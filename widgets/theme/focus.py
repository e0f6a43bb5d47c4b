"""The ring around the button that has the keyboard.

Inputs show their focus in their own border. A button shows it only when the keyboard brought it, and outside
its edge, where a style sheet cannot paint; one frame that follows the focus does. It must not know panels.
"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QApplication, QFocusFrame, QTabBar, QWidget

RING_PX = 2.0
RADIUS_PX = 7.0


class _Frame(QFocusFrame):
    def __init__(self, colour: Callable[[], QColor]) -> None:
        super().__init__()
        self._colour = colour

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self.mask().isEmpty():
            # The style cuts out the button's rectangle; the ring goes under its round corners too.
            self.clearMask()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(self._colour(), RING_PX))
        edge = QRectF(self.rect()).adjusted(RING_PX / 2, RING_PX / 2, -RING_PX / 2, -RING_PX / 2)
        painter.drawRoundedRect(edge, RADIUS_PX, RADIUS_PX)


def came_by_keyboard(widget: QWidget) -> bool:
    """Whether Tab or a shortcut moved the focus of this window last; Qt sets it, a click takes it back."""
    return widget.window().testAttribute(Qt.WidgetAttribute.WA_KeyboardFocusChange)


class FocusRing(QObject):
    """Moves the ring with the keyboard focus of `app`."""

    def __init__(self, app: QApplication, colour: Callable[[], QColor]) -> None:
        super().__init__(app)
        self._colour = colour
        self._frame: _Frame | None = None
        app.focusChanged.connect(self._on_focus_changed)

    @property
    def around(self) -> QWidget | None:
        """The widget the ring is drawn around now."""
        return None if self._frame is None else self._frame.widget()

    def _on_focus_changed(self, _old: QWidget | None, new: QWidget | None) -> None:
        if new is not None and QApplication.mouseButtons() != Qt.MouseButton.NoButton:
            new.window().setAttribute(Qt.WidgetAttribute.WA_KeyboardFocusChange, False)
        if not isinstance(new, (QAbstractButton, QTabBar)) or not came_by_keyboard(new):
            self._drop()
            return
        if self._frame is None:
            self._frame = _Frame(self._colour)
            self._frame.destroyed.connect(self._on_frame_destroyed)
        self._frame.setWidget(new)

    def _on_frame_destroyed(self) -> None:
        # The frame lives in the window of the widget it surrounds and dies with it.
        self._frame = None

    def _drop(self) -> None:
        if self._frame is not None:
            self._frame.setWidget(None)  # type: ignore[arg-type]  # None is how Qt takes it off
            self._frame.hide()
