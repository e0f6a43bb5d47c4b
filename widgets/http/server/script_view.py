"""The trace of a CGI script's run: the two processes, the three pipes, the environment, and how it ended.

It must not know how scripts are run.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from PySide6.QtWidgets import QVBoxLayout, QWidget

from protocols.numbers import grouped
from widgets.parts.plain_table import PlainTable
from widgets.parts.rows_model import RowsModel
from widgets.parts.tab_pages import TabPages
from widgets.timeline.wording import duration

ENDS: Final = {"well": "by itself", "time-out": "killed: its time was up", "too much": "killed: it wrote too much",
               "stopped": "killed: the server stopped"}  # fmt: skip
ANSWERED: Final = ("REQUEST_METHOD", "QUERY_STRING", "CONTENT_TYPE", "CONTENT_LENGTH", "SCRIPT_NAME", "PATH_INFO",
                   "HTTP_COOKIE", "REMOTE_ADDR")  # fmt: skip
"""These stand first in the environment: they say what was asked."""


class ScriptView(QWidget):
    """Shows what `Served.script` has."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.trace = RowsModel(("CGI", "This run"), self)
        self.environment = RowsModel(("Name", "Value"), self)
        self.tabs = TabPages("About the script's run", self)
        trace = PlainTable(self.trace, "How the script ran", mono=(1,), widths=(96,), stretch=1)
        told = PlainTable(self.environment, "What the script is told", mono=(0, 1), widths=(150,), stretch=1)
        self.tabs.add("trace", "CGI run", trace)
        self.tabs.add("environment", "Environment", told)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.tabs)

    def show_script(self, script: Mapping[str, Any]) -> None:
        """Show one run."""
        self.trace.set_rows(trace_of(script))
        words = script.get("environment")
        told = dict(words) if isinstance(words, Mapping) else {}
        first = [(name, str(told.pop(name))) for name in ANSWERED if name in told]
        self.environment.set_rows([*first, *sorted((str(name), str(value)) for name, value in told.items())])
        self.tabs.set_count("environment", len(first) + len(told))


def trace_of(script: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The run as rows, in the order in which it happens."""
    command = script.get("command")
    words = script.get("environment")
    return [
        ("Server", f"process {script.get('server_pid')} starts the script: no shell, a folder of its own"),
        ("Script", f"process {script.get('pid')}: {' '.join(map(str, command)) if isinstance(command, list) else ''}"),
        ("Environment", f"{len(words) if isinstance(words, Mapping) else 0} words"),
        ("stdin", _piped(script, "input")),
        ("stdout", _piped(script, "output")),
        ("stderr", repr(script.get("errors") or "")[1:-1] or "nothing"),
        ("Ended", f"{ENDS.get(str(script.get('ended')), '')}, exit status {script.get('code')}, after "
                  f"{duration(int(script.get('took_ns') or 0))}"),
    ]  # fmt: skip


def _piped(script: Mapping[str, Any], name: str) -> str:
    count = int(script.get(f"{name}_bytes") or 0)
    return f"{grouped(count)} bytes: {repr(script.get(name))[1:-1]}" if count else "nothing"
