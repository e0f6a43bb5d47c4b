"""PythonDrawer: the dock with the complete script for what was just done, to copy and to save.

It asks the registry for the script and shows it. It must not know panels, nor run anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QMenu,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from protocols.script_text import ScriptError
from protocols.scripts import SCRIPTS, packages_of, render, title_of
from widgets.parts.banner import Banner
from widgets.parts.buttons import Button, IconButton
from widgets.parts.card import IconLabel, Line
from widgets.parts.empty import EmptyState
from widgets.parts.field import LabelledField
from widgets.parts.segments import Segments
from widgets.parts.side_dock import DockTitle, SideDock
from widgets.parts.text import ElidedLabel, Label
from widgets.python_drawer.code_view import CodeView

if TYPE_CHECKING:
    from widgets.desk import Desk

LEAST_PX: Final = 320
WIDTH_PX: Final = 480
NOTHING: Final = (
    "Do something in a panel and choose Show as Python there: the complete script for it stands here then, "
    "to copy, to save and to run without the lab."
)


class _Title(DockTitle):
    """The drawer's own title bar: what it is, all scripts, and the close button."""

    def __init__(self) -> None:
        super().__init__("Python drawer", WIDTH_PX, LEAST_PX, margin=16, gap=8)
        self.all_button = IconButton("list", "All scripts")
        self.add_name(IconLabel("code-xml", "text2", 16), Label("Python", "strong"))
        self.add_button(self.all_button)


