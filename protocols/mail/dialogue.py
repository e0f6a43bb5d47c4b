"""Dialogue: what one end of a mail or news conversation said and heard, line by line, as events.

Both halves of the room use it, so that a client's transcript and a server's can be put side by side:
a line has the same connection, speaker and byte range at either end (`place_of`). Events are of layer
"message": "command" (a line of the client), "reply" (a line of the server), "data" (what is no line: a
message's content). Detail:

    protocol  "smtp", "pop3", "imap", "nntp"     end    "client", "server": whose transcript this is
    by        "client", "server": who spoke      local, peer  both addresses of `end`
    verb      of a command, upper case           tag    of an IMAP command or tagged answer
    code      of a reply: 250, "+OK", "NO"       more   True: the reply goes on in the next line
    tls       True: it was said inside TLS       masked True: a secret in `data` was replaced by stars
    kept      bytes of `data` where not all are  discarded True: it was read and thrown away unheard

It must not know sockets: whoever reads and writes tells what went by, each byte once and in order.
"""

from __future__ import annotations

from typing import Any, Final, Literal, TypeAlias

from protocols.record.event import Raw, detail_of, monotonic_ns
from protocols.record.recorder import Recorder
from protocols.secretlines import BEFORE_SECRET, BEGINS

Protocol: TypeAlias = Literal["smtp", "pop3", "imap", "nntp"]
Side: TypeAlias = Literal["client", "server"]

KINDS: Final = ("command", "reply", "data")
LINE_BYTES: Final = 8 << 10
"""Of a line, so many bytes are kept with its event; the byte range is exact all the same."""
BODY_BYTES: Final = 64 << 10
SUMMARY_CHARACTERS: Final = 240
STARS: Final = b"********"

_GOES_ON: Final[dict[str, bytes]] = {"smtp": b"334", "pop3": b"+ ", "imap": b"+", "nntp": b"383"}


class Dialogue:
    """One end's account of one connection. Used by one thread at a time.

    end: whose account it is. service, conn, local, peer: as in the events of its socket's calls; they may be set
    later, when the connection stands. inside_tls: set it when TLS stands; the bytes told are plaintext.
    """

    def __init__(
        self,
        recorder: Recorder,
        protocol: Protocol,
        end: Side,
        *,
        service: str | None = None,
        conn: str | None = None,
        local: object = None,
        peer: object = None,
        inside_tls: bool = False,
    ) -> None:
        self.recorder: Final = recorder
        self.protocol: Final[Protocol] = protocol
        self.end: Final[Side] = end
        self.service = service
        self.conn = conn
        self.local = local
        self.peer = peer
        self.inside_tls = inside_tls
        self._offsets: dict[Side, int] = {"client": 0, "server": 0}
        self._secret = False

    def offset(self, by: Side) -> int:
        """How many bytes `by` has said so far."""
        return self._offsets[by]

    def command(self, line: bytes, *, goes_on: bool = False, **facts: Any) -> None:
        """One line of the client, with its line end; secrets are masked.

        goes_on: it is the rest of a command that a literal interrupted (IMAP), not a command of its own.
        """
        shown, masked = self._masked(line)
        tag, verb = (None, None) if self._secret or goes_on else _words(self.protocol, line)
        self._put("command", "client", len(line), shown, tag=tag, verb=verb, masked=masked, **facts)
        if verb in BEGINS[self.protocol]:
            self._secret = True

    def reply(self, line: bytes, **facts: Any) -> None:
        """One line of the server, with its line end."""
        if self._secret and not line.startswith((_GOES_ON[self.protocol], b"* ")):
            self._secret = False
        self._put("reply", "server", len(line), line, **_answer(self.protocol, line), **facts)

    def body(self, by: Side, size: int, head: bytes = b"", **facts: Any) -> None:
        """`size` bytes that are no line of the conversation: a message, a literal. head: as much of it as is at hand.

        Where an article or message is dot-stuffed, the bytes and the size are those on the wire; the final dot is
        said as a line of its own.
        """
        self._put("data", by, size, STARS if self._secret and by == "client" else head,
                  masked=True if self._secret and by == "client" else None, **facts)  # fmt: skip

    def skip(self, by: Side, data: bytes) -> None:
        """Bytes that came and were thrown away unheard, such as what was sent in plain behind STARTTLS."""
        if data:
            shown = data if by == "server" else b"".join(self.shown(line) for line in data.splitlines(keepends=True))
            self._put("data", by, len(data), shown, masked=True if shown != data else None, discarded=True)

    def shown(self, line: bytes) -> bytes:
        """A line of the client as `command` would keep it: without its secrets."""
        return self._masked(line)[0]

    def _masked(self, line: bytes) -> tuple[bytes, bool | None]:
        end = line[len(line.rstrip(b"\r\n")) :]
        if self._secret:
            return (line, None) if line.strip() in (b"*", b"") else (STARS + end, True)
        found = BEFORE_SECRET[self.protocol].match(line)
        if found is None or found.end() >= len(line) - len(end):
            return line, None
        return found[0] + STARS + end, True

    def _put(self, kind: str, by: Side, size: int, data: bytes, **facts: Any) -> None:
        offset = self._offsets[by]
        self._offsets[by] = offset + size
        if not self.recorder.enabled:
            return
        limit = BODY_BYTES if kind == "data" else LINE_BYTES
        detail: dict[str, Any] = {"protocol": self.protocol, "end": self.end, "by": by}
        for name, value in facts.items():
            if value is not None:
                detail[name] = value
        detail["local"], detail["peer"] = self.local, self.peer
        if self.inside_tls:
            detail["tls"] = True
        if len(data) > limit:
            data = data[:limit]
        if len(data) < size and "masked" not in detail:
            detail["kept"] = len(data)
        self.recorder.put((
            monotonic_ns(), "message", kind, self.service, self.conn, "out" if by == self.end else "in",
            offset, size, data, _summary(kind, by, size, data, detail), detail,
        ))  # fmt: skip


