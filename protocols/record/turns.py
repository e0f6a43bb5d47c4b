"""Turns: one step of an event loop's connection, recorded as the call and the message that it carried.

A loop serves thousands of turns a second, and most are alike: a recv() that gave a whole request,
a send() that took a whole reply. Here both events of a turn are made from one look at the bytes.
What is not of that kind (parts, failures, long payloads) is told through `trace` as anywhere else.
It must not know who calls the socket, or what the bytes mean.
"""

from __future__ import annotations

from typing import Final

from protocols.record.connections import KEEP_CALL_BYTES, KEEP_HEAD_BYTES, KEEP_WHOLE_BYTES
from protocols.record.event import monotonic_ns
from protocols.record.trace import CALL_FACTS, PREVIEW_BYTES, Trace, preview

_END: Final = ("end",)


class Turns:
    """What one thread records of one connected stream socket.

    thread: that thread's name. asked: the size it gives recv(), in bytes.
    """

    __slots__ = ("_asked", "_at", "_conn", "_count", "_end", "_fd", "_put", "_role", "_service", "_texts", "_thread")

    def __init__(self, trace: Trace, fd: int, thread: str, asked: int) -> None:
        assert trace.end is not None
        self._end = trace.end
        self._put = trace.recorder.put_pair
        self._service = trace.service
        self._conn = trace.end.conn
        self._role = trace.end.role
        self._at = (_END, self._role)
        self._fd = fd
        self._thread = thread
        self._asked = asked
        self._count = -1
        self._texts = ("", "", "")

    def _told(self, count: int) -> tuple[str, str, str]:
        """The parts of the texts that depend on the size alone; most turns of a connection are of one size."""
        self._count = count
        more = f", {count} bytes" if count > PREVIEW_BYTES else ""
        self._texts = (f"recv({self._asked}) = {count}", f") = {count}", more)
        return self._texts

    def received(self, started: int, data: bytes) -> bool:
        """A recv() that began at `started` gave `data`, which is a request. False: not of the usual kind."""
        end, count = self._end, len(data)
        if count > (KEEP_CALL_BYTES if end.kept < KEEP_WHOLE_BYTES else KEEP_HEAD_BYTES) or not count:
            return False
        now, service, conn, offset = monotonic_ns(), self._service, self._conn, end.received
        end.kept += count
        end.received = offset + count
        call, _, more = self._texts if count == self._count else self._told(count)
        detail = (
            CALL_FACTS, now - started, self._fd, self._thread, self._role, self._asked, None, None, None, None,
        )  # fmt: skip
        self._put(
            (now, "call", "recv", service, conn, "in", offset, count, data, call, detail),
            (now, "message", "request", service, conn, "in", offset, count, data,
             f"request {preview(data)}{more}", self._at),
        )  # fmt: skip
        return True

    def sent(self, started: int, data: bytes) -> bool:
        """A send() that began at `started` took all of `data`, a reply. False: not of the usual kind."""
        end, count = self._end, len(data)
        if count > (KEEP_CALL_BYTES if end.kept < KEEP_WHOLE_BYTES else KEEP_HEAD_BYTES):
            return False
        took, service, conn, offset, text = monotonic_ns() - started, self._service, self._conn, end.sent, preview(data)
        end.kept += count
        end.sent = offset + count
        _, call, more = self._texts if count == self._count else self._told(count)
        detail = (CALL_FACTS, took, self._fd, self._thread, self._role, None, None, None, None, None)
        self._put(
            (started, "message", "reply", service, conn, "out", offset, count, data, f"reply {text}{more}", self._at),
            (started, "call", "send", service, conn, "out", offset, count, data, f"send({text}{call}", detail),
        )
        return True
