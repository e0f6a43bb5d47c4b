"""By click: capture, craft, send, ping and build networks, each view on a real lab, with nothing left behind."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QAbstractButton, QMainWindow, QWidget
from pytestqt.qtbot import QtBot

from protocols.concurrency.contract import HandlerSpec, Listen
from protocols.concurrency.server import make_server
from protocols.lab import Lab
from protocols.packets.capture.live import LiveCapture, has_net_raw
from protocols.packets.craft.templates import TEMPLATES
from protocols.packets.files.capture import Capture
from protocols.packets.levels import Level, Levels, More
from protocols.packets.networks.network import possible
from protocols.packets.reconstruct.service import OwnTraffic
from protocols.packets.scapy_child.asking import PacketChild
from protocols.record.log import EventLog
from protocols.record.traced import traced_socket
from tests.protocols.packets.capture.test_asking import packet_sockets
from widgets.actions import Actions
from widgets.bridge import Bridge
from widgets.desk import Desk
from widgets.packets.capture.launch import OWN
from widgets.packets.capture.level_strip import LevelStrip
from widgets.packets.capture.page import CapturePage
from widgets.packets.craft.launch import PRIVATE
from widgets.packets.craft.page import CraftPage
from widgets.packets.networks.page import NetworksPage
from widgets.packets.reach.page import PingPage
from widgets.selection import Selection
from widgets.theme.theme import theme

LATE_MS = 60_000


@dataclass
class Room:
    """A window on a lab, and what its page asked for."""

    desk: Desk
    window: QMainWindow
    qtbot: QtBot
    toasts: list[str] = field(default_factory=list)

    def show(self, page: QWidget) -> None:
        self.window.setCentralWidget(page)
        self.window.resize(1200, 900)
        self.window.show()

    def click(self, button: QAbstractButton) -> None:
        """Click what a person can see and use."""
        self.qtbot.waitUntil(lambda: button.isVisible() and button.isEnabled(), timeout=LATE_MS)
        self.qtbot.mouseClick(button, Qt.MouseButton.LeftButton)

    def wait(self, condition: Callable[[], object]) -> None:
        self.qtbot.waitUntil(lambda: bool(condition()), timeout=LATE_MS)


@pytest.fixture
def room(qtbot: QtBot, tmp_path: Path) -> Iterator[Room]:
    lab = Lab()
    bridge = Bridge(lab)
    desk = Desk(lab, bridge, Actions(), Selection(), EventLog(), folder=tmp_path)
    bridge.add_consumer(desk.log.append)
    window = QMainWindow()
    qtbot.addWidget(window)
    found = Room(desk, window, qtbot)
    desk.toast = desk.decline = found.toasts.append
    try:
        yield found
    finally:
        window.hide()
        bridge.close()
        assert lab.close(10) == []


def talk(lab: Lab) -> None:
    """A short TCP conversation of the lab with itself."""
    spec = HandlerSpec("protocols.packets.networks.jobs:handlers", {"kind": "tcp"})
    server = make_server(lab.recorder, spec, Listen("tcp"), name="upper", model="threads")
    lab.start(server)
    with traced_socket(lab.recorder, "client 1") as sock:
        sock.settimeout(20)
        sock.connect(server.address)
        sock.sendall(b"hello, packets")
        assert sock.recv(100) == b"HELLO, PACKETS"
    lab.stop(server, 10)


def crafting(room: Room, child: PacketChild) -> CraftPage:
    """The craft view with the module's scapy child: its start takes longer than a test."""
    page = CraftPage(room.desk)
    page.bench.child = child
    return page


def test_the_labs_own_traffic_becomes_packets_while_it_happens(room: Room) -> None:
    page = CapturePage(room.desk)
    room.show(page)
    paths: list[str] = []
    page.started.connect(paths.append)
    page.form.fields.set_values({"where": OWN})
    room.click(page.start_button)
    room.wait(lambda: page.slot.phase == "running")
    talk(room.desk.lab)
    room.wait(lambda: page.facts["captured"].value() == "11")
    service = page.slot.service
    assert isinstance(service, OwnTraffic)
    joins = [service.join_of(number) for number in range(11)]
    carrying = [(join.conn, join.sender, join.offset, join.size) for join in joins if join and join.offset is not None]
    assert carrying == [("1", "client", 0, 14), ("1", "server", 0, 14)]
    room.wait(lambda: [raw[1] for raw in room.desk.log.raws(0, len(room.desk.log))].count("packet") == 11)
    room.click(page.stop_button)
    room.wait(lambda: page.slot.phase == "ended")
    with Capture(paths[0]).read_all() as capture:
        assert (len(capture), capture.why) == (11, "")
        assert capture.comment(3).startswith("reconstructed: connection 1, client end")
    assert page.card.head.state.word == "Stopped: 11 packets"


