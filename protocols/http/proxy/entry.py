"""Entry: one exchange as the proxy saw it, and the Shelf that keeps the last of them.

An entry is filled by the thread that carries it and read by any. It must not know connections.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from itertools import count
from typing import Final, Literal, TypeAlias

from protocols.certificates import CertificateFacts
from protocols.http.failure import Failure
from protocols.http.proxy.spool import Spool, SpoolFolder
from protocols.record.event import monotonic_ns

State: TypeAlias = Literal[
    "request", "held request", "waiting", "response", "held response", "tunnel", "done", "failed", "dropped"
]
Kind: TypeAlias = Literal["http", "tunnel", "tls", "upgraded", "tcp"]
OVER: Final = frozenset(("done", "failed", "dropped"))
ENTRIES: Final = 10_000


class Side:
    """A request or a response: as it came, and as it was passed on.

    sent_head: b"" before it went. sent_body: None where the body went as it came. begin, sent_begin: byte offsets in
    the connections' directions.
    """

    def __init__(self, folder: SpoolFolder) -> None:
        self.head = b""
        self.body: Final = Spool(folder)
        self.sent_head = b""
        self.sent_body: Spool | None = None
        self.begin: int | None = None
        self.sent_begin: int | None = None

    @property
    def size(self) -> int:
        """Bytes that came, head and body."""
        return len(self.head) + self.body.size

    @property
    def sent_size(self) -> int:
        """Bytes that were passed on, head and body; of a tunnel's, those that came."""
        if self.sent_head:
            return len(self.sent_head) + (self.sent_body or self.body).size
        return self.size

    @property
    def sent_changed(self) -> bool:
        """Whether other bytes were passed on than came (a proxy always changes the head a little)."""
        return self.sent_body is not None

    def bytes_came(self, limit: int | None = None) -> bytes:
        """Head and body as they came, as far as they are kept."""
        return _joined(self.head, self.body, limit)

    def bytes_sent(self, limit: int | None = None) -> bytes:
        """Head and body as they were passed on; b"" where nothing was."""
        return _joined(self.sent_head, self.sent_body or self.body, limit) if self.sent_head else b""

    def done(self) -> None:
        """Nothing more is added."""
        self.body.done()
        if self.sent_body is not None:
            self.sent_body.done()

    def discard(self) -> None:
        """Forget the bodies."""
        self.body.discard()
        if self.sent_body is not None:
            self.sent_body.discard()


def _joined(head: bytes, body: Spool, limit: int | None) -> bytes:
    if limit is None:
        return head + body.read()
    return head[:limit] + body.read(0, max(0, limit - len(head)))


@dataclass(eq=False)
class Entry:
    """One exchange. client: the client's address. url: in full, or "host:port" of a tunnel.

    certificates: what the origin showed, its own first; also where that was refused. faults: what the proxy did to it.
    client_ended: while it was held the client said that it sends no more, as one does that has given up.
    """

    number: int
    client: str
    request: Side
    response: Side
    method: str = ""
    url: str = ""
    host: str = ""
    conn: str | None = None
    upstream_conn: str | None = None
    upstream: str = ""
    status: int = 0
    reason: str = ""
    state: State = "request"
    kind: Kind = "http"
    failure: Failure | None = None
    faults: list[str] = field(default_factory=list)
    rule: str = ""
    replay_of: int | None = None
    begun_ns: int = field(default_factory=monotonic_ns)
    ended_ns: int = 0
    times: dict[str, int] = field(default_factory=dict)
    tls: str = ""
    certificates: tuple[CertificateFacts, ...] = ()
    listed: bool = True
    told_response: bool = False
    client_ended: bool = False
    version: int = 0

    @property
    def over(self) -> bool:
        """Whether nothing more happens to it."""
        return self.state in OVER

    @property
    def held(self) -> bool:
        """Whether it waits for somebody's word."""
        return self.state.startswith("held")

    def add_time(self, name: str, since_ns: int) -> None:
        """Count a phase that began then and ends now."""
        self.times[name] = self.times.get(name, 0) + monotonic_ns() - since_ns

    def phases_ms(self) -> dict[str, float]:
        """How long each part took, in milliseconds; those that happened, "total" last."""
        phases = {name: round(took / 1e6, 3) for name, took in dict(self.times).items()}
        phases["total"] = round(((self.ended_ns or monotonic_ns()) - self.begun_ns) / 1e6, 3)
        return phases

    def fault(self, name: str) -> bool:
        """Note down what the proxy did to it; False where that stood there already."""
        if name in self.faults:
            return False
        self.faults.append(name)
        return True


class Shelf:
    """The last exchanges, by number. Any thread."""

    def __init__(self, folder: SpoolFolder, bound: int = ENTRIES) -> None:
        self._folder = folder
        self._bound = bound
        self._lock = threading.Lock()
        self._entries: OrderedDict[int, Entry] = OrderedDict()
        self._numbers = count(1)
        self._version = 0
        self.forgotten = 0

    def new(self, client: str) -> Entry:
        """A new exchange; it is listed when `touch` first tells of it."""
        with self._lock:
            number = next(self._numbers)
        return Entry(number, client, Side(self._folder), Side(self._folder))

    def touch(self, entry: Entry) -> None:
        """It changed."""
        if not entry.listed:
            return
        with self._lock:
            self._version += 1
            entry.version = self._version
            known = entry.number in self._entries
            self._entries[entry.number] = entry
            self._entries.move_to_end(entry.number)  # by time of change: `changed` looks at the end only
            old = None if known or len(self._entries) <= self._bound else self._oldest()
        if old is not None:
            old.request.discard()
            old.response.discard()

    def _oldest(self) -> Entry | None:
        """The entry to make room: the least lately changed that is over; none where all are under way."""
        for number, entry in self._entries.items():
            if entry.over:
                del self._entries[number]
                self.forgotten += 1
                return entry
        return None

    def changed(self, since: int) -> tuple[int, list[Entry]]:
        """The entries changed after the stamp `since`, oldest change first, and the stamp for the next time."""
        with self._lock:
            if self._version == since:
                return since, []
            found = []
            for entry in reversed(self._entries.values()):
                if entry.version <= since:
                    break
                found.append(entry)
            return self._version, found[::-1]

    def get(self, number: int) -> Entry | None:
        """The entry of that number, if it is still kept."""
        with self._lock:
            return self._entries.get(number)

    def all(self) -> list[Entry]:
        """Every entry kept, by number."""
        with self._lock:
            return sorted(self._entries.values(), key=lambda entry: entry.number)

    def clear(self) -> None:
        """Forget those that are over."""
        with self._lock:
            gone = [entry for entry in self._entries.values() if entry.over]
            for entry in gone:
                del self._entries[entry.number]
        for entry in gone:
            entry.request.discard()
            entry.response.discard()
