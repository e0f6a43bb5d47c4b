"""SnippetsPage: the room's scripts, standard library alone, to read, copy and paste.

Their values follow what was done last in the panel. It must not run anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QHBoxLayout, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from protocols.creosote.scripts import DEFAULTS, LISTENING, TITLES
from protocols.scripts import render
from widgets.desk import Desk
from widgets.parts.buttons import Button, PrimaryButton
from widgets.parts.card import Card
from widgets.parts.segments import Segments
from widgets.parts.splitter import Splitter
from widgets.parts.text import Label
from widgets.python_drawer.code_view import CodeView
from widgets.theme.theme import theme

ONE_LINE: Final = "from protocols.creosote import spew, bucket, MrCreosote, CreosoteHandler"
SAID: Final = (
    "Each is a whole program of the standard library alone: paste it, or only its function, into any program. "
    "Where NetLab is installed one line does as much:"
)


class SnippetsPage(QWidget):
    """The page."""

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.desk = desk
        self._params: dict[str, dict[str, Any]] = {}
        self.list = QListWidget()
        self.code = CodeView()
        self.imports = Segments(("import socket", "from socket import \u2026"), "How names are imported")
        self.copy_button = PrimaryButton("Copy", "copy")
        self.line = Label(ONE_LINE, "mono")
        self.line_button = Button("Copy the line", "copy", small=True)
        self._lay_out()
        self._fill()
        self.list.currentRowChanged.connect(lambda _: self.show_script())
        self.imports.chosen.connect(lambda _: self.show_script())
        self.copy_button.clicked.connect(self.copy)
        self.line_button.clicked.connect(self._on_line)
        self.list.setCurrentRow(0)

    def _lay_out(self) -> None:
        said = Label(SAID, "body", "text2", wrap=True)
        self.line.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        one = QHBoxLayout()
        one.addWidget(self.line)
        one.addWidget(self.line_button)
        one.addStretch(1)
        listed = Card("Snippets", "file-code")
        listed.add(self.list, 1)
        shown = Card("Script", "code-xml")
        shown.add_action(self.imports)
        shown.add_action(self.copy_button)
        shown.add(self.code, 1)
        self.card = shown
        self.list.setAccessibleName("Snippets")
        self.list.setFrameShape(QListWidget.Shape.NoFrame)
        self.list.setIconSize(QSize(16, 16))
        self.list.setSpacing(3)
        self.list.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        splitter = Splitter(Qt.Orientation.Horizontal, listed, shown, line=False)
        splitter.setSizes([theme().px(290), 1000])
        splitter.setStretchFactor(1, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 0, 16, 12)
        column.setSpacing(8)
        column.addWidget(said)
        column.addLayout(one)
        column.addWidget(splitter, 1)

    def _fill(self) -> None:
        for name, title in TITLES.items():
            icon = "megaphone" if name in LISTENING else "send"
            item = QListWidgetItem(theme().icon(icon, "text2"), title)
            item.setData(Qt.ItemDataRole.UserRole, name)
            item.setToolTip(title)
            self.list.addItem(item)

    def name(self) -> str:
        """The id of the script shown."""
        item = self.list.currentItem()
        return str(item.data(Qt.ItemDataRole.UserRole)) if item is not None else next(iter(TITLES))

    def params(self) -> dict[str, Any]:
        """Its values."""
        return self._params.get(self.name(), {})

    def take_params(self, name: str, params: Mapping[str, Any]) -> None:
        """Something was done with these values: its script has them from now on."""
        known = DEFAULTS.get(name, {})
        self._params[name] = {key: value for key, value in params.items() if key in known}
        if name == self.name():
            self.show_script()

    def show_script(self) -> None:
        """Show the script chosen."""
        names = self.imports.current() == 1
        self.code.set_source(render(self.name(), self.params(), imports="names" if names else "module"))
        self.card.set_title(TITLES[self.name()])

    def copy(self) -> None:
        """The whole script into the clipboard."""
        QGuiApplication.clipboard().setText(self.code.toPlainText())
        self.desk.toast("Script copied")

    def _on_line(self) -> None:
        QGuiApplication.clipboard().setText(ONE_LINE)
        self.desk.toast("Line copied")
