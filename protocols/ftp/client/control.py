"""Control: the control connection of one FTP session, on ftplib's seam.

It is an `ftplib.FTP` whose sockets are traced and never block for good: every wait has a deadline and
ends at a cancel, a reply has one in total, and what a server may say is bounded. So ftplib's own
methods work on it, and each line is an event. It must not know files. RFC 959, RFC 2228, RFC 4217.
"""

from __future__ import annotations

import ftplib
import re
import socket
import ssl
from collections import deque
from collections.abc import Sequence
from typing import Any, Final

from protocols import opening, tls
from protocols.address import Target
from protocols.certificates import chain_of
from protocols.connecting import Stopped
from protocols.ftp.client import trouble
from protocols.ftp.client.replyreader import Reply, ReplyError, ReplyReader
from protocols.ftp.client.site import Site
from protocols.ftp.client.trouble import FtpError
from protocols.ftp.client.waiter import Waiter
from protocols.ftp.dialogue import Dialogue, command_event, reply_event, split_command
from protocols.record import polling
from protocols.record.event import monotonic_ns
from protocols.record.later import Notes
from protocols.record.recorder import Recorder
from protocols.record.trace import received_event, sent_event
from protocols.record.traced import TracedSocket
from protocols.record.traced_tls import TracedTLSSocket
from protocols.secretlines import SecretLines

GREETING_S: Final = 1.2
"""How long a server may take to speak first before implicit TLS is tried (security "auto")."""
CALM_NS: Final = 100_000_000
"""So shortly after a reply nobody looks whether another one has come that nobody waits for."""
COMMAND_BYTES: Final = 4096
RECEIVE_BYTES: Final = 16384
_NOT_ONE_LINE: Final = re.compile(r"[\r\n\0]")
Sock = TracedSocket | TracedTLSSocket
_send: Final = socket.socket.send
_recv: Final = socket.socket.recv


