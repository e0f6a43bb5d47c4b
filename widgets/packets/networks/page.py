"""The Networks view: a private network drawn, servers and clients on its hosts, a broadcast, everything captured.

It must not know namespaces.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget

from protocols.numbers import grouped
from protocols.packets.capture.live import LiveCapture
from protocols.packets.networks.hostjob import HostJob
from protocols.packets.networks.network import PrivateNetwork
from protocols.packets.networks.plan import MOST_HOSTS, MOST_ROUTERS
from protocols.record.event import Raw, detail_of
from protocols.record.explain import Explained
from widgets.desk import Desk
from widgets.packets.capture.level_strip import CommandLine
from widgets.packets.networks import launch
from widgets.packets.networks.view import NetworkView
from widgets.parts.buttons import Button, PrimaryButton
from widgets.parts.card import Card
from widgets.parts.fields import Choice, Fields, QuietCombo
from widgets.parts.flow import FlowBox, Pages, scrolled
from widgets.parts.plain_table import PlainTable
from widgets.parts.rows_model import RowsModel
from widgets.parts.text import Label
from widgets.parts.trouble import TroubleStrip
from widgets.theme.theme import theme

POLL_MS: Final = 200
SHAPES: Final = (
    Choice("lan", "Hosts on one switch", "A broadcast reaches all of them"),
    Choice("routed", "A row of routers", "A datagram hops through all of them; each takes one from its TTL"),
)
WHATS: Final = (
    Choice("tcp", "Start a TCP server", "It answers in capitals"),
    Choice("udp", "Start a UDP server", "It answers in capitals"),
    Choice("ear", "Listen to broadcasts", "An ear that says nothing"),
    Choice("talk", "Talk to a TCP server"),
    Choice("shout", "Send a broadcast"),
    Choice("ping", "Ping"),
    Choice("trace", "Traceroute"),
)
_SERVING: Final = ("tcp", "udp", "ear")
_TO: Final = ("talk", "ping", "trace")
_TEXT: Final = ("talk", "shout")
_TOLD: Final = ("recvfrom", "recv", "sendto", "sendall", "echo", "hop", "accept", "connect")
MOST_ROWS: Final = 2000
NO_ROOT: Final = "No root: namespaces of your own, with their own wires. Nothing leaves them, nothing is left."
NOTE_PX: Final = 310
"""So wide it needs two lines."""
FIRST: Final = "Build the network, then let its hosts talk: what their sockets do is told here, in its order."
STANDS: Final = "The network stands. Choose above what a host does: what the sockets do is told here, in its order."


class NetworksPage(QWidget):
    """capture_started(path), capture_ended(path): packets of the network come into that file.

    why_requested(trouble). did(script, params): what "Show as Python" would show.
    """

    capture_started = Signal(str)
    capture_ended = Signal(str)
    show_requested = Signal(str)
    why_requested = Signal(object)
    did = Signal(str, dict)

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.desk = desk
        self.network: PrivateNetwork | None = None
        self.capture: LiveCapture | None = None
        self.jobs: list[HostJob] = []
        self._did: list[tuple[int, tuple[str, str]]] = []
        self.trouble: Explained | None = None
        self.busy = False
        self.fields = Fields(self)
        self.view = NetworkView()
        self.model = RowsModel(("Who", "What"), parent=self)
        self.table = PlainTable(self.model, "What the hosts did", mono=(1,), widths=(200,), stretch=1)
        self.captured = Label("", "body", "text2")
        self.first = Label(FIRST, "body", "text2", wrap=True)
        self.strip = TroubleStrip()
        self.mends = QVBoxLayout()
        self._lay_out()
        self._wire()
        self._suit("")
        self._refresh()

    def _lay_out(self) -> None:
        self.card = Card("Private network", "network")
        self.start_button = PrimaryButton("Build it", "play", key="\u23ce")
        self.stop_button = Button("Take it down", "square", small=True)
        self.capture_button = Button("Capture at the switch", "scan-line", small=True)
        self.show_button = Button("Show the packets", "list", small=True)
        self.demo_button = Button("One broadcast, many ears", "radio", small=True)
        for button in (self.demo_button, self.capture_button, self.show_button, self.stop_button):
            self.card.add_action(button)
        self.pages = Pages(self._plan_form(), self._host_form())
        body = QWidget()
        inside = QVBoxLayout(body)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.setSpacing(12)
        for part in (self.view, self.pages, self.strip):
            inside.addWidget(part)
        inside.addLayout(self.mends)
        inside.addWidget(self.captured)
        self.card.add_section(body)
        self.did_card = Card("What the hosts did", "list")
        self.did_card.add_section(self.first)
        self.did_card.add(self.table, 1)
        holder = QWidget()
        column = QVBoxLayout(holder)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        column.addWidget(self.card)
        column.addWidget(self.did_card, 1)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(scrolled(holder))

    def _plan_form(self) -> QWidget:
        row = FlowBox(spacing=12)
        row.add(self.fields.choice("shape", "Shape", SHAPES))
        row.add(self.fields.number("hosts", "Hosts", 4, (2, MOST_HOSTS)))
        row.add(self.fields.number("routers", "Routers", 3, (1, MOST_ROUTERS)))
        row.add(self.start_button)
        row.flow.setAlignment(self.start_button, Qt.AlignmentFlag.AlignBottom)
        note = Label(NO_ROOT, "body", "text2", wrap=True)
        note.setMinimumWidth(theme().px(NOTE_PX))
        row.add(note, 1)
        return row

    def _host_form(self) -> QWidget:
        row = FlowBox(spacing=12)
        row.add(self.fields.choice("host", "On", [Choice("", "")]))
        row.add(self.fields.choice("what", "Do", WHATS))
        row.add(self.fields.choice("to", "To", [Choice("", "")]))
        row.add(self.fields.line("text", "Text", "hello", characters=16), 1)
        self.run_button = PrimaryButton("Do it", "play", key="\u23ce")
        row.add(self.run_button)
        row.flow.setAlignment(self.run_button, Qt.AlignmentFlag.AlignBottom)
        return row

    def _wire(self) -> None:
        self.fields.changed.connect(self._suit)
        self.start_button.clicked.connect(self.start)
        self.stop_button.clicked.connect(self.stop)
        self.capture_button.clicked.connect(self.toggle_capture)
        self.show_button.clicked.connect(self._on_show)
        self.demo_button.clicked.connect(self.broadcast)
        self.run_button.clicked.connect(self.run)
        text = self.fields.editor("text")
        assert isinstance(text, QLineEdit)
        text.returnPressed.connect(self.run)
        self.view.chosen.connect(lambda name: self._combo("host").choose(name))
        self.strip.why_requested.connect(lambda: self.why_requested.emit(self.trouble))
        cancel = self.desk.bridge.every(POLL_MS, self._poll)
        self.destroyed.connect(cancel)
        self.desk.bridge.add_consumer(self._take)
        bridge, take = self.desk.bridge, self._take
        self.destroyed.connect(lambda: bridge.remove_consumer(take))

    def _combo(self, key: str) -> QuietCombo:
        combo = self.fields.editor(key)
        assert isinstance(combo, QuietCombo)
        return combo

    def _suit(self, key: str) -> None:
        values = self.fields.values()
        lan = values["shape"] == "lan"
        self.fields.show("hosts", lan)
        self.fields.show("routers", not lan)
        self.fields.show("to", values["what"] in _TO)
        self.fields.show("text", values["what"] in _TEXT)
        if self.network is None:
            self.view.show_network(launch.planned(values), standing=False)
        elif key == "host":
            self.view.choose(str(values["host"]))

    # The network

    def _call(self, work: Callable[[], Any], done: Callable[[Any], object]) -> None:
        """Do something elsewhere, one thing at a time."""
        if self.busy:
            return
        self.busy, self.trouble = True, None
        self.strip.clear()
        self._clear_mends()

        def finished(value: Any) -> None:
            self.busy = False
            done(value)
            self._refresh()

        self.desk.bridge.call(work, finished, self._on_failed, owner=self)
        self._refresh()

    def _on_failed(self, error: BaseException) -> None:
        self.busy = False
        trouble = self.trouble = launch.explained(error)
        self.strip.tell(trouble.title, trouble.why, errno=trouble.errno)
        for command in filter(None, trouble.mend if trouble.errno == "EPERM" else ()):
            line = CommandLine(command)
            line.copied.connect(lambda copied: self.desk.toast(f"Copied: {copied}"))
            self.mends.addWidget(line)
        self._refresh()

    def _clear_mends(self) -> None:
        while (item := self.mends.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.deleteLater()

    def start(self) -> None:
        """Build the network."""
        lab, values = self.desk.lab, self.fields.values()
        if self.network is None:
            self._call(lambda: launch.start(lab, values), self._on_started)

    def _on_started(self, network: PrivateNetwork) -> None:
        self.did.emit("packets-network", {})
        self.network = network
        self._did = []
        self.model.set_rows(())
        names = [host.name for host in network.hosts]
        for key in ("host", "to"):
            self._combo(key).fill([Choice(name, name) for name in names])
        self._combo("to").choose(names[-1])
        self.view.show_network(network.hosts, standing=True)
        self.first.setText(STANDS)
        self.first.show()

    def stop(self) -> None:
        """Take everything down: what runs on the hosts, the capture, the network."""
        lab, network = self.desk.lab, self.network
        services = [*self.jobs, *([self.capture] if self.capture is not None else [])]
        if network is None:
            return

        def down() -> None:
            for service in (*services, network):
                lab.stop(service, 10)

        self._call(down, lambda _: self._on_stopped())

    def _on_stopped(self) -> None:
        self._end_capture()
        self.network, self.jobs = None, []
        self.first.setText(FIRST)
        self.view.show_words({})
        self._suit("")

    # On the hosts

    def run(self) -> None:
        """Do what the form says."""
        lab, network, values = self.desk.lab, self.network, self.fields.values()
        if network is not None:
            what, host, to, text = (str(values[key]) for key in ("what", "host", "to", "text"))
            self._call(lambda: launch.run(lab, network, what, host, to, text), self.jobs.append)

    def broadcast(self) -> None:
        """Ears everywhere, one broadcast, and everybody hears it."""
        lab, network = self.desk.lab, self.network
        if network is not None:
            self._call(lambda: launch.broadcast_demo(lab, network), self.jobs.extend)

    def toggle_capture(self) -> None:
        """Begin, or end, to capture at the switch of the chosen host."""
        lab, network, capture = self.desk.lab, self.network, self.capture
        if network is None:
            return
        if capture is not None:
            self._call(lambda: lab.stop(capture, 20), lambda _: self._end_capture())
            return
        host = network.host(self.view.current)
        segment, folder = host.ports[0].segment, self.desk.folder
        self._call(lambda: launch.capture(lab, network, segment, folder), self._on_capture)

    def _on_capture(self, capture: LiveCapture) -> None:
        self.capture = capture
        self.capture_started.emit(capture.counts.path)

    def _end_capture(self) -> None:
        capture, self.capture = self.capture, None
        if capture is not None:
            self.capture_ended.emit(capture.counts.path)

    def _on_show(self) -> None:
        if self.capture is not None:
            self.show_requested.emit(self.capture.counts.path)

    def _take(self, raws: list[Raw]) -> None:
        """What the hosts' sockets did, as rows."""
        if self.network is None:
            return
        names = {host.name for host in self.network.hosts}
        fresh = [
            (raw[0], (str(raw[3]), str(raw[9])))
            for raw in raws
            if raw[2] in _TOLD and raw[3] and raw[3].partition(",")[0] in names and "errno" not in detail_of(raw)
        ]
        if not fresh or len(self._did) >= MOST_ROWS:
            return
        late = bool(self._did) and min(fresh)[0] < self._did[-1][0]
        self._did = sorted([*self._did, *fresh])  # each host tells through a pipe of its own: one may come late
        if late:
            self.model.set_rows(row for _, row in self._did)
        else:
            self.model.append([row for _, row in self._did[-len(fresh) :]])
        self.first.hide()
        self.table.scrollToBottom()

    def _poll(self) -> None:
        if self.network is not None and self.network.state in ("stopped", "failed") and not self.busy:
            self._on_stopped()
            self._refresh()
        ended = [job for job in self.jobs if job.state in ("stopped", "failed")]
        if ended:
            self.jobs = [job for job in self.jobs if job not in ended]
            for job in ended:
                self.desk.bridge.call(lambda job=job: self.desk.lab.stop(job))  # type: ignore[misc]
        words: dict[str, list[str]] = {}
        for job in self.jobs:
            words.setdefault(job.host, []).append(job.name.removeprefix(f"{job.host} "))
        self.view.show_words({host: ", ".join(told) for host, told in words.items()})
        if self.capture is not None:
            counts = self.capture.counts
            packets = "1 packet" if counts.captured == 1 else f"{grouped(counts.captured)} packets"
            self.captured.setText(f"{packets} captured, {grouped(counts.dropped)} dropped by the kernel")

    def _refresh(self) -> None:
        stands = self.network is not None
        self.pages.setCurrentIndex(1 if stands else 0)
        for button in (self.stop_button, self.capture_button, self.demo_button):
            button.setVisible(stands)
            button.setEnabled(not self.busy)
        for button in (self.start_button, self.run_button):
            button.setEnabled(not self.busy)
        lan = stands and self.network is not None and not any(host.router for host in self.network.hosts)
        self.demo_button.setVisible(lan)
        capturing = self.capture is not None
        self.capture_button.setText("End the capture" if capturing else "Capture at the switch")
        self.show_button.setVisible(capturing)
        self.captured.setVisible(capturing)
        state = ("running", "Stands") if stands else ("", "")
        if self.busy:
            state = ("waiting", "Working")
        self.card.set_state(*(("error", "Not possible") if self.trouble is not None else state))

    def save_state(self) -> dict[str, Any]:
        """The plan."""
        return {key: self.fields[key] for key in ("shape", "hosts", "routers")}

    def restore_state(self, state: Mapping[str, Any]) -> None:
        """Take what `save_state` gave."""
        self.fields.set_values({key: state[key] for key in ("shape", "hosts", "routers") if key in state})
