"""Toolbar: the session, the recorder's light, the command field, and how the window looks.

It shows what it is told and triggers actions of the registry. It must not know the store,
the recorder or the palette.
"""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QAction, QFontMetrics, QKeySequence, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QHBoxLayout, QMenu, QSizePolicy, QToolBar, QToolButton, QWidget

from protocols.numbers import grouped
from widgets.parts.buttons import ActionButton
from widgets.theme.signs import paint_icon
from widgets.theme.theme import theme

FIELD_WIDTH: Final = 340
FIELD_LEAST: Final = 190
NAME_WIDTH: Final = 230
PAD: Final = 8
GAP: Final = 7
HINT: Final = "Search actions, services, events"


class CommandField(QAbstractButton):
    """Looks like an input and opens the command palette."""

    def __init__(self, action: QAction) -> None:
        super().__init__()
        self._action = action
        self.setObjectName("command-field")
        self.setAccessibleName("Command palette")
        self.setToolTip("Every action of the lab by name")
        self.setCursor(Qt.CursorShape.IBeamCursor)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.clicked.connect(action.trigger)

    def sizeHint(self) -> QSize:
        return QSize(theme().px(FIELD_WIDTH), theme().line_height() + 14)

    def minimumSizeHint(self) -> QSize:
        return QSize(theme().px(FIELD_LEAST), self.sizeHint().height())

    def paintEvent(self, _event: QPaintEvent) -> None:
        tokens = theme().tokens
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(tokens.highlight if self.underMouse() else tokens.field, 1))
        painter.setBrush(tokens.base)
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 6, 6)
        side = theme().px(16)
        picture = theme().pixmap("search", "placeholder", 16, self.devicePixelRatioF())
        painter.drawPixmap(QRectF(11, (self.height() - side) / 2, side, side), picture, QRectF(picture.rect()))
        right = self._paint_keys(painter)
        painter.setFont(theme().ui_font(10))
        painter.setPen(tokens.placeholder)
        room = QRectF(side + 20, 0, right - side - 26, self.height())
        words = painter.fontMetrics().elidedText(HINT, Qt.TextElideMode.ElideRight, int(room.width()) + 1)
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, words)
        painter.end()

    def _paint_keys(self, painter: QPainter) -> float:
        """The shortcut as a key cap at the right; returns its left edge."""
        keys = self._action.shortcut().toString(QKeySequence.SequenceFormat.NativeText).replace("+", " ")
        if not keys:
            return float(self.width() - 6)
        font = theme().ui_font(9)
        metrics = QFontMetrics(font)
        width, height = metrics.horizontalAdvance(keys) + 12, metrics.height() + 4
        cap = QRectF(self.width() - width - 7, (self.height() - height) / 2, width, height)
        painter.setPen(QPen(theme().tokens.dark, 1))
        painter.setBrush(theme().tokens.window)
        painter.drawRoundedRect(cap.adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
        painter.setFont(font)
        painter.setPen(theme().tokens.text2)
        painter.drawText(cap, Qt.AlignmentFlag.AlignCenter, keys)
        return cap.left()


class RecorderLight(QAbstractButton):
    """A red disc and "Recording", or an empty square and "Not recording"; a click changes it."""

    def __init__(self, action: QAction) -> None:
        super().__init__()
        self._action = action
        self._events = 0
        self.setObjectName("recorder-light")
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setToolTip(action.toolTip())
        self.clicked.connect(action.trigger)
        action.toggled.connect(self._on_action_toggled)
        self._on_action_toggled()

    def show_events(self, events: int) -> None:
        """How many events there are."""
        if events != self._events:
            wider = len(str(events)) != len(str(self._events))
            self._events = events
            if wider:
                self.updateGeometry()
            self.update()

    def _words(self) -> tuple[str, str]:
        count = f"{grouped(self._events)} {'event' if self._events == 1 else 'events'}"
        return ("Recording" if self._action.isChecked() else "Not recording"), count

    def sizeHint(self) -> QSize:
        metrics = QFontMetrics(theme().ui_font(10))
        digits = metrics.horizontalAdvance("0" * (len(grouped(self._events)) + 7))
        return QSize(metrics.horizontalAdvance(self._words()[0]) + digits + 36, metrics.height() + 14)

    def paintEvent(self, _event: QPaintEvent) -> None:
        tokens = theme().tokens
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        side = theme().px(10)
        light = QRectF(6, (self.height() - side) / 2, side, side)
        if self._action.isChecked():
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(tokens.error)
            painter.drawEllipse(light)
        else:
            painter.setPen(QPen(tokens.stopped, 1.6))
            painter.drawRect(light.adjusted(1, 1, -1, -1))
        painter.setPen(tokens.text2)
        painter.setFont(theme().ui_font(10))
        state, count = self._words()
        left = light.right() + 8
        for words in (state, count):
            painter.drawText(QRectF(left, 0, self.width() - left, self.height()), Qt.AlignmentFlag.AlignVCenter, words)
            left += painter.fontMetrics().horizontalAdvance(words) + 10
        painter.end()

    def _on_action_toggled(self) -> None:
        state, count = self._words()
        self.setAccessibleName(f"{state}, {count}")
        self.updateGeometry()
        self.update()


class SessionButton(QToolButton):
    """The session's icon, name and the sign that a menu is under it."""

    def __init__(self, menu: QMenu) -> None:
        super().__init__()
        self.setObjectName("session-button")
        self.setMenu(menu)
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        theme().dress(self, "strong")

    def sizeHint(self) -> QSize:
        look = theme()
        words = min(QFontMetrics(look.font("strong")).horizontalAdvance(self.text()), look.px(NAME_WIDTH))
        return QSize(words + look.px(16 + 14) + 2 * PAD + 2 * GAP + 2, look.line_height() + 14)

    def minimumSizeHint(self) -> QSize:
        return QSize(theme().px(110), self.sizeHint().height())

    def paintEvent(self, _event: QPaintEvent) -> None:
        look = theme()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self.underMouse() or self.isDown():
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(look.tokens.track)
            painter.drawRoundedRect(QRectF(self.rect()), 6, 6)
        icon, sign = look.px(16), look.px(14)
        middle = self.height() / 2
        paint_icon(painter, QRectF(PAD, middle - icon / 2, icon, icon), "notebook-text", "text")
        paint_icon(painter, QRectF(self.width() - PAD - sign, middle - sign / 2, sign, sign), "chevron-down", "text2")
        painter.setFont(look.font("strong"))
        painter.setPen(look.tokens.text)
        room = QRectF(PAD + icon + GAP, 0, self.width() - 2 * PAD - icon - sign - 2 * GAP + 1, self.height())
        words = painter.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, int(room.width()))
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, words)
        painter.end()