def test_loopback_is_captured_with_counts_and_a_right_filter(room: Room) -> None:
    if not has_net_raw():
        pytest.skip("capturing needs CAP_NET_RAW")
    page = CapturePage(room.desk)
    room.show(page)
    room.wait(lambda: page.surroundings is not None)
    with socket.socket(type=socket.SOCK_DGRAM) as ear, socket.socket(type=socket.SOCK_DGRAM) as mouth:
        ear.bind(("127.0.0.1", 0))
        port = ear.getsockname()[1]
        page.form.fields.set_values({"where": "lo", "way": "own", "rule": "udp prt 5", "count": 5})
        room.wait(lambda: not page.form.filter_ok)
        room.click(page.start_button)
        room.wait(lambda: "capture filter" in page.trouble.text())
        page.form.fields.set_values({"rule": f"udp port {port}"})
        room.click(page.start_button)
        room.wait(lambda: page.slot.phase == "running")
        for _ in range(9):
            mouth.sendto(b"count me", ("127.0.0.1", port))
        room.wait(lambda: page.slot.phase == "ended")
    assert page.card.head.state.word == "So many packets were asked for: 5 packets"
    assert page.facts["dropped"].value() == "0"
    with Capture(page.slot.path).read_all() as capture:
        assert len(capture) == 5


def test_each_file_that_a_ring_leaves_can_be_shown(room: Room) -> None:
    if not has_net_raw():
        pytest.skip("capturing needs CAP_NET_RAW")
    page = CapturePage(room.desk)
    room.show(page)
    shown: list[str] = []
    page.show_requested.connect(shown.append)
    with socket.socket(type=socket.SOCK_DGRAM) as ear, socket.socket(type=socket.SOCK_DGRAM) as mouth:
        ear.bind(("127.0.0.1", 0))
        port = ear.getsockname()[1]
        page.form.fields.set_values({"where": "lo", "way": "own", "rule": f"udp port {port}", "size_mb": 1,
                                     "ring_files": 2})  # fmt: skip
        room.click(page.start_button)
        room.wait(lambda: page.slot.phase == "running")
        first = page.slot.path
        for _ in range(60):
            mouth.sendto(b"x" * 60_000, ("127.0.0.1", port))
        room.wait(lambda: page.slot.path != first)
        room.click(page.stop_button)
        room.wait(lambda: page.slot.phase == "ended")
    assert isinstance(page.slot.service, LiveCapture)
    files = page.slot.service.counts.files
    assert len(files) == 2
    assert str(Path(files[0]).parent) in page.ring.text()
    menu = page.show_button.menu()
    assert [action.text() for action in menu.actions()] == [Path(file).name for file in reversed(files)]
    menu.actions()[1].trigger()
    assert shown == [files[0]]


def test_the_window_has_no_packet_socket_and_a_dead_child_shows(room: Room) -> None:
    if not has_net_raw():
        pytest.skip("capturing needs CAP_NET_RAW")
    page = CapturePage(room.desk)
    room.show(page)
    page.form.fields.set_values({"where": "lo", "rule": "udp port 9"})
    room.click(page.start_button)
    room.wait(lambda: page.slot.phase == "running")
    service = page.slot.service
    assert isinstance(service, LiveCapture)
    pid = service.child.pid()
    assert pid is not None
    assert packet_sockets(pid), "the child has one"
    assert not packet_sockets(os.getpid())
    os.killpg(pid, signal.SIGKILL)
    room.wait(lambda: page.card.head.state.word == "Ended")
    assert "The capturing child ended" in page.trouble.text()
    assert "what it wrote is whole up to there" in page.trouble.text()
    assert page.start_button.isVisible()