def place_of(raw: Raw) -> tuple[str, Side, int] | None:
    """Connection, speaker and offset of a line: the same at both ends. None for an event that is none of a dialogue."""
    if raw[1] != "message" or raw[2] not in KINDS or raw[4] is None or raw[6] is None:
        return None
    by = detail_of(raw).get("by")
    return (raw[4], by, raw[6]) if by in ("client", "server") else None


def readable(data: bytes) -> str:
    """A line as text: without its line end; what is no UTF-8 and what controls a terminal stays visible as escapes."""
    text = data.rstrip(b"\r\n").decode("utf-8", "backslashreplace")
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode("ascii") for one in text)


def _summary(kind: str, by: Side, size: int, data: bytes, detail: dict[str, Any]) -> str:
    who = "C" if by == "client" else "S"
    if kind == "data":
        unheard = ", thrown away unheard" if "discarded" in detail else ""
        return f"{who}: {size} bytes of {detail.get('what', 'data')}{unheard}"
    text = readable(data[: SUMMARY_CHARACTERS * 4])
    return f"{who}: {text[:SUMMARY_CHARACTERS]}{'…' if len(text) > SUMMARY_CHARACTERS else ''}"


def _words(protocol: Protocol, line: bytes) -> tuple[str | None, str | None]:
    """Tag and verb of a command; an IMAP one after UID is a verb of two words."""
    parts = line[:200].split(None, 3)
    if protocol != "imap":
        return None, _text(parts[0]).upper() if parts else None
    if len(parts) < 2:
        return None, _text(parts[0]).upper() if parts else None
    verb = _text(parts[1]).upper()
    if verb == "UID" and len(parts) > 2:
        verb = f"UID {_text(parts[2]).upper()}"
    return _text(parts[0]), verb


def _text(data: bytes) -> str:
    return data.decode("ascii", "backslashreplace")


def _answer(protocol: Protocol, line: bytes) -> dict[str, Any]:
    if protocol in ("smtp", "nntp"):
        code = int(line[:3]) if line[:3].isdigit() else None
        return {"code": code, "more": True if protocol == "smtp" and code is not None and line[3:4] == b"-" else None}
    if protocol == "pop3":
        word = line[:5].split(None, 1)[0] if line.strip() else b""
        return {"code": _text(word) if word in (b"+OK", b"-ERR", b"+") else None}
    parts = line[:100].split(None, 2)
    if len(parts) > 1 and parts[1].upper() in (b"OK", b"NO", b"BAD", b"BYE", b"PREAUTH"):
        return {"code": _text(parts[1]).upper(), "tag": _text(parts[0]) if parts[0] not in (b"*", b"+") else None}
    return {"code": "+"} if parts and parts[0] == b"+" else {}
