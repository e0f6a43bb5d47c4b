"""The Capture view: the levels, the form, a running capture's counts. Not enough permission is told, never an error.

It says which file packets come into, and who shows them is another's business. It must not know the list.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from PySide6.QtCore import Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QHBoxLayout, QMenu, QVBoxLayout, QWidget

from protocols.packets import bpf
from protocols.packets.reconstruct.service import OwnTraffic
from protocols.record.explain import Explained
from widgets.desk import Desk
from widgets.packets.capture import launch
from widgets.packets.capture.form import CaptureForm
from widgets.packets.capture.launch import OWN, Surroundings
from widgets.packets.capture.level_strip import LevelStrip
from widgets.packets.capture.looking import Looking
from widgets.packets.capture.slot import CaptureSlot
from widgets.parts.buttons import Button, PrimaryButton
from widgets.parts.card import Card
from widgets.parts.fact import Fact
from widgets.parts.flow import FlowBox, scrolled
from widgets.parts.text import Label
from widgets.parts.trouble import Mend, TroubleStrip

POLL_MS: Final = 100
EARLIER_ROWS: Final = 200_000
ENDED: Final[Mapping[str, str]] = {
    "stopped": "Stopped",
    "count": "So many packets were asked for",
    "seconds": "The time is over",
    "size": "The file is full",
}


class CapturePage(QWidget):
    """started(path): packets come into that file from now on; ended(path). show_requested(path): show them.

    why_requested(trouble): explain the last error. did(script, params): what "Show as Python" would show.
    """

    started = Signal(str)
    ended = Signal(str)
    show_requested = Signal(str)
    why_requested = Signal(object)
    did = Signal(str, dict)

    def __init__(self, desk: Desk, looking: Looking | None = None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.desk = desk
        self.looking = looking if looking is not None else Looking(desk, self)
        self.slot = CaptureSlot(desk, self)
        self.strip = LevelStrip()
        self.form = CaptureForm()
        self.card = Card("Capture", "scan-line")
        self.look_button = Button("Look again", "refresh-cw", small=True)
        self.look_button.setToolTip("After a command was typed: see what works now")
        self.start_button = PrimaryButton("Start", "play", key="\u23ce")
        self.stop_button = Button("Stop", "square")
        self.show_button = Button("Show the packets", "list", small=True)
        self.ring = Label("", "body", "text2", wrap=True)
        self.trouble = TroubleStrip()
        self._lay_out()
        self._wire()
        self._refresh()
        if self.surroundings is not None:
            self._on_found(self.surroundings)
        self.looking.look_once()

    def _lay_out(self) -> None:
        self.facts = {
            "captured": Fact("Packets", figure=True),
            "dropped": Fact("Dropped by the kernel", figure=True),
            "by_us": Fact("Dropped by us", figure=True),
            "size": Fact("Size", figure=True),
            "by": Fact("By"),
            "file": Fact("File", mono=True),
        }
        self.running = FlowBox(*self.facts.values(), spacing=24, line_spacing=12)
        buttons = QHBoxLayout()
        buttons.addWidget(self.show_button)
        buttons.addStretch(1)
        buttons.addWidget(self.stop_button)
        buttons.addWidget(self.start_button)
        body = QWidget()
        inside = QVBoxLayout(body)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.setSpacing(12)
        inside.addWidget(self.form)  # one of the two is shown: pages of a stack would both be as high as the higher
        inside.addWidget(self.running)
        inside.addWidget(self.trouble)
        inside.addWidget(self.ring)
        inside.addLayout(buttons)
        self.card.add_action(self.look_button)
        self.card.add_section(body)
        holder = QWidget()
        column = QVBoxLayout(holder)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        column.addWidget(self.card)
        column.addWidget(self.strip)
        column.addStretch(1)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        self.scroll_area = scrolled(holder)
        outer.addWidget(self.scroll_area)

    def _wire(self) -> None:
        self.look_button.clicked.connect(self._look_again)
        self.looking.found.connect(self._on_found)
        self.start_button.clicked.connect(self.start)
        self.form.start_requested.connect(self.start)
        self.form.check_requested.connect(self._check)
        self.stop_button.clicked.connect(self.slot.stop)
        self.show_button.clicked.connect(self._on_show)
        self.trouble.why_requested.connect(lambda: self.why_requested.emit(self.slot.trouble))
        self.strip.copied.connect(lambda command: self.desk.toast(f"Copied: {command}"))
        self.trouble.mend_requested.connect(self._copy)
        self.slot.changed.connect(self._refresh)
        self.slot.started.connect(self._on_started)
        self.slot.ended.connect(self.ended)
        self.slot.failed.connect(self._on_failed)
        cancel = self.desk.bridge.every(POLL_MS, self._poll)
        self.destroyed.connect(cancel)

    @property
    def surroundings(self) -> Surroundings | None:
        """What this user may do, once it is known."""
        return self.looking.surroundings

    def _look_again(self) -> None:
        self.look_button.setEnabled(False)
        self.looking.look_again()

    def _on_found(self, found: Surroundings) -> None:
        self.look_button.setEnabled(True)
        self.strip.show_levels(found.levels.levels)
        self.form.show_surroundings(found)

    def show_level(self, number: int) -> None:
        """Bring what is told of that level into view."""
        card = next((card for card in self.strip.cards if card.level.number == number), None)
        if card is not None:
            self.scroll_area.ensureWidgetVisible(card)

    def _check(self, text: str) -> None:
        self.desk.bridge.call(
            lambda: bpf.problem(text), lambda problem: self.form.tell_filter(text, problem), owner=self
        )

    def start(self) -> None:
        """Start what the form says."""
        values = self.form.values()
        log = self.desk.log
        earlier = []
        if values["where"] == OWN:
            earlier = list(log.raws(max(log.first, len(log) - EARLIER_ROWS), len(log)))
        self.trouble.clear()
        self.slot.start(values, earlier)

    def _on_started(self, path: str) -> None:
        values = self.slot.values
        if values.get("where") != OWN:
            self.did.emit("packets-sniff", {"interface": str(values.get("where", "lo")), "count": 10})
        self.started.emit(path)

    def _on_failed(self) -> None:
        trouble = self.slot.trouble
        if isinstance(trouble, Explained):
            commands = [one for one in trouble.mend if one.startswith("sudo ")]
            mends = [Mend(one, "Copy the command", "copy") for one in commands]
            self.trouble.tell(trouble.title, trouble.why, mends, errno=trouble.errno)

    def _on_show(self) -> None:
        if self.show_button.menu() is None:
            self.show_requested.emit(self.slot.path)

    def _tell_ring(self) -> None:
        """A ring that has turned leaves several files, and has overwritten others: each can be shown."""
        files = launch.files_left(self.slot.service) if self.slot.phase == "ended" else ()
        self.ring.setVisible(len(files) > 1)
        menu = self.show_button.menu()
        if len(files) < 2:
            self.show_button.setMenu(None)  # type: ignore[arg-type]
        else:
            folder = str(Path(files[0]).parent)
            self.ring.setText(f"A ring keeps its last files alone: these {len(files)} are in {folder}.")
            made = QMenu(self)
            for file in reversed(files):
                made.addAction(Path(file).name).triggered.connect(
                    lambda _=False, file=file: self.show_requested.emit(file)
                )
            self.show_button.setMenu(made)
        if menu is not None:
            menu.deleteLater()

    def _copy(self, command: str) -> None:
        QGuiApplication.clipboard().setText(command)
        self.desk.toast(f"Copied: {command}")

    def _poll(self) -> None:
        self.slot.poll()
        service = self.slot.service
        if service is None or self.isHidden():
            return
        captured, dropped, by_us, size = launch.counts_text(service)
        self.facts["captured"].set_value(captured)
        self.facts["dropped"].set_value(dropped, "warning" if dropped != "0" else "")
        self.facts["by_us"].set_value(by_us, "warning" if by_us != "0" else "")
        self.facts["size"].set_value(size)
        self.facts["file"].set_value(self.slot.path)

    def _refresh(self) -> None:
        phase, service = self.slot.phase, self.slot.service
        running = phase == "running"
        self.form.setVisible(not running)
        self.running.setVisible(running)
        self.start_button.setVisible(not running)
        self.start_button.setEnabled(phase != "starting")
        self.stop_button.setVisible(running)
        self.show_button.setVisible(service is not None)
        own = isinstance(service, OwnTraffic)
        for name in ("dropped", "by_us", "size"):
            self.facts[name].setVisible(not own)
        if service is not None:
            way = launch.WAY_WORDS.get(getattr(service, "way", ""), "")
            by = "Its own sockets: reconstructed" if own else way
            self.facts["by"].set_value(by)
        words = {"starting": ("waiting", "Starting"), "running": ("running", "Capturing")}
        ended = ("done", self._ended_words()) if phase == "ended" and self.slot.trouble is None else ("", "")
        self._tell_ring()
        self.card.set_state(*(("error", "Ended") if self.slot.trouble is not None else words.get(phase, ended)))
        self._poll()

    def _ended_words(self) -> str:
        service = self.slot.service
        packets = launch.counts_text(service)[0] if service is not None else "0"
        return f"{ENDED.get(self.slot.why_ended, 'Stopped')}: {packets} packets"
