"""House: what the doors of one mail server share: its order, its store, its rules, and the way mail comes in.

It must not know any protocol's words.
"""

from __future__ import annotations

import asyncio
import errno
import hashlib
import hmac
import itertools
import ssl
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from protocols.mail.server.link import Link
from protocols.mail.server.rules import Occasion, Rules
from protocols.mail.server.setup import MailSetup
from protocols.mail.server.store import Delivery, Mailbox, MailStore
from protocols.record.recorder import Recorder

if TYPE_CHECKING:
    from protocols.mail.server.folder import Entry

DISK_THREADS: Final = 4
DELIVERED: Final = 10_000


@dataclass(frozen=True, slots=True)
class Delivered:
    """One mail that was taken. files: what of it lies in which user's INBOX, (user, uid). t: seconds since 1970."""

    t: float
    conn: str | None
    sender: str
    recipients: tuple[str, ...]
    size: int
    files: tuple[tuple[str, int], ...]


class House:
    """Shared by the doors of one server; used by its loops, and looked at by any thread."""

    def __init__(self, recorder: Recorder, service: str, setup: MailSetup, store: MailStore) -> None:
        self.recorder: Final = recorder
        self.service: Final = service
        self.setup: Final = setup
        self.store: Final = store
        self.rules: Final = Rules(recorder, service, setup.rules)
        self.context: ssl.SSLContext | None = None
        self.disk: Final = ThreadPoolExecutor(DISK_THREADS, thread_name_prefix=f"{service}-disk")
        self.delivered: Final[deque[Delivered]] = deque(maxlen=DELIVERED)
        self.taken = 0
        self._links: dict[int, Link] = {}
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()

    # Links

    def number(self) -> int:
        """The number of the next connection."""
        return next(self._numbers)

    def enter(self, link: Link) -> None:
        """A connection is served from now on."""
        with self._lock:
            self._links[link.number] = link

    def leave(self, link: Link) -> None:
        """A connection is over."""
        with self._lock:
            self._links.pop(link.number, None)

    def links(self) -> list[Link]:
        """The connections that are served, oldest first."""
        with self._lock:
            return list(self._links.values())

    def occasion(self, link: Link, verb: str, whom: str = "", sender: str = "") -> Occasion:
        """A point of a link's conversation, for the rules."""
        return Occasion(link.protocol, verb, whom or link.user, sender, link.peer.rpartition(":")[0], link.conn)

    # Users

    def user_of(self, address: str) -> str | None:
        """Whose mailbox an address means; None for somebody else's, which is never relayed."""
        name, at, domain = address.rpartition("@") if "@" in address else (address, "", "")
        wanted = self.setup.domain
        if wanted is not None and at and domain.rstrip(".").lower() != wanted.rstrip(".").lower():
            return None
        if name in self.store.boxes:
            return name
        folded = name.casefold()
        return next((user for user in self.store.boxes if user.casefold() == folded), None)

    def login(self, name: str, password: str) -> Mailbox | None:
        """The mailbox of who knows the password."""
        known = self.setup.users.get(name)
        given, right = password.encode("utf-8", "surrogateescape"), (known or "\0").encode()
        fits = hmac.compare_digest(hashlib.sha256(given).digest(), hashlib.sha256(right).digest())
        return self.store.boxes.get(name) if fits and known is not None else None

    def login_digest(self, name: str, digest: str, challenge: bytes, method: Callable[[bytes, bytes], str]) -> bool:
        """Whether a digest proves the password. method: of password and challenge."""
        known = self.setup.users.get(name)
        right = method((known or "\0").encode(), challenge)
        return hmac.compare_digest(right.encode(), digest.lower().encode("utf-8", "replace")) and known is not None

    # Mail

    async def deliver(
        self, link: Link, delivery: Delivery, sender: str, recipients: Iterable[str], options: Iterable[str]
    ) -> None:
        """Put a mail into the recipients' mailboxes: when this returns it is there. Raises OSError."""
        addresses = tuple(recipients)
        users = list(dict.fromkeys(user for one in addresses if (user := self.user_of(one)) is not None))
        if not users:
            raise OSError(errno.ENOENT, "none of the recipients has a mailbox any more")
        folders = [self.store.boxes[user].inbox for user in users]
        entries: list[Entry]
        if delivery.quick and len(folders) == 1:  # a thread's help would cost more than the calls
            entries = delivery.keep(folders)
        else:
            entries = await asyncio.get_running_loop().run_in_executor(self.disk, delivery.keep, folders)
        files = tuple((user, entry.uid) for user, entry in zip(users, entries, strict=True))
        self.delivered.append(Delivered(time.time(), link.conn, sender, addresses, delivery.size, files))
        self.taken += 1
        link.mails += 1
        self._tell(link, delivery.size, sender, addresses, files, list(options))

    async def report(self, link: Link, sender: str, text: bytes) -> None:
        """Put a report of ours into a sender's mailbox. Raises OSError where there is none: nothing is relayed."""
        user = self.user_of(sender)
        if user is None:
            raise OSError(errno.ENOENT, "that is nobody's address here, and nothing is relayed")
        delivery = Delivery(self.store.boxes[user].inbox, sync=self.setup.sync)
        try:
            delivery.write(text)
            await self.deliver(link, delivery, "", [sender], [])
        except OSError:
            delivery.drop()
            raise

    def _tell(
        self, link: Link, size: int, sender: str, addresses: tuple[str, ...], files: tuple[tuple[str, int], ...],
        options: list[str],
    ) -> None:  # fmt: skip
        shown = ", ".join(addresses[:3]) + (f" and {len(addresses) - 3} more" if len(addresses) > 3 else "")
        dialogue = link.dialogue
        self.recorder.emit(
            "message", "mail", f"mail from {sender or '<>'} to {shown}, {size} bytes", service=self.service,
            conn=link.conn, size=size,
            detail={
                "protocol": link.protocol, "end": "server", "local": dialogue.local, "peer": dialogue.peer,
                "envelope": {"from": sender, "to": list(addresses[:1000]), "options": options},
                "size": size, "user": link.user or None, "tls": link.inside_tls or None,
                "mailboxes": [{"user": user, "uid": uid} for user, uid in files],
            },
        )  # fmt: skip
