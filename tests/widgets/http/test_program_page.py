"""A typed handler or application, from its page: started, asked, changed, started again, and its mistakes."""

from __future__ import annotations

import os

import pytest

from tests.widgets.http.conftest import Room
from widgets.http.server.program_page import ProgramPage


@pytest.fixture
def page(room: Room) -> ProgramPage:
    """The view, in front."""
    room.panel.show_view("code")
    page = room.panel.view("code")
    assert isinstance(page, ProgramPage)
    return page


def running(room: Room, page: ProgramPage) -> None:
    """Wait until what is typed runs."""
    room.wait(lambda: page.slot is not None and page.slot.phase == "running" and not page.start_button.isVisible())


def body(room: Room, page: ProgramPage) -> str:
    """Send a request to it, as its button does; the answer's body."""
    before = room.ends.slot.sent
    room.click(page.request_button)
    room.wait(lambda: room.ends.slot.sent is not before and room.ends.slot.phase == "idle")
    room.wait(lambda: room.ends.response.body_view.prepared is not None)
    room.panel.show_view("code")
    assert room.ends.slot.sent is not None
    return bytes(room.ends.slot.sent.body.data).decode()


def test_a_handler_is_typed_started_asked_changed_and_started_again(room: Room, page: ProgramPage) -> None:
    room.click(page.start_button)
    running(room, page)
    assert "You asked for /" in body(room, page)
    assert page.slot is not None
    room.wait(lambda: page.slot is not None and page.slot.rows.rowCount() == 1)
    assert room.ends.served_for(room.ends.response.exchange) is not None
    url = page.slot.url
    page.code.setPlainText(page.text.replace("You asked for", "Changed:"))
    assert page.start_button.text() == "Start again, as typed"
    room.click(page.start_button)
    running(room, page)
    assert page.slot.url == url
    assert "Changed: /" in body(room, page)
    room.click(page.reset_button)
    assert "You asked for" in page.text
    page.code.setPlainText("class Handler(:")
    room.click(page.start_button)
    assert "Line 1" in page.strip.text()
    assert page.slot.phase == "running"
    dialog = page.show_family()
    assert dialog.methods.row(0)[1] == "SimpleHTTPRequestHandler"
    assert "answers GET, HEAD" in dialog.said.text()
    dialog.choose("ThreadingHTTPServer")
    assert "ThreadingMixIn" in str(dialog.order.row(1)[1])
    assert "hands each connection" in dialog.said.text()
    dialog.close()
    kept = room.panel.save_state()["programs"]
    assert kept == {"hello_handler": "class Handler(:"}
    room.click(page.stop_button)
    room.wait(lambda: page.slot is not None and page.slot.phase == "ended")


def test_an_application_is_deployed_in_another_process_and_its_mistake_is_explained(
    room: Room, page: ProgramPage
) -> None:
    page.table.selectRow(2)
    page.code.setPlainText(page.text.replace("PATH_INFO is", "{__import__('os').getpid()}"))
    for deploy in ("wsgi", "cgi"):
        page.fields["deploy"] = deploy
        room.click(page.start_button)
        running(room, page)
        said = body(room, page)
        assert "Hello" in said
        assert str(os.getpid()) not in said
        room.click(page.stop_button)
        room.wait(lambda: page.slot is not None and page.slot.phase == "ended")
        page.refresh()
    page.fields["deploy"] = "wsgi"
    page.table.selectRow(5)
    room.click(page.start_button)
    running(room, page)
    assert "bytes" in body(room, page)
    room.wait(lambda: page.said.rowCount() > 0)
    assert "validator complains" in str(page.said.row(0)[0])
    room.click(page.stop_button)
    room.wait(lambda: page.slot is not None and page.slot.phase == "ended")
    page.code.setPlainText("app = 1")
    room.click(page.start_button)
    room.wait(lambda: "can't be called" in page.strip.text())
    room.panel.show_view("ends")
    view = room.ends.servers.add_server({"site": "program"})
    assert view.form.code_button.isVisible()
    room.click(view.form.code_button)
    assert room.panel.current_view() == "code"