def test_a_refusal_of_sudo_is_told_with_the_command_for_a_terminal(
    room: Room, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "sudo"
    program.write_text('#!/bin/sh\necho "sudo: a password is required" >&2\nexit 1\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    page = CapturePage(room.desk)
    room.show(page)
    page.slot.start({"where": "lo", "way": "sudo"})
    room.wait(lambda: "no terminal on which to ask" in page.trouble.text())
    assert "capture --interface lo --write" in page.trouble.text()
    room.click(page.trouble.buttons[next(iter(page.trouble.buttons))])
    assert QGuiApplication.clipboard().text().startswith("sudo ")


def test_a_level_that_does_not_work_says_why_and_has_the_command(room: Room) -> None:
    strip = LevelStrip()
    room.show(strip)
    copied: list[str] = []
    strip.copied.connect(copied.append)
    strip.show_levels(
        [
            Level(0, "No permission", True, ("Captures open.",)),
            Level(
                1, "Private network", False, (), (More("Why not.", "sudo sysctl -w user.max_user_namespaces=15000"),)
            ),
            Level(2, "Real interfaces", False, (), (More("Join the group.", "sudo usermod -aG wireshark me"),)),
        ]
    )
    assert [card.head.state.word for card in strip.cards] == ["Works", "Not yet", "Not yet"]
    room.click(strip.cards[1].commands[0].button)
    assert QGuiApplication.clipboard().text() == copied[0] == "sudo sysctl -w user.max_user_namespaces=15000"


def test_without_permission_the_lab_captures_itself_and_sends_in_private(room: Room, child: PacketChild) -> None:
    """No privilege is a useful panel: the levels as an ordinary user has them."""
    levels = Levels(
        (
            Level(0, "No permission", True, ("a",)),
            Level(1, "Private network", True, ("b",)),
            Level(2, "Real interfaces", False, (), (More("c", "sudo netlab capture --interface lo"),)),
        ),
        (),
        (),
    )
    page = crafting(room, child)
    room.show(page)
    page.show_levels(levels, ("lo", "eth0"))
    assert page.row.fields["interface"] == PRIVATE
    room.wait(lambda: page.built is not None)
    if possible() is None:
        room.click(page.send_button)
        room.wait(lambda: page.answers.isVisible() and not page.busy)
        assert "1 sent, 1 answered" in page.answers.summary.text()
        assert "echo-reply" in page.answers.model.row(0)[2]


def test_what_is_sent_is_what_stands_in_the_text(room: Room, child: PacketChild) -> None:
    """Enter comes before the packet is built, or while the text is none: never does an earlier packet go out."""
    page = crafting(room, child)
    room.show(page)
    done: list[str] = []
    page.did.connect(lambda _script, params: done.append(params["packet"]))
    page.set_expression('IP(dst="127.0.0.1")/ICMP()')
    room.wait(lambda: page.built is not None)
    page.row.fields.set_values({"wait_s": 0})
    page.edit.setText("IP(dst=")
    page.edit.textEdited.emit(page.edit.text())
    page.edit.returnPressed.emit()
    assert not page.send_button.isEnabled()
    assert "bytes of before" in page.said.text()
    for text in ('IP(dst="127.0.0.1")/ICMP(id=2)', 'IP(dst="127.0.0.1")/ICMP(id=3)'):
        page.edit.setText(text)
        page.edit.textEdited.emit(text)
        assert page.send_button.isEnabled()
    page.edit.returnPressed.emit()
    assert not page.busy
    room.wait(lambda: done)
    assert done == ['IP(dst="127.0.0.1")/ICMP(id=3)']
    assert page.built is not None
    assert page.built.packets[0][24:26] == b"\0\3"
    room.wait(lambda: not page.busy)
    template = next(one for one in TEMPLATES if one.id == "checksum")
    page.take_template(template)
    built = page.built
    room.wait(lambda: page.built is not built)
    assert page.said.text().startswith(template.teaches)  # as long as nothing is changed


def test_layers_are_stacked_by_click_and_every_field_is_editable(room: Room, child: PacketChild) -> None:
    page = crafting(room, child)
    room.show(page)
    page.set_expression('IP(dst="127.0.0.1")')
    room.wait(lambda: page.built is not None and len(page.built.layers) == 1)
    for scale in (2.0, 1.0):
        theme().set_scale(scale)
        assert page.layers.item(0).sizeHint().height() == theme().row_height()
    page.add_layer("UDP")
    page.add_layer("Raw")
    assert page.edit.text() == "IP(dst=\"127.0.0.1\")/UDP()/b'data'"
    room.wait(lambda: page.built is not None and len(page.built.packets[0]) == 20 + 8 + 4)
    page.layers.setCurrentRow(1)
    row = [one.name for one in page.model.fields].index("dport")
    assert page.model.index(row, 2).data() == "scapy"
    page.model.setData(page.model.index(row, 1), "9")
    room.wait(lambda: "UDP(dport=9)" in page.edit.text() and page.model.index(row, 2).data() == "you")
    room.wait(lambda: page.built is not None and page.built.packets[0][22:24] == b"\0\x09")
    assert page.hex.mark == (20, 28)
    page.model.setData(page.model.index(row, 1), "")
    room.wait(lambda: "UDP()" in page.edit.text())
    room.click(page.remove_button)
    assert page.edit.text() == "IP(dst=\"127.0.0.1\")/b'data'"
    page.edit.setText("IP(dst=open('x'))")
    page.edit.textEdited.emit(page.edit.text())
    assert "name of its field" in page.edit.accessibleDescription()
    page.set_expression("IPX()")
    room.wait(lambda: "did you mean" in page.edit.accessibleDescription())
    assert not page.send_button.isEnabled()
    page.edit_packet(bytes.fromhex("4500001c0001000040017cde7f0000017f0000010800f7ff00000000"), 101)
    room.wait(lambda: "ICMP(" in page.edit.text())


def test_ping_ports_and_a_name_that_is_none(room: Room) -> None:
    page = PingPage(room.desk)
    room.show(page)
    page.fields.set_values({"count": 3, "interval_ms": 10})
    room.click(page.start_button)
    room.wait(lambda: page.model.rowCount() == 3 and page.service is None)
    assert [row[3].partition(",")[0] for row in page.model.rows()] == ["reply"] * 3
    assert "127.0.0.1 by " in page.note.text()
    assert "3 sent, 3 answered; " in page.note.text()
    with socket.create_server(("127.0.0.1", 0)) as server:
        page.fields.set_values({"kind": "ports", "ports": str(server.getsockname()[1])})
        room.click(page.start_button)
        room.wait(lambda: page.model.rowCount() == 1 and page.service is None)
        assert page.model.row(0)[3].startswith("open.")
    page.fields.set_values({"kind": "traceroute"})
    room.click(page.start_button)
    room.wait(lambda: page.model.rowCount() == 1 and page.service is None)
    assert page.model.row(0)[1] == "127.0.0.1"
    page.fields.set_values({"kind": "ports", "ports": "http"})
    room.click(page.start_button)
    room.wait(lambda: "no port" in page.strip.text())
    page.fields.set_values({"kind": "ping", "host": "no.such.host.invalid"})
    room.click(page.start_button)
    room.wait(lambda: "no.such.host.invalid" in page.strip.text())


def test_a_private_network_is_built_heard_captured_and_taken_down(room: Room) -> None:
    if possible() is not None:
        pytest.skip("no private network here")
    page = NetworksPage(room.desk)
    room.show(page)
    paths: list[str] = []
    page.capture_started.connect(paths.append)
    room.click(page.start_button)
    room.wait(lambda: page.network is not None and not page.busy)
    room.click(page.capture_button)
    room.wait(lambda: page.capture is not None and not page.busy)
    room.click(page.demo_button)
    room.wait(lambda: sum("recvfrom" in row[1] for row in page.model.rows()) == 3)
    assert {row[0].partition(",")[0] for row in page.model.rows()} == {"alice", "bob", "carol", "dave"}
    room.wait(lambda: not page.busy)
    page.view.choose("bob")
    assert page.fields["host"] == "bob"
    page.fields.set_values({"what": "ping", "to": "alice"})
    room.click(page.run_button)
    room.wait(lambda: any("reply from 10.77.0.1" in row[1] for row in page.model.rows()))
    room.wait(lambda: not page.busy)
    room.click(page.stop_button)
    room.wait(lambda: page.network is None and not page.busy)
    with Capture(paths[0]).read_all() as capture:
        assert len(capture) >= 7
    with contextlib.suppress(AttributeError):
        assert not any(service.state == "running" for service in room.desk.running.all())


def test_forms_come_back(room: Room, child: PacketChild) -> None:
    craft, ping = crafting(room, child), PingPage(room.desk)
    kept: dict[str, Any] = {"expression": 'IP(dst="10.0.0.1")/TCP(dport=81)', "send": {"count": 3}}
    craft.restore_state(kept)
    assert craft.save_state()["expression"] == kept["expression"]
    assert craft.save_state()["send"]["count"] == 3
    craft.restore_state({"expression": "no packet", "send": 5})
    ping.restore_state({"host": "::1", "what": object()})
    assert ping.save_state()["host"] == "::1"
    room.show(craft)
    craft.layout().addWidget(ping)  # so that one window owns both
    room.wait(lambda: craft.built is not None)
