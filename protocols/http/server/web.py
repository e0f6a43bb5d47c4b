"""WebHandler: HTTP/1.1 on any of the lab's concurrency models; an application answers.

Reads requests, asks the application, sends its answer as fast as the client takes it. Who says
nothing, or takes nothing, is not waited for longer than `time_out_s`. It must not know what the
application does, nor how the model waits.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from functools import partial
from time import monotonic
from typing import Any, Final

from protocols.concurrency.contract import Connection, Handler
from protocols.http.server.answer import BODILESS, Answer, Application, Cut, Pause, Piece, error_page, framed
from protocols.http.server.asked import Asked, BadRequest, RequestReader
from protocols.record import precedence
from protocols.record.event import monotonic_ns

TIME_OUT_S: Final = 30.0
LINGER_S: Final = 2.0
TURN_BYTES: Final = 1 << 20
"""After so many bytes of one answer the other connections have their turn."""
AHEAD_BYTES: Final = 1 << 20
"""So much may a client send ahead while an answer is being made."""
_NAMES: Final = ("method", "target", "status", "bytes", "took_ns", "thread", "worker", "begin", "end")


class _Making:
    """An answer whose body is sent piece by piece."""

    __slots__ = ("answer", "asked", "began", "chunked", "keep", "pieces", "size", "starved", "taken")

    def __init__(self, asked: Asked, answer: Answer, began: int, chunked: bool, keep: bool) -> None:
        self.asked, self.answer, self.began, self.chunked, self.keep = asked, answer, began, chunked, keep
        assert not isinstance(answer.body, bytes)
        self.pieces: Iterator[Piece] = iter(answer.body)
        self.size = 0
        self.starved = False
        self.taken = -1

    def close(self) -> None:
        close = getattr(self.answer.body, "close", None)
        if close is not None:
            close()


class WebHandler(Handler):
    """One connection: requests in, the application's answers out, in order. time_out_s: see the module."""

    def __init__(self, application: Application, time_out_s: float = TIME_OUT_S) -> None:
        self._application = application
        self._time_out_s = self.send_patience_s = time_out_s
        self._reader = RequestReader()
        self._deadline = 0.0
        self._making: _Making | None = None
        self._held: Callable[[], None] | None = None
        self._upgraded: Handler | None = None
        self._told_continue = False
        self._past_end = False
        self._over = False
        self.answered = 0
        self._kept: dict[str, Any] = {}

    @property
    def _busy(self) -> bool:
        """An answer is under way."""
        return self._making is not None or self._held is not None

    # What the model tells

    def opened(self, conn: Connection) -> None:
        """The clock runs: a client that says nothing is not waited for long."""
        self._deadline = monotonic() + self._time_out_s
        conn.wake_in(self._time_out_s)

    def received(self, conn: Connection, data: bytes) -> None:
        """Answer each request that is whole by now."""
        if self._upgraded is not None:
            self._upgraded.received(conn, data)
            return
        if self._over:
            return
        reader = self._reader
        if not reader.in_head:
            self._deadline = monotonic() + self._time_out_s
        reader.add(data)
        if not self._busy:
            self._go_on(conn)
        elif reader.ahead > AHEAD_BYTES:
            self._give_up(conn, f"It sent {reader.ahead} bytes ahead while an answer was being made.")

    def ended(self, conn: Connection) -> None:
        """The client will ask no more; what it has asked is still answered."""
        self._past_end = True
        if self._upgraded is not None:
            self._upgraded.ended(conn)
        elif self._over or (not self._busy and self._reader.idle):
            conn.close()
        elif not self._busy:
            self._refuse(conn, 400, "The client ended its direction in the middle of a request.")
            conn.close()

    def drained(self, conn: Connection) -> None:
        """The client has taken most of what was sent."""
        if self._upgraded is not None:
            self._upgraded.drained(conn)
        elif self._making is not None and self._making.starved:
            self._making.starved = False
            self._produce_on(conn)

    def woken(self, conn: Connection) -> None:
        """Time has passed: for a pause in an answer, or for a client."""
        if self._upgraded is not None:
            self._upgraded.woken(conn)
        elif self._held is not None:
            held, self._held = self._held, None
            held()
            self._after(conn)
        elif self._making is not None:
            if self._making.starved:
                self._mind_stall(conn, self._making)
            else:
                self._produce_on(conn)
        elif self._over:
            conn.close()
        else:
            self._mind_time(conn)

    def closed(self, conn: Connection, error: BaseException | None) -> None:
        """It is over; an answer under way is told as cut."""
        making, self._making = self._making, None
        if making is not None:
            making.close()
            if isinstance(error, TimeoutError):
                why = f"The client took nothing of the answer for {self._time_out_s:g} s."
                _note(conn, "given up", why, why=why)
            else:
                _note(conn, "answer cut", f"the client left after {making.size} bytes of {making.asked.target}")
            self._tell(conn, making.asked, making.answer, making.size, making.began)
        if self._upgraded is not None:
            self._upgraded.closed(conn, error)

    # Time

    def _mind_time(self, conn: Connection) -> None:
        left = self._deadline - monotonic()
        if left > 0:
            conn.wake_in(left)
        elif self._reader.idle and self.answered:
            _note(conn, "timed out", f"the client asked nothing more for {self._time_out_s:g} s")
            self._over = True
            conn.close()
        elif self._reader.idle:
            self._refuse(conn, 408, f"Nothing was asked within {self._time_out_s:g} s.")
        else:
            self._refuse(conn, 408, f"The rest of the request did not come within {self._time_out_s:g} s.")

    def _mind_stall(self, conn: Connection, making: _Making) -> None:
        if conn.sent == making.taken:
            self._give_up(conn, f"The client took nothing of the answer for {self._time_out_s:g} s.")
            return
        making.taken = conn.sent
        conn.wake_in(self._time_out_s)

    def _give_up(self, conn: Connection, why: str) -> None:
        _note(conn, "given up", why, why=why)
        self._over = True
        conn.reset()

    # Requests

    def _go_on(self, conn: Connection) -> None:
        """Answer what is whole, until an answer takes its time."""
        try:
            while not (self._busy or self._over or self._upgraded is not None):
                asked = self._reader.take()
                if asked is None:
                    break
                self._told_continue = False
                self._answer(conn, asked)
        except BadRequest as error:
            self._refuse(conn, error.status, str(error))
            return
        if self._reader.waiting and not (self._told_continue or self._over or self._busy):
            self._told_continue = True
            conn.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        if self._past_end and not (self._busy or self._over):
            self.ended(conn)

    def _refuse(self, conn: Connection, status: int, why: str) -> None:
        """Say what is wrong, then listen a little longer: closing at once might destroy our words (RFC 9112 9.6)."""
        self._over = True
        answer = error_page(status, why)
        assert isinstance(answer.body, bytes)
        conn.send(framed(None, answer, keep=False)[0] + answer.body)
        _note(conn, "bad request", f"{status}: {why}", status=status, why=why)
        conn.half_close()
        conn.wake_in(min(LINGER_S, self._time_out_s))

    def _answer(self, conn: Connection, asked: Asked) -> None:
        began = monotonic_ns()
        serving = getattr(conn, "serving", None)
        asked.peer, asked.local, asked.note = conn.peer, conn.local, partial(_note, conn)
        asked.kept = self._kept
        if serving is not None:
            asked.stopping = serving.stopping.is_set
        try:
            answer = self._application(asked)
            head, chunked, keep = framed(asked, answer, asked.keeps)
        except Exception as error:  # noqa: BLE001  a mistake of an application is a 500, not the server's end
            _note(conn, "application failed", f"{type(error).__name__}: {error}", errno=type(error).__name__,
                  why=f"The application raised {error!r}; the client got a 500.")  # fmt: skip
            answer = error_page(500, f"The application raised {type(error).__name__}: {str(error)[:200]}.")
            head, chunked, keep = framed(asked, answer, asked.keeps)
        begin = partial(self._begin, conn, asked, answer, began, head, chunked, keep)
        if answer.delay_s > 0:
            self._held = begin
            conn.wake_in(answer.delay_s)
        else:
            begin()

    def _begin(
        self, conn: Connection, asked: Asked, answer: Answer, began: int, head: bytes, chunked: bool, keep: bool
    ) -> None:
        if answer.framing == "exact":
            head, keep = b"", False
        elif asked.method == "HEAD" or answer.status in BODILESS:
            conn.send(head)
            close = getattr(answer.body, "close", None)
            if close is not None:
                close()
            self._done(conn, asked, answer, 0, began, keep)
            return
        if isinstance(answer.body, bytes):
            conn.send(head + answer.body)
            self._done(conn, asked, answer, len(answer.body), began, keep)
            return
        if head:
            conn.send(head)
        self._making = _Making(asked, answer, began, chunked, keep)
        self._produce(conn, self._making)

    def _done(
        self, conn: Connection, asked: Asked, answer: Answer, size: int | None, began: int, keep: bool
    ) -> None:
        self._making = None
        self._tell(conn, asked, answer, size, began)
        self._deadline = monotonic() + self._time_out_s
        if answer.upgrade is not None and answer.status == 101:
            self._upgraded = answer.upgrade
            conn.wake_in(None)
            self._upgraded.opened(conn)
            if rest := self._reader.rest():
                self._upgraded.received(conn, rest)
        elif not keep:
            self._over = True
            conn.close()

    def _tell(self, conn: Connection, asked: Asked, answer: Answer, size: int | None, began: int) -> None:
        self.answered += 1
        serving = getattr(conn, "serving", None)
        if serving is None or not serving.recorder.enabled:
            return
        now = monotonic_ns()
        text = f"{asked.method} {asked.target} = {answer.status}, {size or 0} bytes"
        detail = (_NAMES, asked.method, asked.target, answer.status, size, now - began,
                  threading.current_thread().name, getattr(conn, "worker", ""), asked.begin, asked.end)  # fmt: skip
        serving.recorder.put(
            (now, "note", "answered", serving.service, conn.conn, None, None, None, None, text, detail)
        )

    # Bodies that come in pieces

    def _produce_on(self, conn: Connection) -> None:
        making = self._making
        if making is not None:
            self._produce(conn, making)
        self._after(conn)

    def _after(self, conn: Connection) -> None:
        """An answer that took its time may be over: the clock runs for the client again."""
        if not self._busy and self._upgraded is None:
            conn.wake_in(self._time_out_s)
            if not self._over:
                self._go_on(conn)

    def _produce(self, conn: Connection, making: _Making) -> None:
        """Send pieces until the body's end, a pause, a full connection, or the others' turn."""
        left = TURN_BYTES
        try:
            for piece in making.pieces:
                if not isinstance(piece, bytes):
                    if isinstance(piece, Pause):
                        conn.wake_in(piece.seconds)
                        return
                    self._cut(conn, making, piece)
                    return
                if not piece:
                    continue
                precedence.give_way()
                making.size += len(piece)
                left -= len(piece)
                conn.send(b"%x\r\n%s\r\n" % (len(piece), piece) if making.chunked else piece)
                if conn.full:
                    making.starved, making.taken = True, conn.sent
                    conn.wake_in(self._time_out_s)
                    return
                if left <= 0:
                    conn.wake_in(0)
                    return
        except Exception as error:  # noqa: BLE001
            _note(conn, "answer cut", f"the body broke off after {making.size} bytes: {error}",
                  errno=type(error).__name__,
                  why=f"Making the body raised {error!r}, when the head was already sent.")  # fmt: skip
            self._cut(conn, making, Cut())
            return
        making.close()
        if making.chunked:
            conn.send(b"0\r\n\r\n")
        whole = making.answer.length in (None, making.size)
        self._done(conn, making.asked, making.answer, making.size, making.began, making.keep and whole)

    def _cut(self, conn: Connection, making: _Making, cut: Cut) -> None:
        making.close()
        self._making, self._over = None, True
        self._tell(conn, making.asked, making.answer, making.size, making.began)
        if cut.reset:
            conn.reset()
        else:
            conn.close()


def _note(conn: Connection, kind: str, text: str, **facts: Any) -> None:
    """Tell what happened, where the connection is one of a server's: those know their recorder."""
    serving = getattr(conn, "serving", None)
    if serving is not None and serving.recorder.enabled:
        serving.note(kind, text, conn=conn.conn, **facts)
