"""How long the window itself is deaf: `python -m tests.bench.window_stalls [--only WORD] [--rounds N]`.

The real application in a window of 1440 x 900 (unseen, unless QT_QPA_PLATFORM says where), driven through what a
person does with the window: start, each panel for the first and for a later time, another palette and scale at the
start and once all panels stand, resizing, command palette, help, drawer, a saved session. For each the longest gap
between two turns of the event loop, and the processor time of the GUI thread until it rests again. The bound is
100 ms a gap, on a machine that has a processor to spare: the last line tells how fast this one is just now.
Never collected by pytest.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog

from netlab_gui.app import Application
from netlab_gui.driving import settle, wait_until
from protocols.record.recorder import Recorder
from protocols.record.sessions import Sessions
from tests.stall import StallMeter

BOUND_MS: Final = 100.0
EVENTS: Final = 20_000
REFERENCE: Final = 10_000_000
REST_MS: Final = 400
Step = tuple[str, Callable[[], object], Callable[[], object]]
"""What is done, the doing, and what holds when it is done."""
Found = dict[str, list[tuple[float, float]]]


def steps(application: Application, session: Path) -> Iterator[Step]:
    """What a person does with the window, in this order."""
    window, place = application.window, application.workplace
    panels = window.stack.ids()
    yield "palette, at the start", window.shell.dark.trigger, bool
    yield "palette back, at the start", window.shell.dark.trigger, bool
    ahead = window.ahead
    yield "panels built ahead", bool, lambda: ahead.done
    for panel in panels[1:]:
        yield f"first opening of {panel}", lambda panel=panel: window.go_to(panel), bool
    for panel in panels:
        yield f"opening {panel} again", lambda panel=panel: window.show_panel(panel), bool
    for panel in ("sockets", "http", "packets"):
        yield f"to {panel}", lambda panel=panel: window.show_panel(panel), bool
        yield f"palette, {panel} in front, all stand", window.shell.dark.trigger, bool
        yield "opening mail right after", lambda: window.show_panel("mail"), bool
        yield "palette back", window.shell.dark.trigger, bool
    window.show_panel("sockets")
    settle(REST_MS)
    yield "scale 1.4", window.shell.present.trigger, bool
    yield "opening http right after", lambda: window.show_panel("http"), bool
    yield "scale 1", window.shell.present.trigger, bool
    yield "to sockets", lambda: window.show_panel("sockets"), bool
    yield "narrower", lambda: window.resize(1100, 700), bool
    yield "wider", lambda: window.resize(1440, 900), bool
    yield "command palette", window.shell.palette.trigger, window.shell.palette_is_open
    yield "typing in it", lambda: QTest.keyClicks(QApplication.focusWidget(), "echo"), bool
    yield "command palette closed", window.shell.close_palette, bool
    yield "command palette again", window.shell.palette.trigger, window.shell.palette_is_open
    window.shell.close_palette()
    yield "help", window.shell.help.trigger, _dialog
    yield "help closed", lambda: _dialog().close(), bool  # type: ignore[union-attr]
    yield "Python drawer", window.shell.python.trigger, lambda: place.docks.drawer_is_open
    yield "Python drawer closed", window.shell.python.trigger, bool
    yield f"a session of {EVENTS:,} events", lambda: place.sessions.open(session), lambda: place.sessions.read_only
    yield "back to the live one", place.sessions.back, lambda: not place.sessions.read_only


def _dialog() -> QDialog | None:
    found = [one for one in QApplication.topLevelWidgets() if isinstance(one, QDialog) and one.isVisible()]
    return found[0] if found else None


def saved(folder: Path) -> Path:
    """A session file with many events."""
    recorder = Recorder()
    store = Sessions(folder).new(recorder, "long")
    for number in range(EVENTS):
        recorder.note("tested", f"event {number}")
    store.close()
    return store.path


def measure(name: str, act: Callable[[], object], done: Callable[[], object], found: Found) -> None:
    """Do one thing, and wait until the window has been quiet for a while; files the gap and the work, in ms."""
    begun = time.thread_time()
    with StallMeter() as meter:
        settle(20)
        act()
        if done is not bool and not wait_until(done, 20):
            print(f"{name}: never came true", file=sys.stderr)
        settle(REST_MS)
    found.setdefault(name, []).append((meter.max_ms, (time.thread_time() - begun) * 1000))


def once(folder: Path, session: Path, only: str, found: Found) -> None:
    """One life of the window."""
    os.environ["NETLAB_HOME"] = str(folder)
    application = Application.make()
    window = application.window
    window.resize(1440, 900)
    measure("start", window.show, lambda: application.ready, found)
    for name, act, done in steps(application, session):
        if only in name:
            measure(name, act, done, found)
        else:
            act()
            settle(50)
    window.closing.emit()
    wait_until(lambda: application.shutdown.finished, 10)
    application.dispose()
    settle(50)


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="only what has this word in its name")
    parser.add_argument("--rounds", type=int, default=1)
    options = parser.parse_args()
    found: Found = {}
    with tempfile.TemporaryDirectory() as folder:
        session = saved(Path(folder) / "saved")
        for number in range(options.rounds):
            once(Path(folder) / f"home-{number}", session, options.only, found)
    begun = time.thread_time()
    deque(range(REFERENCE), maxlen=0)
    loop_ms = (time.thread_time() - begun) * 1000
    print(f"{'':42}{'gap, ms':>10}{'worst':>8}{'work, ms':>10}   ({options.rounds} rounds)")
    for name, values in found.items():
        gaps, work = [gap for gap, _ in values], [one for _, one in values]
        mark = "  over" if statistics.median(gaps) > BOUND_MS else ""
        print(f"{name:42}{statistics.median(gaps):>10.0f}{max(gaps):>8.0f}{statistics.median(work):>10.0f}{mark}")
    print(f"counting to {REFERENCE:,} took {loop_ms:.0f} ms")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
