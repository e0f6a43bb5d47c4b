"""What the command line shares: JSON lines on stdout, sentences on stderr, signals, a broken pipe.

Every room's commands use it. It must not know which command runs.
"""

from __future__ import annotations

import codecs
import os
import re
import signal
import sys
import threading
from types import FrameType
from typing import Any, Final

from protocols.record import polling
from protocols.record.event import Raw, monotonic_ns, raw_to_json
from protocols.record.explain import explain, who_has
from protocols.record.recorder import Recorder
from protocols.service.wake import Wake

DONE: Final = 0
FAILED: Final = 1
BATCH: Final = 2000
"""Events that are written together, at most."""
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


class JsonLines:
    """Every event of a recorder as a line on stdout; the first line says when the clock began.

    Written by the thread that calls `drain`, so that a slow reader slows the command down and
    loses nothing. Raises BrokenPipeError when the reader is gone.
    """

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._tail = recorder.tail()
        self._first = True

    def first(self, kind: str, summary: str, *, service: str | None = None, **detail: Any) -> None:
        """Write a note at once, before all that waits."""
        facts = {**detail, "epoch_ns": self._recorder.epoch_ns}
        raw: Raw = (monotonic_ns(), "note", kind, service, None, None, None, None, None, summary, facts)
        self._first = False
        write_all(raw_to_json(raw) + b"\n")

    def drain(self, timeout_s: float = 0.0) -> None:
        """Write what has come, after waiting for it up to `timeout_s` seconds."""
        if timeout_s and not self._tail.wait(timeout_s):
            return
        if self._first:
            self.first("stream started", "events follow, one JSON object a line")
        while raws := self._tail.take(BATCH):
            write_all(b"".join(raw_to_json(raw) + b"\n" for raw in raws))
            if len(raws) < BATCH:
                return  # what has come meanwhile gathers until the next call


def write_all(data: bytes) -> None:
    """Write to stdout, whole, however slow its reader is."""
    sys.stdout.flush()
    fd, view = sys.stdout.fileno(), memoryview(data)
    while view:
        try:
            view = view[os.write(fd, view) :]
        except BlockingIOError:  # somebody left the terminal in non-blocking mode
            poller = polling.poll()
            poller.register(fd, polling.POLLOUT)
            poller.poll()


def printable(text: str) -> str:
    """A text without control characters: they are written out, as \\x1b. Line feeds and tabs stay."""
    return _CONTROL.sub(lambda found: f"\\x{ord(found.group()):02x}", text)


class Escape:
    """Bytes for a terminal: UTF-8 passes, control characters but line ends and tabs are shown as escapes."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("backslashreplace")
        self._held = ""

    def feed(self, data: bytes, *, final: bool = False) -> bytes:
        """The next bytes, made harmless. A line's end that comes in two halves is one line's end."""
        text = self._held + self._decoder.decode(data, final)
        self._held = "\r" if text.endswith("\r") and not final else ""
        return printable(text.removesuffix(self._held).replace("\r\n", "\n")).encode("utf-8")

    def end(self) -> bytes:
        """What was held back: no more comes."""
        return self.feed(b"", final=True)


def reader_gone() -> bool:
    """Whether stdout is a pipe that nobody reads any more."""
    poller = polling.poll()
    try:
        poller.register(sys.stdout.fileno(), 0)
    except (OSError, ValueError):
        return False
    return any(mask & (polling.POLLERR | polling.POLLNVAL) for _, mask in poller.poll(0))


def say(sentence: str) -> None:
    """A sentence for the person, on stderr."""
    try:
        print(f"netlab: {sentence}", file=sys.stderr, flush=True)
    except (OSError, ValueError):
        pass  # stderr closed: the exit status still tells


def say_help(mend: str) -> None:
    """What helps, as one sentence."""
    if mend:
        say(f"What helps: {mend}" if mend[-1] in ".?!" else f"What helps: {mend}.")


def fail(
    error: BaseException, call: str, address: object = None, transport: str = "tcp", recorder: Recorder | None = None
) -> int:
    """Say why a call failed and what helps, also on the time line; the exit status for it."""
    told = explain(error, call=call, address=address, transport=transport)
    if recorder is not None:
        recorder.note("explained", told.why, errno=told.errno, why=told.why, mend=list(told.mend))
    say(f"{told.why} ({told.errno})")
    mend = told.mend[0] if told.mend else ""
    if told.errno == "EADDRINUSE" and call == "bind" and isinstance(address, tuple):
        holder = _who_has(str(address[0]), int(address[1]), transport)
        if holder:
            say(f"Who has it: {holder}.")
        mend = "Stop that program, or choose another port: --port 0 takes a free one."
    say_help(mend)
    return FAILED


def _who_has(host: str, port: int, transport: str) -> str:
    """The program that has the port on this very address, or on every one; "" where this user may not know it."""
    import psutil  # type: ignore[import-untyped]

    try:
        holders = who_has(port, transport)
    except psutil.Error:
        return ""
    everywhere = ("", "0.0.0.0", "::")
    any_fits = host in everywhere or not (host[0].isdigit() or ":" in host)  # a name: its addresses are not known here
    for holder in holders:
        here = holder.address.rpartition(":")[0].strip("[]")
        if holder.pid is not None and (any_fits or here in (host, *everywhere)):
            return f"{holder.program or 'a program'} (pid {holder.pid}) on {holder.address}"
    return ""


class Signals:
    """SIGINT and SIGTERM as a flag and a wake, while the block runs.

    Not a threading.Event: its set() takes a lock that the interrupted thread itself may hold.
    """

    def __init__(self) -> None:
        self.wake: Final = Wake()
        self.came = 0
        self._before: list[tuple[int, Any]] = []

    def __enter__(self) -> Signals:
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                self._before.append((number, signal.signal(number, self._caught)))
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before:
            signal.signal(number, handler)
        self.wake.close()

    def stopping(self) -> bool:
        """Whether one of them came."""
        return self.came != 0

    def wait(self, timeout_s: float) -> bool:
        """Wait for a signal; False after `timeout_s` seconds without."""
        poller = polling.poll()
        poller.register(self.wake.fileno(), polling.POLLIN)
        poller.poll(timeout_s * 1000)
        return self.stopping()

    def _caught(self, number: int, frame: FrameType | None) -> None:
        self.came = number
        self.wake.set()
