"""Low level: Python's own libraries by the single call, against the sandbox."""

from __future__ import annotations

from pathlib import Path

import pytest

from protocols.scripts import render
from tests.widgets.http.conftest import Room
from widgets.http.by_hand.low_level_page import LowLevelPage


@pytest.fixture
def site(room: Room) -> str:
    """Where the sandbox is."""
    return room.serve(site="sandbox").url.rstrip("/")


@pytest.fixture
def page(room: Room) -> LowLevelPage:
    """The view, in front."""
    room.panel.show_view("low")
    page = room.panel.view("low")
    assert isinstance(page, LowLevelPage)
    return page


def step(room: Room, page: LowLevelPage, name: str) -> str:
    """Click a step; what the table says of it."""
    steps = page.steps
    before = steps.model.rowCount()
    room.click(steps.rows.buttons[name])
    room.wait(lambda: steps.model.rowCount() > before)
    return str(steps.model.row(before)[1])


def test_a_request_is_made_by_the_single_call_and_a_wrong_order_is_explained(
    room: Room, site: str, page: LowLevelPage
) -> None:
    steps = page.steps
    steps.fields.set_values({"url": f"{site}/echo", "name": "X-Lab", "value": "by hand"})
    assert steps.rows.buttons["connect"].property("primary")
    assert "CannotSendHeader" in step(room, page, "putheader")
    assert "nothing is sent" in step(room, page, "connect")
    assert steps.rows.buttons["putrequest"].property("primary")
    step(room, page, "putrequest")
    step(room, page, "putheader")
    assert "CannotSendRequest" in step(room, page, "putrequest")
    assert steps.card.head.state.word == "Request started, nothing sent"
    step(room, page, "endheaders")
    assert step(room, page, "getresponse").startswith("200 OK")
    assert "by hand" in step(room, page, "read")
    room.click(room.panel.python_button)
    action, params = room.scripts[-1]
    script = render(action, params)
    assert action == "http-steps"
    assert 'conn.putheader("X-Lab", "by hand")' in script or "conn.putheader('X-Lab', 'by hand')" in script
    room.click(steps.over_button)
    assert steps.stage == "idle"
    assert steps.model.rowCount() == 0


def test_a_wait_for_an_answer_can_be_stopped_and_nothing_typed_is_no_server(room: Room, page: LowLevelPage) -> None:
    steps = page.steps
    room.click(steps.rows.buttons["connect"])
    assert steps.stage == "idle"
    assert steps.model.rowCount() == 0
    slot = room.serve(site="handler")
    slot.set_delay_ms(60_000)
    steps.fields["url"] = slot.url
    for name in ("connect", "putrequest", "endheaders"):
        step(room, page, name)
    room.click(steps.rows.buttons["getresponse"])
    room.wait(lambda: steps.card.head.state.word == "In getresponse()")
    room.click(steps.stop_button)
    room.wait(lambda: steps.model.rowCount() == 4)
    assert steps.stage == "idle"
    slot.stop()
    room.wait(lambda: slot.phase == "ended")


