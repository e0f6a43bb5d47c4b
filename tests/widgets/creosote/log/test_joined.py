"""Messages that a classic sender cut are shown as one row where asked; what is kept and exported stays as it came."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtGui import QGuiApplication

from protocols.creosote.wire import classic_text, pieces
from tests.widgets.creosote.conftest import Room
from widgets.creosote.log import menus

LONG = '{"level":"error","msg":"' + "größer " * 300 + 'the end of it"}'
PARTS = list(pieces(LONG.encode(), chunk=True))


def filled(room: Room) -> None:
    """One short row, the pieces of a long one, one short row; all of one sender."""
    room.pour([b"before", *PARTS, b"after"], senders=1)


def test_pieces_become_one_row_that_says_so_and_come_apart_again(room: Room) -> None:
    filled(room)
    pane, words = room.pane, room.pane.painter.words
    last = len(PARTS) + 1
    assert room.shown() == list(range(last + 1))
    room.desk.actions.get("creosote.join").trigger()
    assert room.shown() == [0, 1, last]
    assert [pane.rows.number(place) for place in range(pane.rows.count())] == [0, 1, last]
    assert [pane.rows.place(row) for row in (0, 1, last)] == [0, 1, 2]
    assert words.reading(1).level == "ERROR"
    assert words.reading(1).text.endswith("the end of it")
    cells = dict(zip(pane.view.head.ids(), words.line(1, pane.view.head.columns()).split("\t"), strict=True))
    assert cells["number"] == f"2 +{len(PARTS) - 1}"
    assert f"Joined for the eye from {len(PARTS)} datagrams" in words.whole(1)
    assert "joined for the eye" in pane._status()
    pane.go_to(2)
    assert pane.view.chosen.current == 1
    menu = menus.row_menu(pane, 1)
    next(action for action in menu.actions() if action.text().startswith("Show its")).trigger()
    assert room.shown() == list(range(last + 1))
    assert [room.panel.feed.log.payload(row) for row in range(1, last)] == PARTS


def test_a_joined_row_is_found_by_any_of_its_pieces_once(room: Room) -> None:
    room.pane.set_joined(True)
    filled(room)
    assert room.filter("größer") == [1]
    assert room.filter('"the end of it"') == [len(PARTS)]
    assert room.pane.rows.shown_as(1) == len(PARTS)
    assert room.filter("-größer") == [0, len(PARTS) + 1]
    room.pour([b"x" * 1024, "größer tail".encode()], senders=1)
    assert room.filter("größer") == [1, len(PARTS) + 3]


def test_rows_that_come_later_join_what_is_shown_already(room: Room) -> None:
    room.pane.set_joined(True)
    room.pour([PARTS[0]], senders=1)
    assert room.shown() == [0]
    room.pour(PARTS[1:], senders=1)
    assert room.shown() == [0]
    assert room.pane.painter.words.payload(0) == LONG.encode()
    assert room.pane.painter.words.reading(0).level == "ERROR"


def test_files_hold_datagrams_as_they_came_unless_joined_ones_are_asked_for(room: Room, tmp_path: Path) -> None:
    filled(room)
    room.pane.set_joined(True)
    room.filter("größer")
    for name, joined in (("came.txt", False), ("joined.txt", True)):
        room.pane.export_to(tmp_path / name, "txt", joined=joined)
        room.wait((tmp_path / name).exists)
        room.wait(lambda: room.pane._export is None)
    assert (tmp_path / "came.txt").read_text("ascii").splitlines() == [classic_text(part) for part in PARTS]
    assert (tmp_path / "joined.txt").read_text("ascii") == classic_text(LONG.encode()) + "\n"
    titles = [action.text() for action in menus.export_menu(room.pane).actions()]
    assert any("joined as shown" in title for title in titles)
    room.pane.set_joined(False)
    assert not any("joined" in action.text() for action in menus.export_menu(room.pane).actions())


def test_a_joined_row_is_copied_as_shown_and_lit_by_an_alarm_on_any_piece(room: Room) -> None:
    room.pane.alarms.ask('"the end of it"')
    room.pane.alarms.add_typed()
    filled(room)
    room.pane.set_joined(True)
    painter = room.pane.painter
    grounds = [painter.ground(0, row, selected=False, hovered=False).name() for row in room.shown()]
    assert len(set(grounds)) == 2
    assert grounds[0] == grounds[2] != grounds[1]
    room.pane.go_to(1)
    room.pane.copy_rows()
    assert QGuiApplication.clipboard().text().count("\n") == 0
    assert "größer größer" in QGuiApplication.clipboard().text()
    assert room.pane.save_state()["joined"] is True
