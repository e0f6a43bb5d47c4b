"""`netlab mail send` and `netlab mail fetch`: one errand each, told on stdout.

What servers say never reaches a terminal raw. It must not know argparse beyond the names that it left.
"""

from __future__ import annotations

import io
import os
import re
from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO, Final

from protocols.connecting import Stopped
from protocols.mail.client.account import Account, Security
from protocols.mail.client.imap import ImapSession
from protocols.mail.client.pop3 import Pop3Session
from protocols.mail.client.session import MailSession, Task
from protocols.mail.client.smtp import Envelope, Sent, SmtpSession
from protocols.mail.client.spool import Spool
from protocols.mail.message.compose import Draft, DraftError, needs_utf8, split_addresses, write
from protocols.mail.message.message import Message
from protocols.record.explain import Explained
from protocols.record.recorder import Recorder
from protocols.terminal import DONE, FAILED, JsonLines, Signals, reader_gone, say, say_help, write_all

LOOK_S: Final = 0.05
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


class Errand(ABC):
    """What is to be done. tell: writes a line for a person."""

    @abstractmethod
    def session(self, recorder: Recorder) -> MailSession:
        """The session that it needs, not started."""

    @abstractmethod
    def run(self, session: Any, wait: Callable[[Task[Any]], Any], tell: Callable[[str], None]) -> int:
        """Do it; the exit status. Raises what the session raises."""


def run(errand: Errand, *, json: bool) -> int:
    """Do an errand; the exit status. Raises BrokenPipeError when stdout's reader is gone."""
    recorder = Recorder()
    recorder.enabled = json
    lines = JsonLines(recorder) if json else None

    def tell(text: str) -> None:
        if lines is None:
            write_all(printable(text).encode("utf-8", "backslashreplace") + b"\n")

    with Signals() as signals:
        session = errand.session(recorder)

        def wait(task: Task[Any]) -> Any:
            while not task.wait(LOOK_S):
                if lines is not None:
                    lines.drain()
                if reader_gone():
                    raise BrokenPipeError
                if signals.stopping():
                    task.cancel()
            return task.result()

        try:
            status = _run(errand, session, wait, tell, signals)
        finally:
            session.stop()
            if lines is not None:
                lines.drain()
    return status


def _run(
    errand: Errand, session: MailSession, wait: Callable[[Task[Any]], Any], tell: Callable[[str], None],
    signals: Signals,
) -> int:  # fmt: skip
    try:
        starter = _in_thread(session)
        while not starter.wait(LOOK_S):
            if signals.stopping():
                session.request_stop()
        starter.result()
        status = errand.run(session, wait, tell)
        session.leave()
        if not session.join(session.account.timeout_s):
            say("The server did not answer to the goodbye.")
        return status
    except BrokenPipeError:
        if reader_gone():
            raise
        return _failed(session, BrokenPipeError())
    except DraftError as error:
        say(printable(f"{error}."))
        return FAILED
    except OSError as error:
        if error.filename is not None and session.wire_broken is None:
            say(printable(f"{error.filename}: {error.strerror}."))
            return FAILED
        return _failed(session, error)
    except Exception as error:  # noqa: BLE001  the libraries' errors are many; each is explained
        return _failed(session, error)


def _in_thread(session: MailSession) -> Task[None]:
    """Start the session in a thread, so that a signal can end a connect."""
    import threading

    task: Task[None] = Task(lambda _: session.start(), lambda: None, "connect")
    threading.Thread(target=task.run, name="mail-connect", daemon=True).start()
    return task


def _failed(session: MailSession, error: BaseException) -> int:
    if isinstance(error, Stopped):
        say("Ended by a signal.")
        return FAILED
    told: Explained = session.explained(error)
    session.recorder.note("explained", told.why, service=session.name, errno=told.errno, why=told.why,
                          mend=list(told.mend))  # fmt: skip
    say(printable(f"{told.why} ({told.errno})"))
    if told.mend:
        say_help(printable(told.mend[0]))
    return FAILED


