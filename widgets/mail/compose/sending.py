"""Sending: a draft written to a file, a session opened, the mail sent and the session ended, all elsewhere.

It must not know widgets beyond the slot that it drives.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from PySide6.QtCore import QObject, Signal

from protocols.mail.client.account import Account
from protocols.mail.client.command import record_sent
from protocols.mail.client.gate import Gate
from protocols.mail.client.smtp import Envelope, Sent, SmtpSession
from protocols.mail.client.spool import Spool
from protocols.mail.message.compose import Draft, needs_utf8, write
from protocols.mail.message.message import Message
from protocols.record.explain import Explained
from widgets.desk import Desk
from widgets.mail.session_slot import SessionSlot

HEAD_BYTES: Final = 64 << 10
KEPT: Final = 500


class Sending(QObject):
    """`began(name)`: the session's service. `ended(sent)`; `failed(explained)`; `refused(sentence)`: no such message.

    gate: holds the commands. slot: the session, for progress and Cancel.
    """

    ended = Signal(object)
    failed = Signal(object)
    refused = Signal(str)

    def __init__(self, desk: Desk, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.desk = desk
        self.gate = Gate()
        self.slot = SessionSlot(desk, self)
        self.sent: Sent | None = None
        self.envelopes: dict[str, Envelope] = {}
        """Of the last mails that were taken, by Message-ID."""
        self._message_id = ""
        self._ends = "crlf"
        self._spool: Spool | None = None
        self._count = 0
        self._order: tuple[Envelope, Path, int] | None = None
        self.slot.opened.connect(self._on_open)
        self.slot.failed.connect(self._on_failed)

    @property
    def name(self) -> str:
        """The service of the last session."""
        return f"smtp {self._count}"

    @property
    def busy(self) -> bool:
        """Whether a mail is on its way."""
        return self._order is not None or self._spool is not None

    def send(self, draft: Draft, account: Account, notify: tuple[str, ...] = (), ret: str = "",
             ends: str = "crlf") -> None:
        """Send a mail, its line ends so; nothing happens while another is on its way."""
        if self.busy:
            return
        self.sent, self._ends = None, ends
        spool = self._spool = Spool()
        utf8 = needs_utf8(draft)
        envelope = Envelope(draft.mail_from(), draft.rcpt_to(), utf8, notify, ret)

        def work() -> tuple[Path, int, str]:
            with spool.new() as (path, file):
                size = write(draft, file, utf8=utf8)
            with path.open("rb") as file:
                return path, size, Message(file.read(HEAD_BYTES)).header("Message-ID").strip()

        def written(made: tuple[Path, int, str]) -> None:
            path, size, self._message_id = made
            self._order = (envelope, path, size)
            self._count += 1
            name = self.name
            self.slot.open(lambda recorder: SmtpSession(recorder, account, name=name, gate=self.gate))

        self.desk.bridge.call(work, written, self._on_unwritten, owner=self)

    def _on_unwritten(self, error: BaseException) -> None:
        self._clean()
        said = f"{error.filename}: {error.strerror}" if isinstance(error, OSError) and error.filename else str(error)
        self.refused.emit(said)

    def _on_open(self) -> None:
        if self._order is None:
            return
        (envelope, path, size), ends = self._order, self._ends
        opened: Callable[[], Any] = lambda: path.open("rb")  # noqa: E731
        self.slot.do(lambda session: session.send(envelope, opened, size, ends=ends), self._on_sent)

    def _on_sent(self, sent: Sent) -> None:
        self.sent = sent
        session, order = self.slot.session, self._order
        if session is not None and order is not None:
            record_sent(session, order[0], sent)
            self._remember(order[0], sent)
        self.slot.close()
        self._clean()
        self.ended.emit(sent)

    def _remember(self, envelope: Envelope, sent: Sent) -> None:
        if self._message_id and sent.outcome != "none":
            self.envelopes.pop(self._message_id, None)
            self.envelopes[self._message_id] = envelope
            if len(self.envelopes) > KEPT:
                self.envelopes.pop(next(iter(self.envelopes)))

    def _on_failed(self, told: Explained) -> None:
        if not self.busy:
            return
        self.slot.close(politely=False)
        self._clean()
        self.failed.emit(told)

    def cancel(self) -> None:
        """End it at once."""
        self.slot.cancel()

    def _clean(self) -> None:
        spool, self._spool, self._order = self._spool, None, None
        if spool is not None:
            self.desk.bridge.call(spool.close)
