"""Wire: the connection of a mail client, in the clothes of a socket and of the file that libraries make of it.

Every wait ends by Stop and by the time-out; every line and every byte is told to the dialogue; what a
server sends beyond its limits ends the connection with a sentence. It must not know the protocols'
commands beyond what ends an answer.
"""

from __future__ import annotations

import re
import ssl
from collections.abc import Callable
from typing import Any, BinaryIO, Final

from protocols import opening
from protocols.connecting import Stopped, Wait
from protocols.mail.client.gate import Gate
from protocols.mail.client.lineends import on_the_wire
from protocols.mail.client.replies import Replies
from protocols.mail.dialogue import Dialogue, readable
from protocols.mail.dots import DotReader, LenientDotReader
from protocols.record import polling
from protocols.record.event import monotonic_ns
from protocols.record.traced import TracedSocket
from protocols.record.traced_tls import TracedTLSSocket

CHUNK_BYTES: Final = 64 << 10
LINE_BYTES: Final = 24 << 20
"""An IMAP server may answer SEARCH with one line for a million messages."""
ANSWER_BYTES: Final = 256 << 20
LINES_MOST: Final = 20_000
"""Of one answer, unless its client knows that there may be more."""
FAIR_BYTES: Final = 64 << 10
"""So much must come within the time-out: an answer that drips is no answer."""
GREETING_BYTES: Final = 64 << 10
_LINES: Final = re.compile(rb"[^\n]*\n|[^\n]+$")
_ANNOUNCES: Final = re.compile(rb"\{(\d{1,18})\}\r\n$")

GoesOn = Callable[[int], None]
"""Told how many bytes have gone or come."""


class Limit(OSError):
    """The server went beyond what is taken from it. symbol: for the explanation."""

    def __init__(self, symbol: str, sentence: str) -> None:
        super().__init__(sentence)
        self.symbol: Final = symbol


class Hangup(OSError):
    """The server closed the connection where an answer was expected."""

    def __init__(self, said: str = "") -> None:
        super().__init__("The server closed the connection" + (f" after {said!r}" if said else " without a word"))
        self.said: Final = said


