"""One session's control connection: pyftpdlib's interpreter of commands, recorded, and strict where it is not.

A line is a command whatever its line end, an endless one is refused and thrown away whole. While a transfer runs
only ABOR, STAT, NOOP and the like are obeyed; what else was sent ahead waits its turn. It must not know how data
connections come about (`control`), nor TLS, nor how a rule is written.
"""

from __future__ import annotations

import os
import socket
import struct
import sys
import traceback
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Any, ClassVar, Final

from protocols.ftp.addresses import DataAddress
from protocols.ftp.dialogue import Dialogue, masked, split_command
from protocols.ftp.server.channels import plain
from protocols.ftp.server.library import FTPHandler
from protocols.ftp.server.misdeeds import Misdeeds
from protocols.ftp.server.order import Order
from protocols.ftp.server.root import VirtualRoot
from protocols.ftp.server.site import SessionFacts, Site, TransferFacts
from protocols.record.event import monotonic_ns
from protocols.record.trace import address_text
from protocols.secretlines import SecretLines

LINE_BYTES: Final = 4096
"""A longer command line is refused."""
ENDLESS_BYTES: Final = 1 << 20
"""After so much of one line the session ends."""
AHEAD: Final = 200
"""So many commands may wait for the end of a transfer."""
_AT_ONCE: Final = frozenset(("ABOR", "STAT", "NOOP"))


