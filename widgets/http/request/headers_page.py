"""The request's headers: the table, and above it the headers that well-known clients send.

It must not know how they are sent.
"""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QMenu, QVBoxLayout, QWidget

from protocols.http.kept.presets import PRESETS, Preset, with_preset
from widgets.http.request.pairs import Pair, PairsModel
from widgets.http.request.pairs_view import PairsView
from widgets.parts.buttons import Button


class HeadersPage(QWidget):
    """The page. `preset_taken(preset)`: the headers of a client were put in front."""

    preset_taken = Signal(object)

    def __init__(self, model: PairsModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.model = model
        self.view = PairsView(model, "Headers of the request", "Add a header")
        self.preset_button = Button("Headers as sent by", "users", small=True)
        self.menu = QMenu(self.preset_button)
        for preset in PRESETS:
            meaning = preset.meaning.rstrip(".")
            action = self.menu.addAction(f"{preset.title}: {meaning[:1].lower()}{meaning[1:]}")
            action.setData(preset.key)
            action.triggered.connect(lambda _checked=False, one=preset: self.take_preset(one))
        self.preset_button.setMenu(self.menu)
        row = QHBoxLayout()
        row.setContentsMargins(12, 6, 12, 6)
        row.addWidget(self.preset_button)
        row.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(row)
        column.addWidget(self.view, 1)

    def take_preset(self, preset: Preset) -> None:
        """Put the headers of a client before those typed; those of another one go, those left out stay."""
        old = tuple((pair.name, pair.value) for pair in self.model.pairs() if pair.on)
        off = [pair for pair in self.model.pairs() if not pair.on]
        self.model.set_pairs([*(Pair(*header) for header in with_preset(old, preset)), *off])
        self.preset_taken.emit(preset)
