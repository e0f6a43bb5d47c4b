"""TabPages: a bar of words over pages, each tab with a count or a word behind its title.

It must not know what the pages hold.
"""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from widgets.parts.card import Line
from widgets.parts.flow import Pages
from widgets.parts.low_room import LowRoom
from widgets.parts.tabs import TabBar


class TabPages(QWidget):
    """Pages by key. `shown(key)`: a person went to another. tight: many tabs share a narrow card.

    gives_way: something beside them may take their room; then they scroll.
    """

    shown = Signal(str)

    def __init__(
        self, name: str, parent: QWidget | None = None, *, tight: bool = False, gives_way: bool = False
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self.bar = TabBar(tight=tight)
        self.bar.setAccessibleName(name)
        room = LowRoom(parent=self) if gives_way else None
        self.pages = Pages(parent=self if room is None else room.viewport())
        self._keys: list[str] = []
        self._titles: list[str] = []
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.bar)
        column.addWidget(Line())
        if room is not None:
            room.setWidget(self.pages)
        column.addWidget(room or self.pages, 1)
        self.bar.currentChanged.connect(self._on_current)

    def add(self, key: str, title: str, page: QWidget) -> None:
        """Append a page."""
        self._keys.append(key)
        self._titles.append(title)
        self.pages.addWidget(page)
        self.bar.add(title)

    def _on_current(self, index: int) -> None:
        if 0 <= index < self.pages.count():
            self.pages.setCurrentIndex(index)
            self.shown.emit(self._keys[index])

    def current(self) -> str:
        """The key of the page in front."""
        index = self.bar.currentIndex()
        return self._keys[index] if index >= 0 else ""

    def show_page(self, key: str) -> None:
        """Bring a page to the front; an unknown key is ignored."""
        if key in self._keys and self.bar.isTabVisible(self._keys.index(key)):
            self.bar.setCurrentIndex(self._keys.index(key))

    def set_count(self, key: str, count: int) -> None:
        """Show a number behind a title; none for zero."""
        self.set_word(key, str(count) if count else "")

    def set_word(self, key: str, word: str) -> None:
        """Show a word behind a title."""
        at = self._keys.index(key)
        text = f"{self._titles[at]} {word}" if word else self._titles[at]
        if text != self.bar.tabText(at):
            self.bar.setTabText(at, text)

    def allow(self, key: str, there: bool) -> None:
        """Show a tab or take it away; the first one comes to the front where the one in front goes."""
        at = self._keys.index(key)
        if self.bar.isTabVisible(at) != there:
            if not there and self.bar.currentIndex() == at:
                self.bar.setCurrentIndex(0)  # before it goes: Qt would take its neighbour
            self.bar.setTabVisible(at, there)
