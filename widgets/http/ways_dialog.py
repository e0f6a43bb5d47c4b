"""One page two ways, side by side: from a file and computed, each asked for twice, and what differs.

It must not know how a request is sent: it is given what sends one.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QVBoxLayout, QWidget

from protocols.http.client.run import Run
from protocols.http.exchange import Exchange
from protocols.http.server.sandbox.ways import DYNAMIC, STATIC
from widgets.desk import Desk
from widgets.http.exchange.wire_view import DiffView
from widgets.parts.buttons import Button
from widgets.parts.splitter import Splitter
from widgets.parts.text import Label
from widgets.theme.theme import theme

Fetch = Callable[[str], Run]
"""Asks for a target of the site and waits for the answer; runs on a lab thread."""
_MINE: Final = ("date", "content-length")
WORDS: Final = {
    STATIC: ("From a file", "The server reads bytes and sends them. It can say how old they are and give them a mark "
             "(Last-Modified, ETag), so that a client need not fetch them again."),
    DYNAMIC: ("Computed", "The server makes the page for this request, so it has no age, and asks that nobody keeps "
              "it (Cache-Control: no-store)."),
}  # fmt: skip


class Side(QWidget):
    """One way: what it is, what two answers have in common, what differs."""

    def __init__(self, target: str) -> None:
        super().__init__()
        self.target = target
        title, told = WORDS[target]
        self.verdict = Label("Asking twice\u2026", "body")
        self.text = DiffView(f"{title}: both answers")
        column = QVBoxLayout(self)
        column.setContentsMargins(4, 0, 4, 0)
        column.setSpacing(8)
        for widget in (Label(f"{title}: GET {target}", "section"), Label(told, "body", "text2", wrap=True),
                       self.verdict):  # fmt: skip
            column.addWidget(widget)
        column.addWidget(self.text, 1)

    def show_answers(self, first: list[str], second: list[str]) -> int:
        """Show both as one text with what differs marked; how many lines do."""
        lines = [line for line in difflib.ndiff(first, second) if not line.startswith("?")]
        differ = sum(line.startswith("+") for line in lines)
        lines_differ = f"{differ} line{'s' * (differ != 1)} differ{'s' * (differ == 1)}"
        self.verdict.setText(f"{lines_differ} between the two answers." if differ
                             else "The second answer is the first, byte for byte, but for its Date.")  # fmt: skip
        self.text.set_diff("\n".join(line[:1] + line[2:] for line in lines))
        return differ


class WaysDialog(QDialog):
    """Both ways of one page. fetch: asks the site that has them."""

    def __init__(self, desk: Desk, fetch: Fetch, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("One page, two ways")
        self.desk, self._fetch = desk, fetch
        self.sides = (Side(STATIC), Side(DYNAMIC))
        self.differ: dict[str, int] = {}
        self.again_button = Button("Ask again", "refresh-cw", small=True)
        halves = Splitter(Qt.Orientation.Horizontal, *self.sides)
        halves.setSizes([560, 560])
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 12, 16, 16)
        column.setSpacing(12)
        column.addWidget(halves, 1)
        column.addWidget(self.again_button, 0, Qt.AlignmentFlag.AlignLeft)
        self.resize(theme().px(1180), theme().px(560))
        self.again_button.clicked.connect(self.ask)
        self.ask()

    def ask(self) -> None:
        """Ask for each page twice, elsewhere."""
        self.differ.clear()
        self.again_button.setEnabled(False)
        targets, fetch = [side.target for side in self.sides], self._fetch

        def work() -> list[tuple[list[str], list[str]]]:
            return [(answer_text(fetch(target)), answer_text(fetch(target))) for target in targets]

        self.desk.bridge.call(work, self._on_answers, self._on_failed, owner=self)

    def _on_answers(self, found: list[tuple[list[str], list[str]]]) -> None:
        self.again_button.setEnabled(True)
        for side, (first, second) in zip(self.sides, found, strict=True):
            self.differ[side.target] = side.show_answers(first, second)

    def _on_failed(self, error: BaseException) -> None:
        self.again_button.setEnabled(True)
        for side in self.sides:
            side.verdict.setText(f"It could not be asked for: {error}")

    def open_over(self) -> None:
        """Show it; the window stays usable."""
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.show()


def answer_text(run: Run) -> list[str]:
    """An answer as lines, without the header that differs each time. Raises OSError for none."""
    exchange: Exchange | None = run.final
    if exchange is None or exchange.answer is None or not exchange.status:
        raise OSError(run.failure.title if run.failure is not None else "no answer came")
    head = [f"{name}: {value}" for name, value in exchange.headers if name.lower() not in _MINE]
    body = bytes(run.body.data).decode("utf-8", "replace").rstrip("\n").split("\n")
    return [f"{exchange.status} {exchange.answer.reason}", *head, "", *body]
