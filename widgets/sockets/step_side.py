"""One side of "step by step": the calls of a server or a client as rows, one click each, the wrong ones too.

Emphasises what is right now and says why the rest is not. It must not know the other side.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from PySide6.QtCore import QEvent, QObject, Signal
from PySide6.QtGui import QCursor
from PySide6.QtWidgets import QGridLayout, QVBoxLayout, QWidget

from protocols.address import Target
from protocols.concurrency.contract import DATAGRAM
from protocols.sockets.step_table import LEGAL, STEPS, Role, Stage, Step, code_of
from protocols.sockets.steps import StepMachine, StepResult
from widgets.desk import Desk
from widgets.parts.buttons import Button, IconButton
from widgets.parts.card import Card
from widgets.parts.flow import scrolled
from widgets.parts.text import ElidedLabel
from widgets.sockets.experiment_scripts import Script
from widgets.sockets.orders import Orders
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


class CodeLine(ElidedLabel):
    """A line of Python; where it does not fit, without what every line begins with, then cut before its end."""

    def __init__(self) -> None:
        super().__init__("", "mono", "text2")

    def shorter(self) -> tuple[str, ...]:
        """What the drawer's script has in full."""
        bare = self.text().replace("socket.AF_", "AF_").replace("socket.SO", "SO").replace("socket.SH", "SH")
        bare = bare.replace("socket.socket(", "socket(")
        return bare, bare.partition(" = ")[2] or bare


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
        self.buttons: dict[str, Button] = {}
        self._codes: dict[str, ElidedLabel] = {}
        self._waiting = ""
        self._orders = Orders(desk.bridge, self._on_failed, self)
        self._grid_holder = QWidget()
        self._lay_out()
        self.stop_button.clicked.connect(self.stop_waiting)
        self.python_button.clicked.connect(lambda: desk.show_python(*self.python()))
        self.set_order(self.order)

    def _lay_out(self) -> None:
        top = QWidget()
        column = self._column = QVBoxLayout(top)
        column.setContentsMargins(12, 10, 12, 10)
        column.addWidget(self._grid_holder)
        column.addStretch(1)
        scroll = self._scroll = scrolled(top)
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
        """The rows of this transport: button, line of code."""
        holder = QWidget()
        grid = QGridLayout(holder)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(10)
        grid.setVerticalSpacing(3)
        grid.setColumnStretch(1, 1)
        self.buttons.clear()
        self._codes.clear()
        for at, step in enumerate(STEPS[self.role, self.order.datagram]):
            button = Button(step.title, "circle", small=True)
            button.setToolTip(step.meaning)
            button.clicked.connect(lambda _checked=False, name=step.id: self._on_clicked(name))
            code = CodeLine()
            grid.addWidget(button, at, 0)
            grid.addWidget(code, at, 1)
            self.buttons[step.id], self._codes[step.id] = button, code
        self._column.replaceWidget(self._grid_holder, holder)
        self._grid_holder.hide()
        self._grid_holder.deleteLater()
        self._grid_holder = holder

    # Steps

    @property
    def stage(self) -> Stage:
        """Where it stands."""
        return self.machine.stage if self.machine is not None else "nothing"

    def code(self, step: str) -> str:
        """The line of Python that a step is now, whole."""
        return self._codes[step].text()

    @property
    def address(self) -> str:
        """Its own address, "" before it has one."""
        return self.machine.local if self.machine is not None else ""

    def _on_clicked(self, step: str) -> None:
        if not self._waiting:
            self.do(step)

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

    def _usual(self) -> tuple[Step, ...]:
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
        for name, button in self.buttons.items():
            right = name in legal
            _style(button, primary=bool(legal) and name == legal[0] and not self._waiting)
            button.set_icon("hourglass" if name == self._waiting else "circle-dot" if right else "circle")
            button.setEnabled(self._waiting in ("", name))  # without the one that has the focus the list would scroll
            verdict = "right now" if right else "wrong now: try it and see why"
            button.setAccessibleDescription(verdict)
            self._codes[name].setText(code_of(self._like(), name, self.order.data, self.order.size))
            self._codes[name].set_tone("" if right else "text2")
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


def _style(button: Button, *, primary: bool) -> None:
    if bool(button.property("primary")) != primary:
        button.setProperty("primary", primary)
        button.style().unpolish(button)
        button.style().polish(button)
