"""SmtpTalk: an SMTP connection of aiosmtpd with a strict ear: a line in, its rules, its method, all told.

It must not know what the commands do (`smtp`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any, Final

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from protocols.mail.server.house import House
from protocols.mail.server.link import READ_BYTES, Ears, LineTooLong, Link, Silence

LINE_BYTES: Final = 512
BAD_COMMANDS: Final = 20


class Closed(Exception):
    """The connection is to be closed; nothing more is said."""


class _Heard:
    """The reader that aiosmtpd sees: each line it reads is told as a command."""

    def __init__(self, ears: Ears, link: Link) -> None:
        self._ears: Final = ears
        self._link: Final = link

    async def readline(self) -> bytes:
        """The next line, told."""
        line = await self._ears.line()
        self._link.dialogue.command(line)
        return line


class SmtpTalk(SMTP):
    """One connection. Made for a link, given to asyncio as its protocol; `served` is done when it is over."""

    session: Session
    envelope: Envelope

    line_length_limit = READ_BYTES  # of asyncio's buffer; lines are limited below

    def __init__(self, house: House, link: Link) -> None:
        self.house: Final = house
        self.link: Final = link
        self.strict: Final = not house.setup.lenient
        sealed = link.door.endswith("s")
        super().__init__(
            self, data_size_limit=house.setup.size_limit, enable_SMTPUTF8=True, hostname="netlab",
            ident="NetLab mail", tls_context=None if sealed else house.context, timeout=3600.0,
            auth_require_tls=house.setup.login_needs_tls and not sealed,
            authenticator=self._check_login, loop=asyncio.get_running_loop(),
        )  # fmt: skip
        self._bad = 0
        self.served: Final[asyncio.Future[None]] = self.loop.create_future()

    # What aiosmtpd's base hands over

    def _cb_client_connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.ears = Ears(reader, self.link, self.house.setup.timeout_s)
        self._reader = _Heard(self.ears, self.link)  # type: ignore[assignment]
        self._writer = writer

    def _reset_timeout(self, duration: float | None = None) -> None:
        if self._timeout_handle is None:  # `Ears` minds the silence; connection_lost() wants a handle to cancel
            super()._reset_timeout(duration)

    def eof_received(self) -> bool | None:
        """The client sends no more: what it has sent is still answered."""
        self.ears.reader.feed_eof()
        return not self.link.inside_tls

    def connection_lost(self, error: Exception | None) -> None:
        """The connection is gone."""
        super().connection_lost(error)
        if not self.served.done():
            self.served.set_result(None)

    async def push(self, status: Any) -> None:
        """Say one line, told. Raises Closed when nobody is there."""
        await self.push_all([status])

    async def push_all(self, lines: Iterable[Any]) -> None:
        """Say several lines in one breath."""
        if self.transport is None or self.transport.is_closing():
            raise Closed
        data = b""
        for one in lines:
            line = (one.encode("utf-8", "surrogateescape") if isinstance(one, str) else one) + b"\r\n"
            self.link.dialogue.reply(line)
            data += line
        self._writer.write(data)
        await self._writer.drain()

    # The conversation

    async def _handle_client(self) -> None:
        try:
            occasion = self.house.occasion(self.link, "CONNECT")
            await self.pause(self.house.rules.wait_s(occasion))
            if self.house.rules.drops(occasion):
                raise Closed
            refusal = self.house.rules.refusal(occasion)
            if refusal is not None:
                await self.push(f"{refusal[0]} {refusal[1]}")
                raise Closed
            await self.push(f"220 {self.hostname} ESMTP {self.__ident__}")
            while self.transport is not None:
                await self._turn()
        except (Closed, EOFError, ConnectionError):
            pass
        except Silence as error:
            await self.last_word(f"421 4.4.2 {error}, closing")
        finally:
            if self.transport is not None:
                self.transport.close()

    async def last_word(self, line: str) -> None:
        try:
            await self.push(line)
        except (Closed, OSError):
            pass

    async def pause(self, seconds: float) -> None:
        if seconds:
            await asyncio.sleep(seconds)

    async def _turn(self) -> None:
        """One command."""
        try:
            line = await self._reader.readline()
        except LineTooLong as error:
            self.link.dialogue.skip("client", await self.ears.piece())
            await self.push(f"500 5.5.2 {error}")
            await self.ears.linger(self._writer)
            raise Closed from None
        if self.strict and not line.endswith(b"\r\n"):
            await self.wrong("500 5.5.2 A line ends with CRLF, and this one with a line feed alone")
            return
        text = line.rstrip(b"\r\n")
        verb, _, argument = text.partition(b" ")
        word = verb.upper().decode("ascii", "replace")
        method = self._smtp_methods.get(word)
        if len(text) > LINE_BYTES + (1024 if word in ("MAIL", "RCPT", "AUTH") else 0):
            await self.wrong("500 5.5.2 The line is too long (RFC 5321 section 4.5.3.1.4)")
        elif b"\0" in text or not text:
            await self.wrong("500 5.5.2 That is no command")
        elif method is None:
            await self.wrong(f'500 5.5.1 The command "{printable(word)}" is not known here')
        else:
            await self._obey(word, method, argument.strip().decode("utf-8", "surrogateescape") or None)

    async def wrong(self, answer: str) -> None:
        self._bad += 1
        if self._bad >= BAD_COMMANDS:
            await self.last_word("421 4.7.0 Too many bad commands, closing")
            raise Closed
        await self.push(answer)

    async def _obey(self, word: str, method: Any, argument: str | None) -> None:
        occasion = self.house.occasion(self.link, word, _address_in(argument) if word in ("MAIL", "RCPT") else "")
        rules = self.house.rules
        await self.pause(rules.wait_s(occasion))
        if rules.drops(occasion):
            raise Closed
        refusal = rules.refusal(occasion)
        if refusal is not None:
            await self.push(f"{refusal[0]} {refusal[1]}")
            if refusal[0] == 421:
                raise Closed
            return
        await method(argument)

    async def out_of_order(self, needed: str) -> None:
        await self.push(f"503 5.5.1 Bad sequence of commands: {needed} first")

    def begin_anew(self) -> None:
        """Forget the mail under way (RSET)."""
        self._set_rset_state()  # type: ignore[no-untyped-call]

    def _check_login(
        self, server: Any, session: Any, envelope: Any, mechanism: str, given: LoginPassword
    ) -> AuthResult:
        name, password = (one.decode("utf-8", "surrogateescape") for one in given)
        if self.house.login(name, password) is None:
            return AuthResult(success=False, handled=False)
        return AuthResult(success=True, auth_data=name)


def printable(text: str) -> str:
    return "".join(one if one.isprintable() else "?" for one in text)[:200]


def _address_in(argument: str | None) -> str:
    """The address in an argument of MAIL or RCPT, as far as one can be seen, for the rules."""
    _, _, rest = (argument or "").partition("<")
    return rest.partition(">")[0]
