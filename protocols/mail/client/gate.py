"""Gate: where a command waits before it is sent, so that a person can look at it, change it, or put one in front.

The client's thread waits at it; any thread may open it. It must not know protocols.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

Verdict: TypeAlias = Literal["send", "insert", "cut"]
LOOK_S: Final = 0.2


@dataclass(frozen=True, slots=True)
class Held:
    """A command that waits. number: one more for each. line: with its line end; shown: without secrets."""

    number: int
    line: bytes
    shown: str


@dataclass(frozen=True, slots=True)
class Decision:
    """send: `line` goes out in the command's place. insert: `line` goes out first, and the command waits on.

    cut: the connection is closed without another word.
    """

    verdict: Verdict
    line: bytes = b""


class Gate:
    """holding: whether commands wait. held: the one that waits now, or None; read by whoever shows it."""

    def __init__(self, holding: bool = False) -> None:
        self._condition = threading.Condition()
        self._holding = holding
        self._decisions: deque[Decision] = deque()
        self._count = 0
        self.held: Held | None = None

    @property
    def holding(self) -> bool:
        """Whether commands are held."""
        return self._holding

    def hold(self, on: bool) -> None:
        """Hold commands from now on, or let all go."""
        with self._condition:
            self._holding = on
            self._condition.notify_all()

    def decide(self, verdict: Verdict, line: bytes = b"") -> None:
        """What becomes of the command that waits; ignored where none does."""
        with self._condition:
            if self.held is not None:
                self._decisions.append(Decision(verdict, line))
                self._condition.notify_all()

    def wait(self, line: bytes, shown: str, stopping: Callable[[], bool]) -> Decision:
        """Called by the client's thread: wait for a decision about `line`. "cut" when `stopping()` comes true."""
        with self._condition:
            if not self._holding:
                return Decision("send", line)
            if self.held is None or self.held.line != line:
                self._count += 1
                self.held = Held(self._count, line, shown)
            while not self._decisions and self._holding and not stopping():
                self._condition.wait(LOOK_S)
            if stopping():
                decision = Decision("cut")
            else:
                decision = self._decisions.popleft() if self._decisions else Decision("send", line)
            if decision.verdict != "insert":
                self.held = None
                self._decisions.clear()
            return decision
