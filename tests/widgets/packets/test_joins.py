"""From a packet of the list to its call on the time line, and from an event to its packet."""

from __future__ import annotations

import socket
from pathlib import Path

from PySide6.QtWidgets import QApplication

from protocols.packets.files.capture import Capture
from protocols.record.traced import traced_socket
from tests.widgets.packets.conftest import Room
from widgets.packets.listing.table import column_number
from widgets.selection import ByteRange


def talk(room: Room) -> None:
    """One conversation of the lab's own, and wait until the time line has it."""
    recorder = room.desk.lab.recorder
    with socket.create_server(("127.0.0.1", 0)) as listening, traced_socket(recorder, "client") as near:
        near.connect(listening.getsockname())
        far, _ = listening.accept()
        with far:
            near.sendall(b"an albatross")
            far.sendall(b"what flavour is it?")
            assert near.recv(100)
    room.wait(lambda: any(raw[2] == "close" for raw in room.desk.log.raws(0, len(room.desk.log))))


def row_of(room: Room, kind: str) -> int:
    log = room.desk.log
    return next(row for row in range(len(log)) if log.raw(row)[2] == kind)


def test_an_event_leads_to_its_packet_and_a_packet_to_its_event(room: Room, tmp_path: Path) -> None:
    room.desk.folder = tmp_path
    talk(room)
    show = room.desk.actions.get("packets.of-event")
    show.trigger()
    assert "Choose an event" in room.toasts[-1]
    sent = row_of(room, "sendall")
    room.desk.selection.select(sent)
    show.trigger()
    page = room.page
    room.wait(lambda: page.table.current() >= 0 and page.document.told is not None)
    capture = page.document.capture
    assert capture is not None
    assert capture.packet(page.table.current()).endswith(b"an albatross")
    assert room.desk.selection.row == sent

    # Each row says that it was made, on the screen, in the clipboard and in a saved file.
    assert not page.table.isColumnHidden(column_number("origin"))
    assert not next(one for one in page.table.columns_menu().actions() if one.text() == "Origin").isEnabled()
    page.table.selectAll()
    page.table.copy_rows()
    lines = QApplication.clipboard().text().splitlines()
    assert len(lines) == len(capture)
    assert all("reconstructed" in line for line in lines)
    page.document.set_comment(0, "the first")
    page.saver.save(str(tmp_path / "saved.pcapng"))
    room.wait((tmp_path / "saved.pcapng").exists)
    with Capture(tmp_path / "saved.pcapng").read_all() as saved:
        assert len(saved) == len(capture)
        assert all(saved.comment(row).startswith("reconstructed: connection") for row in range(len(saved)))
        assert saved.comment(0).endswith("the first")

    # Another packet of it leads to its own call, with the bytes marked.
    answer = next(row for row in range(len(capture)) if capture.packet(row).endswith(b"what flavour is it?"))
    page.go_to(answer)
    got = row_of(room, "recv")
    room.wait(lambda: room.desk.selection.row == got)
    conn = room.desk.log.raw(got)[4]
    assert conn is not None
    assert room.desk.selection.bytes == ByteRange(conn, "server", "out", 0, 19)

    # In the saved file as well, which is what another capture of the same traffic would be.
    room.open(tmp_path / "saved.pcapng")
    room.desk.selection.select(got)
    show.trigger()
    room.wait(lambda: page.packet.number == answer + 1)
    page.go_to(0)
    opened = row_of(room, "connect")
    room.wait(lambda: room.desk.selection.row == opened)


def test_what_is_not_the_labs_own_says_so(room: Room, tmp_path: Path) -> None:
    room.desk.folder = tmp_path
    talk(room)
    room.open()
    room.choose(3)
    room.desk.actions.get("packets.event").trigger()
    room.wait(lambda: any("No connection of the lab" in one for one in room.toasts))
    assert room.page.table.isColumnHidden(column_number("origin"))
    with traced_socket(room.desk.lab.recorder, "bound") as one:
        one.bind(("127.0.0.1", 0))
    room.wait(lambda: any(raw[2] == "bind" for raw in room.desk.log.raws(0, len(room.desk.log))))
    room.desk.selection.select(row_of(room, "bind"))
    room.desk.actions.get("packets.of-event").trigger()
    room.wait(lambda: any("crossed no wire" in one for one in room.toasts))
