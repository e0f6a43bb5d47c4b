"""CGI: a program for each request, its words in the environment, its answer on stdout (RFC 3875).

A script runs as its own process, without a shell, with an environment made for it; it is killed
when its time is up, when it says too much, or when the server stops. It must not know sockets.
"""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import IO, Final
from urllib.parse import unquote

from protocols.http.exchange import read_head
from protocols.http.request import Header
from protocols.http.server.answer import SERVER, Answer, error_page
from protocols.http.server.asked import Asked
from protocols.http.server.folder import Folder
from protocols.http.server.web import TIME_OUT_S, WebHandler

FOLDERS: Final = ("/cgi-bin/", "/htbin/")
TIMEOUT_S: Final = 10.0
OUTPUT_BYTES: Final = 16 << 20
ERROR_BYTES: Final = 64 << 10
SHOWN_BYTES: Final = 2 << 10
"""So much of a script's stdin and stdout is written down; the bytes on the wire are kept as all are."""
_LOOK_S: Final = 0.1
_SECRET: Final = frozenset((
    "proxy", "authorization", "proxy-authorization", "content-type", "content-length", "connection",
))  # fmt: skip
"""Headers that a script is not told: "Proxy" would be taken for a setting by the programs that it calls."""


@dataclass(frozen=True, slots=True)
class Ran:
    """What became of a script. ended: "well", "time-out", "too much", "stopped"."""

    pid: int
    code: int
    output: bytes
    errors: bytes
    took_s: float
    ended: str


class Scripts:
    """An application that runs what is in /cgi-bin and /htbin, and serves the rest of a folder as files."""

    def __init__(
        self, root: str, timeout_s: float = TIMEOUT_S, output_bytes: int = OUTPUT_BYTES,
        types: Mapping[str, str] | None = None,
    ) -> None:  # fmt: skip
        self._files = Folder(root, types)
        self._timeout_s = timeout_s
        self._output_bytes = output_bytes

    def __call__(self, asked: Asked) -> Answer:
        """Answer one request."""
        folder = next((one for one in FOLDERS if asked.path.startswith(one)), None)
        if folder is None:
            return self._files(asked)
        name, slash, rest = asked.path[len(folder) :].partition("/")
        place = self._files.place(folder + name) if name else None
        if place is None or not os.path.isfile(place):
            return error_page(404, "No script has that name.")
        command = [sys.executable, place] if place.endswith(".py") else [place]
        if len(command) == 1 and not os.access(place, os.X_OK):
            return error_page(403, "That script may not be run: it is not executable.")
        words = cgi_words(asked, folder + name, slash + rest, self._files.root)
        try:
            ran = run_script(command, words, asked.body, asked.stopping, self._timeout_s, self._output_bytes)
        except OSError as error:
            return error_page(500, f"The script can't be started: {error.strerror}.")
        tell_ran(asked, folder + name, ran, words, command)
        return script_answer(ran)


def cgi_words(asked: Asked, script: str, info: str, root: str = "") -> dict[str, str]:
    """The words that a script finds in its environment (RFC 3875 section 4.1), and nothing of ours but PATH."""
    local, peer = asked.local, asked.peer
    words = {
        "GATEWAY_INTERFACE": "CGI/1.1", "SERVER_SOFTWARE": SERVER, "REQUEST_METHOD": asked.method,
        "SERVER_PROTOCOL": f"HTTP/{asked.version[0]}.{asked.version[1]}", "SCRIPT_NAME": script,
        "PATH_INFO": info, "QUERY_STRING": asked.query, "PATH": os.environ.get("PATH", os.defpath),
        "SERVER_NAME": str(local[0]) if isinstance(local, tuple) else "localhost",
        "SERVER_PORT": str(local[1]) if isinstance(local, tuple) else "0",
        "REMOTE_ADDR": str(peer[0]) if isinstance(peer, tuple) else "127.0.0.1",
    }  # fmt: skip
    if info and root:
        words["PATH_TRANSLATED"] = os.path.join(root, unquote(info).lstrip("/"))
    if asked.body or asked.get("Content-Length"):
        words["CONTENT_LENGTH"] = str(len(asked.body))
    if asked.get("Content-Type"):
        words["CONTENT_TYPE"] = asked.get("Content-Type")
    for name, value in asked.headers:
        if name.lower() not in _SECRET:
            key = "HTTP_" + name.upper().replace("-", "_")
            words[key] = f"{words[key]}, {value}" if key in words else value
    return {key: value.replace("\0", "") for key, value in words.items()}


def tell_ran(asked: Asked, name: str, ran: Ran, words: Mapping[str, str], command: Sequence[str]) -> None:
    """Write down what a script was told, what went through its three pipes, and how it ended."""
    asked.note("script ran", f"{name}: pid {ran.pid}, exit status {ran.code}, {ran.took_s * 1000:.0f} ms",
               begin=asked.begin, server_pid=os.getpid(), pid=ran.pid, code=ran.code, ended=ran.ended,
               took_ns=int(ran.took_s * 1e9), command=list(command), environment=dict(words),
               input_bytes=len(asked.body), input=_shown(asked.body), output_bytes=len(ran.output),
               output=_shown(ran.output), errors=ran.errors.decode("utf-8", "backslashreplace"))  # fmt: skip


