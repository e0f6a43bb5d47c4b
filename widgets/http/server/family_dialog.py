"""The class tree of http.server: a class chosen on the left, its order of lookup and its methods on the right.

It must not know servers that run.
"""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QVBoxLayout, QWidget

from protocols.http.server.family import family, methods, resolution
from widgets.parts.plain_table import PlainTable
from widgets.parts.rows_model import RowsModel
from widgets.parts.splitter import Splitter
from widgets.parts.tab_pages import TabPages
from widgets.parts.text import Label
from widgets.theme.theme import theme

FIRST: Final = "SimpleHTTPRequestHandler"


class FamilyDialog(QDialog):
    """Shows the family."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Classes of http.server")
        self.family = family()
        self.classes = RowsModel(("Class", "Mixed in"), self)
        self.order = RowsModel(("", "Looked for in"), self)
        self.methods = RowsModel(("Method", "Defined by", "In place of", "What it says of itself"), self)
        self.table = PlainTable(self.classes, "Classes of http.server", mono=(0,), widths=(330,), stretch=1)
        self.said = Label("", "body", "text2", wrap=True)
        self.tabs = TabPages("About the class", self)
        self.tabs.add("methods", "Methods", PlainTable(
            self.methods, "Methods of the class", mono=(0,), widths=(160, 200, 160), stretch=3))  # fmt: skip
        self.tabs.add("order", "Order of lookup (MRO)", PlainTable(
            self.order, "Where Python looks for a method", mono=(1,), widths=(40,), stretch=1))  # fmt: skip
        self.classes.set_rows([("    " * one.depth + one.kind.__name__, ", ".join(one.mixed)) for one in self.family])
        halves = Splitter(Qt.Orientation.Horizontal, self.table, self.tabs)
        halves.setSizes([450, 770])
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 12, 16, 16)
        column.setSpacing(8)
        column.addWidget(self.said)
        column.addWidget(halves, 1)
        self.resize(theme().px(1220), theme().px(520))
        self.table.selectionModel().currentRowChanged.connect(lambda _now, _before: self._show())
        self.choose(FIRST)

    def choose(self, name: str) -> None:
        """Show a class."""
        names = [one.kind.__name__ for one in self.family]
        self.table.selectRow(names.index(name) if name in names else 0)

    def _show(self) -> None:
        one = self.family[max(0, self.table.currentIndex().row())]
        answers = sorted(found.name[3:] for found in methods(one.kind) if found.name.startswith("do_"))
        if "Handler" not in one.name:
            what = "is a server: it accepts, and hands each connection to a handler's class"
        elif "http" not in one.name:
            what = "handles a connection, of whatever protocol"
        else:
            what = f"answers {', '.join(answers)}; 501 to the rest" if answers else "parses, and answers nothing"
        self.said.setText(f"{one.name} {what}.")
        self.order.set_rows([(str(at), name) for at, name in enumerate(resolution(one.kind), 1)])
        self.methods.set_rows([(found.name, found.owner, ", ".join(found.hides), found.says)
                               for found in methods(one.kind)])  # fmt: skip
        self.tabs.set_count("order", self.order.rowCount())

    def open_over(self) -> None:
        """Show it; the window stays usable."""
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.show()