def test_messages_go_over_a_websocket_and_each_frame_is_a_row(room: Room, page: LowLevelPage) -> None:
    page.tabs.show_page("websocket")
    socket = page.websocket
    room.click(socket.empty.button)  # starts the sandbox, and connects to its echo
    room.wait(lambda: socket.card.head.state.word == "Open")
    assert socket.fields["url"].endswith("/websocket")
    socket.fields["message"] = "grüße"
    room.click(socket.send_button)
    room.wait(lambda: socket.model.rowCount() == 2)
    assert [tuple(row)[2:] for row in socket.model.rows()] == [
        ("sent", "TEXT", "yes", "masked", "7", "grüße"), ("came", "TEXT", "yes", "plain", "7", "grüße")]  # fmt: skip
    socket.fields.set_values({"kind": "ping", "message": "there?"})
    room.click(socket.send_button)
    room.wait(lambda: socket.model.rowCount() == 4)
    socket.fields.set_values({"kind": "text", "message": "abcdef", "pieces": 2})
    room.click(socket.send_button)
    room.wait(lambda: socket.model.rowCount() == 8)
    assert [row[3] for row in socket.model.rows()][2:] == ["PING", "PONG", "TEXT", "CONT", "TEXT", "CONT"]
    socket.table.picked.emit(1)
    assert socket.hex.content_height() > 0
    room.click(room.panel.python_button)
    action, params = room.scripts[-1]
    assert action == "http-websocket"
    assert "grüße" in render(action, params)
    room.click(socket.close_button)
    room.wait(lambda: socket.card.head.state.word == "Closed")
    assert [row[3] for row in socket.model.rows()][-2:] == ["CLOSE", "CLOSE"]
    assert socket.model.row(9)[7] == "1000 normal closure"


def test_what_is_no_websocket_is_said_at_the_button(room: Room, site: str, page: LowLevelPage) -> None:
    page.tabs.show_page("websocket")
    socket = page.websocket
    socket.fields["url"] = "ftp://x"
    room.click(socket.connect_button)
    assert "no URL of a WebSocket" in socket.strip.text()
    socket.fields["url"] = f"{site}/nothing"
    room.click(socket.connect_button)
    room.wait(lambda: "answered 404" in socket.strip.text())
    socket.fields["url"] = "ws://127.0.0.1:1/"
    room.click(socket.connect_button)
    room.wait(lambda: "Nobody" in socket.strip.text() or "refused" in socket.strip.text().lower())
    assert socket.connect_button.isEnabled()


def test_an_opener_is_made_of_ticked_handlers_and_tells_what_each_did(
    room: Room, site: str, page: LowLevelPage, tmp_path: Path
) -> None:
    page.tabs.show_page("openers")
    openers = page.openers

    def opened(url: str, **values: object) -> None:
        openers.fields.set_values({"url": url, **values})
        before = openers.opening
        room.click(openers.open_button)
        room.wait(lambda: openers.opening is not before and openers.open_button.isVisible())

    assert not openers.fields.editor("user").isVisible()
    opened(f"{site}/basic", with_basic=True, user="guido", password="guido456")
    assert openers.result.head.state.word == "200"
    assert any(row[1] == "http_error_401" and "base64 of guido" in row[2] for row in openers.calls.rows())
    assert "HTTPBasicAuthHandler" in [row[1] for row in openers.chain.rows()]
    opened(f"{site}/basic", way="simple")
    assert openers.result.head.state.word == "401"
    assert "HTTPError 401" in openers.said.text()
    opened("lab:hello", way="opener", with_lab=True)
    assert "Hello from a handler of your own: hello" in openers.body.toPlainText()
    opened(f"{site}/cookies/set?a=1", with_cookies=True)
    opened(f"{site}/cookies")
    assert '"a",' in openers.body.toPlainText()
    opened("http://127.0.0.1:1/")
    assert openers.result.head.state.word == "URLError"
    openers.fields["url"] = f"{site}/slow?bytes=9000&delay_ms=0"
    openers.retrieve(tmp_path / "got")
    room.wait(lambda: openers.open_button.isVisible() and openers.reports.rowCount() == 3)
    assert (tmp_path / "got").stat().st_size == 9000
    room.click(room.panel.python_button)
    action, params = room.scripts[-1]
    script = render(action, params)
    assert "LabHandler()" in script
    assert "HTTPBasicAuthHandler" in script
    assert "guido456" not in script
    openers.fields["url"] = f"{site}/slow?bytes=9&delay_ms=60000"
    room.click(openers.open_button)
    room.click(openers.cancel_button)  # whether or not it has begun
    room.wait(openers.open_button.isVisible)
    assert openers.opening is not None
    assert openers.opening.outcome == "cancelled"
