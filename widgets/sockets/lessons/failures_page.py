"""Failures as buttons: each is provoked for real on loopback, with its errno, its cause and its mend.

It must not know failures: `protocols.sockets.failures` provokes and explains them.
"""

from __future__ import annotations

from typing import Any, Final

from PySide6.QtCore import QTimer

from protocols.record.event import Event, monotonic_ns
from protocols.script_plans import FAILURES as SCRIPTED
from protocols.sockets.failures import FAILURES, Outcome, failure, run
from widgets.desk import Desk
from widgets.failed_call import event_of, last_row
from widgets.parts.buttons import LinkButton
from widgets.parts.card import Aside
from widgets.parts.fact import Fact
from widgets.parts.flow import FlowBox
from widgets.parts.text import Label
from widgets.sockets.lessons.catalog import Item
from widgets.sockets.lessons.catalog_page import CatalogPage
from widgets.sockets.lessons.experiment_scripts import Script

LATER_MS: Final = 150


class FailuresPage(CatalogPage):
    """All failures. `results[id]` is an Outcome."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk, "Failures", "bug", [Item(each.id, each.title, each.sentence) for each in FAILURES])

    def work(self, id: str) -> Outcome:
        """Provoke it."""
        return run(failure(id), self.desk.lab.recorder)

    def verdict_of(self, id: str, result: Any) -> tuple[str, str]:
        """The errno that came; a failure that came as it should is done."""
        assert isinstance(result, Outcome)
        if not result.errno:
            return "info", "not here"
        return ("done" if result.ok else "warning"), result.errno

    def script_of(self, id: str) -> Script | None:
        """The script that provokes the same."""
        return ("failure", {"failure": id}) if id in SCRIPTED else None

    def show_result(self, id: str, result: Any) -> None:
        """Errno, cause in plain words, and what mends it."""
        assert isinstance(result, Outcome)
        facts = FlowBox(spacing=24)
        facts.add(Fact("errno", result.errno or "none", mono=True))
        facts.add(Fact("Call", f"{failure(id).call}()", mono=True))
        facts.add(Fact("After", _took(result.took_s)))
        self.add_outcome(facts)
        self.add_outcome(Aside(f"{result.title}.", result.why))
        if result.mend:
            self.add_outcome(Label("What mends it", "section"))
            for line in result.mend:
                self.add_outcome(Label(f"•  {line}", "body", wrap=True))
        if result.errno:
            link = LinkButton("Why? Open the whole explanation")
            link.clicked.connect(lambda: self.desk.explain(self._event(id, result)))
            row = FlowBox()
            row.add(link)
            self.add_outcome(row)
        self._follow(id)

    def _follow(self, id: str, *, again: bool = True) -> None:
        """The time line goes to it: the ladder of another failure beside this one would mislead."""
        if id != self.view.current():
            return
        row = last_row(self.desk, {f"failure {id}"})
        if row is not None:
            self.desk.selection.select(row)
        elif again:  # its events are on their way
            QTimer.singleShot(LATER_MS, self, lambda: self._follow(id, again=False))

    def _event(self, id: str, result: Outcome) -> Event:
        found = event_of(self.desk, {f"failure {id}"}, result.errno)
        detail = {"errno": result.errno, "why": result.why, "title": result.title, "mend": list(result.mend)}
        return found or Event(monotonic_ns(), "note", "explained", f"failure {id}", summary=result.why, detail=detail)


def _took(seconds: float) -> str:
    if seconds >= 0.0995:
        return f"{seconds:.2f} s"
    return f"{seconds * 1000:.1f} ms" if seconds >= 0.00095 else f"{seconds * 1e6:.0f} µs"