def printable(text: str) -> str:
    """A text without control characters: they are written out, as \\x1b."""
    return _CONTROL.sub(lambda found: f"\\x{ord(found.group()):02x}", text)


def _account(arguments: Any) -> Account:
    user, _, password = (arguments.user or "").partition(":")
    security: Security = "tls" if arguments.tls else "starttls" if arguments.starttls else "none"
    host, port = arguments.server
    return Account(host, port, user, password, security, timeout_s=arguments.timeout_s, verify=not arguments.insecure)


def _text(value: str) -> str:
    if not value.startswith("@"):
        return value
    try:
        return Path(value[1:]).read_text("utf-8", "replace")
    except (OSError, ValueError) as error:
        raise ValueError(f"{value[1:]} can't be read: {getattr(error, 'strerror', None) or error}") from None


class _Send(Errand):
    def __init__(self, account: Account, draft: Draft, raw: str = "", ends: str = "crlf") -> None:
        self._account, self._draft, self._raw, self._ends = account, draft, raw, ends

    def session(self, recorder: Recorder) -> MailSession:
        return SmtpSession(recorder, self._account, name="mail send")

    def run(self, session: Any, wait: Callable[[Task[Any]], Any], tell: Callable[[str], None]) -> int:
        draft, spool = self._draft, Spool()
        utf8 = needs_utf8(draft)
        try:
            if self._raw:
                path = Path(self._raw)
            else:
                with spool.new() as (path, file):
                    write(draft, file, utf8=utf8)
            envelope = Envelope(draft.mail_from(), draft.rcpt_to(), utf8)
            opened: Callable[[], BinaryIO] = lambda: path.open("rb")  # noqa: E731
            sent: Sent = wait(session.send(envelope, opened, path.stat().st_size, ends=self._ends))
        finally:
            spool.close()
        record_sent(session, envelope, sent)
        for remark in sent.remarks:
            say(printable(f"{remark}."))
        for each in sent.recipients:
            if not each.taken:
                say(printable(f"{each.address} was refused: {each.code} {each.reply}"))
        if sent.outcome == "none":
            say(printable(f"Nobody gets it: {sent.code} {sent.reply}"))
        else:
            taken = [each.address for each in sent.recipients if each.taken]
            tell(f"sent to {', '.join(taken)}: {sent.code} {sent.reply}")
        return DONE if sent.outcome == "all" else FAILED


def record_sent(session: MailSession, envelope: Envelope, sent: Sent) -> None:
    """The outcome as an event of kind "mail"."""
    refused = {address: {"code": code, "reply": reply} for address, (code, reply) in sent.refused.items()}
    detail = {
        "protocol": "smtp", "sender": envelope.sender, "recipients": list(envelope.recipients),
        "outcome": sent.outcome, "refused": refused, "code": sent.code, "reply": sent.reply, "bytes": sent.size,
    }  # fmt: skip
    words = {"all": "taken for all", "some": "taken for some", "none": "taken for none"}[sent.outcome]
    session.recorder.emit("message", "mail", f"mail {words}: {sent.code} {sent.reply}", service=session.name,
                          direction="out", detail=detail)  # fmt: skip


def sending(arguments: Any) -> Errand:
    """The errand that the arguments of `netlab mail send` make. Raises ValueError."""
    raw = arguments.raw or ""
    if raw and not os.path.isfile(raw):
        raise ValueError(f"--raw: {raw} is no file")
    for path in arguments.attach:
        if not os.path.isfile(path):
            raise ValueError(f"--attach: {path} is no file")
    if arguments.line_ends != "crlf" and not raw:
        raise ValueError("--line-ends is for the message of --raw: what is made here always has CRLF")
    if raw and (arguments.attach or arguments.body or arguments.html or arguments.subject):
        raise ValueError("--raw is the whole message: --subject, --body, --html and --attach do not go with it")
    draft = Draft(
        arguments.sender, _addresses(arguments.to), _addresses(arguments.cc), _addresses(arguments.bcc),
        arguments.subject, _text(arguments.body), _text(arguments.html), tuple(arguments.attach),
        envelope_from=arguments.envelope_from,
    )  # fmt: skip
    if arguments.envelope_from is None and len(split_addresses(arguments.sender)) > 1:
        raise ValueError("--from: several stand there, and an envelope has one sender: name it with --envelope-from")
    if not draft.rcpt_to():
        raise ValueError("--to: nobody is named there")
    if not raw:
        write(Draft(**{**draft.__dict__, "attachments": ()}), io.BytesIO())  # what can't be written is told at once
    return _Send(_account(arguments), draft, raw, arguments.line_ends)


