"""Cold start: seconds from the start of the process to the first painted window, against an empty one.

`python -m tests.bench.cold_start [ROUNDS]`: runs both by turns as fresh processes and prints a table.
"Painted" is the first picture of the window handled: rail, toolbar, status bar and the start panel's front,
whose button already takes the first click (done as soon as the panel stands). "Panel and docks" is the picture
with the whole start panel, the time line and the inspector in it.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time

EMPTY = """
import os, sys, time
from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtWidgets import QApplication, QMainWindow
class W(QMainWindow):
    def paintEvent(self, event):
        super().paintEvent(event)
        QTimer.singleShot(0, done)
def done():
    print(time.monotonic(), flush=True)
    os._exit(0)
app = QApplication([])
window = W()
window.resize(1440, 900)
window.show()
app.exec()
"""

NETLAB = """
import os, time
from netlab_gui import app as application
from PySide6.QtCore import QEvent, QObject, QTimer
made = application.Application.make()
class Eye(QObject):
    seen = False
    def eventFilter(self, watched, event):
        if event.type() == QEvent.Type.Paint and not self.seen:
            self.seen = True
            QTimer.singleShot(0, painted)
        return False
def painted():
    print(time.monotonic(), flush=True)
    if not os.environ.get("BENCH_USABLE"):
        os._exit(0)
    look()
def look():
    if made.furnished and made.window.stack.stands(made.window.stack.current):
        made.window.repaint()
        print(time.monotonic(), flush=True)
        os._exit(0)
    QTimer.singleShot(0, look)
eye = Eye()
made.window.installEventFilter(eye)
made.window.show()
made.qt.exec()
"""


def once(code: str, home: str, *, usable: bool = False) -> list[float]:
    """Start a fresh process; milliseconds until each line it prints."""
    env = os.environ | {"NETLAB_HOME": home, "QT_QPA_PLATFORM": os.environ.get("QT_QPA_PLATFORM", "offscreen")}
    env.pop("PYTHONDONTWRITEBYTECODE", None)
    env["PYTHONPYCACHEPREFIX"] = f"{home}/compiled"
    if usable:
        env["BENCH_USABLE"] = "1"
    begun = time.monotonic()
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, timeout=60, check=True)
    return [(float(line) - begun) * 1000 for line in done.stdout.split()]


def main(rounds: int = 15) -> float:
    """Measure and print; returns the ratio of the medians."""
    empty: list[float] = []
    lab: list[float] = []
    usable: list[float] = []
    with tempfile.TemporaryDirectory() as home:
        once(EMPTY, home)
        once(NETLAB, home, usable=True)
        for _ in range(rounds):
            empty += once(EMPTY, home)[:1]
            lab += once(NETLAB, home)[:1]
            usable += once(NETLAB, home, usable=True)[1:2]
    print(f"{'':24}{'median ms':>10}{'min':>8}{'max':>8}   ({rounds} rounds, by turns)")
    for name, values in (("empty QMainWindow", empty), ("NetLab, painted", lab), ("NetLab, panel and docks", usable)):
        print(f"{name:24}{statistics.median(values):10.0f}{min(values):8.0f}{max(values):8.0f}")
    ratio = statistics.median(lab) / statistics.median(empty)
    print(f"ratio painted / empty: {ratio:.2f} (bound 2.0)")
    return ratio


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 15) > 2.0)
