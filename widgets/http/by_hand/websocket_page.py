"""A WebSocket: connect, send messages of every kind, and see each frame that goes either way.

It must not know the protocol: `protocols.http.by_hand.websocket` speaks it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from protocols.http.by_hand.websocket import WebSocketClient
from protocols.http.by_hand.websocket_frames import CLOSE_CODES, Kind, Seen, WebSocketError, checked_url
from protocols.numbers import grouped
from protocols.record.explain import explain
from protocols.service.base import ServiceError
from widgets.desk import Desk
from widgets.hexview import HexView
from widgets.http.exchange.request_launch import start_websocket
from widgets.http.request.card import RequestCard
from widgets.http.request.typed_bytes import typed_bytes
from widgets.orders import Orders
from widgets.parts.buttons import Button, PrimaryButton
from widgets.parts.card import Card
from widgets.parts.empty import EmptyState
from widgets.parts.fields import Choice, Fields
from widgets.parts.flow import FlowBox, Pages
from widgets.parts.plain_table import TONE_ROLE, PlainTable
from widgets.parts.rows_model import RowsModel
from widgets.parts.splitter import Splitter
from widgets.parts.trouble import TroubleStrip

POLL_MS: Final = 60
KINDS: Final = (
    Choice("text", "Text", "Any text, sent as UTF-8"), Choice("binary", "Binary", "Bytes; \\n and \\x00 are taken"),
    Choice("ping", "Ping", "The other end answers with a pong of the same bytes"),
    Choice("pong", "Pong", "Unasked, a heartbeat"),
)  # fmt: skip
CODES: Final = tuple(
    Choice(str(code), f"{code} {CLOSE_CODES[code]}") for code in (1000, 1001, 1003, 1008, 1009, 1011)
)
NOTHING: Final = "Each frame stands here: its kind, whether it is the last of its message, masked or not, its length."
TITLES: Final = ("#", "At", "", "Frame", "FIN", "Mask", "Bytes", "Data")
OUT_IN: Final = {"out": ("sent", "out"), "in": ("came", "in")}


class FramesModel(RowsModel):
    """The frames; their direction has its colour."""

    def __init__(self, epoch_ns: int, parent: QWidget) -> None:
        super().__init__(TITLES, parent, numbers=(0, 6))
        self._epoch_ns = epoch_ns
        self.frames: list[Seen] = []

    def take(self, frames: list[Seen]) -> None:
        """More frames."""
        self.frames += frames
        self.append([self._row(one) for one in frames])

    def _row(self, one: Seen) -> tuple[str, ...]:
        at = datetime.fromtimestamp((one.t + self._epoch_ns) / 1e9).strftime("%H:%M:%S.%f")[:-3]
        return (str(one.number), at, OUT_IN[one.direction][0], one.opcode, "yes" if one.fin else "more comes",
                "masked" if one.masked else "plain", grouped(one.size), text_of(one))  # fmt: skip

    def forget(self) -> None:
        """No frames."""
        self.frames.clear()
        self.set_rows([])

    def data(self, index: Any, role: int = Qt.ItemDataRole.DisplayRole, /) -> Any:
        if role == TONE_ROLE and index.isValid() and index.column() in (2, 3):
            return OUT_IN[self.frames[index.row()].direction][1]
        return super().data(index, role)


def text_of(one: Seen) -> str:
    """What a frame carries, in words."""
    if one.opcode == "CLOSE":
        if len(one.data) < 2:
            return "no code"
        code = int.from_bytes(one.data[:2], "big")
        return f"{code} {CLOSE_CODES.get(code, '')} {one.data[2:].decode('utf-8', 'replace')}".strip()
    if one.opcode in ("BINARY", "PING", "PONG"):
        return repr(one.data[:200])[1:]
    return one.data[:400].decode("utf-8", "backslashreplace")


class WebSocketPage(QWidget):
    """The page. `other_end_requested`: a site with an echo shall be started."""

    other_end_requested = Signal()

    def __init__(self, desk: Desk, request: RequestCard, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.desk, self.request = desk, request
        self.client: WebSocketClient | None = None
        self.connecting = False
        self.sent: list[str | bytes] = []
        self._end_poll: Callable[[], None] | None = None
        self._last = 0
        self._orders = Orders(desk.bridge, self._on_refused, self)
        self.fields = Fields(self)
        self.strip = TroubleStrip()
        self.connect_button = PrimaryButton("Connect", "plug")
        self.send_button = PrimaryButton("Send", "send")
        self.close_button = Button("Close", "x")
        self.card = Card("WebSocket", "cable")
        self.model = FramesModel(desk.lab.recorder.epoch_ns, self)
        self.table = PlainTable(self.model, "Frames of the WebSocket", mono=(3, 7),
                                widths=(40, 104, 56, 76, 92, 76, 66, 200), stretch=7)  # fmt: skip
        self.hex = HexView()
        self.hex.hide()  # until a frame is chosen
        self.empty = EmptyState("cable", NOTHING, "Start the sandbox, and connect to its echo", button_icon="play")
        self.halves = Splitter(Qt.Orientation.Vertical, self.table, self.hex)
        self.halves.setSizes([400, 120])
        self.pages = Pages(self.empty, self.halves)
        self._lay_out()
        self._wire()
        self.suggest()

    def _lay_out(self) -> None:
        add, place, talk = self.fields, FlowBox(spacing=12), FlowBox(spacing=12)
        place.flow.setContentsMargins(12, 8, 12, 0)
        talk.flow.setContentsMargins(12, 6, 12, 8)
        place.add(add.line("url", "URL", hint="ws://127.0.0.1:8080/websocket", characters=28), 1)
        place.add(self.connect_button)
        place.add(add.choice("code", "Close with", CODES))
        place.add(self.close_button)
        talk.add(add.choice("kind", "Kind", KINDS))
        talk.add(add.line("message", "Message", "hello", characters=24), 1)
        talk.add(add.number("pieces", "In frames", 1, (1, 100), tip="A message may be cut into several frames"))
        talk.add(self.send_button)
        for row, buttons in ((place, (self.connect_button, self.close_button)), (talk, (self.send_button,))):
            for button in buttons:
                row.flow.setAlignment(button, Qt.AlignmentFlag.AlignBottom)
        self.talk = talk
        strip = QVBoxLayout()
        strip.setContentsMargins(12, 4, 12, 0)
        strip.addWidget(self.strip)
        self.card.add(place)
        self.card.body.addLayout(strip)
        self.card.add(talk)
        self.card.add(self.pages, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 8, 0, 0)
        column.addWidget(self.card)

    def _wire(self) -> None:
        self.connect_button.clicked.connect(self.connect_now)
        self.close_button.clicked.connect(self.close_now)
        self.send_button.clicked.connect(self.send)
        self.fields.editor("message").returnPressed.connect(self.send)  # type: ignore[attr-defined]
        self.fields.editor("url").returnPressed.connect(self.connect_now)  # type: ignore[attr-defined]
        self.empty.acted.connect(self.other_end_requested)
        self.table.picked.connect(self._on_picked)
        self.request.changed.connect(self.suggest)

    def suggest(self) -> None:
        """The site of the request, until another address is typed."""
        typed = self.fields["url"]
        if not typed or typed == getattr(self, "_suggested", ""):
            scheme, mark, rest = self.request.url.partition("://")
            words = {"http": "ws", "https": "wss", "ws": "ws", "wss": "wss"}
            self._suggested = (
                f"{words[scheme.lower()]}://{rest.partition('/')[0]}/websocket" if mark and scheme.lower() in words
                else ""
            )  # fmt: skip
            self.fields["url"] = self._suggested
        self.refresh()

    # Life

    def connect_now(self) -> None:
        """Shake hands elsewhere; nothing happens while that is under way, or while one is open."""
        if self.connecting or (self.client is not None and self.client.open):
            return
        self.strip.clear()
        try:
            url = checked_url(self.fields["url"])
        except WebSocketError as error:
            self._tell("There is nothing to connect to", str(error))
            return
        lab, believed, before = self.desk.lab, self.request.believed(), self.client
        self.connecting = True
        self.model.forget()
        self.hex.hide()
        self.sent.clear()
        self._last = 0
        self.refresh()

        def work() -> WebSocketClient:
            if before is not None:
                lab.stop(before)
            return start_websocket(lab, url, believed)

        self._orders.put(work, self._on_connected)

    def _on_connected(self, client: WebSocketClient) -> None:
        self.connecting, self.client = False, client
        if self._end_poll is None:
            self._end_poll = self.desk.bridge.every(POLL_MS, self.poll)
        self.refresh()

    def _on_refused(self, error: BaseException) -> None:
        self.connecting = False
        if isinstance(error, OSError):
            told = explain(error, call="connect", address=self.fields["url"])
            self._tell(told.title, told.why, told.errno)
        else:
            self._tell("It can't be done", str(error))
        self.refresh()

    def _tell(self, title: str, why: str, errno: str = "") -> None:
        self.strip.tell(title, why if why.endswith(".") else f"{why}.", errno=errno)
        self.strip.banner.action_button.hide()

    def send(self) -> None:
        """Send the message typed."""
        client, fields = self.client, self.fields
        if client is None:
            return
        kind: Kind = fields["kind"]
        text = fields["message"]
        data = typed_bytes(text, "lf", escapes=kind != "text")
        try:
            client.send(kind, data, fields["pieces"])
        except (WebSocketError, ServiceError) as error:
            self._tell("This was not sent", str(error))
            return
        self.strip.clear()
        if kind in ("text", "binary"):
            self.sent.append(text if kind == "text" else data)

    def close_now(self) -> None:
        """Say goodbye with the code chosen."""
        try:
            if self.client is not None:
                self.client.close(int(self.fields["code"]))
        except (WebSocketError, ServiceError) as error:
            self._tell("It is closed already", str(error))

    def poll(self) -> None:
        """Show the frames that are new."""
        client = self.client
        if client is None:
            return
        over = client.state in ("stopped", "failed")
        frames = [one for one in list(client.frames) if one.number > self._last]
        if frames:
            self._last = frames[-1].number
            bar = self.table.verticalScrollBar()
            follows = bar.value() >= bar.maximum()
            self.model.take(frames)
            if follows:
                self.table.scrollToBottom()
        if over and self._end_poll is not None:
            self._end_poll()
            self._end_poll = None
            self.desk.bridge.call(lambda: self.desk.lab.stop(client))
            if "1000," not in client.ended:
                self._tell("The WebSocket has ended", client.ended)
        self.refresh()

    def _on_picked(self, at: int) -> None:
        one = self.model.frames[at]
        self.hex.show()
        self.hex.set_data(one.head + one.data if not one.masked else one.data)

    def refresh(self) -> None:
        """Show where it stands."""
        client = self.client
        is_open = client is not None and client.open
        self.connect_button.setVisible(not is_open)
        self.connect_button.setEnabled(not self.connecting)
        self.close_button.setVisible(is_open)
        self.fields.show("code", is_open)
        self.talk.setVisible(is_open)
        if self.connecting:
            self.card.set_state("waiting", "Shaking hands")
        elif is_open:
            self.card.set_state("running", "Open")
        else:
            self.card.set_state("stopped", "Closed" if client is not None else "Not connected")
        self.pages.setCurrentWidget(self.halves if self.model.frames or is_open else self.empty)
        self.empty.button.setVisible(not self.connecting)

    def python(self) -> tuple[str, dict[str, Any]]:
        """The script of the messages sent."""
        url = self.fields["url"].strip() or "ws://127.0.0.1:8080/websocket"
        messages = tuple(self.sent) or (self.fields["message"] or "hello",)
        return "http-websocket", {"url": url, "messages": messages, "believe": self.request.believed() != "none"}