class Session(FTPHandler):  # type: ignore[misc]
    """pyftpdlib's handler of a control connection. site: what it shares with the others of its server."""

    site: ClassVar[Site]
    # What the library keeps, by its own names.
    data_channel: Any
    socket: Any
    fs: Any
    ac_in_buffer: bytes
    _in_buffer: list[bytes]
    _in_buffer_len: int
    _dtp_acceptor: Any
    _dtp_connector: Any
    _in_dtp_queue: Any
    _out_dtp_queue: Any
    abstracted_fs = VirtualRoot
    unicode_errors = "surrogateescape"
    auth_failed_timeout = 0
    permit_foreign_addresses = False
    permit_privileged_ports = False

    def __init__(self, conn: Any, server: Any, ioloop: Any = None) -> None:
        site, trace = self.site, getattr(conn, "trace", None)
        self.number = next(site.numbers)
        self.conn: str | None = None if trace is None else trace.conn
        self.dialogue = Dialogue(site.recorder, site.name, "server", self.conn)
        self.trace = trace
        if trace is not None:
            trace.secrets = SecretLines("ftp", "server")
        self.since_ns = monotonic_ns()
        self.order: Order | None = None
        self.active: DataAddress | None = None
        self.doing = ""
        self.commands = 0
        self._later: deque[str] = deque()
        self._taken = self._line_begin = self._said = 0
        self._overlong = 0
        self._reply = bytearray()
        self._held = b""
        self._holds = False
        self._over = False
        self.misdeeds = Misdeeds(self)
        super().__init__(conn, server, ioloop)
        self.set_terminator(b"\n")
        if not self._closed:
            site.sessions[self.number] = self
            self.dialogue.note("session opened", f"session {self.number} from {self.peer_text}",
                               number=self.number, peer=[plain(self.remote_ip), self.remote_port])  # fmt: skip

    @property
    def peer_text(self) -> str:
        """The client's address."""
        return address_text((plain(self.remote_ip), self.remote_port)) if self.remote_ip else "a client that left"

    @property
    def secured(self) -> bool:
        """Whether TLS is on the control connection; the TLS variant knows."""
        return False

    @property
    def protected(self) -> bool:
        """Whether data connections get TLS."""
        return False

    def facts(self) -> SessionFacts | None:
        """What it is and does now. Any thread."""
        fs, order, data = self.fs, self.order, getattr(self, "data_channel", None)
        transfer = None
        if order is not None:
            moved, began = (data.moved, data._began) if data is not None else (0, order.began)
            seconds = max(monotonic() - began, 1e-3)
            transfer = TransferFacts(order.verb, order.path, order.way, moved, order.size, order.resumed,
                                     moved / seconds)  # fmt: skip
        how = "active" if self.active else "passive" if self._dtp_acceptor is not None else ""
        if data is not None:
            how = "active" if data.connected_by == "server" else "passive"
        user = self.username if self.authenticated else ""
        return SessionFacts(self.number, self.conn, self.peer_text, user, self.since_ns, fs.cwd if fs else "",
                            self.doing, self.commands, self.secured, self.protected, how, transfer)  # fmt: skip

    # What comes

    def handle(self) -> None:
        """Greet the client, unless a rule says otherwise."""
        if not self.misdeeds.at_connect():
            self.greet()

    def greet(self) -> None:
        """The 220 reply."""
        if not self._closed:
            self.respond(f"220 {self.site.setup.banner}")

    def recv(self, buffer_size: int) -> bytes:
        """What has come."""
        started = monotonic_ns()
        data: bytes = super().recv(buffer_size)
        if data and self.secured and self.trace is not None and self.trace.recorder.enabled:
            self.trace.received("recv", started, self._fileno, data, buffer_size, 0)
        return data

    def send(self, data: Any) -> int:
        """Send, recorded where TLS hides it from the socket."""
        started = monotonic_ns()
        sent = int(super().send(data))
        if sent and self.secured and self.trace is not None and self.trace.recorder.enabled:
            piece = bytes(data[:sent])
            self.trace.sent("send", started, self._fileno, piece, sent, len(data), 0, repr(piece[:40]))
        return sent

    def collect_incoming_data(self, data: bytes) -> None:
        """A part of a line."""
        self._taken += len(data)
        if self._overlong:
            self._overlong += len(data)
            if self._overlong > ENDLESS_BYTES and not self._over:
                self._over = True
                self.dialogue.note("session refused", f"a command line of more than {ENDLESS_BYTES} bytes")
                self.respond("421 That line has no end; goodbye.")
                self.close_when_done()
            return
        self._in_buffer.append(data)
        self._in_buffer_len += len(data)
        if self._in_buffer_len > LINE_BYTES:
            self._overlong = self._in_buffer_len
            self._in_buffer = [b"".join(self._in_buffer)[:200]]

    def found_terminator(self) -> None:
        """A line is whole; LF alone ends one, too."""
        line, long = b"".join(self._in_buffer).removesuffix(b"\r"), self._overlong
        self._in_buffer, self._in_buffer_len, self._overlong = [], 0, 0
        self._taken += 1
        begin, self._line_begin = self._line_begin, self._taken
        if self._over or self._closed:
            return
        if self._idler is not None and not self._idler.cancelled:
            self._idler.reset()
        text = line.lstrip(b"\xff\xf4\xf2").decode("utf-8", "surrogateescape")
        self.doing = masked(text)[:200]
        self.commands += 1
        self.dialogue.command(text + (f".. ({long} bytes)" if long else ""), offset=begin, size=self._taken - begin)
        if long:
            self.respond(f"500 A command line has at most {LINE_BYTES} bytes.")
        elif "\0" in text:
            self.respond("501 A zero byte has no place in a command.")
        elif self.busy and split_command(text)[0] not in _AT_ONCE:
            self._wait(text)
        else:
            self.obey(text)

    @property
    def busy(self) -> bool:
        """Commands wait: a transfer runs, or a rule holds an answer back."""
        return self.order is not None or self.misdeeds.holding

    def _wait(self, text: str) -> None:
        if len(self._later) >= AHEAD:
            self._over = True
            self.respond("421 Too many commands sent ahead; goodbye.")
            self.close_when_done()
            return
        self._later.append(text)

    def go_on(self) -> None:
        """Obey what was sent ahead."""
        while self._later and not (self.busy or self._closed or self._over):
            self.obey(self._later.popleft())
        self._let_go()

    def obey(self, line: str) -> None:
        """Do what a command says, unless a rule has something else in mind."""
        verb, argument = split_command(line)
        if not self.misdeeds.before(line, verb, self._virtual(argument) if argument else ""):
            self.really_obey(line, verb, argument)

    def really_obey(self, line: str, verb: str, argument: str) -> None:
        """Do what a command says."""
        if verb in ("LIST", "NLST"):
            argument = _without_options(argument)
            line = f"{verb} {argument}" if argument else verb
        try:
            self.pre_process_command(line, verb, argument)
        except (UnicodeError, ValueError) as error:
            self.respond(f"501 {error}.")

    def _virtual(self, argument: str) -> str:
        return self.fs.ftpnorm(argument) if self.fs is not None else argument

    # What is said

    def push(self, data: str) -> None:
        """A part of a reply."""
        if self._closed:
            return
        raw = data.encode("utf-8", "surrogateescape")
        self._reply += raw
        self.misdeeds.push(raw)

    def push_now(self, raw: bytes) -> None:
        """Bytes of a reply onto the wire."""
        if self._holds:
            self._held += raw
            return
        if self._held:
            raw, self._held = self._held + raw, b""
        super(FTPHandler, self).push(raw)

    @contextmanager
    def joining(self) -> Iterator[None]:
        """What is said meanwhile goes out together with the answer to what was sent ahead, in one packet.

        `go_on` comes right after.
        """
        self._holds = bool(self._later) and not self._closed
        try:
            yield
        finally:
            self._holds = False

    def _let_go(self) -> None:
        if self._held and not self._closed:
            self.push_now(b"")

    def close_when_done(self) -> None:
        """As the library does, behind all that was said."""
        self._let_go()
        super().close_when_done()

    def push_with_producer(self, producer: Any) -> None:
        """A listing as a part of a reply (STAT)."""
        while piece := producer.more():
            self.push(piece.decode("utf-8", "surrogateescape"))

    def respond(self, resp: str, logfun: Any = None) -> None:
        """The last line of a reply; then it is told."""
        self._last_response = resp
        if self._closed:
            return
        self.push(resp + "\r\n")
        size, offset = len(self._reply), self._said
        lines = self._reply.decode("utf-8", "surrogateescape").split("\r\n")[:-1]
        self._said += size
        self._reply.clear()
        self.dialogue.reply(int(resp[:3]), lines, offset=offset, size=size)

    def respond_w_warning(self, resp: str) -> None:
        """As `respond`."""
        self.respond(resp)

    def cut(self, reset: bool) -> None:
        """End the control connection now; reset: by RST, what is not sent yet is lost."""
        self._let_go()
        if reset:
            try:
                self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            except OSError:
                pass
            self._error = True
            self.close()
        else:
            self.close_when_done()

    # Things of the session

    def ftp_CWD(self, path: str) -> Any:
        """Change the session's folder; the process stays where it is."""
        try:
            self.fs.chdir(path)
        except OSError as error:
            self.respond(f"550 {os.strerror(error.errno or 0)}.")
            return None
        self.respond(f'250 "{self.fs.cwd}" is the current directory.')
        return path

    def on_login(self, username: str) -> None:
        """Told as a note."""
        self.dialogue.note("logged in", f"session {self.number}: {username} logged in", user=username)

    def on_login_failed(self, username: str, password: str) -> None:
        """Told as a note, without the password."""
        self.dialogue.note("login failed", f"session {self.number}: {username or 'nobody'} could not log in",
                           user=username)  # fmt: skip

    def close(self) -> None:
        """The session ends."""
        if self._closed:
            return
        super().close()
        self.tell_closed()

    def tell_closed(self) -> None:
        """Once: it is over."""
        if self.site.sessions.pop(self.number, None) is not None:
            self.dialogue.note("session closed", f"session {self.number} from {self.peer_text} ended after "
                               f"{self.commands} commands", number=self.number)  # fmt: skip

    def library_failed(self, instance: Any) -> None:
        """An exception that nobody foresaw."""
        error = sys.exc_info()[1]
        last = traceback.extract_tb(error.__traceback__)[-1] if error is not None and error.__traceback__ else None
        where = f" in {last.name}" if last else ""
        self.dialogue.note("server error", f"{type(error).__name__}: {error}{where}", errno=type(error).__name__,
                           why=f"An error of the server itself: {error!r}. The session or transfer ended.")  # fmt: skip

    def log_exception(self, instance: Any) -> None:
        """pyftpdlib's name for it."""
        self.library_failed(instance)

    def log(self, msg: str, logfun: Any = None) -> None:
        """What the library logs is told by events."""

    def logline(self, msg: str, logfun: Any = None) -> None:
        """See `log`."""

    def logerror(self, msg: str) -> None:
        """See `log`."""

    def log_cmd(self, cmd: str, arg: str, respcode: int, respstr: str) -> None:
        """See `log`."""

    def log_transfer(self, *arguments: Any, **named: Any) -> None:
        """See `log`."""


def _without_options(argument: str) -> str:
    """A path behind options of /bin/ls that clients send with LIST."""
    while argument.startswith("-"):
        option, _, argument = argument.partition(" ")
        if not option[1:].isalnum() and option != "-":
            return f"{option} {argument}".strip()
        argument = argument.lstrip()
    return argument
