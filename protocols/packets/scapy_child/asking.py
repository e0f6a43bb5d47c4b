"""PacketChild: the parent's side of the scapy child. Ask it for an operation, get its answer.

Operations are named in `answering.py`. The child is started by the first question, and a child that crashed, hung
or took too much memory is replaced by the next. It must not import scapy.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from protocols.packets.tree import Tree, tree_of
from protocols.record.recorder import Recorder
from protocols.service.child import ChildService

if TYPE_CHECKING:
    from protocols.record.event import Event
    from protocols.service.base import Service

TARGET: Final = "protocols.packets.scapy_child.answering:answer"
PATIENCE_S: Final = 10.0
"""What a question gets before its child is ended."""
START_S: Final = 60.0


class PacketChildError(RuntimeError):
    """The child could not answer; the message is a sentence. kind: the type of the error in the child, or ""."""

    def __init__(self, said: str, kind: str = "") -> None:
        super().__init__(said)
        self.kind: Final = kind


class PacketChild:
    """Asks the scapy child. Any thread; `ask` waits, so never call it in the window's thread.

    begin, end: how its process is started and stopped, for example Lab.start and Lab.stop. argv: the command line of
    the child, for one with more rights (`["sudo", "-n", *command()]`). A question waits for those before it.
    """

    def __init__(
        self, begin: Callable[[Service], object] | None = None, end: Callable[[Service], object] | None = None, *,
        argv: Sequence[str] | None = None, patience_s: float = PATIENCE_S,
    ) -> None:  # fmt: skip
        self._begin = begin if begin is not None else lambda service: service.start()
        self._end = end if end is not None else lambda service: service.stop()
        self._argv = argv
        self._patience_s = patience_s
        self._service: ChildService | None = None
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)
        self._answers: dict[int, Event] = {}
        self._came = threading.Condition()

    def start(self) -> None:
        """Start the child now, so that the first question need not wait for it."""
        with self._lock:
            self._running()

    def ask(self, op: str, *, patience_s: float | None = None, **params: Any) -> Mapping[str, Any]:
        """The answer of operation `op`; bytes in `params` go over as hex. Raises PacketChildError."""
        sent = {name: value.hex() if isinstance(value, bytes) else value for name, value in params.items()}
        with self._lock:
            service = self._running()
            number = next(self._numbers)
            service.child.tell({"op": op, "number": number, "params": sent})
            answer = self._wait(service, number, patience_s or self._patience_s)
            if answer is None:
                self._give_up(service, op, patience_s or self._patience_s)
            assert answer is not None
        if "error" in answer.detail:
            raise PacketChildError(str(answer.detail["error"]), str(answer.detail.get("type", "")))
        found: Mapping[str, Any] = answer.detail["answer"]
        return found

    def dissect(self, data: bytes, linktype: int) -> Tree:
        """The tree of a packet; linktype: as in a capture file (1 is Ethernet). Raises PacketChildError."""
        return tree_of(self.ask("dissect", data=data, linktype=linktype))

    def stop(self) -> None:
        """End the child; a later question starts a new one."""
        service, self._service = self._service, None
        if service is not None:
            self._end(service)
        with self._came:
            self._came.notify_all()

    def _running(self) -> ChildService:
        service = self._service
        if service is not None and service.state == "running":
            return service
        if service is not None:
            self._end(service)
        recorder = Recorder()  # answers are nobody's events
        fresh = ChildService(recorder, "packet child", "scapy", TARGET, {}, saw=self._saw, argv=self._argv)
        fresh.asked_for = False
        try:
            self._begin(fresh)
        except OSError as error:
            raise PacketChildError(f"The packet child can't be started: {error.strerror or error}.") from error
        self._service = fresh
        return fresh

    def _saw(self, event: Event, _: str | None) -> None:
        if event.kind == "answered":
            with self._came:
                self._answers[int(event.detail["number"])] = event
                self._came.notify_all()

    def _wait(self, service: ChildService, number: int, patience_s: float) -> Event | None:
        def over() -> bool:
            return number in self._answers or service.state != "running"

        waited = 0.0
        with self._came:
            while waited < patience_s and not over():  # the end of a service is no event of ours: look now and then
                step = min(0.1, patience_s - waited)
                if self._came.wait_for(over, step):
                    break
                waited += step
            answer = self._answers.pop(number, None)
            self._answers.clear()
        return answer

    def _give_up(self, service: ChildService, op: str, patience_s: float) -> None:
        crashed = service.state != "running"
        self._service = None
        self._end(service)
        if crashed:
            raise PacketChildError(f"The packet child ended while it did {op!r}; the next question starts a new one.")
        raise PacketChildError(
            f"The packet child had no answer to {op!r} after {patience_s:g} s and was ended; "
            "the next question starts a new one."
        )
