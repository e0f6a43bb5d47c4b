"""The window lives while a service waits: nothing that blocks, blocks it."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QElapsedTimer, QTimer

from tests.widgets.sockets.conftest import Bench

LONGEST_MS = 2000  # a machine under load stalls a little; a wait in this thread would stall for ever


@pytest.mark.parametrize("model", ["iterative", "threads", "select", "asyncio"])
def test_timers_tick_while_a_server_waits_in_accept(bench: Bench, model: str) -> None:
    view = bench.start_server(behaviour="echo", model=model)
    gaps: list[int] = []
    clock = QElapsedTimer()
    timer = QTimer()
    timer.setInterval(10)
    timer.timeout.connect(lambda: gaps.append(clock.restart()))
    clock.start()
    timer.start()
    bench.wait(lambda: len(gaps) >= 20)
    timer.stop()
    assert view.slot.phase == "running"
    assert max(gaps) < LONGEST_MS
