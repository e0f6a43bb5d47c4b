"""Session menu: begin, name, save, open and find again what was recorded.

It asks with file dialogs and a small input line, and tells the Sessions. It must not know
how sessions are stored.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QFileDialog, QFrame, QLineEdit, QMenu, QVBoxLayout, QWidget

from widgets.parts.field import LabelledField
from widgets.statusbar import size_words
from widgets.theme.theme import theme

if TYPE_CHECKING:
    from netlab_gui.sessions import Sessions
    from widgets.actions import Actions

GROUP: Final = "Session"
SUFFIX: Final = ".netlab"
FILTER: Final = f"NetLab sessions (*{SUFFIX});;All files (*)"


class SessionMenu(QMenu):
    """The menu under the session's name. Recent sessions are looked up when it opens.

    save_front: lets the panel in front save what it has; False when that has nothing of its own to save.
    """

    def __init__(self, actions: Actions, window: QWidget, save_front: Callable[[], bool] = lambda: False) -> None:
        super().__init__("Session", window)
        self._save_front = save_front
        self._sessions: Sessions | None = None
        self._window = window
        add = actions.add
        self._new = add("session.new", "New session", self._on_new, "plus", "Ctrl+Shift+N", GROUP,
                        "Keep what was recorded and begin with an empty time line")  # fmt: skip
        self._rename = add("session.rename", "Rename\u2026", self.ask_name, "pencil", None, GROUP)
        self._keep = add("session.save", "Save", self._on_save, "save", "Ctrl+S", GROUP,
                         "What is in front into its file, or else the session into the file chosen before")  # fmt: skip
        self._save = add("session.save_as", "Save as\u2026", self._on_save_as, "save", "Ctrl+Shift+S", GROUP,
                         "A copy of the session as one file")  # fmt: skip
        self._open = add("session.open", "Open\u2026", self._on_open, "folder-open", "Ctrl+O", GROUP,
                         "Look at a saved session; what runs goes on")  # fmt: skip
        self._back = add("session.back", "Back to the live session", self._on_back, "undo-2", None, GROUP)
        self.addActions([self._new, self._rename, self._keep, self._save])
        self.addSeparator()
        self.addAction(self._open)
        self._recent = self.addMenu(theme().icon("history", "text"), "Recent")
        self.addSeparator()
        self.addAction(self._back)
        for action in (self._new, self._rename, self._keep, self._save, self._open, self._back):
            action.setEnabled(False)

    def attach(self, sessions: Sessions) -> None:
        """There are sessions now."""
        self._sessions = sessions
        sessions.changed.connect(self._refresh)
        self.aboutToShow.connect(self._refresh)
        self._new.setEnabled(True)
        self._open.setEnabled(True)
        self._refresh()

    def _refresh(self) -> None:
        sessions = self._sessions
        if sessions is None:
            return
        live = not sessions.read_only
        self._back.setEnabled(not live)
        self._rename.setEnabled(live and sessions.writable)
        self._save.setEnabled(live and sessions.writable)
        self._keep.setEnabled(live)
        self._recent.clear()
        for one in sessions.recent:
            words = f"{one.title}\t{size_words(one.size_bytes)}".replace("&", "&&")
            action = self._recent.addAction(words)
            action.setToolTip(str(one.path))
            action.triggered.connect(partial(sessions.open, one.path))
        self._recent.setEnabled(bool(sessions.recent))

    def _on_new(self) -> None:
        if self._sessions is not None:
            self._sessions.new()

    def _on_back(self) -> None:
        if self._sessions is not None:
            self._sessions.back()

    def ask_name(self) -> None:
        """A line under the toolbar; Return renames, Escape leaves it."""
        if self._sessions is not None:
            line = NameLine(self._window, self._sessions.name, self._sessions.rename)
            line.open_at(QPoint(theme().px(92), theme().px(48)))

    def _on_save(self) -> None:
        """What a person means by it: the panel in front knows, else the session goes where it went before."""
        sessions = self._sessions
        if sessions is None or self._save_front():
            return
        if sessions.saved_file is not None:
            sessions.save_as(sessions.saved_file)
        elif sessions.writable:
            self._on_save_as()

    def _on_save_as(self) -> None:
        if self._sessions is None:
            return
        sessions, suggested = self._sessions, self._sessions.suggested_file()
        dialog = QFileDialog(self._window, "Save the session as", str(suggested), FILTER)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix(SUFFIX.lstrip("."))
        dialog.selectFile(suggested.name)
        dialog.fileSelected.connect(lambda path: sessions.save_as(Path(path)))
        self._show(dialog)

    def _on_open(self) -> None:
        if self._sessions is None:
            return
        sessions = self._sessions
        dialog = QFileDialog(self._window, "Open a session", str(sessions.suggested_file().parent), FILTER)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(lambda path: sessions.open(Path(path)))
        self._show(dialog)

    def _show(self, dialog: QFileDialog) -> None:
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()


class NameLine(QFrame):
    """A small popup with one input."""

    def __init__(self, window: QWidget, name: str, named: Callable[[str], object]) -> None:
        super().__init__(window, Qt.WindowType.Popup)
        self.setProperty("popup", "true")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._named = named
        self.edit = QLineEdit(name)
        self.edit.setMaxLength(120)
        self.edit.selectAll()
        self.edit.returnPressed.connect(self._on_return_pressed)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 12, 12, 12)
        column.addWidget(LabelledField("Name of the session", self.edit, "Return keeps it, Escape does not."))

    def open_at(self, point: QPoint) -> None:
        """Show it at a point of the window, ready to type."""
        window = self.parentWidget()
        self.resize(theme().px(320), self.sizeHint().height())
        self.move(window.mapToGlobal(point) if window is not None else point)
        self.show()
        self.edit.setFocus()

    def _on_return_pressed(self) -> None:
        name = self.edit.text().strip()
        self.close()
        if name:
            self._named(name)