class _ScriptPage(QWidget):
    """What the script is, the choices, the code, and what to do with it."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("surface", "base")
        self.title = ElidedLabel("", "title", mode=Qt.TextElideMode.ElideRight)
        self.facts = Label("", "caption", "text2")
        self.needs = Label("", "caption", "text2", wrap=True)
        self.imports = Segments(name="Imports")
        self.imports.add("Modules", "import socket")
        self.imports.add("Names", "from socket import AF_INET")
        self.errors = Segments(name="At an error")
        self.errors.add("Sentence", "One line that says what went wrong")
        self.errors.add("Traceback", "Where it went wrong, as Python says it")
        for segments in (self.imports, self.errors):
            segments.set_current(0)
        self.trouble = Banner("error")
        self.code = CodeView()
        self.copy_button = Button("Copy", "copy", primary=True)
        self.save_button = Button("Save…", "save")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._head())
        column.addWidget(Line())
        column.addWidget(self.trouble)
        column.addWidget(self.code, 1)
        column.addWidget(Line())
        column.addLayout(self._buttons())

    def _head(self) -> QWidget:
        head = QWidget()
        head.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        column = QVBoxLayout(head)
        column.setContentsMargins(16, 12, 16, 12)
        column.setSpacing(4)
        column.addWidget(self.title)
        column.addWidget(self.facts)
        column.addSpacing(6)
        row = QHBoxLayout()
        row.setSpacing(16)
        row.addWidget(LabelledField("Imports", self.imports))
        row.addWidget(LabelledField("At an error", self.errors))
        row.addStretch(1)
        column.addLayout(row)
        return head

    def _buttons(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setContentsMargins(16, 10, 12, 10)
        row.setSpacing(8)
        row.addWidget(self.needs, 1)
        row.addWidget(self.save_button)
        row.addWidget(self.copy_button)
        return row


class PythonDrawer(SideDock):
    """The drawer. desk: its bridge writes files, its toast tells that one is written."""

    def __init__(self, desk: Desk) -> None:
        self._bar = _Title()
        self.page = _ScriptPage()
        self._empty = EmptyState("code-xml", NOTHING, "Choose a script", button_icon="list")
        super().__init__("python", "Python", self._bar, LEAST_PX, self._empty, self.page)
        self._desk = desk
        self._action_id = ""
        self._params: Mapping[str, Any] = {}
        self._source = ""
        self._bar.all_button.clicked.connect(lambda: self._open_menu(self._bar.all_button))
        self._empty.acted.connect(lambda: self._open_menu(self._empty.button))
        self.page.imports.chosen.connect(lambda _: self._show())
        self.page.errors.chosen.connect(lambda _: self._show())
        self.page.copy_button.clicked.connect(self.copy)
        self.page.save_button.clicked.connect(self._on_save_clicked)

    # -- what is shown ------------------------------------------------------------------------

    @property
    def source(self) -> str:
        """The script that is shown, "" before the first."""
        return self._source

    @property
    def action_id(self) -> str:
        """The action whose script is shown."""
        return self._action_id

    def show_script(self, action_id: str, params: Mapping[str, Any] | None = None) -> None:
        """Show the script of an action, with the values that were just used. Says so where there is none."""
        self._action_id, self._params = action_id, dict(params or {})
        self._show()

    def _show(self) -> None:
        page = self.page
        page.trouble.clear()
        try:
            self._source = render(
                self._action_id,
                self._params,
                imports="names" if page.imports.current() == 1 else "module",
                handle_errors=page.errors.current() == 0,
            )
        except ScriptError as error:
            self._source = ""
            page.trouble.say("No script for this.", f"{str(error)[:1].upper()}{str(error)[1:]}.")
        heading = self._source.partition("\n")[0].strip('"').rstrip(".")
        page.title.setText(heading or title_of(self._action_id))
        lines = self._source.count("\n")
        page.facts.setText(f"{lines} lines, complete: it runs as it stands" if self._source else "")
        needs = packages_of(self._source) if self._source else ()
        page.needs.setText(f"Python 3.11 or newer, and {', '.join(needs) or 'nothing else'}" if self._source else "")
        page.code.set_source(self._source)
        for button in (page.copy_button, page.save_button):
            button.setEnabled(bool(self._source))
        self.pages.setCurrentWidget(page)

    def menu(self) -> QMenu:
        """All scripts there are, to look at with their own values."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        groups = {"client": "Clients", "server": "Servers", "alone": "Both ends in one script"}
        for role, name in groups.items():
            group = menu.addMenu(name)
            for script in sorted(SCRIPTS.values(), key=lambda script: script.title):
                if script.role == role and "{" not in script.title:
                    chosen = group.addAction(script.title.replace("&", "&&"))
                    chosen.triggered.connect(lambda _=False, found=script.id: self.show_script(found, {}))
        return menu

    def _open_menu(self, below: QWidget) -> None:
        self.menu().popup(below.mapToGlobal(below.rect().bottomLeft()))

    # -- what is done with it -----------------------------------------------------------------

    def copy(self) -> None:
        """Put the whole script on the clipboard."""
        QGuiApplication.clipboard().setText(self._source)
        self._desk.toast("The script is on the clipboard")

    def save(self, path: Path) -> None:
        """Write the script to a file, elsewhere; a failure is told in the drawer."""
        source = self._source
        self._desk.bridge.call(
            lambda: path.write_text(source, encoding="utf-8"),
            lambda _: self._desk.toast(f"Saved as {path.name}"),
            lambda error: self.page.trouble.say("The script could not be saved.", _reason(error)),
            owner=self,
        )

    def _on_save_clicked(self) -> None:
        dialog = QFileDialog(self, "Save the script", f"{self._action_id}.py", "Python (*.py)")
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix("py")
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(lambda path: self.save(Path(path)))
        dialog.open()

    # -- the next start -----------------------------------------------------------------------

    def save_state(self) -> dict[str, Any]:
        """The choices, for the next start."""
        return {"imports": self.page.imports.current(), "errors": self.page.errors.current()}

    def restore_state(self, state: Mapping[str, Any]) -> None:
        """Take what `save_state` gave; what makes no sense is left."""
        for name, segments in (("imports", self.page.imports), ("errors", self.page.errors)):
            value = state.get(name)
            if isinstance(value, int) and 0 <= value < segments.count():
                segments.set_current(value)


def _reason(error: BaseException) -> str:
    words = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return f"{words}." if words else type(error).__name__
