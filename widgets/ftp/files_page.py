"""FilesPage: two panes, here and there, what is moved between them, and the queue below.

It must not know how anything is moved: it puts orders into the client's queue.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from protocols.ftp.client import localfiles
from protocols.ftp.client.jobs import Order
from protocols.ftp.client.remote import join
from protocols.ftp.client.trouble import FtpError
from protocols.record.event import monotonic_ns
from protocols.record.explain import Explained
from widgets.desk import Desk
from widgets.ftp.client_slot import ClientSlot, explained
from widgets.ftp.entry_tree import Node
from widgets.ftp.pane import AGAIN, Pane
from widgets.ftp.places import Here, There
from widgets.ftp.queue_view import QueueView
from widgets.parts.buttons import Button
from widgets.parts.empty import EmptyState
from widgets.parts.fields import Choice, Fields, QuietCombo
from widgets.parts.flow import FlowBox
from widgets.parts.splitter import Splitter

MODES: Final = (
    Choice("binary", "Binary", "The bytes as they are (TYPE I)"),
    Choice("text", "Text", "Line ends become those of the other side (TYPE A)"),
)
MODES_SSH: Final = (MODES[0], Choice("text", "Text", unavailable="SFTP moves bytes as they are"))
EXISTING: Final = (
    Choice("keep", "Keep what is there", "A file that exists is not touched, and the transfer says so"),
    Choice("resume", "Resume", "A file that exists is a part: the rest is moved (REST)"),
    Choice("replace", "Replace", "A file that exists is written over"),
)
CALLERS: Final = (
    Choice("", "The fast way", "As many bytes at a time as the kernel has"),
    Choice("function", "A function", "retrbinary(command, function, blocksize)"),
    Choice("method", "A method", "retrbinary(command, collector.method, blocksize)"),
    Choice("object", "An object", "retrbinary(command, collector, blocksize): its __call__ gets each block"),
)
PASSIVE: Final = "Connect in passive mode"
NO_WAY_IN: Final = frozenset(("425", "DATA_SILENT", "TIMEOUT"))
"""What becomes of an active data connection that nobody lets in."""


class FilesPage(QWidget):
    """The page. `connect_requested`: nothing is connected, and the empty pane's button was used.

    `passive_requested`: active mode brought no listing; connect again in passive mode.
    """

    connect_requested = Signal()
    passive_requested = Signal()

    def __init__(self, desk: Desk, slot: ClientSlot, start: Path, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.desk, self.slot = desk, slot
        self.fields = Fields(self)
        self.panes = Splitter(Qt.Orientation.Horizontal, line=False, parent=self)
        nowhere = EmptyState("folder-open", "A folder of this machine is shown here.")
        away = EmptyState("unplug", "The server's files are shown here once a client is connected.", "Connect",
                          button_icon="plug")  # fmt: skip
        self.here = Pane(desk, Here(desk.bridge, start, self), "Here", "monitor", nowhere, self.panes)
        self.there = Pane(desk, There(slot, self), "There", "server", away, self.panes)
        away.acted.connect(self.connect_requested)
        self.get_button = Button("Get", "arrow-left")
        self.put_button = Button("Put", "arrow-right")
        self.cancel_button = Button("Stop listing", "circle-stop", small=True)
        self.queue = QueueView(self)
        self._looked_ns = 0
        self._wants_passive = False
        self._counts = self.queue.model.counts
        self._lay_out()
        self._connect()
        self._refresh()

    def _lay_out(self) -> None:
        fields, row = self.fields, FlowBox(spacing=10)
        row.add(self.get_button)
        row.add(self.put_button)
        row.add(fields.choice("mode", "Mode", MODES))
        row.add(fields.choice("existing", "A file that exists", EXISTING))
        row.add(fields.choice("caller", "Blocks go to", CALLERS, tip="How a course would write the callback"))
        row.add(fields.number("block", "Block", 8192, (1, 1 << 24), suffix=" bytes"))
        row.add(self.cancel_button)
        for button in (self.get_button, self.put_button, self.cancel_button):
            row.flow.setAlignment(button, Qt.AlignmentFlag.AlignBottom)
        self.panes.addWidget(self.here)
        self.panes.addWidget(self.there)
        self.panes.setSizes([1000, 1000])
        top = QWidget(self)
        column = QVBoxLayout(top)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(self.panes, 1)
        column.addWidget(row)
        self.whole = Splitter(Qt.Orientation.Vertical, line=False, parent=self)
        self.whole.addWidget(top)
        self.whole.addWidget(self.queue)
        self.whole.setSizes([1000, 420])
        self.whole.setStretchFactor(0, 3)
        self.whole.setStretchFactor(1, 1)
        outer = QHBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self.whole)

    def _connect(self) -> None:
        for pane in (self.here, self.there):
            pane.chosen_changed.connect(self._refresh)
        self.get_button.clicked.connect(lambda: self.get(self.there.view.chosen()))
        self.put_button.clicked.connect(lambda: self.put(self.here.view.chosen()))
        self.there.opened.connect(self.get)
        self.here.opened.connect(self.put)
        self.here.model.dropped.connect(self._on_dropped_here)
        self.there.model.dropped.connect(self._on_dropped_there)
        self.cancel_button.clicked.connect(self.slot.cancel)
        self.there.went_wrong.connect(self._on_unlisted)
        self.there.unlisted.acted.connect(self._list_anew)
        self.here.unlisted.acted.connect(self.here.refresh)
        self.slot.connected.connect(self._on_connected)
        self.slot.gone.connect(self._on_gone)
        self.fields.changed.connect(lambda _key: self._refresh())

    # Life

    def begin(self) -> None:
        """The page is shown: look at this machine, and at the server if there is one."""
        if self.here.listing is None and not self.here.busy:
            self.here.go(self.here.path)
        if self.slot.client is not None and self.there.listing is None and not self.there.busy:
            self._on_connected()

    def look(self) -> None:
        """Take what the queue has done; list again what it has changed. Light; a few times a second."""
        self.queue.look()
        before, now = self._counts, self.queue.model.counts
        self._counts = now
        more = now.done + now.failed > before.done + before.failed
        if now.open == 0 and more:
            self._select_transfer()
        if now.open == 0 and (before.open or more):
            self.here.refresh()
            if self.there.place.ready():
                self.there.refresh()

    def _select_transfer(self) -> None:
        """The last file that went, or why it did not; the listing that follows is not what was asked for."""
        after, self._looked_ns = self._looked_ns, monotonic_ns()
        self.slot.own_event.select(self.slot.name, ("transfer",), after)

    def _on_connected(self) -> None:
        client = self.slot.client
        mode = self.fields.editor("mode")
        if client is not None and isinstance(mode, QuietCombo):
            mode.fill(MODES_SSH if client.site.scheme == "sftp" else MODES)
        self.queue.set_queue(client.queue if client is not None else None)
        self.there.go("")
        self._refresh()

    def _on_unlisted(self, told: Explained) -> None:
        self._wants_passive = self.slot.values.get("mode") == "active" and told.errno in NO_WAY_IN
        button = self.there.unlisted.button
        button.setText(PASSIVE if self._wants_passive else AGAIN)
        button.set_icon("plug" if self._wants_passive else "refresh-cw")

    def _list_anew(self) -> None:
        if self._wants_passive:
            self.passive_requested.emit()
        else:
            self.there.go("")

    def _on_gone(self) -> None:
        self.there.leave()
        self.queue.look()
        self._refresh()

    # Moving

    def get(self, nodes: Sequence[Node]) -> None:
        """Get chosen entries into the folder here."""
        self._get(nodes, Path(self.here.path or "."))

    def put(self, nodes: Sequence[Node]) -> None:
        """Put chosen entries into the folder there."""
        self._put([Path(node.path) for node in nodes], self.there.path)

    def _settings(self) -> dict[str, Any]:
        fields = self.fields
        caller = str(fields["caller"]) or None
        return {
            "mode": fields["mode"], "force": fields["existing"] == "replace", "resume": fields["existing"] == "resume",
            "caller": caller, "block_bytes": int(fields["block"]) if caller else 0,
        }  # fmt: skip

    def _get(self, nodes: Sequence[Node], folder: Path) -> None:
        client, settings = self.slot.client, self._settings()
        if client is None:
            return
        entries = [(node.entry, node.path) for node in nodes]

        def work() -> None:
            refused: list[FtpError] = []
            for entry, path in entries:
                try:
                    local = localfiles.inside(folder, entry.name)
                except FtpError as error:
                    refused.append(error)  # the others go all the same
                else:
                    client.transfer(
                        Order("get", path, local, entry.kind == "dir", entry=entry, base=folder, **settings)
                    )
            if refused:
                raise refused[0]

        self._give(work, self.there)

    def _put(self, files: Sequence[Path], folder: str) -> None:
        client, settings = self.slot.client, self._settings()
        if client is None or not self.there.place.ready():
            return

        def work() -> None:
            for path in files:
                client.transfer(Order("put", join(folder, path.name), path, path.is_dir(), **settings))

        self._give(work, self.here)

    def _give(self, work: Callable[[], None], pane: Pane) -> None:
        def failed(error: BaseException) -> None:
            told: Explained = error.told if isinstance(error, FtpError) else explained(error)
            pane.tell(told)

        self.desk.bridge.call(work, lambda _: self.queue.look(), failed, owner=self)

    def _on_dropped_here(self, side: str, _files: object, folder: str) -> None:
        if side == "there":
            self._get(self.there.model.dragged, Path(folder))

    def _on_dropped_there(self, side: str, files: object, folder: str) -> None:
        if side == "here":
            self._put([Path(node.path) for node in self.here.model.dragged], folder)
        elif side == "files" and isinstance(files, list):
            self._put([Path(str(name)) for name in files], folder)

    def _refresh(self) -> None:
        connected = self.slot.client is not None and self.slot.phase == "connected"
        self.get_button.setEnabled(connected and bool(self.there.view.chosen()))
        self.put_button.setEnabled(connected and bool(self.here.view.chosen()))
        self.cancel_button.setVisible(connected and self.there.busy)
        self.fields.show("block", bool(self.fields["caller"]))

    # For Show as Python

    def action(self) -> tuple[str, dict[str, Any]]:
        """What would be done now: (kind, facts), for the script. Nothing chosen: what was changed there last, or list.

        kind: "list", or one of the acts of protocols/ftp/scripts.py; facts: path, local, to, rights.
        """
        chosen = self.there.view.chosen()
        if chosen:
            name, folder = chosen[0].entry.name, chosen[0].entry.kind == "dir"
            return ("get-folder" if folder else "get"), {"path": chosen[0].path, "local": name}
        mine = self.here.view.chosen()
        if mine and mine[0].entry.kind in ("file", "dir"):
            kind = "put-folder" if mine[0].entry.kind == "dir" else "put"
            return kind, {"path": join(self.there.path, mine[0].entry.name), "local": mine[0].path}
        if self.there.did is not None:
            return self.there.did
        return "list", {"path": self.there.path}
