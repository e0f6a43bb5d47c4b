"""SMTP: the commands of a strict server (RFC 5321) that takes mail for its own users and relays none.

aiosmtpd gives HELO, NOOP and the dialogue of AUTH; what it takes too loosely or keeps whole in memory
is done here: the order of commands, addresses and their parameters, and the content, which goes to the disk
as it comes. It must not know how mail is stored.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import ssl
import time
from typing import Any, Final

from aiosmtpd.smtp import MISSING, AuthResult

from protocols.mail.server.content import Content
from protocols.mail.server.house import House
from protocols.mail.server.link import Link, open_transport
from protocols.mail.server.notices import HEAD_BYTES, Asked, delivered, head_of
from protocols.mail.server.rules import AFTER_DATA
from protocols.mail.server.smtp_address import AddressError, check_mail, check_rcpt, path_of
from protocols.mail.server.smtp_talk import Closed, SmtpTalk, printable
from protocols.mail.server.trace_lines import trace_lines

RECIPIENTS: Final = 10_000


class LabSMTP(SmtpTalk):
    """One SMTP connection."""

    _asked: Asked
    """Who wants a notice of the mail under way; MAIL begins it."""

    async def smtp_EHLO(self, hostname: str | None) -> None:
        """RFC 5321 section 4.1.1.1."""
        if not hostname:
            await self.push("501 5.5.4 Syntax: EHLO hostname")
            return
        self.begin_anew()
        self.session.extended_smtp = True
        self.session.host_name = hostname
        words = [f"SIZE {self.house.setup.size_limit}", "8BITMIME", "SMTPUTF8", "DSN", "PIPELINING",
                 "ENHANCEDSTATUSCODES", "HELP"]  # fmt: skip
        if self.tls_context and not self.link.inside_tls:
            words.append("STARTTLS")
        if not self._auth_require_tls or self.link.inside_tls:
            words.append("AUTH PLAIN LOGIN CRAM-MD5")
        lines = [self.hostname, *self.house.rules.capability(self.house.occasion(self.link, "EHLO"), words)]
        await self.push_all([*(f"250-{line}" for line in lines[:-1]), f"250 {lines[-1]}"])

    async def smtp_MAIL(self, arg: str | None) -> None:
        """RFC 5321 section 4.1.1.2."""
        if not self.session.host_name and self.strict:
            await self.out_of_order("EHLO or HELO")
            return
        if self.house.setup.auth_needed and not self.session.authenticated:
            await self.push("530 5.7.0 Authentication required")
            return
        if self.envelope.mail_from is not None:
            if self.strict:
                await self.push("503 5.5.1 Bad sequence of commands: a mail has begun already, RSET ends it")
                return
            self.begin_anew()
        try:
            path = path_of(arg, "FROM:", lenient=not self.strict)
            check_mail(path.parameters, self.house.setup.size_limit)
            _check_ascii(path.address, "SMTPUTF8" in path.parameters, self.strict)
        except AddressError as error:
            await self.push(str(error))
            return
        refusal = self.house.rules.mail(self.house.occasion(self.link, "MAIL", path.address, path.address))
        if refusal is not None:
            await self.push(f"{refusal[0]} {refusal[1]}")
            if refusal[0] == 421:
                raise Closed
            return
        self.envelope.mail_from = path.address
        self.envelope.mail_options = [f"{key}={value}" if value else key for key, value in path.parameters.items()]
        self.envelope.smtp_utf8 = "SMTPUTF8" in path.parameters
        self._asked = Asked(path.parameters.get("ENVID", ""))
        await self.push("250 2.1.0 OK")

    async def smtp_RCPT(self, arg: str | None) -> None:
        """RFC 5321 section 4.1.1.3. Mail for others is never relayed: 550."""
        if self.envelope.mail_from is None:
            await self.out_of_order("MAIL")
            return
        try:
            path = path_of(arg, "TO:", lenient=not self.strict)
            check_rcpt(path.parameters)
            _check_ascii(path.address, self.envelope.smtp_utf8, self.strict)
        except AddressError as error:
            await self.push(str(error))
            return
        if not path.address:
            await self.push("501 5.1.3 A recipient can't be empty")
            return
        if len(self.envelope.rcpt_tos) >= RECIPIENTS:
            await self.push(f"452 4.5.3 More than {RECIPIENTS} recipients: send the rest in another mail")
            return
        occasion = self.house.occasion(self.link, "RCPT", path.address, self.envelope.mail_from)
        refusal = self.house.rules.recipient(occasion)
        if refusal is not None:
            await self.push(f"{refusal[0]} {refusal[1]}")
        elif self.house.user_of(path.address) is None:
            await self.push(f"550 5.1.1 No mailbox here for {printable(path.address)}, and nothing is relayed")
        else:
            self.envelope.rcpt_tos.append(path.address)
            self._asked.add(path.address, path.parameters)
            await self.push("250 2.1.5 OK")

    async def smtp_DATA(self, arg: str | None) -> None:
        """RFC 5321 section 4.1.1.4."""
        if arg:
            await self.push("501 5.5.4 Syntax: DATA")
        elif self.envelope.mail_from is None:
            await self.out_of_order("MAIL")
        elif not self.envelope.rcpt_tos:
            await self.push("503 5.5.1 Bad sequence of commands: no recipient was taken")
        else:
            await self._take_content()

    async def _take_content(self) -> None:
        envelope = self.envelope
        asked = self._asked if envelope.mail_from else Asked()
        content = Content(self.house, self.link, envelope.rcpt_tos, self._trace(),
                          HEAD_BYTES if asked.recipients else 0)  # fmt: skip
        try:
            await self.push("354 End data with <CR><LF>.<CR><LF>")
            await content.take(self.ears)
            occasion = self.house.occasion(self.link, AFTER_DATA, envelope.rcpt_tos[0], envelope.mail_from or "")
            await self.pause(self.house.rules.wait_s(occasion))
            if self.house.rules.drops(occasion):
                raise Closed
            refusal = self.house.rules.refusal(occasion) or self.house.rules.full(occasion)
            answer = f"{refusal[0]} {refusal[1]}" if refusal else await content.keep(
                envelope.mail_from or "", envelope.rcpt_tos, envelope.mail_options)  # fmt: skip
        finally:
            await content.drop()
        if asked.recipients and answer.startswith("250"):
            await self._notify(envelope.mail_from or "", asked, content.begin)
        self.begin_anew()
        await self.push(answer)

    async def _notify(self, sender: str, asked: Asked, begin: bytes) -> None:
        """Tell the sender that the mail is there."""
        try:
            await self.house.report(self.link, sender, delivered(sender, asked, head_of(begin), str(self.hostname)))
        except OSError as error:
            text = f"no notice of delivery to {printable(sender)}: {error.strerror or error}"
            self.house.recorder.note("notice", text, service=self.house.service)

    def _trace(self) -> bytes:
        """Return-Path and Received, where the server is to add them (RFC 5321 section 4.4)."""
        if not self.house.setup.received:
            return b""
        with_ = f"{'UTF8' if self.envelope.smtp_utf8 else 'E'}SMTP" if self.session.extended_smtp else "SMTP"
        if self.session.extended_smtp:  # RFC 3848
            with_ += "S" * self.link.inside_tls + "A" * bool(self.session.authenticated)
        return trace_lines(
            self.envelope.mail_from or "", self.envelope.rcpt_tos, str(self.session.host_name or "unknown"),
            self.link.peer.rpartition(":")[0].strip("[]"), with_,
        )  # fmt: skip

    async def smtp_RSET(self, arg: str | None) -> None:
        """RFC 5321 section 4.1.1.5."""
        self.begin_anew()
        await self.push("250 2.0.0 OK")

    async def smtp_VRFY(self, arg: str | None) -> None:
        """RFC 5321 section 3.5.3: nothing is given away."""
        await self.push("252 2.5.0 Send some mail, and it will be seen" if arg else "501 5.5.4 Syntax: VRFY name")

    async def smtp_HELP(self, arg: str | None) -> None:
        """RFC 5321 section 4.1.1.8: what is served here."""
        words = sorted(set(self._smtp_methods) - ({"STARTTLS"} if not self.tls_context else set()))
        await self.push(f"214 2.0.0 Commands served here: {' '.join(words)}")

    async def smtp_QUIT(self, arg: str | None) -> None:
        """RFC 5321 section 4.1.1.10."""
        if arg and self.strict:
            await self.push("501 5.5.4 Syntax: QUIT")
            return
        await self.push("221 2.0.0 Bye")
        raise Closed

    async def smtp_STARTTLS(self, arg: str | None) -> None:
        """RFC 3207. What came in plain behind the command is thrown away: nobody may put words into the TLS session."""
        if arg:
            await self.push("501 5.5.4 Syntax: STARTTLS")
            return
        if not self.tls_context or self.link.inside_tls:
            await self.push(
                "454 4.7.0 TLS is not available" if not self.tls_context else "503 5.5.1 TLS stands already"
            )
            return
        self.link.dialogue.skip("client", self.ears.hold())
        await self.push("220 2.0.0 Ready to start TLS")
        try:
            await self.ears.seal(self._writer, self.tls_context)
        except (OSError, ValueError):
            raise Closed from None  # the engine has told why
        self.transport = self.link.transport
        self.session = self._create_session()  # the client begins anew (RFC 3207 section 4.2)
        self.session.peer = self._writer.get_extra_info("peername")
        self.begin_anew()

    # Who are you (RFC 4954)

    async def smtp_AUTH(self, arg: str | None) -> None:
        """PLAIN, LOGIN and CRAM-MD5."""
        words = (arg or "").split()
        method = self._auth_methods.get(words[0].upper()) if words else None
        if not self.session.extended_smtp:
            await self.out_of_order("EHLO")
        elif self._auth_require_tls and not self.link.inside_tls:
            await self.push("538 5.7.11 Encryption is required for logins here: STARTTLS first")
        elif self.session.authenticated:
            await self.push("503 5.5.1 You are logged in already")
        elif self.envelope.mail_from is not None and self.strict:
            await self.push("503 5.5.1 Not in the middle of a mail")
        elif not words or len(words) > 2:
            await self.push("501 5.5.4 Syntax: AUTH mechanism [first answer]")
        elif method is None:
            await self.push("504 5.5.4 There are PLAIN, LOGIN and CRAM-MD5")
        else:
            await self._log_in(await method.method(self, words))

    async def _log_in(self, result: AuthResult) -> None:
        if result.success:
            self.session.authenticated = True
            self.link.user = str(result.auth_data)
            await self.push(f"235 2.7.0 Welcome, {printable(self.link.user)}")
        elif not result.handled:
            await self.wrong("535 5.7.8 Name or password is wrong")

    async def auth_CRAM__MD5(self, _: Any, words: list[str]) -> AuthResult:
        """RFC 2195: the password itself does not travel."""
        challenge = f"<{secrets.token_hex(8)}.{int(time.time())}@{self.hostname}>".encode()
        answer = await self.challenge_auth(challenge)
        if answer is MISSING:
            return AuthResult(success=False)
        name, _, digest = answer.decode("utf-8", "surrogateescape").rpartition(" ")
        if not self.house.login_digest(name, digest, challenge, cram_md5):
            return AuthResult(success=False, handled=False)
        return AuthResult(success=True, auth_data=name)


def cram_md5(password: bytes, challenge: bytes) -> str:
    """The digest of RFC 2195."""
    return hmac.new(password, challenge, hashlib.md5).hexdigest()


def _check_ascii(address: str, utf8: bool, strict: bool) -> None:
    if strict and not utf8 and not address.isascii():
        raise AddressError("553 5.6.7 An address beyond ASCII needs SMTPUTF8 at MAIL (RFC 6531)")


async def serve(house: House, link: Link, context: ssl.SSLContext | None) -> None:
    """Serve one connection to its end. context: TLS from the begin."""
    talk = LabSMTP(house, link)
    await open_transport(link, lambda: talk, context)
    await talk.served
