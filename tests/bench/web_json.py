"""How long the window is deaf while an answer of 50 MB of JSON arrives and opens as a tree.

By hand: `python -m tests.bench.web_json [ROUNDS]`. The real window with all its panels, unseen. The first answer of a
life finds the card never shown before; each life is a process of its own. Prints a table; never collected by pytest.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from netlab_gui.app import Application
from netlab_gui.driving import settle, wait_until
from tests.stall import StallMeter
from widgets.http.panel import HttpPanel

SIZE = 50_000_000
WAIT_S = 60
REST_MS = 400


def once(folder: Path) -> list[tuple[int, float, float]]:
    """One life of the window: for each of two answers its bytes, seconds until the tree, longest stall in ms."""
    os.environ["NETLAB_HOME"] = str(folder / "home")
    application = Application.make()
    window = application.window
    window.resize(1440, 900)
    window.show()
    wait_until(lambda: application.ready and window.ahead.done, WAIT_S)
    window.show_panel("http")
    panel = window.stack.panel("http")
    assert isinstance(panel, HttpPanel)
    ends = panel.ends
    slot = ends.servers.start_site({"site": "folder", "port": 0, "root": str(folder)})
    wait_until(lambda: slot.phase == "running", WAIT_S)
    ends.request.set_url(f"{slot.url}big.json")
    settle(REST_MS)
    found = []
    for _ in range(2):
        began = time.perf_counter()
        with StallMeter() as meter:
            ends.send()
            wait_until(lambda: ends.response.body_view.prepared is None, WAIT_S)
            wait_until(lambda: ends.response.body_view.prepared is not None, WAIT_S)
            took = time.perf_counter() - began
            settle(REST_MS)
        found.append((len(ends.response.body_view.body), took, meter.max_ms))
    window.closing.emit()
    wait_until(lambda: application.shutdown.finished, WAIT_S)
    application.dispose()
    settle(50)
    return found


def main() -> None:
    """Print the table."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    print(f"{'answer':>8}{'bytes':>14}{'s until the tree':>19}{'longest stall, ms':>20}", flush=True)
    for _ in range(rounds):
        subprocess.run((sys.executable, "-m", "tests.bench.web_json", "one-life"), check=True)


def one_life() -> None:
    """Print the rows of one life."""
    with tempfile.TemporaryDirectory() as name:
        item = json.dumps({"id": 1, "name": "x" * 40, "tags": ["a", "b"], "say": 'a "quoted" word'})
        Path(name, "big.json").write_text("[" + ",".join([item] * (SIZE // (len(item) + 1))) + "]")
        for number, (size, took, stall) in enumerate(once(Path(name)), 1):
            print(f"{number:>8}{size:>14,}{took:>19.2f}{stall:>20.1f}", flush=True)


if __name__ == "__main__":
    one_life() if sys.argv[1:] == ["one-life"] else main()
