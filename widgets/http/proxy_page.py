"""The proxy view of the web panel: what runs, what passed through it, and what is held.

Puts the view together: the card of the proxy, the list, the details of the chosen exchange. It must
not know sockets, nor how the proxy does its work; it asks protocols/http/proxy and shows.
"""

from __future__ import annotations

from PySide6.QtWidgets import QVBoxLayout, QWidget

from widgets.desk import Desk


class ProxyPage(QWidget):
    """The view. `poll` is called while it is at the front."""

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.desk = desk
        self.setAccessibleName("Debugging proxy")
        QVBoxLayout(self).setContentsMargins(0, 0, 0, 0)

    def poll(self) -> None:
        """Look at the proxy."""
