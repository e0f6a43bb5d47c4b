"""The two upper-case loops by click: one spins after its client has gone, the mended one ends; both can be compared."""

from __future__ import annotations

import pytest

from protocols.sockets.presets import preset
from tests.widgets.sockets.conftest import Bench


@pytest.mark.parametrize("model", ["iterative", "threads", "fork", "epoll", "asyncio"])
def test_the_courses_loop_spins_after_its_client_and_is_stopped_by_click(bench: Bench, model: str) -> None:
    view = bench.start_server(behaviour="upper-course", model=model)
    spin = view.live.spin
    bench.click(spin.leave_button)
    bench.wait(lambda: view.slot.spinning, 10_000)
    assert view.slot.spinning[0].loops_per_s > 1000
    bench.wait(spin.warning.isVisible)
    assert "turns a second" in spin.text()
    bench.click(spin.stop_button)
    bench.wait(lambda: not view.slot.spinning)
    assert view.slot.turns >= 50
    assert "It span." in spin.text()
    bench.wait(lambda: view.slot.rows.rowCount() == 0)
    assert spin.leave_button.isVisible()


def test_the_mended_loop_is_compared_beside_it(bench: Bench) -> None:
    bench.panel.ends.use_preset(preset("tcp-upper-2-course"))
    bench.wait(lambda: bench.server.slot.phase == "running")
    course = bench.server
    bench.click(course.live.spin.leave_button)
    bench.wait(lambda: course.slot.spinning, 10_000)
    bench.click(course.live.spin.compare_button)
    bench.wait(lambda: bench.server is not course and bench.server.slot.phase == "running")
    mended = bench.server
    bench.wait(lambda: "It saw the end." in mended.live.spin.text())
    assert mended.slot.values["behaviour"] == "upper-lines"
    assert mended.slot.turns == 0
    assert f"Server {course.slot.number} made" in mended.live.spin.text()
    assert not mended.slot.spinning
    bench.wait(lambda: mended.slot.rows.rowCount() == 0)
    bench.click(bench.panel.ends.servers.tabs.button(0))
    bench.click(course.live.spin.stop_button)
    bench.wait(lambda: not course.slot.spinning)


def test_other_servers_have_no_such_strip(bench: Bench) -> None:
    assert not bench.start_server(behaviour="upper").live.spin.isVisible()