def _shown(data: bytes) -> str:
    return data[:SHOWN_BYTES].decode("utf-8", "backslashreplace")


def run_script(
    command: list[str], words: Mapping[str, str], body: bytes, stopping: Callable[[], bool], timeout_s: float,
    output_bytes: int, cwd: str = "",
) -> Ran:  # fmt: skip
    """Run a program with `body` on stdin, to its end or to a limit, in its own folder or in `cwd`.

    Raises OSError when it can't be started.
    """
    began = time.monotonic()
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=dict(words), bufsize=0,
        cwd=cwd or os.path.dirname(command[-1]), start_new_session=True,
    ) as process:  # fmt: skip
        pipes = _Pipes(process, body, output_bytes)
        ended = "well"
        while pipes.open and ended == "well":
            if stopping():
                ended = "stopped"
            elif time.monotonic() - began > timeout_s:
                ended = "time-out"
            elif not pipes.turn(_LOOK_S):
                ended = "too much"
        pipes.close()
        if ended == "well":
            try:
                process.wait(max(0.0, timeout_s - (time.monotonic() - began)))
            except subprocess.TimeoutExpired:
                ended = "time-out"
        if ended != "well":
            os.killpg(process.pid, signal.SIGKILL)
        code = process.wait()
    took = time.monotonic() - began
    return Ran(process.pid, code, bytes(pipes.output), bytes(pipes.errors), took, ended)


class _Pipes:
    """The three pipes of a script, none of which may make the others wait."""

    def __init__(self, process: subprocess.Popen[bytes], body: bytes, output_bytes: int) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        self._process = process
        self._left = memoryview(body)
        self._limit = output_bytes
        self.output = bytearray()
        self.errors = bytearray()
        self._selector = selectors.DefaultSelector()
        os.set_blocking(process.stdin.fileno(), False)
        if body:
            self._selector.register(process.stdin, selectors.EVENT_WRITE)
        else:
            process.stdin.close()
        self._selector.register(process.stdout, selectors.EVENT_READ)
        self._selector.register(process.stderr, selectors.EVENT_READ)

    @property
    def open(self) -> bool:
        """Whether anything may still come or go."""
        return bool(self._selector.get_map())

    def turn(self, timeout_s: float) -> bool:
        """Move what can be moved; False when the output is over its limit."""
        for key, _ in self._selector.select(timeout_s):
            file: IO[bytes] = key.fileobj  # type: ignore[assignment]
            if file is self._process.stdin:
                self._write(file)
                continue
            piece = os.read(file.fileno(), 65536)
            if not piece:
                self._selector.unregister(file)
            elif file is self._process.stdout:
                self.output += piece[: self._limit + 1 - len(self.output)]
            else:
                self.errors += piece[: ERROR_BYTES - len(self.errors)]
        return len(self.output) <= self._limit

    def _write(self, file: IO[bytes]) -> None:
        try:
            self._left = self._left[os.write(file.fileno(), self._left[:65536]) :]
        except BlockingIOError:
            return
        except BrokenPipeError:  # it does not read its stdin, which it need not
            self._left = memoryview(b"")
        if not self._left:
            self._selector.unregister(file)
            file.close()

    def close(self) -> None:
        """Give the selector back."""
        self._selector.close()


def script_answer(ran: Ran) -> Answer:
    """The answer that a script's output means (RFC 3875 section 6)."""
    if ran.ended == "time-out":
        return error_page(504, f"The script was killed: it took longer than {ran.took_s:.0f} s.")
    if ran.ended == "too much":
        return error_page(502, f"The script was killed: it wrote more than {len(ran.output) - 1} bytes.")
    if ran.ended == "stopped":
        return error_page(503, "The server stops, and the script was killed.")
    if ran.code and not ran.output:
        return error_page(500, f"The script ended with exit status {ran.code} and wrote nothing to stdout.")
    ends = [(place, len(mark)) for mark in (b"\n\n", b"\r\n\r\n") if (place := ran.output.find(mark)) >= 0]
    if not ends:
        return error_page(502, "The script's output has no blank line, so where its headers end can't be told.")
    place, width = min(ends)
    head = read_head(b"HTTP/1.1 200 OK\r\n" + ran.output[:place] + b"\r\n")
    body = ran.output[place + width :]
    if head.odd or not head.headers:
        return error_page(502, f"The script's output begins with what is no header: {(head.odd or [''])[0][:80]!r}.")
    headers: list[Header] = [one for one in head.headers if one[0].lower() not in ("status", "content-length")]
    status, _, reason = (head.get("Status") or "").partition(" ")
    number = int(status) if status.isascii() and status.isdecimal() and 200 <= int(status[:4]) <= 599 else 0
    if status and not number:
        return error_page(502, f"The script's Status is no status: {status[:40]!r}.")
    if not number:
        number = 302 if head.get("Location") else 200
    return Answer(number, headers, body, reason)


def make_scripts(
    root: str, timeout_s: float = TIMEOUT_S, types: Mapping[str, str] | None = None, time_out_s: float = TIME_OUT_S
) -> Callable[[], WebHandler]:
    """The factory of handlers for a folder with scripts, for a HandlerSpec. timeout_s: of a script."""
    site = Scripts(root, timeout_s, types=types)
    return lambda: WebHandler(site, time_out_s)
