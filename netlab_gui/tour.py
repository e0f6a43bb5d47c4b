"""Tour: the whole lab once, unseen; one picture per palette and one verdict per panel.

Every panel plays its own demo on loopback in a real window with a home of its own, so nothing
of the user's is touched. It must not know any panel but by the list.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from netlab_gui.app import Application
    from netlab_gui.driving import Verdict

WIDTH, HEIGHT = 1440, 900
READY_S: Final = 20.0
QUIT_S: Final = 20.0


def run_tour(out: str) -> int:
    """Write DIR/PANEL-light.png, -dark.png and report.json; 0 when every check holds, else 1."""
    folder = Path(out)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        print(f"netlab: the pictures can't be written to {folder}: {error.strerror}", file=sys.stderr)
        return 1
    from protocols.terminal import Signals

    started = time.monotonic()
    with Signals() as signals, _own_home():
        rows = _tour(folder, signals.stopping)
    text = json.dumps(rows, indent=1, ensure_ascii=False)
    (folder / "report.json").write_text(text + "\n", encoding="utf-8")
    good = bool(rows) and all(row["ok"] for row in rows)
    words = "interrupted" if signals.stopping() else "every check holds" if good else "a check failed"
    print(f"tour: {words}, {time.monotonic() - started:.1f} s, see {folder / 'report.json'}")
    return 0 if good else 1


@contextmanager
def _own_home() -> Iterator[None]:
    """Settings, sessions and reports of the tour go to a directory that is removed afterwards."""
    before = os.environ.get("NETLAB_HOME")
    with tempfile.TemporaryDirectory(prefix="netlab-tour-") as home:
        os.environ["NETLAB_HOME"] = home
        try:
            yield
        finally:
            if before is None:
                del os.environ["NETLAB_HOME"]
            else:
                os.environ["NETLAB_HOME"] = before


def _tour(folder: Path, stopping: Callable[[], bool]) -> list[dict[str, object]]:
    from netlab_gui.app import Application, guard_qt
    from netlab_gui.driving import Verdict, wait_until

    guard_qt()
    application = Application.make()
    window = application.window
    window.resize(WIDTH, HEIGHT)
    window.show()
    wait_until(lambda: application.ready, READY_S)
    rows = [_panel_row(application, folder, panel, stopping) for panel in window.stack.ids() if not stopping()]
    if stopping():
        rows.append(_row("tour", [Verdict("nobody interrupts it", False)]))
    else:
        rows.append(_window_row(application, folder))
    application.window.close()
    ended = wait_until(lambda: application.shutdown.finished, QUIT_S)
    stuck = application.shutdown.stuck
    left = [Verdict("everything stops in time", ended), Verdict(f"nothing is left running {list(stuck)}", not stuck)]
    rows.append(_row("shutdown", left))
    application.dispose()
    return rows


def _panel_row(
    application: Application, folder: Path, panel_id: str, stopping: Callable[[], bool]
) -> dict[str, object]:
    from netlab_gui.driving import Driver, settle

    window = application.window
    window.show_panel(panel_id)
    settle()
    driver = Driver(lambda: _pictures(application, folder, panel_id), stopping)
    return _row(panel_id, driver.play(window.stack.panel(panel_id)))


def _window_row(application: Application, folder: Path) -> dict[str, object]:
    """The window itself: what the panels did stands on the time line, the palette opens by its key."""
    from PySide6.QtCore import Qt
    from PySide6.QtTest import QTest

    from netlab_gui.driving import Verdict, settle, wait_until

    window = application.window
    window.show_panel(window.stack.ids()[0])
    settle()
    log = application.workplace.desk.log
    checks = [Verdict("the time line holds what the panels did", wait_until(lambda: len(log) > 0, 2))]
    checks.append(Verdict("no event was dropped", application.lab.recorder.dropped == 0))
    QTest.keyClick(window, Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
    checks.append(Verdict("Ctrl+K opens the command palette", wait_until(window.shell.palette_is_open, 2)))
    _pictures(application, folder, "window")
    window.shell.close_palette()
    checks.append(Verdict("nothing unexpected happened", not application.crashes_seen))
    return _row("window", checks)


def _row(panel: str, verdicts: list[Verdict]) -> dict[str, object]:
    """One row of the report, also told on stdout."""
    good = all(verdict.ok for verdict in verdicts)
    print(f"{'ok    ' if good else 'FAILED'} {panel}: {len(verdicts)} checks", flush=True)
    for verdict in verdicts:
        if not verdict.ok:
            print(f"       not so: {verdict.text}", flush=True)
    return {"panel": panel, "ok": good, "checks": [verdict.as_json() for verdict in verdicts]}


def _pictures(application: Application, folder: Path, name: str) -> None:
    """The window in both palettes, as it is now."""
    from netlab_gui.driving import settle, wait_until

    settings = application.settings
    before = settings.dark
    for word, dark in (("light", False), ("dark", True)):
        settings.dark = dark
        wait_until(application.window.updatesEnabled, READY_S)
        settle(40)
        application.window.picture().save(str(folder / f"{name}-{word}.png"))
    settings.dark = before
    settle(20)
