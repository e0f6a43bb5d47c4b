"""Holding: exchanges that wait for somebody's word, and the word they get.

Each waits in its own connection's thread; the word comes from any thread. It must not know
connections.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Literal, TypeAlias

from protocols.http.exchange import read_head
from protocols.http.proxy.entry import Entry
from protocols.http.server.asked import BadRequest, read_asked
from protocols.service.wake import Wake

What: TypeAlias = Literal["release", "edit", "drop", "answer"]
At: TypeAlias = Literal["request", "response"]


class ProxyError(ValueError):
    """Something that can't be done with an exchange; the message is a sentence."""


@dataclass(frozen=True, slots=True)
class Word:
    """What is to become of a held exchange. head, body: None leaves that part as it is."""

    what: What
    head: bytes | None = None
    body: bytes | None = None
    fix_length: bool = True


class Held:
    """One exchange that waits. word: what it is told, once."""

    def __init__(self, entry: Entry, at: At, wake: Wake) -> None:
        self.entry = entry
        self.at: At = at
        self.wake = wake
        self.word: Word | None = None


class Holding:
    """All that waits."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held: dict[int, Held] = {}

    def add(self, entry: Entry, at: At, wake: Wake) -> Held:
        """It waits from now on; `wake` is set when it is told something."""
        held = Held(entry, at, wake)
        with self._lock:
            self._held[entry.number] = held
        return held

    def remove(self, held: Held) -> None:
        """It waits no more."""
        with self._lock:
            if self._held.get(held.entry.number) is held:
                del self._held[held.entry.number]

    def all(self) -> list[Entry]:
        """What waits, oldest first."""
        with self._lock:
            return [held.entry for held in self._held.values() if held.word is None]

    def tell(self, number: int, word: Word) -> None:
        """Tell a held exchange what is to become of it. Raises ProxyError when it does not wait, or for a bad head."""
        with self._lock:
            held = self._held.get(number)
            if held is None or held.word is not None:
                raise ProxyError(f"Exchange {number} is not held any more")
            _check(held, word)
            held.word = word
            held.wake.set()


def _check(held: Held, word: Word) -> None:
    if word.what == "answer" or (word.what == "edit" and held.at == "response"):
        if word.head is not None:
            check_response(word.head)
    elif word.what == "edit" and word.head is not None:
        check_request(word.head)


def check_request(head: bytes) -> None:
    """Raises ProxyError for what is no request's head, its blank line included."""
    if not head.endswith(b"\r\n\r\n"):
        raise ProxyError("The head of a request ends with a blank line (CR LF CR LF)")
    try:
        read_asked(head)
    except BadRequest as error:
        raise ProxyError(str(error)) from None


def check_response(head: bytes) -> None:
    """Raises ProxyError for what is no response's head, its blank line included."""
    if not head.endswith(b"\r\n\r\n"):
        raise ProxyError("The head of a response ends with a blank line (CR LF CR LF)")
    found = read_head(head)
    if not 200 <= found.status <= 599:
        raise ProxyError("A response begins with a status line: HTTP/1.1 200 OK")
    if found.odd:
        raise ProxyError(f"{found.odd[0][:60]!r} is no header line")
