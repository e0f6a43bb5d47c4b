"""SmtpSession: sends mail with smtplib, over the lab's wire.

The message goes out of a file piece by piece, so that its size costs no memory; each recipient's fate
is kept. It must not know how a message is made.
"""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, BinaryIO, Final, Literal, TypeAlias

from protocols.mail.client.failure import Refused
from protocols.mail.client.session import MailSession, Task
from protocols.mail.client.wire import Upgrade, Wire
from protocols.mail.dialogue import readable

Outcome: TypeAlias = Literal["all", "some", "none"]
HELO_NAME: Final = "netlab.example"
MECHANISMS: Final = ("auto", "PLAIN", "LOGIN", "CRAM-MD5")


@dataclass(frozen=True, slots=True)
class Recipient:
    """What became of one recipient: the server's code and words for its RCPT."""

    address: str
    code: int
    reply: str

    @property
    def taken(self) -> bool:
        """Whether the server took it."""
        return 200 <= self.code < 300


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of a message. code, reply: the server's last word, to the message itself or to its sender.

    raised: the exception of smtplib that a script would have met, "" for none. size: bytes on the wire.
    """

    recipients: tuple[Recipient, ...]
    code: int
    reply: str
    size: int = 0
    raised: str = ""
    remarks: tuple[str, ...] = ()

    @property
    def outcome(self) -> Outcome:
        """Whether all, some or none of the recipients get it."""
        taken = [each.taken for each in self.recipients]
        if not 200 <= self.code < 300 or not any(taken):
            return "none"
        return "all" if all(taken) else "some"

    @property
    def refused(self) -> dict[str, tuple[int, str]]:
        """The recipients that were refused, as smtplib's sendmail() gives them."""
        return {each.address: (each.code, each.reply) for each in self.recipients if not each.taken}


@dataclass(frozen=True)
class Envelope:
    """Who it is from and whom it goes to, whatever the headers say.

    notify: DSN (RFC 3461), such as ("SUCCESS", "FAILURE"); ret: "FULL", "HDRS" or "".
    """

    sender: str
    recipients: tuple[str, ...]
    utf8: bool = False
    notify: tuple[str, ...] = ()
    ret: str = ""
    envelope_id: str = ""


class _Library(smtplib.SMTP):
    """smtplib's client on a wire that stands already."""

    def __init__(self, wire: Wire, host: str) -> None:
        self._wire = wire
        super().__init__(local_hostname=HELO_NAME, timeout=wire.timeout_s)
        self._host = host  # starttls() asks for a certificate of this name

    def _get_socket(self, host: str, port: int, timeout: float) -> Any:
        return self._wire


