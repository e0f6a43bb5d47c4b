"""How long the window is deaf while an answer of 50 MB of JSON arrives and opens as a tree.

By hand: `python -m tests.bench.web_json`. Prints a table; never collected by pytest.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QEventLoop
from PySide6.QtWidgets import QApplication

from protocols.lab import Lab
from protocols.record.log import EventLog
from tests.stall import StallMeter
from widgets.actions import Actions
from widgets.bridge import Bridge
from widgets.desk import Desk
from widgets.http.panel import HttpPanel
from widgets.selection import Selection

SIZE = 50_000_000


def main() -> None:
    """Measure once."""
    app = QApplication.instance() or QApplication(sys.argv[:1])
    with tempfile.TemporaryDirectory() as folder, Lab() as lab:
        item = json.dumps({"id": 1, "name": "x" * 40, "tags": ["a", "b"], "say": 'a "quoted" word'})
        Path(folder, "big.json").write_text("[" + ",".join([item] * (SIZE // (len(item) + 1))) + "]")
        bridge = Bridge(lab)
        log = EventLog()
        bridge.add_consumer(log.append)
        panel = HttpPanel(Desk(lab, bridge, Actions(), Selection(), log))
        panel.resize(1440, 800)
        panel.show()
        panel.shown()
        ends = panel.ends
        slot = ends.servers.start_site({"site": "folder", "port": 0, "root": folder})

        def until(condition: object) -> None:
            while not condition():  # type: ignore[operator]
                app.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 20)

        until(lambda: slot.phase == "running")
        ends.request.set_url(f"{slot.url}big.json")
        began = time.perf_counter()
        with StallMeter() as meter:
            ends.send()
            until(lambda: ends.response.body_view.prepared is not None)
            for _ in range(20):
                app.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 20)
        print(f"{'bytes':>12} {'s until the tree':>18} {'longest stall, ms':>18}")
        print(f"{len(ends.response.body_view.body):>12,} {time.perf_counter() - began:>18.2f} {meter.max_ms:>18.1f}")
        panel.hidden()
        bridge.close()


if __name__ == "__main__":
    main()
