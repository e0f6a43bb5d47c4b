"""Short experiments: a question, Run, and what came out, each in a few seconds on loopback.

It must not know the experiments: `protocols.sockets.demos` lists and runs them.
"""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QWidget

from protocols.numbers import grouped
from protocols.sockets.demo import perform
from protocols.sockets.demos import DEMOS
from widgets.desk import Desk
from widgets.parts.card import Line
from widgets.parts.text import Label
from widgets.sockets.lessons.catalog import Item
from widgets.sockets.lessons.catalog_page import CatalogPage
from widgets.sockets.lessons.experiment_scripts import EXPERIMENT_SCRIPTS, Script


class ExperimentsPage(CatalogPage):
    """All experiments. `results[id]` is a list of Finding."""

    def __init__(self, desk: Desk) -> None:
        items = [Item(each.id, each.title, each.question) for each in DEMOS]
        super().__init__(desk, "Experiments", "flask-conical", items)

    def work(self, id: str) -> list[Any]:
        """Do it, recorded."""
        return list(perform(next(each for each in DEMOS if each.id == id), self.desk.lab.recorder))

    def verdict_of(self, id: str, result: Any) -> tuple[str, str]:
        """It is done; what came out stands in the findings."""
        return "done", "done"

    def script_of(self, id: str) -> Script | None:
        """The script that does the same."""
        return EXPERIMENT_SCRIPTS.get(id)

    def show_result(self, id: str, result: Any) -> None:
        """One line for each finding, its value at the right."""
        holder = QWidget()
        grid = QGridLayout(holder)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(8)
        grid.setColumnStretch(0, 1)
        for at, finding in enumerate(result):
            value = Label(_value(finding.value), "mono", "text2")
            grid.addWidget(Label(finding.text, "body", wrap=True), at, 0)
            grid.addWidget(value, at, 1, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop)
        self.add_outcome(Line())
        self.add_outcome(Label("What came out", "section"))
        self.add_outcome(holder)


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.3g}"
    if isinstance(value, int):
        return grouped(value)
    if isinstance(value, (list, tuple)):
        return ", ".join(_value(each) for each in value)[:60]
    return str(value)[:60]
