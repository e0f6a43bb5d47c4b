"""Rail: the left edge of the window, one button per panel, the tools at its foot.

It shows what is chosen and where something runs. It must not know panels, only their ids,
titles and icons.
"""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QAction, QColor, QFontMetrics, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QButtonGroup, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from netlab_gui.panels import Entry
from netlab_gui.toolbar import bar_height
from widgets.theme.theme import theme

WIDTH = 76
HEIGHT = 54
ICON = 20
GAP = 3
DOT = 9
RADIUS = 8
BAR = 3


class RailButton(QToolButton):
    """Icon over label; a tint and a bar say chosen, a green dot says that something runs here."""

    def __init__(self, title: str, icon: str, tip: str = "") -> None:
        super().__init__()
        self._title = title
        self._icon = icon
        self._alive = ""
        self.setText(title)
        self.setCheckable(True)
        self.setAccessibleName(title)
        self.setToolTip(tip or title)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)

    def set_alive(self, what: str) -> None:
        """Say what runs here; "" for nothing."""
        if what != self._alive:
            self._alive = what
            self.setToolTip(f"{self._title}: {what}" if what else self._title)
            self.setAccessibleDescription(what)
            self.update()

    def sizeHint(self) -> QSize:
        return QSize(theme().px(WIDTH), theme().px(HEIGHT))

    def paintEvent(self, _event: QPaintEvent) -> None:
        tokens = theme().tokens
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(self.rect()).adjusted(4, 1, -4, -1)
        chosen = self.isChecked()
        if chosen or self.underMouse():
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(tokens.select if chosen else tokens.track)
            painter.drawRoundedRect(box, RADIUS, RADIUS)
        if chosen:
            painter.setBrush(tokens.highlight)
            painter.drawRect(QRectF(0, box.top() + 1, BAR, box.height() - 2))
        self._paint_face(painter, tokens.text if chosen else tokens.text2)
        painter.end()

    def _paint_face(self, painter: QPainter, colour: QColor) -> None:
        font = theme().ui_font(9, 600 if self.isChecked() else 400)
        line = QFontMetrics(font).height()
        side, dot = theme().px(ICON), theme().px(DOT)
        top = (self.height() - side - GAP - line) / 2
        picture = theme().pixmap(self._icon, "text" if self.isChecked() else "text2", ICON, self.devicePixelRatioF())
        left = (self.width() - side) / 2
        painter.drawPixmap(QRectF(left, top, side, side), picture, QRectF(picture.rect()))
        painter.setPen(colour)
        painter.setFont(font)
        painter.drawText(QRectF(0, top + side + GAP, self.width(), line), Qt.AlignmentFlag.AlignCenter, self._title)
        if self._alive:
            painter.setPen(QPen(theme().tokens.rail, 2))
            painter.setBrush(theme().tokens.running)
            painter.drawEllipse(QRectF(left + side, top - dot / 2, dot, dot))


class Rail(QWidget):
    """The panels' buttons, checked one at a time, and the tools at the foot.

    chosen(id): a panel's button was clicked.
    """

    chosen = Signal(str)

    def __init__(self, entries: Iterable[Entry], menu: QToolButton, tools: Iterable[QAction]) -> None:
        super().__init__()
        self.setObjectName("rail")
        self.setAccessibleName("Panels")
        self._buttons: dict[str, RailButton] = {}
        self._group = QButtonGroup(self)
        self._group.setExclusive(True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 6)
        layout.setSpacing(2)
        self._head = QWidget()
        head = QVBoxLayout(self._head)
        head.setContentsMargins(0, 0, 0, 0)
        head.addWidget(menu, 0, Qt.AlignmentFlag.AlignCenter)
        layout.addWidget(self._head)
        listed = list(entries)
        for entry in listed:
            if not entry.foot:
                layout.addWidget(self._panel_button(entry))
        layout.addStretch(1)
        for action in tools:
            layout.addWidget(self._tool_button(action))
        for entry in listed:
            if entry.foot:
                layout.addWidget(self._panel_button(entry))
        theme().changed.connect(self._on_theme_changed)
        self._on_theme_changed()

    def show_chosen(self, panel: str) -> None:
        """Check the button of this panel."""
        button = self._buttons.get(panel)
        if button is not None:
            button.setChecked(True)

    def set_alive(self, panel: str, what: str) -> None:
        """Put a dot on a panel's button; `what` says what runs there, "" takes the dot away."""
        if panel in self._buttons:
            self._buttons[panel].set_alive(what)

    def button(self, panel: str) -> RailButton:
        """The button of a panel."""
        return self._buttons[panel]

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme().tokens.rail)
        painter.setPen(theme().tokens.mid)
        painter.drawLine(self.width() - 1, 0, self.width() - 1, self.height())
        painter.end()

    def _panel_button(self, entry: Entry) -> RailButton:
        button = RailButton(entry.title, entry.icon)
        self._group.addButton(button)
        self._buttons[entry.id] = button
        button.clicked.connect(lambda _checked=False, panel=entry.id: self.chosen.emit(panel))
        return button

    def _tool_button(self, action: QAction) -> RailButton:
        """A tool is switched on and off by its own action; it is no panel."""
        button = RailButton(action.iconText(), str(action.property("icon-name") or "square"), action.toolTip())
        button.setChecked(action.isChecked())
        button.clicked.connect(action.trigger)
        action.toggled.connect(button.setChecked)
        return button

    def _on_theme_changed(self) -> None:
        self.setFixedWidth(theme().px(WIDTH))
        self._head.setFixedHeight(bar_height())
        for button in self._buttons.values():
            button.updateGeometry()
        self.update()
