"""A page to try things on: the list at the left, the chosen one with Run and its outcome at the right.

Subclasses say what is in the list and what running one means. It must not know either.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from widgets.desk import Desk
from widgets.parts.buttons import Button, PrimaryButton
from widgets.parts.card import Card
from widgets.parts.flow import FlowBox, scrolled
from widgets.parts.more_below import MoreBelow
from widgets.parts.splitter import Splitter
from widgets.parts.state_label import StateLabel
from widgets.parts.text import Label
from widgets.sockets.lessons.catalog import CatalogModel, CatalogView, Item
from widgets.sockets.lessons.experiment_scripts import Script


class CatalogPage(QWidget):
    """List and detail. `results` holds what came of each item, by id."""

    def __init__(self, desk: Desk, title: str, icon: str, items: Sequence[Item]) -> None:
        super().__init__()
        self.desk = desk
        self.results: dict[str, Any] = {}
        self.model = CatalogModel(items, self)
        self.view = CatalogView(self.model, title)
        self.more_below = MoreBelow(self.view)
        self.run_button = PrimaryButton("Run", "play")
        self.all_button = Button("Run all", "step-forward", small=True)
        self.python_button = Button("Show as Python", "code-xml")
        self.title = Label("", "panel", wrap=True)
        self.sentence = Label("", "body", "text2", wrap=True)
        self.verdict = StateLabel()
        self.outcome = QVBoxLayout()
        self._queue: deque[str] = deque()
        self._running = ""
        self._lay_out(title, icon)
        self.view.chosen.connect(lambda _id: self.refresh())
        self.view.run_requested.connect(self.run)
        self.run_button.clicked.connect(lambda: self.run(self.view.current()))
        self.all_button.clicked.connect(self.run_all)
        self.python_button.clicked.connect(self._show_python)
        self.view.choose(items[0].id)

    def _lay_out(self, title: str, icon: str) -> None:
        left = Card(title, icon)
        left.add_action(self.all_button)
        left.add(self.view, 1)
        right = Card()
        body = QWidget()
        column = QVBoxLayout(body)
        column.setContentsMargins(16, 16, 16, 16)
        column.setSpacing(10)
        column.addWidget(self.title)
        column.addWidget(self.sentence)
        row = FlowBox()
        row.add(self.run_button)
        row.add(self.python_button)
        column.addWidget(row)
        column.addWidget(self.verdict)
        self.outcome.setSpacing(8)
        column.addLayout(self.outcome)
        column.addStretch(1)
        scroll = scrolled(body)
        right.add(scroll, 1)
        splitter = Splitter(Qt.Orientation.Horizontal, left, right, line=False)
        splitter.setSizes([380, 620])
        outer = QHBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(splitter)

    # For subclasses

    def work(self, id: str) -> Any:
        """Do it; on a lab thread."""
        raise NotImplementedError

    def verdict_of(self, id: str, result: Any) -> tuple[str, str]:
        """Sign and word of a result."""
        raise NotImplementedError

    def show_result(self, id: str, result: Any) -> None:
        """Fill `outcome` with widgets for a result, by `add_outcome`."""
        raise NotImplementedError

    def script_of(self, id: str) -> Script | None:
        """Its script's id and values, None without one."""
        return None

    def python(self) -> Script | None:
        """The script of the chosen one."""
        return self.script_of(self.view.current())

    def _show_python(self) -> None:
        script = self.python()
        if script is not None:
            self.desk.show_python(*script)

    # Running

    def run(self, id: str) -> None:
        """Run one now; nothing while another runs."""
        if self._running or not id:
            return
        self._running = id
        self.model.set_state(id, "waiting", "runs")
        self.refresh()
        self.desk.bridge.call(
            lambda: self.work(id),
            lambda result: self._on_done(id, result),
            lambda error: self._on_done(id, error),
            owner=self,
        )

    def run_all(self) -> None:
        """Run one after the other, from the first."""
        self._queue = deque(item.id for at in range(self.model.rowCount()) if (item := self.model.item(at)) is not None)
        self._next()

    def _next(self) -> None:
        if self._queue:
            id = self._queue.popleft()
            self.view.choose(id)
            self.run(id)

    def _on_done(self, id: str, result: Any) -> None:
        self._running = ""
        self.results[id] = result
        state, word = ("error", "failed") if isinstance(result, BaseException) else self.verdict_of(id, result)
        self.model.set_state(id, state, word)
        self.refresh()
        self._next()

    def stop(self) -> None:
        """Begin no further one of "run all"."""
        self._queue.clear()

    # Showing

    def refresh(self) -> None:
        """Show the chosen one and its outcome."""
        id = self.view.current()
        item = self.model.item(self.model.row_of(id))
        if item is None:
            return
        self.title.setText(item.title)
        self.sentence.setText(item.sentence)
        self.run_button.setText("Run again" if id in self.results else "Run")
        self.run_button.setEnabled(not self._running)
        self.all_button.setEnabled(not self._running)
        self.python_button.setVisible(self.script_of(id) is not None)
        self.verdict.setVisible(bool(item.state))
        self.verdict.set(item.state or "stopped", item.word)
        self._clear()
        result = self.results.get(id)
        if isinstance(result, BaseException):
            self.add_outcome(Label(f"It ended with an error: {result}", "body", "error", wrap=True))
        elif result is not None and self._running != id:
            self.show_result(id, result)

    def add_outcome(self, widget: QWidget) -> None:
        """Put a widget under the verdict."""
        self.outcome.addWidget(widget)

    def _clear(self) -> None:
        while (item := self.outcome.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
