"""One side of "step by step": the calls of a server or a client as rows, one click each, the wrong ones too.

Emphasises what is right now and says why the rest is not. It must not know the other side.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from PySide6.QtCore import QEvent, QObject, Signal
from PySide6.QtGui import QCursor
from PySide6.QtWidgets import QVBoxLayout, QWidget

from protocols.address import Target
from protocols.concurrency.contract import DATAGRAM
from protocols.named import Named
from protocols.sockets.step_table import LEGAL, STEPS, Role, Stage, code_of
from protocols.sockets.steps import StepMachine, StepResult
from widgets.desk import Desk
from widgets.orders import Orders
from widgets.parts.buttons import Button, IconButton
from widgets.parts.card import Card
from widgets.parts.flow import scrolled
from widgets.parts.more_below import MoreBelow
from widgets.parts.step_rows import StepRows
from widgets.sockets.lessons.experiment_scripts import Script
from widgets.theme.theme import theme

STAGE_WORDS: Final[dict[Stage, tuple[str, str]]] = {
    "nothing": ("stopped", "No socket yet"),
    "created": ("info", "Created"),
    "bound": ("info", "Bound"),
    "listening": ("running", "Listening"),
    "connected": ("running", "Connected"),
    "half-closed": ("waiting", "Half-closed"),
    "ended": ("waiting", "Peer has ended"),
    "ready": ("running", "Ready"),
    "closed": ("stopped", "Closed"),
}

KEPT_STEPS: Final = 100


@dataclass
class Order:
    """What the next steps are about; also what `code_of` needs to write a line before there is a socket."""

    role: Role
    target: Target
    data: bytes = b"hello\n"
    size: int = 1024
    backlog: int = 5
    on_listener: bool = False
    stage: Stage = "nothing"

    @property
    def datagram(self) -> bool:
        """No connection: datagrams."""
        return self.target.transport in DATAGRAM


class StepSide(Card):
    """A server or client taken step by step. `stepped(result)`: a step was done, well or not."""

    stepped = Signal(object)

    def __init__(self, desk: Desk, role: Role) -> None:
        super().__init__("Server" if role == "server" else "Client", "server" if role == "server" else "monitor")
        self.desk = desk
        self.role: Role = role
        self.order = Order(role, Target("tcp", "127.0.0.1", 0))
        self.machine: StepMachine | None = None
        self.stop_button = Button("Stop waiting", "square", small=True)
        self.stop_button.hide()
        self.python_button = IconButton("code-xml", f"Show the {role}'s steps as Python")
        self.taken: list[tuple[str, bytes]] = []
        self.rows = StepRows()
        self._waiting = ""
        self._orders = Orders(desk.bridge, self._on_failed, self)
        self._lay_out()
        self.rows.clicked.connect(self.do)
        self.stop_button.clicked.connect(self.stop_waiting)
        self.python_button.clicked.connect(lambda: desk.show_python(*self.python()))
        self.set_order(self.order)

    def _lay_out(self) -> None:
        top = QWidget()
        column = QVBoxLayout(top)
        column.setContentsMargins(12, 10, 12, 10)
        column.addWidget(self.rows)
        column.addStretch(1)
        scroll = self._scroll = scrolled(top)
        self.more_below = MoreBelow(scroll)
        scroll.installEventFilter(self)
        self.add(scroll, 1)
        self.add_action(self.stop_button)
        self.add_action(self.python_button)

    def set_order(self, order: Order) -> None:
        """Take other settings; another transport begins anew."""
        anew = order.target.transport != self.order.target.transport or not self.buttons
        self.order = order
        if anew:
            self.start_over()
            self._fill()
        elif self.machine is not None and self.stage in ("nothing", "created", "closed"):
            self.machine.target = order.target
        self.refresh()

    def _fill(self) -> None:
        """The rows of this transport."""
        self.rows.set_steps(STEPS[self.role, self.order.datagram])

    @property
    def buttons(self) -> Mapping[str, Button]:
        """The button of each step."""
        return self.rows.buttons

    # Steps

    @property
    def stage(self) -> Stage:
        """Where it stands."""
        return self.machine.stage if self.machine is not None else "nothing"

    def code(self, step: str) -> str:
        """The line of Python that a step is now, whole."""
        return self.rows.code(step)

    @property
    def address(self) -> str:
        """Its own address, "" before it has one."""
        return self.machine.local if self.machine is not None else ""

    def do(self, step: str) -> None:
        """Do one step elsewhere; the result comes by `stepped`."""
        order = self.order
        machine = self.machine
        self._waiting = step
        self.refresh()
        if machine is not None:
            self._remember(step)
        if machine is None:
            self._orders.put(self._make, lambda made: self._on_made(made, step))
            return
        work = machine.do(step, order.data, order.size, on_listener=order.on_listener)
        self._orders.put(work.result, self._on_stepped)

    def _make(self) -> StepMachine:
        order = self.order
        target = order.target
        machine = StepMachine(
            self.desk.lab.recorder,
            name=f"{self.role} steps",
            role=self.role,
            transport=target.transport,
            host=target.host,
            port=target.port,
            path=target.path,
            backlog=order.backlog,
        )
        self.desk.lab.start(machine, room="sockets")
        return machine

    def _on_made(self, machine: StepMachine, step: str) -> None:
        self.machine = machine
        self.do(step)

    def _on_stepped(self, result: StepResult) -> None:
        self._waiting = ""
        self.poll()
        self.refresh()
        self.stepped.emit(result)

    def _on_failed(self, _error: BaseException) -> None:
        self._waiting = ""
        self.refresh()

    def _remember(self, step: str) -> None:
        """For the script: the calls in the order in which they were made, the last ones of very many."""
        self.taken.append((step, self.order.data if step in ("send", "sendto") else b""))
        del self.taken[:-KEPT_STEPS]

    def python(self) -> Script:
        """The script of the steps taken so far; before the first, of those that are usual."""
        order, target = self.order, self.order.target
        usual = [(step.id, order.data if step.id in ("send", "sendto") else b"") for step in self._usual()]
        host = target.host
        return "steps", {
            "role": self.role,
            "transport": target.transport,
            "host": host,
            "port": target.port,
            "path": target.path,
            "backlog": order.backlog,
            "size": order.size,
            "steps": tuple(self.taken or usual),
        }

    def _usual(self) -> tuple[Named, ...]:
        return STEPS[self.role, self.order.datagram]

    def stop_waiting(self) -> None:
        """End a step that waits."""
        if self.machine is not None:
            self.machine.cancel()

    def start_over(self) -> None:
        """Close what there is and begin with nothing."""
        machine, self.machine = self.machine, None
        self._waiting = ""
        self.taken.clear()
        if machine is not None:
            machine.request_stop()
            self.desk.bridge.call(lambda: self.desk.lab.stop(machine))

    # Looking

    def poll(self) -> None:
        """See whether a step waits."""
        self.stop_button.setVisible(self.machine is not None and bool(self.machine.blocked_in))

    def refresh(self) -> None:
        """Emphasise what is right now; the first of them is the primary button."""
        legal = LEGAL[self.role, self.order.datagram][self.stage]
        order = self.order
        self.rows.mark(legal, self._waiting, lambda step: code_of(self._like(), step, order.data, order.size))
        if not self._scroll.rect().contains(self._scroll.mapFromGlobal(QCursor.pos())):
            self._bring_next()
        sign, word = STAGE_WORDS[self.stage]
        if self._waiting:
            sign, word = "waiting", f"In {self._waiting}()"
        self.set_state(sign, word)
        self.stop_button.setVisible(bool(self.machine is not None and self.machine.blocked_in))

    def eventFilter(self, watched: QObject, event: QEvent, /) -> bool:
        """The list scrolls to what is right now once the pointer is elsewhere: nothing moves under it."""
        if event.type() == QEvent.Type.Leave:
            self._bring_next()
        return super().eventFilter(watched, event)

    def _bring_next(self) -> None:
        legal = LEGAL[self.role, self.order.datagram][self.stage]
        if legal and legal[0] in self.buttons:
            self._scroll.ensureWidgetVisible(self.buttons[legal[0]], 0, theme().px(40))

    def _like(self) -> Any:
        return self.machine if self.machine is not None else self.order