class Wire:
    """One connection. Used by its client's thread alone, but for what `stopping` looks at.

    wait: ends with Stop. stopping: whether it came. timeout_s: of each silence and each answer. broken: what ended it.
    """

    def __init__(
        self, sock: TracedSocket | TracedTLSSocket, dialogue: Dialogue, wait: Wait, stopping: Callable[[], bool],
        timeout_s: float, *, gate: Gate | None = None, literal_bytes: int = 0,
    ) -> None:  # fmt: skip
        self._sock: TracedSocket | TracedTLSSocket = sock
        self.dialogue: Final = dialogue
        self._wait = wait
        self._stopping = stopping
        self.timeout_s: Final = timeout_s
        self._gate = gate
        self._literal_bytes = literal_bytes or ANSWER_BYTES
        self.replies: Final = Replies(dialogue.protocol)
        self._buffer = bytearray()
        self._begun = monotonic_ns()
        self._got = 0
        self._lines = 0
        self.lines_most = LINES_MOST
        self._most = GREETING_BYTES
        self._last = b""
        self.bare_ends = False
        """The server's last line ended with LF alone."""
        self.broken: OSError | None = None
        self._closed = False
        self._ended = False
        self._unended = b""
        self._announced = 0
        """Bytes of a literal that the client said it will send."""

    # In the clothes of a socket

    def fileno(self) -> int:
        """The descriptor, for whoever waits."""
        return self._sock.fileno()

    def makefile(self, mode: str = "rb", *_: Any) -> Wire:
        """The file that a library reads answers from: itself."""
        return self

    def settimeout(self, seconds: float | None) -> None:
        """Time-outs are the wire's own; libraries may not lift them."""

    def gettimeout(self) -> float:
        """The time-out, in seconds."""
        return self.timeout_s

    def shutdown(self, how: int) -> None:
        """shutdown(2) of the connection."""
        self._sock.shutdown(how)

    def close(self) -> None:
        """Libraries close their file and their socket: the connection ends by `cut` alone."""

    def cut(self) -> None:
        """Close the connection, without a word."""
        if not self._closed:
            self._closed = True
            self._sock.close()

    @property
    def closed(self) -> bool:
        """Whether nothing more can be said."""
        return self._closed or self.broken is not None

    def sendall(self, data: Any) -> None:
        """Send command lines, each held at the gate where somebody wants to see it first, or an announced literal."""
        if self._announced:
            self._literal(bytes(data))
            return
        data, self._unended = self._unended + bytes(data), b""
        for line in _LINES.findall(data):
            if line.endswith(b"\n"):
                self._command(line)
            else:  # imaplib sends some line ends apart
                self._unended = line

    def _command(self, line: bytes) -> None:
        while self._gate is not None and self._gate.holding and not self.replies.sending_text:
            decision = self._gate.wait(line, self._shown(line), self._stopping)
            if decision.verdict == "cut":
                self.cut()
                raise self._over(Stopped("a command was held"))
            if decision.verdict == "send":
                line = decision.line
                break
            self.say(decision.line)
            while not self.replies.over:
                self._skip_reply_line()
        self.say(line)

    def _literal(self, data: bytes) -> None:
        """The client's own literal (IMAP): it announced so many bytes and was told to go on."""
        self._announced = 0
        self.replies.command(b"")
        self.dialogue.body("client", len(data), data[:CHUNK_BYTES], what="literal")
        self._send(data)

    def _shown(self, line: bytes) -> str:
        return readable(self.dialogue.shown(line))

    def _skip_reply_line(self) -> None:
        size = self.reply_line()[1]
        while size:
            size -= len(self.read(min(size, CHUNK_BYTES)))

    def say(self, line: bytes) -> None:
        """Send one line as it is, past the gate."""
        self.begin_answer()
        self.dialogue.command(line)
        self.replies.command(line)
        announced = _ANNOUNCES.search(line[-32:]) if self.dialogue.protocol == "imap" else None
        self._announced = int(announced[1]) if announced else 0
        self._send(line)

    def _send(self, data: bytes | memoryview) -> None:
        view = memoryview(data)
        sock = self._sock
        while view:
            try:
                if not isinstance(sock, TracedTLSSocket):
                    self._ready(polling.POLLOUT, self.timeout_s)
                count = sock.send(view[:CHUNK_BYTES])
            except ssl.SSLWantWriteError:
                self._ready(polling.POLLOUT, self.timeout_s)
            except ssl.SSLWantReadError:
                self._ready(polling.POLLIN, self.timeout_s)
            except OSError as error:
                raise self._over(error) from None
            else:
                view = view[count:]

    def send_text(self, source: BinaryIO, went_on: GoesOn | None = None, *, ends: str = "crlf") -> int:
        """Send a text and its final dot (after DATA, POST ..); the bytes on the wire.

        ends: line ends become CRLF, or what is wrong on purpose, a key of WRONG_ENDS.
        """
        size, head = 0, b""
        for out in on_the_wire(iter(lambda: source.read(CHUNK_BYTES), b""), ends):
            head += out[: max(CHUNK_BYTES - len(head), 0)]
            self._send(out)
            size += len(out)
            if went_on is not None:
                went_on(size)
        if size:
            self.dialogue.body("client", size, head, what="message")
        self.say(b".\r\n")
        return size

    # In the clothes of a file

    def readline(self, limit: int = -1) -> bytes:
        """The next line of the server, told as a reply. What is longer than `limit` comes in pieces."""
        line, _ = self.reply_line(limit)
        return line

    def reply_line(self, limit: int = -1) -> tuple[bytes, int]:
        """The next line, and how many bytes of a literal follow it."""
        most = LINE_BYTES if limit < 0 else limit
        at = 0
        while (end := self._buffer.find(b"\n", at)) < 0 and len(self._buffer) < most:
            at = len(self._buffer)
            if not self._fill():
                break
        size = min(end + 1 if end >= 0 else len(self._buffer), most)
        line = bytes(self._buffer[:size])
        del self._buffer[:size]
        if not line:
            raise self._over(Hangup(readable(self._last)))
        self._lines += 1
        if self._lines > self.lines_most:
            raise self._over(Limit("ENDLESS", f"The server's answer has more than {self.lines_most} lines"))
        if len(line) >= LINE_BYTES:
            raise self._over(Limit("LONG_LINE", f"The server sent a line of more than {LINE_BYTES} bytes"))
        self.bare_ends = line.endswith(b"\n") and not line.endswith(b"\r\n")
        self._last = line[:200]
        self.dialogue.reply(line)
        literal = self.replies.line(line)
        if literal > self._literal_bytes:
            sentence = f"The server announces {literal} bytes; at most {self._literal_bytes} are taken"
            raise self._over(Limit("BIG_LITERAL", sentence))
        return line, literal

    def read(self, size: int = -1) -> bytes:
        """The bytes of a literal, exactly; told as data."""
        if size > self._literal_bytes:
            raise self._over(Limit("BIG_LITERAL", f"The server announces {size} bytes; at most "
                                                  f"{self._literal_bytes} are taken"))  # fmt: skip
        while len(self._buffer) < size:
            if not self._fill():
                raise self._over(Hangup("part of what it announced"))
        data = bytes(self._buffer[:size])
        del self._buffer[:size]
        if size:
            self.dialogue.body("server", size, data[: 64 << 10], what="literal")
        return data

    def read_text(self, sink: Callable[[bytes], object], most: int, went_on: GoesOn | None = None) -> int:
        """The text that follows an answer, up to its final dot, dots undone, in pieces to `sink`; its size.

        Raises Limit beyond `most` bytes.
        """
        reader = LenientDotReader() if self.bare_ends else DotReader()
        size, head = 0, b""
        self._most = ANSWER_BYTES + most
        while True:
            taken, self._buffer = bytes(self._buffer), bytearray()
            out = reader.feed(taken)
            head += out[: max(CHUNK_BYTES - len(head), 0)]
            size += len(out)
            if size > most:
                sentence = f"The message has more than {most} bytes, the most that is taken"
                raise self._over(Limit("BIG_MESSAGE", sentence))
            sink(out)
            if went_on is not None:
                went_on(size)
            if reader.done:
                break
            if not self._fill():
                raise self._over(Hangup("part of a text"))
        self._buffer += reader.rest
        if wire_bytes := reader.wire - len(reader.end):
            self.dialogue.body("server", wire_bytes, head[:wire_bytes], what="text")
        self.replies.line(reader.end)
        self.dialogue.reply(reader.end)
        return size

    def _fill(self) -> bool:
        """Take more from the connection; False at its end. Raises TimeoutError, Limit, Stopped, the real error."""
        data = b"" if self._ended else self._receive(self._rest_s())
        self._got += len(data)
        if self._got > self._most:
            raise self._over(Limit("ENDLESS", f"The server's answer has more than {self._most} bytes and does not end"))
        self._buffer += data
        return bool(data)

    def _rest_s(self) -> float:
        """How long this answer may still take: each FAIR_BYTES that came earn another time-out."""
        allowed = self.timeout_s * (1 + self._got // FAIR_BYTES)
        return max(0.0, min(self.timeout_s, allowed - (monotonic_ns() - self._begun) / 1e9))

    def _receive(self, rest_s: float) -> bytes:
        sock = self._sock
        while True:
            try:
                if not isinstance(sock, TracedTLSSocket):
                    self._ready(polling.POLLIN, rest_s)
                return sock.recv(CHUNK_BYTES)
            except ssl.SSLWantReadError:
                self._ready(polling.POLLIN, rest_s)
            except ssl.SSLWantWriteError:
                self._ready(polling.POLLOUT, rest_s)
            except OSError as error:
                raise self._over(error) from None

    def _ready(self, mask: int, rest_s: float | None) -> None:
        if self._closed:
            raise self._over(self.broken or Hangup())
        try:
            if not self._wait(self._sock.fileno(), mask, rest_s):
                raise TimeoutError("timed out")
        except OSError as error:
            raise self._over(error) from None

    def _over(self, error: OSError) -> OSError:
        """Remember what ended it: libraries turn it into errors of their own."""
        if self.broken is None:
            self.broken = error
        return error

    # Besides

    @property
    def has_line(self) -> bool:
        """Whether something is here already, so that waiting for the descriptor would be wrong."""
        pending = isinstance(self._sock, TracedTLSSocket) and self._sock.pending() > 0
        return bool(self._buffer) or self._ended or pending

    def pull(self) -> bool:
        """The descriptor is readable: take what came; False when it was nothing for us, such as a session ticket."""
        try:
            data = self._sock.recv(CHUNK_BYTES)
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return False
        except OSError as error:
            raise self._over(error) from None
        self._ended = not data
        self._buffer += data
        return True

    def begin_answer(self) -> None:
        """The next answer begins now: nobody asked for it, so its time begins when it comes."""
        self._begun, self._got, self._lines, self._most = monotonic_ns(), 0, 0, ANSWER_BYTES

    def wrap_socket(self, context: ssl.SSLContext, server_name: str) -> None:
        """Begin TLS (STARTTLS). Raises Limit where bytes in plain came behind the server's answer to it.

        Those would be taken for an answer inside TLS (RFC 3207 section 6, CVE-2011-0411).
        """
        if self._buffer:
            data = bytes(self._buffer)
            self._buffer.clear()
            self.dialogue.skip("server", data)
            raise self._over(Limit("INJECTED", "Behind its answer to STARTTLS the server sent more in plain: "
                                               f"{readable(data[:80])!r}"))  # fmt: skip
        assert isinstance(self._sock, TracedSocket)
        try:
            self._sock = opening.shake_hands(self._sock, context, server_name, self.timeout_s, self._wait)
        except OSError as error:
            self._closed = True
            raise self._over(error) from None
        self.dialogue.inside_tls = True

    @property
    def certificate(self) -> bytes | None:
        """The server's certificate (DER), or None without TLS."""
        return self._sock.getpeercert(binary_form=True) if isinstance(self._sock, ssl.SSLSocket) else None


class Upgrade:
    """In the clothes of an SSL context: what a library's starttls() wraps its socket with."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._context = context

    def wrap_socket(self, wire: Wire, server_hostname: str | None = None, **_: Any) -> Wire:
        """Begin TLS on the wire, which stays the same object."""
        wire.wrap_socket(self._context, server_hostname or "")
        return wire
