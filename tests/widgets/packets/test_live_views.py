"""The live half within the panel: a capture grows in the list, a packet is crafted anew, a click finds its call."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from protocols.concurrency.contract import HandlerSpec, Listen
from protocols.concurrency.server import make_server
from protocols.packets.capture.live import has_net_raw
from protocols.packets.levels import Level, Levels, More
from protocols.packets.scapy_child.asking import PacketChild
from protocols.record.traced import traced_socket
from tests.widgets.packets.conftest import Room
from widgets.packets.capture.launch import OWN, Surroundings
from widgets.packets.craft.page import CraftPage
from widgets.packets.live_views import VIEWS
from widgets.packets.networks.page import NetworksPage
from widgets.packets.reach.page import PingPage


def talk(room: Room) -> None:
    lab = room.desk.lab
    spec = HandlerSpec("protocols.packets.networks.jobs:handlers", {"kind": "tcp"})
    server = make_server(lab.recorder, spec, Listen("tcp"), name="upper", model="threads")
    lab.start(server)
    with traced_socket(lab.recorder, "client 1") as sock:
        sock.settimeout(20)
        sock.connect(server.address)
        sock.sendall(b"hello, packets")
        assert sock.recv(100) == b"HELLO, PACKETS"
    lab.stop(server, 10)


def test_own_traffic_grows_in_the_list_and_leads_to_its_calls(room: Room, tmp_path: Path) -> None:
    panel, live, desk = room.panel, room.panel.live, room.desk
    desk.folder = tmp_path
    panel.show_view("capture")
    live.capture.form.fields.set_values({"where": OWN})
    desk.actions.get("packets.start").trigger()
    room.wait(lambda: live.phase() == "running")
    talk(room)
    room.wait(lambda: panel.packets.model.rowCount() == 11)
    room.wait(lambda: "11 packets" in live.strip.words.text())
    assert live.strip.isVisible()
    panel.show_view("packets")
    panel.packets.go_to(3)
    room.wait(lambda: desk.selection.bytes is not None)
    found = desk.selection.bytes
    assert found is not None
    assert (found.conn, found.end, found.direction, found.start, found.stop) == ("1", "client", "out", 0, 14)
    assert desk.selection.row is not None
    assert desk.log.event(desk.selection.row).kind == "sendall"
    room.click(live.strip.stop_button)
    room.wait(lambda: live.phase() == "ended" and not panel.packets.document.reading)
    room.wait(live.strip.isHidden)
    assert panel.packets.model.rowCount() == 11


def test_a_captured_packet_is_edited_and_sent_again(room: Room, child: PacketChild, tmp_path: Path) -> None:
    if not has_net_raw():
        pytest.skip("capturing needs CAP_NET_RAW")
    panel, live = room.panel, room.panel.live
    room.desk.folder = tmp_path
    panel.show_view("capture")
    room.wait(lambda: live.capture.surroundings is not None)
    with socket.socket(type=socket.SOCK_DGRAM) as ear, socket.socket(type=socket.SOCK_DGRAM) as mouth:
        ear.bind(("127.0.0.1", 0))
        ear.settimeout(30)
        port = ear.getsockname()[1]
        live.capture.form.fields.set_values({"where": "lo", "way": "own", "rule": f"udp port {port}", "count": 1})
        room.click(live.capture.start_button)
        room.wait(lambda: live.phase() == "running")
        mouth.sendto(b"once more", ("127.0.0.1", port))
        room.wait(lambda: live.phase() == "ended")
        assert ear.recv(100) == b"once more"
        room.click(live.capture.show_button)
        room.wait(lambda: panel.current_view() == "packets" and panel.packets.model.rowCount() == 1)
        panel.packets.go_to(0)
        room.wait(lambda: panel.packets.table.current() == 0 and room.desk.actions.get("packets.edit").isEnabled())
        craft = live.page("craft")
        assert isinstance(craft, CraftPage)
        craft.bench.child = child
        room.desk.actions.get("packets.edit").trigger()
        room.wait(lambda: "once more" in craft.edit.text() and craft.built is not None)
        assert panel.current_view() == "craft"
        craft.set_expression(craft.stack.text().replace("once more", "and again"))
        room.wait(lambda: craft.built is not None and b"and again" in craft.built.packets[0])
        room.click(craft.send_button)
        room.wait(lambda: not craft.busy)
        assert ear.recv(100) == b"and again"
        room.wait(craft.answers.isVisible)
        panel.show_view("packets")
        room.desk.actions.get("packets.edit").trigger()
        room.wait(lambda: "once more" in craft.edit.text())
        assert not craft.answers.isVisible()  # they belong to another packet


def test_views_are_built_when_first_shown_and_their_forms_come_back(room: Room) -> None:
    panel = room.panel
    assert panel.live.pages == {}
    panel.restore_state({"live": {"ping": {"host": "::1"}, "craft": 5}, "view": "ping"})
    assert panel.current_view() == "ping"
    reach = panel.live.page("ping")
    assert isinstance(reach, PingPage)
    assert reach.fields["host"] == "::1"
    panel.show_view("networks")
    assert isinstance(panel.live.page("networks"), NetworksPage)
    assert panel.save_state()["live"]["ping"]["host"] == "::1"


def test_the_levels_stand_above_every_view_with_the_command_for_what_does_not_work(
    room: Room, child: PacketChild
) -> None:
    craft = room.panel.live.page("craft")
    assert isinstance(craft, CraftPage)
    craft.bench.child = child
    panel, bar = room.panel, room.panel.live.levels
    room.wait(lambda: len(bar.items) == 3)
    assert bar.items[0].text() == "L0 no permission: works"
    lacking = Levels(
        (
            Level(0, "No permission", True, ("Captures open.",)),
            Level(1, "Private network", True, ("Hosts of one's own.",)),
            Level(2, "Real interfaces", False, (), (More("Join the group.", "sudo usermod -aG wireshark me"),)),
        ),
        (),
        (),
    )
    panel.live.looking.found.emit(Surroundings(lacking, ()))
    assert [item.text().rpartition(": ")[2] for item in bar.items] == ["works", "works", "not yet"]
    assert "Join the group.\n    sudo usermod" in bar.items[2].toolTip()
    for name, _ in VIEWS:
        panel.show_view(name)
        assert bar.isVisible()
        assert bar.more is not None
        assert bar.more.label.text() == "sudo usermod -aG wireshark me"
    panel.show_view("ping")
    room.click(bar.more.button)
    assert room.toasts == ["Copied: sudo usermod -aG wireshark me"]
    room.click(bar.items[2])
    assert panel.current_view() == "capture"
    assert panel.live.capture.strip.cards[2].isVisible()
    assert craft.row.values()["way"] == "own"
    room.wait(lambda: craft.built is not None)


def test_the_list_goes_on_with_the_next_file_of_a_ring(room: Room, tmp_path: Path) -> None:
    if not has_net_raw():
        pytest.skip("capturing needs CAP_NET_RAW")
    panel, live = room.panel, room.panel.live
    room.desk.folder = tmp_path
    panel.show_view("capture")
    with socket.socket(type=socket.SOCK_DGRAM) as ear, socket.socket(type=socket.SOCK_DGRAM) as mouth:
        ear.bind(("127.0.0.1", 0))
        to = ear.getsockname()
        live.capture.slot.start(
            {"where": "lo", "way": "own", "rule": f"udp port {to[1]}", "ring_files": 2, "size_mb": 1}
        )
        room.wait(lambda: live.phase() == "running")
        first = live.capture.slot.path
        for _ in range(900):
            mouth.sendto(bytes(1400), to)
        room.wait(lambda: live.capture.slot.path != first)
        mouth.sendto(b"in the second file", to)

        def shown() -> str:
            document = panel.packets.document
            return str(document.capture.source.path) if document.capture is not None else ""

        def newest() -> bytes:
            capture, rows = panel.packets.document.capture, panel.packets.model.rowCount()
            return capture.packet(rows - 1) if capture is not None and rows else b""

        room.wait(lambda: shown() == live.capture.slot.path != first and newest().endswith(b"in the second file"))
        live.stop()
        room.wait(lambda: live.phase() == "ended")
    assert shown() == live.capture.slot.path
