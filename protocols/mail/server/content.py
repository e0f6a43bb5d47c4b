"""Content: what comes after DATA, from the wire to the disk as it arrives, and what is answered to it.

Memory stays flat however large it is. It must not know commands.
"""

from __future__ import annotations

import errno
from collections.abc import Sequence
from typing import Final

from protocols.mail.dialogue import BODY_BYTES
from protocols.mail.dots import DotReader, LenientDotReader
from protocols.mail.server.house import House
from protocols.mail.server.link import Ears, Link
from protocols.mail.server.store import Delivery


class Content:
    """One mail's content. `take`, then `keep`, and `drop` in any case. head: lines to put in front of it.

    begin_bytes: so many of its first bytes stay in `begin`.
    """

    def __init__(
        self, house: House, link: Link, recipients: Sequence[str], head: bytes = b"", begin_bytes: int = 0
    ) -> None:
        self._house: Final = house
        self._link: Final = link
        self._dots: Final = LenientDotReader() if house.setup.lenient else DotReader()
        self._delivery: Delivery | None = None
        self._error: OSError | None = None
        self.size = 0
        self.begin = b""
        self._begin_bytes: Final = begin_bytes
        user = next((user for one in recipients if (user := house.user_of(one)) is not None), None)
        try:
            if user is not None:
                self._delivery = Delivery(house.store.boxes[user].inbox, sync=house.setup.sync)
                if head:
                    self._delivery.write(head)
        except OSError as error:
            self._error = error

    async def take(self, ears: Ears) -> None:
        """Read to the final dot, whatever happens. Raises EOFError, Silence, OSError when the line breaks."""
        dots, head = self._dots, bytearray()
        try:
            while not dots.done:
                piece = await ears.piece()
                before = dots.wire
                self._write(dots.feed(piece))
                if len(head) < BODY_BYTES:
                    head += piece[: min(dots.wire - before, BODY_BYTES - len(head))]
            ears.give_back(dots.rest)
        finally:
            size = dots.wire - len(dots.end)
            cut = None if dots.done else True
            self._link.dialogue.body("client", size, bytes(head[:size]), what="a mail's content", cut=cut)
            if dots.done:
                self._link.dialogue.command(dots.end)

    def _write(self, text: bytes) -> None:
        self.size += len(text)
        if len(self.begin) < self._begin_bytes:
            self.begin += text[: self._begin_bytes - len(self.begin)]
        if self._delivery is None or self._error is not None or self.size > self._house.setup.size_limit:
            return
        try:
            self._delivery.write(text)
        except OSError as error:
            self._error = error

    async def keep(self, sender: str, recipients: Sequence[str], options: Sequence[str]) -> str:
        """Put it into the mailboxes; the answer to give."""
        limit = self._house.setup.size_limit
        if self.size > limit:
            return f"552 5.3.4 The mail has {self.size} bytes, and {limit} is the limit"
        if self._dots.bare:
            return (
                f"554 5.6.0 Refused: {self._dots.bare} line feeds stand without a carriage return, and by such "
                "a second mail can be smuggled in (RFC 5321 section 2.3.8)"
            )
        try:
            if self._error is not None:
                raise self._error
            if self._delivery is None:
                return "451 4.3.0 There is no mailbox for it any more"
            await self._house.deliver(self._link, self._delivery, sender, recipients, options)
        except OSError as error:
            full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
            return f"452 4.3.1 The disk is full: {error.strerror}" if full else f"451 4.3.0 Not kept: {error}"
        self._delivery = None
        return f"250 2.0.0 OK, {self.size} bytes kept"

    async def drop(self) -> None:
        """What was not kept goes."""
        if self._delivery is not None:
            self._delivery.drop()
            self._delivery = None
