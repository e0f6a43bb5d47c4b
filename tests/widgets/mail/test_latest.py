"""After each thing done in the mail panel the time line's choice, and so the inspector, is that thing."""

from __future__ import annotations

from protocols.record.event import Raw, detail_of
from tests.widgets.mail.conftest import Room


def _chosen(room: Room) -> Raw | None:
    row = room.desk.selection.row
    return None if row is None else room.desk.log.raw(row)


def _is(room: Room, service: str, *kinds: str) -> bool:
    raw = _chosen(room)
    return raw is not None and raw[3] == service and raw[2] in kinds


def _read(room: Room, kind: str, number: int) -> None:
    box = room.open_box(kind)
    room.wait(lambda: box.model.count == 2 and box.model.listed(0))
    box.show_row(0)
    room.wait(lambda: _is(room, f"{kind} {number}", "data"))
    room.click(box.leave_button)
    room.wait(lambda: box.slot.phase == "ended")


def _fetched_and_typed(room: Room) -> None:
    for number, kind in enumerate(("imap", "pop3"), 1):
        _read(room, kind, number)
    room.panel.show_view("hand")
    page = room.panel.hand
    room.click(page.connect_button)
    room.wait(lambda: page.slot.phase == "open" and page.card.head.state.word == "Your turn")
    page.line.setText("NOOP")
    room.click(page.send_button)
    room.wait(lambda: _is(room, "by hand 1", "reply"))


def test_after_sending_fetching_and_typing_that_thing_is_chosen(room: Room) -> None:
    room.serve()
    room.send(to="bob@example.org, nobody@example.org")
    room.wait(lambda: _is(room, "smtp 1", "mail"))
    raw = _chosen(room)
    assert raw is not None
    assert detail_of(raw)["outcome"] == "some"
    room.desk.selection.clear()
    room.send(to="bob@example.org")
    room.wait(lambda: _is(room, "smtp 2", "mail"))
    _fetched_and_typed(room)


def test_the_call_that_failed_is_chosen_and_without_one_what_the_server_said_last(room: Room) -> None:
    ends = room.ends
    ends.compose.account.set_address("127.0.0.1", 1)
    room.click(ends.compose.send_button)
    room.wait(lambda: _is(room, "smtp 1", "connect"))
    room.serve()
    room.panel.show_view("mailbox")
    box = room.panel.mailbox
    box.account.fields.set_values({"user": "bob", "password": "wrong"})
    room.click(box.connect_button)
    room.wait(box.strip.isVisible)
    room.wait(lambda: _is(room, "imap 1", "reply"))


def test_an_article_that_was_fetched_is_chosen(room: Room) -> None:
    room.panel.show_view("news")
    page = room.panel.news
    room.click(page.empty.button)
    room.wait(page.articles.rowCount)
    page.show_article(0)
    room.wait(lambda: _is(room, "news 1", "data"))
    room.click(page.close_button)
    room.wait(lambda: page.slot.phase == "ended")
    page.stop_server()
    room.wait(lambda: page.server is None)