class Control(ftplib.FTP):
    """One control connection. Used by one thread; `waiter.cancel()` is for the others.

    features: FEAT's lines, by their first word in capitals. chain: the server's certificates (DER). alive: it stands.
    peer: the server's address as the kernel has it. settled_ns: when the last reply came that somebody waited for; 0
    where others may follow. buffer: for the data of one transfer after the other. owes: replies to come to what was
    asked before its time; the next command hears them first. replies: those that nobody has taken yet.
    """

    def __init__(self, site: Site, recorder: Recorder, service: str, waiter: Waiter) -> None:
        super().__init__(timeout=site.timeout_s, encoding=site.encoding)
        self.site: Final = site
        self.name = service
        self.recorder: Final = recorder
        self.waiter: Final = waiter
        self.dialogue: Final = Dialogue(recorder, service, "client", None)
        self.passiveserver = site.passive
        self.features: dict[str, str] = {}
        self.chain: tuple[bytes, ...] = ()
        self.context: ssl.SSLContext | None = None
        self.greeting: Reply | None = None
        self.protected = False
        self.alive = False
        self.transfer_type = ""
        self.sock: Sock | None = None
        self.peer: tuple[Any, ...] = ()
        self.buffer = memoryview(bytearray())
        self.settled_ns = 0
        self.owes = 0
        self._reader = ReplyReader(site.encoding)
        self.replies: Final[deque[Reply]] = deque()
        self._sent = 0
        self._heard = 0
        self._doing = "the connection"

    # Opening

    def tell(self, kind: str, text: str) -> None:
        """A note about this session."""
        self.dialogue.note(kind, text)

    def connect(self, host: str = "", port: int = 0, timeout: float = -999, source_address: object = None) -> str:
        """Connect and hear the greeting. Raises FtpError, or Stopped."""
        site = self.site
        target = Target("tcp", site.host, site.port, "", site.family)
        plan = opening.Plan(site.timeout_s, source=(site.source, 0) if site.source else None)
        self.host, self.port = site.host, site.port
        try:
            sock = opening.connect(self, target, plan, self.waiter.wait, None, "")
        except Stopped:
            raise
        except (OSError, UnicodeError) as error:
            raise trouble.of_os(error, "connect", (site.host, site.port)) from error
        assert isinstance(sock, TracedSocket)
        self.sock, self.af, self.alive = sock, sock.family, True
        self.peer = sock.getpeername()
        if sock.trace is not None:
            sock.trace.secrets = SecretLines("ftp", "client")
            self.dialogue.conn = self.dialogue.session = sock.trace.conn
        if self._implicit():
            self.secure()
        self.greeting = self._greeted()
        self.welcome = self.greeting.whole
        if site.security == "explicit" or (site.security == "auto" and self.context is None):
            self.auth_tls()
        return self.welcome

    def _implicit(self) -> bool:
        if self.site.security == "auto":
            return not self.waiter.wait(self.fileno(), polling.POLLIN, min(GREETING_S, self.site.timeout_s))
        return self.site.security == "implicit"

    def _greeted(self) -> Reply:
        reply = self.read_reply("the greeting")
        if reply.code == 120:
            reply = self.read_reply("the greeting")
        if not reply.good:
            self.drop()
            raise trouble.refused(reply, "the greeting", self.site.where)
        return reply

    def auth_tls(self) -> None:
        """Explicit TLS (RFC 4217 section 4): never goes on in the clear when the server has none."""
        reply = self.command("AUTH TLS")
        if reply.code == 234 and (self.replies or self._reader.pending):
            self.drop()  # said in the clear before TLS, to be taken for what was said inside it
            raise trouble.trouble("no reply", where=self.site.where, said="bytes before the TLS handshake")
        if reply.code != 234:
            self.drop()
            raise trouble.trouble("not tls", reply, where=self.site.where, said=trouble.said_by(reply))
        self.secure()

    def secure(self) -> None:
        """Shake hands on the control connection."""
        if self.context is None:
            self.context = self.site.context() if self.site.context is not None else tls.client_context()
        sock, self.sock = self.sock, None
        assert isinstance(sock, TracedSocket)
        name = self.site.server_name or self.site.host
        self.waiter.forget()
        try:
            wrapped = opening.shake_hands(sock, self.context, name, self.site.timeout_s, self.waiter.wait)
        except Stopped:
            self.drop()
            raise
        except OSError as error:
            self.drop()
            raise trouble.of_os(error, "handshake", (self.site.host, self.site.port)) from error
        self.sock = wrapped
        self.chain = tuple(chain_of(wrapped))

    def protect_data(self) -> None:
        """PBSZ 0 and PROT P (RFC 4217 section 9): data are encrypted, or not sent at all."""
        self.expect("PBSZ 0")
        reply = self.command("PROT P")
        if not reply.good:
            raise trouble.trouble("no protection", reply, where=self.site.where, said=trouble.said_by(reply))
        self.protected = True

    # Commands and replies

    def fileno(self) -> int:
        """The descriptor, -1 when it is closed."""
        return self.sock.fileno() if self.sock is not None else -1

    def command(self, line: str) -> Reply:
        """Send a command, give its reply whatever it says. Raises FtpError when there is none, or Stopped."""
        self.putline(line)
        return self.read_reply(line)

    def expect(self, line: str) -> Reply:
        """Send a command that is to be done: 2xx. Raises FtpError for any other reply."""
        reply = self.command(line)
        if not reply.good:
            raise trouble.refused(reply, line, self.site.where, self.site.user)
        return reply

    def putline(self, line: str) -> None:
        """Send one line. Raises FtpError, or ValueError for more than one line."""
        data = self.one_line(line)
        while self.owes:
            self.owes -= 1
            self.read_reply()
        started = monotonic_ns()
        if started - self.settled_ns > CALM_NS:
            self.drain()
            started = monotonic_ns()
        self._doing = split_command(line.lstrip())[0] or line
        self._send(data)
        self.dialogue.command(line, offset=self._sent, size=len(data), t=started)
        self._sent += len(data)

    def one_line(self, line: str) -> bytes:
        """The bytes of a command. Raises FtpError where it is not one line that a server takes."""
        if _NOT_ONE_LINE.search(line):
            raise trouble.trouble("not a command", said=repr(line[:80]))
        data = line.encode(self.encoding, "surrogateescape") + b"\r\n"
        if len(data) > COMMAND_BYTES:
            raise trouble.trouble("not a command", said=f"it has {len(data)} bytes")
        return data

    def _send(self, data: bytes) -> None:
        sock, deadline = self._standing(), 0
        while data:
            try:
                count = sock.send(data)
                if count == len(data):
                    return
                data = data[count:]
                continue
            except (BlockingIOError, ssl.SSLWantWriteError):
                mask = polling.POLLOUT
            except ssl.SSLWantReadError:
                mask = polling.POLLIN
            except OSError as error:
                self.drop()
                raise trouble.of_os(error, "send", (self.site.host, self.site.port)) from error
            deadline = deadline or self._deadline()
            if not self._wait(sock, mask, self._rest(deadline)):
                self.drop()
                raise self.late()

    def send_urgent(self, line: str) -> None:
        """Send a command without hearing first what has come meanwhile: ABOR, in the middle of a transfer."""
        data = line.encode("ascii") + b"\r\n"
        self.settled_ns = 0
        self._send(data)
        self.dialogue.command(line, offset=self._sent, size=len(data))
        self._sent += len(data)

    # The same for one who must not wait, and notes what happens (`smallfile`)

    def put_noted(self, lines: Sequence[tuple[str, bytes]], notes: Notes) -> None:
        """Send lines at once, each with what `one_line` has made of it, as `putline` does. Raises FtpError."""
        started = monotonic_ns()
        if started - self.settled_ns > CALM_NS:
            notes.put()
            self.drain()
            started = monotonic_ns()
        sock, data = self._standing(), lines[0][1] if len(lines) == 1 else b"".join([piece for _, piece in lines])
        self._doing = lines[0][0][:4]
        try:
            count = _send(sock, data)
        except BlockingIOError:
            count = 0
        except OSError as error:
            notes.put()
            self.drop()
            raise trouble.of_os(error, "send", (self.site.host, self.site.port)) from error
        trace, dialogue = sock.trace, self.dialogue
        if count and trace is not None and (end := trace.end) is not None and self.recorder.enabled:
            kept = end.keep(count)
            body = data if kept == len(data) else data[:kept]
            notes.add((sent_event, kept, "send", started, monotonic_ns() - started, sock.fileno(), notes.thread,
                       trace.service, end.conn, end.role, end.sent, count, body, len(data)))  # fmt: skip
            end.sent += count
        for line, piece in lines:
            notes.add((command_event, 0, dialogue.service, dialogue.conn, dialogue.session, "client", line, self._sent,
                       len(piece), started))  # fmt: skip
            self._sent += len(piece)
        if count < len(data):
            notes.put()
            self._send(data[count:])

    def receive_noted(self, notes: Notes) -> None:
        """As `receive`."""
        sock = self._standing()
        started = monotonic_ns()
        try:
            data = _recv(sock, RECEIVE_BYTES)
        except BlockingIOError:
            return
        except OSError as error:
            notes.put()
            self.drop()
            raise trouble.of_os(error, "recv", (self.site.host, self.site.port)) from error
        now, trace, count = monotonic_ns(), sock.trace, len(data)
        if trace is not None and (end := trace.end) is not None and self.recorder.enabled:
            kept = count and end.keep(count)
            body = data if kept == count else data[:kept]
            notes.add((received_event, kept, "recv", now, now - started, sock.fileno(), notes.thread, trace.service,
                       end.conn, end.role, end.received, count, body, RECEIVE_BYTES))  # fmt: skip
            end.received += count
        replies = self._reader.whole(data)
        if not replies:
            notes.put()
            self._take(data)
            return
        dialogue, heard = self.dialogue, self._heard
        for reply in replies:
            notes.add((reply_event, 0, dialogue.service, dialogue.conn, dialogue.session, "client", reply.code,
                       reply.lines, heard, reply.size, now))  # fmt: skip
            heard += reply.size
        self._heard = heard
        self.replies.extend(replies)

    def _take(self, data: bytes) -> None:
        """What has come; none is the end."""
        try:
            replies = self._reader.whole(data)
            if not data:
                self.drop()
                raise trouble.trouble("closed", where=self.site.where, command=self._doing)
            if replies:
                for reply in replies:
                    self._came(reply)
            else:
                self._reader.feed(data)
        except ReplyError as error:
            raise self._broken(error) from None

    def read_reply(self, doing: str = "") -> Reply:
        """The next reply, whatever it says. Raises FtpError when none came in time, or what came is none."""
        if doing:
            self._doing = split_command(doing.lstrip())[0] if doing[:1].isupper() else doing
        deadline, rest = self._deadline(), self.site.timeout_s
        while self.early_reply() is None:
            sock = self._standing()
            if not self._pending() and not self._wait(sock, polling.POLLIN, rest):
                raise self.late()
            rest = self._rest(deadline)
            if not rest:  # bytes come and come, and the reply does not end
                raise self.late()
            self._receive(sock)
        return self.take_reply()

    def _wait(self, sock: Sock, mask: int, rest_s: float) -> bool:
        """Wait for the connection; one that is left with a reply to come is given up: the next command would get it."""
        try:
            return self.waiter.wait(sock.fileno(), mask, rest_s)
        except Stopped:
            self.drop()
            raise

    def receive(self) -> Reply | None:
        """Take what has come on a connection that is readable; `early_reply()`."""
        self._receive(self._standing())
        return self.replies[0] if self.replies else self.early_reply()

    def take_reply(self) -> Reply:
        """The reply that `early_reply` gave is dealt with."""
        reply = self.replies.popleft()
        self.settled_ns = monotonic_ns() if not self.replies else 0
        return reply

    def early_reply(self) -> Reply | None:
        """The reply that has come already and that `read_reply` will give next; no wait, nothing is taken."""
        if not self.replies:
            try:
                reply = self._reader.next() if self._reader.waiting else None
            except ReplyError as error:
                raise self._broken(error) from None
            if reply is not None:
                self._came(reply)
        return self.replies[0] if self.replies else None

    def _came(self, reply: Reply) -> None:
        self.lastresp = f"{reply.code:03d}"
        self.dialogue.reply(reply.code, reply.lines, offset=self._heard, size=reply.size)
        self._heard += reply.size
        self.replies.append(reply)

    def look(self) -> Reply | None:
        """Read what is there, without waiting; `early_reply()`. Raises FtpError when the server has hung up."""
        if self.early_reply() is None and (self._pending() or polling.readable(self._standing())):
            self._receive(self._standing())
        return self.early_reply()

    def _receive(self, sock: Sock) -> None:
        try:
            data = sock.recv(RECEIVE_BYTES)
        except (BlockingIOError, ssl.SSLWantReadError):
            return
        except OSError as error:
            self.drop()
            raise trouble.of_os(error, "recv", (self.site.host, self.site.port)) from error
        self._take(data)

    def _pending(self) -> bool:
        return isinstance(self.sock, TracedTLSSocket) and self.sock.pending() > 0

    def drain(self) -> None:
        """Replies that nobody waits for any more, such as 421 after a long rest."""
        while (reply := self.look()) is not None:
            self.replies.popleft()
            if reply.code == 421:
                self.drop()
                raise trouble.refused(reply, "the connection", self.site.where)

    def _standing(self) -> Sock:
        if self.sock is None:
            raise trouble.trouble("closed", where=self.site.where, command=self._doing)
        return self.sock

    def _deadline(self) -> int:
        return monotonic_ns() + int(self.site.timeout_s * 1e9)

    @staticmethod
    def _rest(deadline: int) -> float:
        return max(0.0, (deadline - monotonic_ns()) / 1e9)

    def late(self) -> FtpError:
        """The error of a reply that has not come in time; the connection is given up."""
        begun = self._reader.pending
        self.drop()
        if begun:
            return trouble.trouble("dribble", where=self.site.where, command=self._doing,
                                   said=repr(begun[:60]))  # fmt: skip
        return trouble.trouble("timeout", where=self.site.where, command=self._doing,
                               seconds=f"{self.site.timeout_s:g}")  # fmt: skip

    def _broken(self, error: ReplyError) -> FtpError:
        self.drop()
        name = "no reply" if error.kind == "no reply" else "dribble"
        return trouble.trouble(name, where=self.site.where, command=self._doing, said=repr(error.said))

    # What ftplib's own methods call

    def getmultiline(self) -> str:
        """A whole reply as ftplib wants it."""
        return self.read_reply().whole

    def getresp(self) -> str:
        """A whole reply, or the error it stands for. Raises FtpError."""
        reply = self.read_reply()
        if reply.code >= 400:
            raise trouble.refused(reply, self._doing, self.site.where, self.site.user)
        return reply.whole

    def ntransfercmd(self, cmd: str, rest: int | str | None = None) -> tuple[socket.socket, int | None]:
        """The seam of all of ftplib's transfers: the lab's own data connection, with ftplib's time-out."""
        from protocols.ftp.client.data import open_data  # it is built on this module

        link = open_data(self, cmd, int(rest or 0))
        link.sock.settimeout(self.site.timeout_s)
        size = ftplib.parse150(link.began.whole) if link.began.code == 150 else None
        return link.sock, size

    # The end

    def say_goodbye(self) -> None:
        """QUIT, without waiting long for the answer, and close."""
        if self.alive:
            try:
                self.putline("QUIT")
                if self.waiter.wait(self.fileno(), polling.POLLIN, 0.5):
                    self.look()
            except (FtpError, OSError):
                pass
        self.drop()

    def drop(self) -> None:
        """Close at once."""
        sock, self.sock = self.sock, None
        self.alive, self.owes = False, 0
        self.waiter.forget()
        if sock is not None:
            sock.close()

    def close(self) -> None:
        """As ftplib's."""
        self.drop()
