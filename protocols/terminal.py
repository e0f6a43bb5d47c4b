"""What the command line shares: JSON lines on stdout, sentences on stderr, signals, a broken pipe.

Every room's commands use it. It must not know which command runs.
"""

from __future__ import annotations

import codecs
import os
import re
import select
import signal
import stat
import sys
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any, ClassVar, Final

from protocols.record import polling
from protocols.record.event import Raw, monotonic_ns, raw_to_json
from protocols.record.explain import explain, who_has
from protocols.record.recorder import Recorder
from protocols.service.wake import Wake
from protocols.streams import NotRead

DONE: Final = 0
FAILED: Final = 1
BATCH: Final = 2000
"""Events that are written together, at most."""
LOOK_S: Final = 0.1
"""How often a command that waits looks around."""
GRACE_S: Final = 1.0
"""After a signal a reader that takes nothing for so long is waited for no longer."""
_SURE_BYTES: Final = getattr(select, "PIPE_BUF", 512)
"""What a pipe that has room takes without making its writer wait."""
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

    def drain(self, timeout_s: float = 0.0, meanwhile: Callable[[], None] | None = None) -> None:
        """Write what has come, after waiting for it up to `timeout_s` seconds. meanwhile: see `write_all`."""
        if timeout_s and not self._tail.wait(timeout_s):
            return
        if self._first:
            self.first("stream started", "events follow, one JSON object a line")
        while raws := self._tail.take(BATCH):
            write_all(b"".join(raw_to_json(raw) + b"\n" for raw in raws), meanwhile)
            if len(raws) < BATCH:
                return  # what has come meanwhile gathers until the next call


def write_all(data: bytes, meanwhile: Callable[[], None] | None = None) -> None:
    """Write to stdout, whole, however slow its reader is.

    meanwhile: called about ten times a second while the reader takes nothing. Raises NotRead when a signal came and
    the reader has taken nothing for GRACE_S seconds since, and at once when that was found before; BrokenPipeError
    when the reader is gone.
    """
    sys.stdout.flush()
    fd, view = sys.stdout.fileno(), memoryview(data)
    while view:
        _await_room(fd, meanwhile)
        view = view[_write_some(fd, view) :]


def _await_room(fd: int, meanwhile: Callable[[], None] | None = None) -> None:
    """Return when a write would find room. A blocking write() would outlast every signal: Python begins it anew."""
    signals = Signals.caught
    left = 0.0 if signals is not None and signals.unread else GRACE_S
    while True:
        if signals is not None and fd in signals.unread:
            raise NotRead
        if _has_room(fd, LOOK_S):
            return
        if signals is not None and signals.stopping():
            left -= LOOK_S
            if left <= 0:
                signals.unread.add(fd)
                say("The last lines were not written: the program that reads this output takes nothing.")
        elif meanwhile is not None:
            meanwhile()


def _has_room(fd: int, timeout_s: float) -> bool:
    """Whether a write would not wait; True as well where the system can't tell, or the write will say what is wrong."""
    poller = polling.poll()
    try:
        poller.register(fd, polling.POLLOUT)
        return bool(poller.poll(timeout_s * 1000))
    except (OSError, ValueError):
        return True


def _write_some(fd: int, view: memoryview) -> int:
    """Write what there is room for; the count, 0 when another writer of the same pipe was quicker."""
    mode = os.fstat(fd).st_mode
    try:
        if len(view) <= _SURE_BYTES or stat.S_ISREG(mode):
            return os.write(fd, view)
        if stat.S_ISFIFO(mode) and (own := _own_end(fd)) is not None:
            try:
                return os.write(own, view)
            finally:
                os.close(own)
        return os.write(fd, view[:_SURE_BYTES])
    except BlockingIOError:
        return 0


def _own_end(fd: int) -> int | None:
    """The same pipe, opened anew and non-blocking; None where the system has no such way (all but Linux).

    Making `fd` itself non-blocking would do it to everybody who shares it: stderr, the shell, other programs.
    """
    try:
        return os.open(f"/proc/self/fd/{fd}", os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except (OSError, AttributeError):
        return None


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


def _await_stderr() -> None:
    try:
        fd = sys.stderr.fileno()
    except (OSError, ValueError, AttributeError):
        return  # no file: it takes everything
    _await_room(fd)


def say(sentence: str) -> None:
    """A sentence for the person, on stderr; left out when a signal came and nobody reads stderr either."""
    try:
        _await_stderr()
        print(f"netlab: {sentence}", file=sys.stderr, flush=True)
    except (OSError, ValueError, NotRead):
        pass  # stderr closed, or full for good: the exit status still tells


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

    caught: ClassVar[Signals | None] = None
    """The ones of the block that runs now in the main thread."""

    def __init__(self) -> None:
        self.wake: Final = Wake()
        self.came = 0
        self.unread: set[int] = set()
        """Descriptors whose reader was given up: no line may follow one that is cut."""
        self._outer: Signals | None = None
        self._before: list[tuple[int, Any]] = []

    def __enter__(self) -> Signals:
        if threading.current_thread() is threading.main_thread():
            self._outer, Signals.caught = Signals.caught, self
            for number in (signal.SIGINT, signal.SIGTERM):
                self._before.append((number, signal.signal(number, self._caught)))
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before:
            signal.signal(number, handler)
        if Signals.caught is self:
            Signals.caught = self._outer
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
