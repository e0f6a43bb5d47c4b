"""HtmlView: sanitised HTML of a mail, in a browser that loads nothing and follows nothing.

Pictures of the mail itself are handed to it; everything else stays a gap. It must not know mail.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QUrl, Signal
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QFrame, QTextBrowser, QWidget

from widgets.theme.theme import theme

PIXELS_MOST = 4096


class HtmlView(QTextBrowser):
    """The browser. `link_clicked(url)`: a person clicked a link; nobody goes there by itself."""

    link_clicked = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._pictures: Mapping[str, bytes] = {}
        self.asked: list[str] = []
        """What the document wanted to load: tests look here."""
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setOpenLinks(False)
        self.setOpenExternalLinks(False)
        self.setAccessibleName("HTML of the mail, made harmless")
        self._html = ""
        theme().changed.connect(self._dress)
        self.anchorClicked.connect(lambda url: self.link_clicked.emit(url.toString()))

    def show_html(self, html: str, pictures: Mapping[str, bytes]) -> None:
        """Show harmless HTML. pictures: by content id."""
        self._pictures, self._html = pictures, html
        self._dress()

    def _dress(self) -> None:
        self.asked.clear()
        self.document().setDocumentMargin(theme().px(12))
        self.document().setDefaultStyleSheet(f"a {{ color: {theme().tokens.role('link').name()}; }}")
        self.setHtml(self._html)

    def loadResource(self, kind: int, name: QUrl | str) -> Any:
        """Only what the mail itself holds; never a file, never the network."""
        name = QUrl(name)
        self.asked.append(name.toString())
        image = QImage()
        if name.scheme() == "cid":
            data = self._pictures.get(name.path()) or self._pictures.get(name.toString().partition(":")[2])
            image = QImage.fromData(data) if data is not None else image
        if image.isNull() or max(image.width(), image.height()) > PIXELS_MOST:
            return _nothing()  # where nothing is given, Qt looks for a file of that name
        return image


def _nothing() -> QImage:
    """A picture of one transparent dot."""
    image = QImage(1, 1, QImage.Format.Format_ARGB32)
    image.fill(0)
    return image
