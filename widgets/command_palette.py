"""The command palette (Ctrl+K): everything the lab can do, found by typing, run by Return.

It lies over its window, under the command field, and is used by keyboard alone. It must not know the actions:
they come from the registry.
"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QModelIndex, QObject, QPoint, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QFrame,
    QHBoxLayout,
    QLineEdit,
    QListView,
    QVBoxLayout,
    QWidget,
)

from widgets.actions import Actions
from widgets.palette_delegate import PaletteDelegate
from widgets.palette_model import PaletteModel, Source
from widgets.parts.card import IconLabel, Line
from widgets.parts.chip import KeyCap
from widgets.parts.text import Label
from widgets.theme.theme import theme

LEAST_WIDTH, MOST_WIDTH = 490, 620
MOST_ROWS_HEIGHT = 470
PAGE = 8


class CommandPalette(QFrame):
    """The palette of one window, hidden until `open_under`.

    here: the group of the panel at the front. `python_requested` gives the script id of Alt+Return;
    `closed` comes after it went away.
    """

    python_requested = Signal(str)
    closed = Signal()

    def __init__(self, actions: Actions, window: QWidget, here: Callable[[], str] = str) -> None:
        super().__init__(window)
        self.setProperty("popup", "true")
        self.setAccessibleName("Command palette")
        self.setAutoFillBackground(False)
        self._model = PaletteModel(actions, here)
        self._model.setParent(self)
        self._under: QWidget | None = None
        self._before: QWidget | None = None
        self._build()
        self.hide()
        theme().changed.connect(self._on_theme_changed)

    # -- building ------------------------------------------------------------------------------

    def _build(self) -> None:
        self.edit = QLineEdit(placeholderText="Search actions, services, events")
        self.edit.setProperty("bare", True)
        self.edit.setAccessibleName("Search actions, services, events")
        self.edit.textChanged.connect(self._on_text_changed)
        self.edit.installEventFilter(self)
        self.count = Label("", "table", "text2")
        head = QHBoxLayout()
        head.setContentsMargins(18, 0, 18, 0)
        head.setSpacing(12)
        head.addWidget(IconLabel("search", "text2", 18))
        head.addWidget(self.edit, 1)
        head.addWidget(self.count)
        self._head = QWidget()
        self._head.setLayout(head)
        self.list = QListView()
        self.list.setModel(self._model)
        self.list.setItemDelegate(PaletteDelegate(self.list))
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setMouseTracking(True)
        self.list.setAccessibleName("Found")
        self.list.viewport().setAutoFillBackground(False)
        self.list.setProperty("bare", True)
        self.list.clicked.connect(self._on_clicked)
        self.nothing = Label("Nothing fits. Try fewer letters.", "body", "text2")
        self.nothing.setContentsMargins(20, 8, 20, 8)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(self._head)
        whole.addWidget(Line(dock=True))
        whole.addSpacing(4)
        whole.addWidget(self.list, 1)
        whole.addWidget(self.nothing)
        whole.addSpacing(4)
        whole.addWidget(Line(dock=True))
        self._foot = _foot()
        whole.addWidget(self._foot)
        self._on_theme_changed()

    def add_source(self, caption: str, source: Source) -> None:
        """Let the palette find other things too, such as running services, under `caption`."""
        self._model.add_source(caption, source)

    # -- opening and closing -------------------------------------------------------------------

    def open_under(self, field: QWidget | None = None, text: str = "") -> None:
        """Show the palette under `field`, or at the top of the window, with `text` typed in."""
        if self.isVisible():
            self.edit.selectAll()
            return
        self._under = field
        self._before = QApplication.focusWidget()
        self.edit.setText(text)
        self._on_text_changed(text)
        self._place()
        self.show()
        self.raise_()
        self.edit.setFocus(Qt.FocusReason.PopupFocusReason)
        self.window().installEventFilter(self)
        app = QApplication.instance()
        if app is not None:
            # Only while it is open: a click anywhere else closes it.
            app.installEventFilter(self)

    def toggle_under(self, field: QWidget | None = None) -> None:
        """Open it, or close it where it is open: what Ctrl+K does."""
        if self.isVisible():
            self.close_now()
        else:
            self.open_under(field)

    def close_now(self) -> None:
        """Hide it and give the focus back."""
        if not self.isVisible():
            return
        app = QApplication.instance()
        if app is not None:
            app.removeEventFilter(self)
        self.window().removeEventFilter(self)
        had_focus = self.isAncestorOf(focus) if (focus := QApplication.focusWidget()) is not None else True
        self.hide()
        if had_focus and self._before is not None and self._before.isVisible():
            self._before.setFocus(Qt.FocusReason.PopupFocusReason)
        self._before = None
        self.closed.emit()

    # -- what the keyboard does ----------------------------------------------------------------

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        kind = event.type()
        if kind == QEvent.Type.KeyPress and watched is self.edit and isinstance(event, QKeyEvent):
            return self._take_key(event)
        if kind == QEvent.Type.ShortcutOverride and watched is self.edit and isinstance(event, QKeyEvent):
            if event.key() in (Qt.Key.Key_Escape, Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Up, Qt.Key.Key_Down):
                event.accept()
            return False
        if kind == QEvent.Type.MouseButtonPress and isinstance(event, QMouseEvent) and isinstance(watched, QWidget):
            inside = watched is self or self.isAncestorOf(watched)
            if not inside and watched.window() is self.window():
                self.close_now()
        elif watched is self.window() and kind in (QEvent.Type.Resize, QEvent.Type.WindowDeactivate):
            if kind == QEvent.Type.Resize:
                self._place()
            else:
                self.close_now()
        return False

    def _take_key(self, event: QKeyEvent) -> bool:
        key, alt = event.key(), bool(event.modifiers() & Qt.KeyboardModifier.AltModifier)
        steps = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1, Qt.Key.Key_PageDown: PAGE, Qt.Key.Key_PageUp: -PAGE}
        if key == Qt.Key.Key_Escape:
            self.close_now()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._take(python=alt)
        elif key in steps:
            self._choose(self._model.step(self.list.currentIndex().row(), steps[Qt.Key(key)]))
        else:
            return False
        return True

    def _take(self, *, python: bool) -> None:
        found = self._model.found(self.list.currentIndex().row())
        if found is None or not found.enabled or (python and not found.python):
            return
        self.close_now()
        if python:
            self.python_requested.emit(found.python)
        else:
            found.run()

    def _on_clicked(self, index: QModelIndex) -> None:
        self._choose(index.row())
        self._take(python=False)

    def _choose(self, row: int) -> None:
        if self._model.found(row) is not None:
            index = self._model.index(row, 0)
            self.list.setCurrentIndex(index)
            # The caption above the first find belongs to it.
            self.list.scrollTo(self._model.index(0, 0) if row == self._model.first() else index)
            self.list.viewport().update()

    # -- what it shows -------------------------------------------------------------------------

    def _on_text_changed(self, text: str) -> None:
        self._model.search(text)
        self.count.setText(f"{self._model.matched} of {self._model.total} actions")
        self.nothing.setVisible(self._model.rowCount() == 0)
        self.list.setVisible(self._model.rowCount() > 0)
        self._choose(self._model.first())
        self._place()

    def _place(self) -> None:
        window = self.window()
        least = max(theme().px(LEAST_WIDTH), self._foot.sizeHint().width() + 2)
        width = min(theme().px(MOST_WIDTH), max(least, window.width() // 3), window.width() - 32)
        under = self._under
        if under is not None and under.isVisible():
            corner = under.mapTo(window, QPoint(0, under.height() + 6))
            left = corner.x() + under.width() // 2 - width // 2
        else:
            corner, left = QPoint(0, 56), (window.width() - width) // 2
        rows = sum(self.list.sizeHintForRow(row) for row in range(min(self._model.rowCount(), 40))) + 2
        self.list.setFixedHeight(max(1, min(rows, theme().px(MOST_ROWS_HEIGHT), window.height() - corner.y() - 130)))
        layout = self.layout()
        if layout is not None:
            layout.activate()
        height = self.sizeHint().height()
        self.setGeometry(max(16, min(left, window.width() - width - 16)), corner.y(), width, height)

    def _on_theme_changed(self) -> None:
        theme().dress(self.edit, "body")
        self._head.setFixedHeight(theme().line_height() + 32)
        if self.isVisible():
            self._place()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        # Taken here, it does not wander up to the window, where it would count as a click elsewhere.
        event.accept()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.list.viewport().update()


def _foot() -> QWidget:
    """What the keys do."""
    foot = QWidget()
    row = QHBoxLayout(foot)
    row.setContentsMargins(18, 8, 18, 8)
    row.setSpacing(5)
    for keys, words in ((("↑", "↓"), "choose"), (("⏎",), "run"), (("Alt ⏎",), "show as Python")):
        for key in keys:
            row.addWidget(KeyCap(key))
        row.addWidget(Label(words, "caption", "text2"))
        row.addSpacing(9)
    row.addStretch(1)
    row.addWidget(KeyCap("Esc"))
    row.addWidget(Label("close", "caption", "text2"))
    return foot