def _addresses(texts: list[str]) -> tuple[str, ...]:
    return tuple(each for text in texts for each in split_addresses(text))


class _Fetch(Errand):
    def __init__(self, account: Account, out: Path | None, *, delete: bool) -> None:
        self._account, self._out, self._delete = account, out, delete

    def take(self, session: MailSession, path: Path, name: str, tell: Callable[[str], None]) -> None:
        """One message has come: write it, list it, tell it."""
        message = Message.opened(path)
        try:
            subject, sender, size = message.header("Subject"), message.header("From"), message.size
            kept = _keep(self._out, name, message) if self._out is not None else None
        finally:
            message.close()
            path.unlink(missing_ok=True)
        detail = {"protocol": session.protocol, "id": name, "subject": subject, "from": sender,
                  "path": str(kept) if kept else None}  # fmt: skip
        session.recorder.emit("message", "mail", f"mail {name}: {subject}", service=session.name, direction="in",
                              detail={**detail, "bytes": size})  # fmt: skip
        tell(f"{name}\t{size}\t{_one_line(sender)}\t{_one_line(subject)}" + (f"\t{kept}" if kept else ""))


def _one_line(text: str) -> str:
    return " ".join(text.split())[:200]


def _keep(folder: Path, name: str, message: Message) -> Path:
    from protocols.mail.message.attachments import safe_name, save

    pieces = (bytes(message.raw[at : at + (1 << 20)]) for at in range(0, message.size, 1 << 20))
    return save(folder, safe_name(f"{name}.eml"), pieces)


class _FetchPop3(_Fetch):
    def session(self, recorder: Recorder) -> MailSession:
        return Pop3Session(recorder, self._account, name="mail fetch")

    def run(self, session: Any, wait: Callable[[Task[Any]], Any], tell: Callable[[str], None]) -> int:
        for entry in wait(session.entries()):
            self.take(session, wait(session.retrieve(entry.number, entry.size)), str(entry.number), tell)
            if self._delete:
                wait(session.delete(entry.number))
        return DONE


class _FetchImap(_Fetch):
    def __init__(self, account: Account, out: Path | None, folder: str, *, delete: bool) -> None:
        super().__init__(account, out, delete=delete)
        self._folder = folder

    def session(self, recorder: Recorder) -> MailSession:
        return ImapSession(recorder, self._account, name="mail fetch", watch=False)

    def run(self, session: Any, wait: Callable[[Task[Any]], Any], tell: Callable[[str], None]) -> int:
        wait(session.select(self._folder, read_only=not self._delete))
        for uid in wait(session.search("ALL")):
            self.take(session, wait(session.source(uid)), str(uid), tell)
            if self._delete:
                wait(session.delete(uid))
        return DONE


def fetching(arguments: Any) -> Errand:
    """The errand that the arguments of `netlab mail fetch` make. Raises ValueError."""
    out = Path(arguments.out) if arguments.out else None
    if out is not None:
        try:
            out.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ValueError(f"--out: {out} can't be made: {error.strerror}") from None
    if arguments.protocol == "pop3" and arguments.folder != "INBOX":
        raise ValueError("--folder is for imap: POP3 has one mailbox")
    account = _account(arguments)
    if arguments.protocol == "pop3":
        return _FetchPop3(account, out, delete=arguments.delete)
    return _FetchImap(account, out, arguments.folder, delete=arguments.delete)
