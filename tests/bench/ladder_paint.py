"""How long the ladder takes with 100,000 events: `python -m tests.bench.ladder_paint`.

Adding an event, painting what is in sight at several places, at scale 1, and the scroll range.
"""

from __future__ import annotations

import os
import statistics
import sys
import time

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication

from netlab_gui import pace
from protocols.record.event import Raw
from protocols.record.log import EventLog
from widgets.selection import Selection
from widgets.timeline.ladder import LadderView
from widgets.timeline.ladder_feed import LadderFeed, Subject

COUNT = 100_000


def events() -> list[Raw]:
    """A chatty echo over one connection: four calls, two messages and now and then a state for each line."""
    made: list[Raw] = []
    size, place, now = 24, 0, 0
    client = {"end": "client", "thread": "client-1:50001", "local": ["127.0.0.1", 50001], "peer": ["127.0.0.1", 7]}
    server = {"end": "server", "thread": "echo-conn:50001"}
    body = b"x" * size
    while len(made) < COUNT:
        steps = (
            ("send", "client 1", "out", client), ("recv", "echo:7", "in", server),
            ("send", "echo:7", "out", server), ("recv", "client 1", "in", client),
        )  # fmt: skip
        for kind, who, way, detail in steps:
            now += 120_000
            made.append((now, "call", kind, who, "1", way, place, size, body, f"{kind}(..) = {size}", detail))  # type: ignore[arg-type]
            if kind == "recv":
                made.append((now + 5_000, "message", "line", who, "1", "in", place, size, body, "line", detail))
        if not len(made) % 50:
            now += 300_000_000
            made.append((now, "state", "ESTABLISHED", who, "1", None, None, None, None, "", {**client}))
        place += size
    return made


def main() -> int:
    """Measure and print."""
    app = QApplication(sys.argv[:1])
    log = EventLog()
    log.append(events())
    feed = LadderFeed(log)
    view = LadderView(feed, Selection())
    view.resize(1440, 900)
    view.show()
    pace.settle()
    began = time.perf_counter()
    longest = 0.0
    feed.ask(Subject(conn="1"))
    feed.set_active(True)
    while feed.searching:
        before = time.perf_counter()
        app.processEvents()
        longest = max(longest, time.perf_counter() - before)
    print(f"{len(log):,} events laid out in {time.perf_counter() - began:.2f} s, longest turn {longest * 1e3:.0f} ms, "
          f"{len(feed.layout.steps):,} steps, {len(feed.layout.bars):,} messages")  # fmt: skip
    bar = view.verticalScrollBar()
    picture = QImage(view.viewport().size(), QImage.Format.Format_ARGB32_Premultiplied)
    for to_scale in (False, True):
        before = time.perf_counter()
        view.set_to_scale(to_scale)
        print(f"{'to scale' if to_scale else 'equal steps'}: set in {(time.perf_counter() - before) * 1e3:.0f} ms")
        spent = []
        for part in range(41):
            bar.setValue(bar.maximum() * part // 40)
            before = time.perf_counter()
            view.viewport().render(picture)
            spent.append(time.perf_counter() - before)
        print(f"  paint: median {statistics.median(spent) * 1e3:.1f} ms, longest {max(spent) * 1e3:.1f} ms")
    before = time.perf_counter()
    for row in range(2000):
        raw = log.raw(len(log) - 2000 + row)
        feed.layout.add(len(log) + row, (raw[0] + 10**12, *raw[1:6], (raw[6] or 0) + 10**9, *raw[7:]))
        feed.layout.height()
    print(f"one more event: {(time.perf_counter() - before) / 2000 * 1e6:.0f} \u00b5s")
    view.close()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
