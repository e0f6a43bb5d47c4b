"""Asking for files without stopping the window: a dialog that tells its answer when there is one.

It must not know what the files are for.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QLineEdit, QWidget

from widgets.parts.buttons import Button


def ask_file(parent: QWidget, title: str, chosen: Callable[[Path], object], kinds: str = "") -> None:
    """Ask for a file that exists."""
    dialog = QFileDialog(parent, title, "", kinds)
    dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
    _open(dialog, chosen)


def ask_folder(parent: QWidget, title: str, chosen: Callable[[Path], object]) -> None:
    """Ask for a folder that exists."""
    dialog = QFileDialog(parent, title)
    dialog.setFileMode(QFileDialog.FileMode.Directory)
    dialog.setOption(QFileDialog.Option.ShowDirsOnly)
    _open(dialog, chosen)


def ask_place(parent: QWidget, title: str, name: str, chosen: Callable[[Path], object], kinds: str = "") -> None:
    """Ask where a new file is to lie. name: what is proposed."""
    dialog = QFileDialog(parent, title, name, kinds)
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    _open(dialog, chosen)


def _open(dialog: QFileDialog, chosen: Callable[[Path], object]) -> None:
    dialog.fileSelected.connect(lambda path: chosen(Path(path)))
    dialog.finished.connect(dialog.deleteLater)
    dialog.open()


class PathLine(QWidget):
    """A line for a path, with a button that asks for it. changed: another text. what: "Body file" and the like."""

    changed = Signal()

    def __init__(self, what: str, *, folder: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.line = QLineEdit()
        self.line.setAccessibleName(what)
        self.line.setPlaceholderText("Path of a folder" if folder else "Path of a file")
        self.button = Button("Choose\u2026", "folder-open", small=True)
        self.button.setAccessibleName(f"Choose: {what}")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(self.line, 1)
        row.addWidget(self.button)
        self.line.textChanged.connect(lambda _text: self.changed.emit())
        ask = ask_folder if folder else ask_file
        self.button.clicked.connect(lambda: ask(self, what, lambda path: self.line.setText(str(path))))

    def text(self) -> str:
        """The path typed."""
        return self.line.text().strip()

    def set_text(self, text: str) -> None:
        """Show a path."""
        self.line.setText(text)