class SmtpSession(MailSession):
    """A connection to an SMTP server: greeted, inside TLS if asked for, logged in."""

    protocol = "smtp"
    _library: _Library

    def _begin(self) -> None:
        wire, account = self.wire, self.account
        self._library = library = _Library(wire, account.host)
        code, said = library.connect(account.host, account.port)
        if code != 220:
            raise smtplib.SMTPConnectError(code, said)
        library.ehlo_or_helo_if_needed()
        if account.security == "starttls":
            self._start_tls(account.context())
        if account.user:
            self._log_in()

    def _start_tls(self, context: ssl.SSLContext) -> None:
        library = self._library
        if not library.has_extn("starttls"):
            raise Refused("STARTTLS", "its answer to EHLO does not list STARTTLS")
        upgrade: Any = Upgrade(context)
        code, said = library.starttls(context=upgrade)
        if code != 220:
            raise Refused("STARTTLS", f"{code} {readable(said)}")
        library.ehlo_or_helo_if_needed()

    def _log_in(self) -> None:
        library, account = self._library, self.account
        if account.mechanism == "auto":
            library.login(account.user, account.password)
            return
        makers: dict[str, Callable[..., Any]] = {
            "PLAIN": library.auth_plain, "LOGIN": library.auth_login, "CRAM-MD5": library.auth_cram_md5,
        }  # fmt: skip
        library.user, library.password = account.user, account.password
        library.auth(account.mechanism, makers[account.mechanism])

    def _end_politely(self) -> None:
        self._library.docmd("QUIT")

    @property
    def offers(self) -> dict[str, str]:
        """What the server's answer to EHLO lists, with its parameters."""
        return dict(self._library.esmtp_features)

    def send(
        self, envelope: Envelope, message: Callable[[], BinaryIO], size: int = 0, *, ends: str = "crlf"
    ) -> Task[Sent]:
        """Send a message. message: opens its bytes when they are wanted; size: how many, for the progress.

        ends: its line ends on the wire, a key of `lineends.WRONG_ENDS`.

        The task's error is a library's or the wire's, explained by `explained`; a refusal is no error.
        """
        return self.ask("send", lambda task: self._send(task, envelope, message, size, ends))

    def _send(
        self, task: Task[Sent], envelope: Envelope, message: Callable[[], BinaryIO], size: int, ends: str
    ) -> Sent:
        library = self._library
        task.total = size
        mail_options, rcpt_options, remarks = self._options(envelope, size)
        code, said = library.mail(envelope.sender, mail_options)
        if not 200 <= code < 300:
            if code != 421:  # the server hangs up: what is said after it meets a closed connection
                library.rset()
            return Sent((), code, readable(said), raised="SMTPSenderRefused", remarks=remarks)
        recipients = []
        for address in envelope.recipients:
            options = [*rcpt_options, f"ORCPT=rfc822;{_xtext(address)}"] if rcpt_options else []
            fate, words = library.rcpt(address, options)
            recipients.append(Recipient(address, fate, readable(words)))
            if fate == 421:
                break
        if not any(each.taken for each in recipients):
            last = recipients[-1] if recipients else Recipient("", 554, "no recipient was named")
            if last.code != 421:
                library.rset()
            return Sent(tuple(recipients), last.code, last.reply, raised="SMTPRecipientsRefused", remarks=remarks)
        return self._data(task, tuple(recipients), message, remarks, ends)

    def _data(
        self, task: Task[Sent], recipients: tuple[Recipient, ...], message: Callable[[], BinaryIO],
        remarks: tuple[str, ...], ends: str,
    ) -> Sent:  # fmt: skip
        library = self._library
        code, said = library.docmd("DATA")
        if code != 354:
            return Sent(recipients, code, readable(said), raised="SMTPDataError", remarks=remarks)
        with message() as source:
            size = self.wire.send_text(source, task.progress, ends=ends)
        code, said = library.getreply()
        raised = "" if 200 <= code < 300 else "SMTPDataError"
        if raised and code != 421:
            library.rset()
        return Sent(recipients, code, readable(said), size, raised, remarks)

    def _options(self, envelope: Envelope, size: int) -> tuple[list[str], list[str], tuple[str, ...]]:
        """The parameters for MAIL and RCPT that this server takes, and what was left out."""
        library = self._library
        mail, rcpt, remarks = [], [], []
        if size and library.has_extn("size"):
            mail.append(f"SIZE={size}")
        if envelope.utf8:
            if not library.has_extn("smtputf8"):
                raise Refused("UTF8", "no SMTPUTF8")
            mail += ["SMTPUTF8", "BODY=8BITMIME"]
        if envelope.notify or envelope.ret:
            if library.has_extn("dsn"):
                mail += [f"RET={envelope.ret}"] if envelope.ret else []
                mail += [f"ENVID={_xtext(envelope.envelope_id)}"] if envelope.envelope_id else []
                rcpt += [f"NOTIFY={','.join(envelope.notify)}"] if envelope.notify else []
            else:
                remarks.append("The server does not offer DSN (RFC 3461): no notice was asked for")
        return mail, rcpt, tuple(remarks)


def _xtext(text: str) -> str:
    """Text as a DSN parameter has it (RFC 3461 section 4)."""
    return "".join(
        char if "!" <= char <= "~" and char not in "+=" else f"+{ord(char):02X}" for char in text if ord(char) < 256
    )
