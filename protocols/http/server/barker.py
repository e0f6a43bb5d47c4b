"""The ladder: nine steps from an echo server to "you have re-invented CGI", each a program one can read.

The steps lie in assets/http/barker and run with plain Python, too. Here their `answer(request)`
stands behind the lab's own sockets, so that every concurrency model and the time line have it. It
must not know what a step answers, nor windows.
"""

from __future__ import annotations

import difflib
import os
import threading
import types
from collections.abc import Callable
from dataclasses import dataclass
from importlib.machinery import SourceFileLoader
from pathlib import Path
from typing import Any, Final

from protocols.assets import asset
from protocols.concurrency.contract import Connection, Handler
from protocols.http.server.web import LINGER_S, TIME_OUT_S
from protocols.record.event import monotonic_ns

HEAD_BYTES: Final = 64 << 10
RUN_S: Final = 1.5
"""What a program gets in the lab: a server's stop does not wait longer."""
_NEWS: Final = (
    ("An echo server", "What a client sends comes back.", ""),
    ("A browser at the echo server",
     "The request is printed, and a little HTML goes back without any head.",
     "Browsers differ: HTTP/0.9 had no head, and some still show the page; a strict client complains of a bad status "
     "line."),
    ("A proper answer", "A status line, Date, Content-Type, Content-Length, a blank line; then the page.",
     "Lines end with CRLF, and the blank line is what tells head from body."),
    ("Method and URI", "The first line is taken apart. Only GET is served; the page says which URI was asked for.",
     "405 says that the method is known but not for this place, 501 that it is not known at all."),
    ("A folder", "A folder is listed as text, what is not there is a 404.",
     "A path from outside is never trusted: \"..\" must not lead out of the folder."),
    ("Files", "A file goes out as it is, with its media type: .html, .txt, .png, .jpeg.",
     "The type is guessed by the name's end; the bytes are not looked at."),
    ("Links", "The listing becomes a page with links, and one can click through the folder.",
     "What comes from a file's name is escaped for HTML and quoted for the URI: two different things."),
    ("A computed page", "/the_time is in no file: it is made for each request.",
     "Static pages are the same twice, this one never is."),
    ("A table of pages", "A table says which function computes which page; the query reaches it.",
     "This is what frameworks call routing."),
    ("Programs", "A .py file is run, and what it prints is the page: you have re-invented CGI.",
     "The program is a process of its own: it may crash, hang or say too much without hurting the server."),
)  # fmt: skip


@dataclass(frozen=True)
class Step:
    """A step. news: what is new. lesson: what it teaches. place: its file. check: see `ladder_check.check_step`."""

    number: int
    title: str
    news: str
    lesson: str
    place: Path

    @property
    def code(self) -> str:
        """The program, as it is run."""
        return self.place.read_text("utf-8")

    def difference(self) -> str:
        """What changed since the step before, as a unified diff; for the first step since the echo server."""
        before = step_of(self.number - 1)
        lines = difflib.unified_diff(
            before.code.splitlines(), self.code.splitlines(), before.place.name, self.place.name, lineterm=""
        )
        return "\n".join(lines) + "\n"


_ALL: Final = tuple(
    Step(number, *words, asset("http", "barker", f"step{number}.py")) for number, words in enumerate(_NEWS)
)
STEPS: Final = _ALL[1:]
"""The nine steps."""
SITE: Final = asset("http", "barker", "site")
"""The sample site that they serve."""


def step_of(number: int) -> Step:
    """A step by its number; 0 is the echo server before the first. Raises ValueError."""
    if not 0 <= number < len(_ALL):
        raise ValueError(f"There are the steps 1 to {len(STEPS)}, and no step {number}.")
    return _ALL[number]


class BarkerHandler(Handler):
    """One connection: one request in, what the step answers out, and the end."""

    def __init__(self, program: types.SimpleNamespace, time_out_s: float) -> None:
        self._program = program
        self._time_out_s = time_out_s
        self._request = bytearray()
        self._over = False

    def opened(self, conn: Connection) -> None:
        """A client that says nothing is not waited for long."""
        conn.wake_in(self._time_out_s)

    def received(self, conn: Connection, data: bytes) -> None:
        """Answer when the head is whole: these servers read no bodies."""
        if self._over:
            return
        self._request += data
        if b"\r\n\r\n" in self._request or b"\n\n" in self._request or len(self._request) > HEAD_BYTES:
            self._answer(conn)

    def ended(self, conn: Connection) -> None:
        """The client will send no more."""
        if self._request and not self._over:
            self._answer(conn)
        conn.close()

    def woken(self, conn: Connection) -> None:
        """Time is up."""
        conn.close()

    def _answer(self, conn: Connection) -> None:
        self._over = True
        began = monotonic_ns()
        request = bytes(self._request)
        printed: list[str] = []
        reply = self._program.answer(request, printed)
        conn.send(reply)
        self._tell(conn, request, reply, printed, monotonic_ns() - began)
        conn.half_close()
        conn.wake_in(min(LINGER_S, self._time_out_s))

    def _tell(self, conn: Connection, request: bytes, reply: bytes, printed: list[str], took_ns: int) -> None:
        serving = getattr(conn, "serving", None)
        if serving is None or not serving.recorder.enabled:
            return
        words = request.partition(b"\r\n")[0].decode("latin-1").split(" ")
        status = reply[9:12].decode("latin-1") if reply.startswith(b"HTTP/") else ""
        facts: dict[str, Any] = {
            "method": words[0][:32], "target": words[1] if len(words) > 1 else "", "bytes": len(reply),
            "status": int(status) if status.isdecimal() else 0, "took_ns": took_ns,
            "worker": getattr(conn, "worker", ""), "begin": 0, "end": len(request),
        }  # fmt: skip
        serving.note("printed", "".join(printed)[:500].rstrip("\n"), conn=conn.conn, text="".join(printed)[:65536])
        serving.note("answered", f"{facts['method']} {facts['target']} = {status or 'no status'}, {len(reply)} bytes",
                     conn=conn.conn, **facts)  # fmt: skip


def load_step(number: int, root: str = "") -> types.SimpleNamespace:
    """A step's program, ready to answer: `answer(request, printed) -> bytes`; what it prints goes into `printed`.

    It is the lab's own code, no client's. Raises ValueError, NotADirectoryError.
    """
    step = step_of(number)
    if root and not os.path.isdir(root):
        raise NotADirectoryError(20, "is no folder", root)
    loader = SourceFileLoader(f"barker_step{number}", str(step.place))
    program = types.ModuleType(loader.name)
    program.__file__ = str(step.place)
    loader.exec_module(program)
    saying = threading.local()
    more: dict[str, Any] = {
        "HOME": Path(root or SITE).resolve(), "TIMEOUT_S": RUN_S,
        "print": lambda *said: saying.printed.append(" ".join(map(str, said)) + "\n"),
    }  # fmt: skip
    program.__dict__.update(more)

    def answer(request: bytes, printed: list[str]) -> bytes:
        saying.printed = printed
        reply: bytes = program.answer(request)
        return reply

    return types.SimpleNamespace(answer=answer)


def make_barker(step: int, root: str = "", time_out_s: float = TIME_OUT_S) -> Callable[[], BarkerHandler]:
    """The factory of handlers for a step, for a HandlerSpec."""
    program = load_step(step, root)
    return lambda: BarkerHandler(program, time_out_s)