def bar_height() -> int:
    """The height of the toolbar, and of the menu button beside it, in px."""
    return theme().line_height() + 32


class Toolbar(QToolBar):
    """The window's upper line. `session` opens the session menu; the rest are registry actions."""

    def __init__(self, *, menu: QMenu, palette: QAction, record: QAction, right: list[QAction]) -> None:
        super().__init__("Toolbar")
        self.setObjectName("toolbar")
        self.setMovable(False)
        self.setFloatable(False)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
        self.session = SessionButton(menu)
        self.light = RecorderLight(record)
        self.field = CommandField(palette)
        self._row_widget = self._row(right)
        self.addWidget(self._row_widget)
        layout = self.layout()
        if layout is not None:
            layout.setContentsMargins(0, 0, 0, 0)
        self.show_session("New session")
        theme().changed.connect(self._on_theme_changed)
        self._on_theme_changed()

    def show_session(self, name: str, *, read_only: bool = False) -> None:
        """The name of the session that is looked at."""
        words = f"{name}, saved" if read_only else name
        self.session.setText(words)
        self.session.updateGeometry()
        self.session.setToolTip(words)
        self.session.setAccessibleName(f"Session {words}")

    def _row(self, right: list[QAction]) -> QWidget:
        row = QWidget()
        layout = QHBoxLayout(row)
        layout.setContentsMargins(12, 0, 12, 0)
        layout.setSpacing(8)
        middle = Qt.AlignmentFlag.AlignVCenter
        layout.addWidget(self.session, 0, middle)
        layout.addWidget(self.light, 0, middle)
        layout.addStretch(1)
        layout.addWidget(self.field, 2, middle)
        layout.addStretch(1)
        for action in right:
            layout.addWidget(_flat_button(action), 0, middle)
        return row

    def _on_theme_changed(self) -> None:
        self.setFixedHeight(bar_height())
        self._row_widget.setFixedHeight(bar_height() - 1)
        for widget in (self.session, self.light, self.field):
            widget.updateGeometry()
            widget.update()


def _flat_button(action: QAction) -> ActionButton:
    """An action of the registry without a border: icon and word, or the icon alone."""
    wordless = action.property("wordless") is True
    button = ActionButton(action, icon_only=True)
    if not wordless:
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
    return button
