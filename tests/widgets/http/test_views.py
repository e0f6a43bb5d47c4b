"""The other views: the ladder's steps with code, server and check, and many copies of a request at once."""

from __future__ import annotations

from hypothesis import given
from hypothesis import settings as limits
from hypothesis import strategies as st

from protocols.http.server.barker import STEPS
from tests.widgets.http.conftest import Room
from widgets.http.parallel.burst import Shot, summary
from widgets.http.parallel.page import ParallelPage
from widgets.http.server.ladder_page import LadderPage


def test_a_step_of_the_ladder_runs_answers_and_is_checked(room: Room) -> None:
    room.panel.show_view("ladder")
    page = room.panel.view("ladder")
    assert isinstance(page, LadderPage)
    assert page.model.rowCount() == len(STEPS) == 9
    page.table.selectRow(2)
    assert "def answer" in page.code.toPlainText()
    assert "+" in page.diff.toPlainText()
    room.click(page.start_button)
    room.wait(lambda: page.slot is not None and page.slot.phase == "running")
    room.click(page.check_button)
    room.wait(lambda: 3 in page.found)
    assert all(one.ok for one in page.found[3])
    assert page.model.row(2)[2] == "holds"
    room.click(page.request_button)
    room.wait(lambda: room.ends.slot.phase == "idle" and room.ends.response.exchange is not None)
    assert room.panel.pages.currentWidget() is room.ends
    room.wait(lambda: room.ends.servers.current.slot.rows.rowCount() >= 1)
    room.panel.show_view("ladder")
    page.table.selectRow(0)
    room.click(page.start_button)
    room.wait(lambda: page.running == 1 and page.slot is not None and page.slot.phase == "running")
    room.click(page.stop_button)
    room.wait(lambda: page.running == 0)


def test_many_copies_go_out_at_once_and_their_times_are_shown(room: Room) -> None:
    slot = room.serve(delay_ms=5, model="threads")
    room.ends.request.set_url(f"{slot.url}books.json")
    room.panel.show_view("parallel")
    page = room.panel.view("parallel")
    assert isinstance(page, ParallelPage)
    page.fields.set_values({"total": 30, "at_once": 6})
    room.click(page.start_button)
    room.wait(lambda: page.burst is not None and len(page.burst.shots) == 30)
    room.wait(page.start_button.isVisible)
    assert {shot.status for shot in page.burst.shots} == {200}  # type: ignore[union-attr]
    assert page.facts["Over"].value() == "30 of 30"
    room.wait(lambda: slot.rows.total == 30)
    page.fields.set_values({"total": 10_000, "at_once": 4})
    room.click(page.start_button)
    room.wait(lambda: page.burst is not None and len(page.burst.shots) > 5)
    room.click(page.stop_button)
    room.wait(page.start_button.isVisible)
    assert page.burst is not None
    assert len(page.burst.shots) < 10_000
    room.ends.request.set_url("")
    assert not page.start_button.isEnabled()


@limits(max_examples=60)
@given(st.lists(st.tuples(st.floats(0, 1e5), st.floats(0.001, 1e4), st.sampled_from([0, 200, 500])), max_size=40))
def test_the_numbers_of_a_burst_are_in_their_order(rows: list[tuple[float, float, int]]) -> None:
    shots = [Shot(number, begun, took, status) for number, (begun, took, status) in enumerate(rows)]
    found = summary(shots)
    if not rows:
        assert found is None
        return
    assert found is not None
    assert found.least_ms <= found.median_ms <= found.most_ms
    assert found.least_ms <= found.p95_ms <= found.most_ms
    assert (found.count, found.failed) == (len(rows), sum(status == 0 for _, _, status in rows))
    assert sum(took <= found.p95_ms for _, took, _ in rows) >= 0.95 * len(rows)
