"""Settings page: what the user may choose, each choice in force at once, with no OK and no Cancel.

It writes to Settings and shows what stands there. It must not know the window or what a
setting does.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar, Final

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QLineEdit,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from netlab_gui import places
from netlab_gui.settings import SCALES, Settings
from widgets.desk import Desk
from widgets.panel import Check, Click, DemoStep, Panel, Picture, Wait
from widgets.parts.banner import Banner
from widgets.parts.buttons import Button
from widgets.parts.card import Card
from widgets.parts.field import LabelledField
from widgets.parts.number_field import NumberField
from widgets.parts.segments import Segments
from widgets.parts.text import ElidedLabel, Label
from widgets.theme.theme import theme

LIMITS: Final = ((100 << 20, "100 MB"), (1 << 30, "1 GB"), (4 << 30, "4 GB"), (16 << 30, "16 GB"))
COLUMN: Final = 660


class SettingsPanel(Panel):
    """The page, a section a card: how it looks, what is kept, how it ends, and where things are."""

    id: ClassVar[str] = "settings"
    title: ClassVar[str] = "Settings"
    icon: ClassVar[str] = "settings"
    needs_height: ClassVar[bool] = True

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(desk, parent)
        self._settings = Settings.current
        outer = QVBoxLayout(self)
        outer.setContentsMargins(16, 12, 16, 12)
        outer.setSpacing(12)
        outer.addWidget(Label("Settings", "panel"))
        self.problem = Banner("warning")
        outer.addWidget(self.problem)
        page = QWidget()
        page.setMaximumWidth(theme().px(COLUMN))
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 8, 0)
        column.setSpacing(12)
        for card in (self._look(), self._recording(), self._ending(), self._places()):
            column.addWidget(card)
        column.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setWidget(page)
        outer.addWidget(scroll, 1)
        self._settings.changed.connect(self._on_settings_changed)
        self._on_settings_changed()

    # Sections

    def _look(self) -> QWidget:
        card, rows = _card("Look")
        self.palettes = Segments(["Light", "Dark"])
        self.palettes.chosen.connect(lambda index: self._set("dark", index == 1))
        rows.addWidget(LabelledField("Palette", self.palettes))
        self.sizes = Segments([f"{scale * 100:.0f} %" for scale in SCALES])
        self.sizes.chosen.connect(lambda index: self._set("scale", SCALES[index]))
        hint = "140 % is meant for a projector; Present in the toolbar switches to it and back."
        rows.addWidget(LabelledField("Text size", self.sizes, hint))
        return card

    def _recording(self) -> QWidget:
        card, rows = _card("Recording")
        self.folder = QLineEdit()
        self.folder.setMinimumWidth(theme().px(360))
        self.folder.editingFinished.connect(self._on_folder_edited)
        choose = Button("Choose\u2026", "folder-open")
        choose.clicked.connect(self._on_choose_clicked)
        rows.addWidget(LabelledField("Sessions are recorded into", self.folder, "From the next session on."))
        rows.addWidget(_together(choose))
        self.keep = NumberField(least=1, most=1000)
        self.keep.valueChanged.connect(lambda value: self._set("keep_sessions", value))
        hint = "Sessions with a name are never removed; of the others the oldest go first."
        rows.addWidget(LabelledField("Unnamed sessions kept", self.keep, hint))
        self.limit = QComboBox()
        for size, words in LIMITS:
            self.limit.addItem(words, size)
        self.limit.activated.connect(lambda _row: self._set("record_limit_bytes", self.limit.currentData()))
        hint = "Beyond it nothing more is written; the time line goes on, and the status bar says so."
        rows.addWidget(LabelledField("Largest session file", self.limit, hint))
        return card

    def _ending(self) -> QWidget:
        card, rows = _card("When the window closes")
        self.confirm = QCheckBox("Ask first while servers or clients run")
        self.confirm.toggled.connect(lambda on: self._set("confirm_quit", on))
        rows.addWidget(self.confirm)
        return card

    def _places(self) -> QWidget:
        card, rows = _card("Files")
        for words, path in (
            ("Settings", self._settings.path),
            ("Journal", places.journal_file()),
            ("Crash reports, never sent anywhere", places.crash_dir()),
        ):
            shown = ElidedLabel(str(path), "mono")
            shown.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            rows.addWidget(LabelledField(words, shown))
        self.open_folder = Button("Open the folder", "external-link")
        self.open_folder.clicked.connect(lambda: QDesktopServices.openUrl(QUrl.fromLocalFile(str(places.state_dir()))))
        rows.addWidget(_together(self.open_folder))
        return card

    # Changes

    def _set(self, name: str, value: object) -> None:
        if getattr(self._settings, name) != value:
            setattr(self._settings, name, value)

    def _on_settings_changed(self, _name: str = "") -> None:
        """Show what stands, whoever changed it."""
        kept = self._settings
        self.palettes.set_current(int(kept.dark))
        self.sizes.set_current(min(range(len(SCALES)), key=lambda index: abs(SCALES[index] - kept.scale)))
        self.folder.setText(str(kept.sessions_dir))
        self.keep.setValue(kept.keep_sessions)
        row = self.limit.findData(kept.record_limit_bytes)
        self.limit.setCurrentIndex(max(row, 0))
        self.confirm.setChecked(kept.confirm_quit)
        if kept.problem:
            self.problem.say("Not kept.", kept.problem)
        else:
            self.problem.clear()

    def _on_folder_edited(self) -> None:
        text = self.folder.text().strip()
        if text and Path(text) != self._settings.sessions_dir:
            self._settings.sessions_dir = Path(text).expanduser()

    def _on_choose_clicked(self) -> None:
        dialog = QFileDialog(self, "Folder of the sessions", str(self._settings.sessions_dir))
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.fileSelected.connect(self._on_folder_chosen)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()

    def _on_folder_chosen(self, path: str) -> None:
        self._settings.sessions_dir = Path(path)

    def demo(self) -> Iterator[DemoStep]:
        """Change the palette and the text size by their buttons and see both act at once."""
        was_dark, scale = theme().dark, theme().scale
        at = self.sizes.current()
        yield Click(self.palettes.button(int(not was_dark)))
        yield Check("a click on the palette changes the window at once", theme().dark is not was_dark)
        yield Click(self.palettes.button(int(was_dark)))
        yield Check("and back", theme().dark is was_dark)
        yield Click(self.sizes.button(1))
        yield Wait("the text size acts at once", lambda: abs(theme().scale - SCALES[1]) < 0.01)
        yield Click(self.sizes.button(at))
        yield Wait("and back", lambda: abs(theme().scale - scale) < 0.01)
        yield Picture()


def _card(title: str) -> tuple[Card, QVBoxLayout]:
    card = Card(title)
    inside = QWidget()
    rows = QVBoxLayout(inside)
    rows.setContentsMargins(0, 0, 0, 0)
    rows.setSpacing(12)
    card.add_section(inside)
    return card, rows


def _together(*widgets: QWidget) -> QWidget:
    """Widgets in a row at the left, as wide as they need."""
    row = QWidget()
    line = QHBoxLayout(row)
    line.setContentsMargins(0, 0, 0, 0)
    line.setSpacing(8)
    for widget in widgets:
        line.addWidget(widget)
    line.addStretch(1)
    return row
