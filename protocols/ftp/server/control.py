"""One session's data connections and transfers: PORT and PASV, RETR and STOR, ABOR, and what is told of each.

PORT goes to the client's own address and no privileged port (RFC 2577); the connection is made when the transfer
is asked for, and then comes the reply. It must not know TLS.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from ipaddress import ip_address
from time import monotonic
from typing import Any, Literal

from protocols.ftp.addresses import AddressError, DataAddress, read_eprt, read_port
from protocols.ftp.dialogue import Role, Transfer
from protocols.ftp.server.channels import Active, Passive, plain
from protocols.ftp.server.data import Data
from protocols.ftp.server.lines import ToText
from protocols.ftp.server.order import FILES, Order
from protocols.ftp.server.session import Session
from protocols.record.filelock import CLOEXEC
from protocols.record.trace import address_text


class Control(Session):
    """A session, whole. dtp_handler: made with (socket, session)."""

    dtp_handler: Any = Data
    _go: Callable[[], Any] | None = None
    """A transfer that waits for its active connection."""

    def ftp_PORT(self, line: str) -> None:
        """Active mode, IPv4: where the client listens."""
        self._take_address(line, read_port)

    def ftp_EPRT(self, line: str) -> None:
        """Active mode, IPv4 or IPv6 (RFC 2428)."""
        self._take_address(line, read_eprt)

    def _take_address(self, line: str, read: Callable[[str], DataAddress]) -> None:
        if self._epsvall:
            self.respond("501 Only EPSV is allowed after EPSV ALL.")
            return
        try:
            where = read(line)
        except AddressError as error:
            self.respond(f"501 {error}.")
            return
        client = plain(self.remote_ip)
        if (":" in where.host) != (":" in client):
            self.respond(f"522 Network protocol not supported, use ({2 if ':' in client else 1}).")
        elif ip_address(where.host) != ip_address(client.partition("%")[0]):
            self._tell_refused(where, f"the client is {client}: a connection elsewhere would be a bounce attack "
                                      "(RFC 2577 section 3)")  # fmt: skip
            self.respond(f"501 {where.host} is not your address {client}: refused.")
        elif where.port < 1024:
            self._tell_refused(where, "ports below 1024 belong to other services (RFC 2577 section 3)")
            self.respond(f"501 Port {where.port} is privileged: refused.")
        else:
            self.forget_data()
            self.active = where
            self.respond(f"200 The next transfer connects to {address_text((where.host, where.port))}.")

    def _tell_refused(self, where: DataAddress, why: str) -> None:
        text = f"a data connection to {address_text((where.host, where.port))} was asked for: refused"
        self.dialogue.note("data connection refused", text, why=f"Refused: {why}.", peer=[where.host, where.port])

    def _make_epasv(self, extmode: bool = False) -> None:
        if not extmode and ":" in plain(self.socket.getsockname()[0]):
            self.respond("501 PASV can say IPv4 addresses only; use EPSV.")
            return
        self.forget_data()
        try:
            self._dtp_acceptor = Passive(self, extmode)
        except OSError as error:
            ports = self.site.setup.passive_ports
            text = f"No free port in {ports[0]}-{ports[1]}" if ports else os.strerror(error.errno or 0)
            self.respond(f"425 No passive port: {text}.")

    def forget_data(self) -> None:
        """Whatever data connection there was or was to be."""
        self._shutdown_connecting_dtp()
        self.active = None
        if self.data_channel is not None:
            self.data_channel.close()
            self.data_channel = None

    def data_opened(self, sock: Any, by: Role) -> None:
        """A data connection stands; by: who of FTP opened it."""
        self._dtp_acceptor = self._dtp_connector = None
        if self._closed:
            sock.close()
            return
        handler = self.dtp_handler(sock, self)
        if not handler.connected:  # it broke before it was taken; its close() has told so
            self._drop_queues()
            return
        handler.connected_by = by
        self.data_channel = handler
        order, go, self._go = self.order, self._go, None
        if order is not None and go is not None:
            self._start(order, go)
            if self.order is None:
                self.ioloop.call_later(0, self.go_on)
            return
        if order is not None:
            self.misdeeds.arm(handler, order)
        self._on_dtp_connection()

    def data_failed(self, why: str, channel: Any) -> None:
        """The data connection did not come about."""
        if channel in (self._dtp_acceptor, self._dtp_connector) or self._dtp_connector is None:
            self._dtp_acceptor = self._dtp_connector = None
        if self._closed:
            return
        order = self.order
        self._drop_queues()
        self.order = self._go = None
        if order is None:
            self.dialogue.note("data connection given up", why)
            return
        self.respond(f"425 {why}")
        kind: Literal["binary", "text"] = "text" if order.text else "binary"
        took_s = monotonic() - order.began
        self._tell(order, Transfer(order.verb, order.path, order.way, 0, took_s, order.resumed, kind, complete=False,
                                   error=why), None, None)  # fmt: skip
        self.ioloop.call_later(0, self.go_on)

    def _drop_queues(self) -> None:
        out, self._out_dtp_queue = self._out_dtp_queue, None
        into, self._in_dtp_queue = self._in_dtp_queue, None
        for file in (out[2] if out else None, into[0] if into else None):
            if file is not None:
                file.close()

    # Transfers

    def begin(self, verb: str, real: str, go: Callable[[], Any]) -> Any:
        """Start a transfer by `go`, pyftpdlib's own method for the command."""
        if not (self.data_channel or self._dtp_acceptor or self.active):
            self._restart_position = 0
            self.respond("425 There is no data connection: PASV, EPSV, PORT or EPRT comes first.")
            return None
        order = Order(verb, self.fs.virtual(real), real, monotonic(), self._restart_position,
                      text=self._current_type == "a" or verb not in FILES)  # fmt: skip
        try:
            found = os.stat(real)
            order.size = found.st_size if verb == "RETR" else None
            order.resumed = found.st_size if verb == "APPE" else order.resumed
        except OSError:
            pass
        order.rule, self.misdeeds.met = self.misdeeds.met, None
        self.order = order
        where, self.active = self.active, None
        if self.data_channel is None and where is not None:
            # The reply waits for the connection: a client told 150 would wait for one that never comes.
            self._go = go
            connector = Active(self, where)
            if self.order is order and self.data_channel is None:
                self._dtp_connector = connector
            return None
        return self._start(order, go)

    def _start(self, order: Order, go: Callable[[], Any]) -> Any:
        """Reply, and move the data if there is a connection for it."""
        if self.data_channel is not None:
            self.misdeeds.arm(self.data_channel, order)
        result = go()
        if self._closed:  # its first reply was cut on purpose, and the session with it
            return result
        data = self.data_channel
        begun = data._initialized if data is not None else self._out_dtp_queue or self._in_dtp_queue
        if self.order is order and not begun:
            self.order = None  # it was refused
            if data is not None:
                data.stop_at = data.on_stop = None
                if data.connected_by == "server":
                    self.forget_data()
        return result

    def ftp_RETR(self, file: str) -> Any:
        """Send a file."""
        return self.begin("RETR", file, lambda: super(Control, self).ftp_RETR(file))

    def ftp_STOR(self, file: str, mode: str = "w") -> Any:
        """Receive a file; mode "a" appends."""
        verb = "APPE" if "a" in mode else "STOR"
        return self.begin(verb, file, lambda: super(Control, self).ftp_STOR(file, mode))

    def ftp_STOU(self, line: str) -> Any:
        """Receive a file under a name that is not used yet."""
        def go() -> Any:
            name = super(Control, self).ftp_STOU(line)
            if name and self.order is not None:
                folder = os.path.dirname(self.fs.ftp2fs(line)) if line else self.fs.ftp2fs(self.fs.cwd)
                self.order.real = os.path.join(folder, name)
                self.order.path = self.fs.virtual(self.order.real)
            return name

        return self.begin("STOU", self.fs.ftp2fs(line or self.fs.cwd), go)

    def ftp_LIST(self, path: str) -> Any:
        """A listing for people."""
        return self.begin("LIST", path, lambda: super(Control, self).ftp_LIST(path))

    def ftp_NLST(self, path: str) -> Any:
        """Names alone."""
        return self.begin("NLST", path, lambda: super(Control, self).ftp_NLST(path))

    def ftp_MLSD(self, path: str) -> Any:
        """A listing for programs (RFC 3659)."""
        return self.begin("MLSD", path, lambda: super(Control, self).ftp_MLSD(path))

    def push_dtp_data(self, data: Any, isproducer: bool = False, file: Any = None, cmd: Any = None) -> None:
        """Send over the data connection, now or when it stands."""
        if file is not None and self._current_type == "a":
            data = ToText(file)
        super().push_dtp_data(data, isproducer, file, cmd)

    def ftp_ABOR(self, line: str) -> None:
        """End the transfer (RFC 959 section 4.1.3)."""
        data = self.data_channel
        if data is not None and self.order is not None:
            data.end(426, "Transfer aborted by ABOR.")
            self.respond("226 ABOR done.")
        elif self.order is not None:
            self._shutdown_connecting_dtp()
            self.data_failed("Transfer aborted by ABOR.", None)
            self.respond("226 ABOR done.")
        else:
            self.forget_data()
            self.respond("225 There was no transfer to abort.")

    def data_ending(self, data: Data) -> Callable[[], None] | None:
        """A data connection is about to be closed: what to tell afterwards."""
        order, self.order = self.order, None
        if order is None:
            return None
        data.reply_for_the_end()
        fd = self._opened_for_hash(order, data)
        done = Transfer(
            order.verb, order.path, order.way, data.moved, monotonic() - order.began, order.resumed,
            "text" if order.text else "binary", bool(data.transfer_finished), None, data.local, data.peer,
            data.connected_by, data.secured,
            "" if data.transfer_finished else data.error or "the session ended",
        )  # fmt: skip
        conn = data.conn

        def told() -> None:
            self._tell(order, done, conn, fd)
            if not self._closed:
                self.ioloop.call_later(0, self.go_on)

        return told

    def _opened_for_hash(self, order: Order, data: Data) -> int | None:
        """The file as it is now, to be hashed after the reply; None where there is none to compare."""
        if order.verb not in FILES or (order.verb == "RETR" and not data.transfer_finished):
            return None
        flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | CLOEXEC
        try:
            try:
                return os.open(order.real, flags)  # mostly it is no link
            except OSError:
                return os.open(os.path.realpath(order.real), flags)
        except OSError:
            return None

    def _tell(self, order: Order, done: Transfer, conn: str | None, fd: int | None) -> None:
        dialogue = self.dialogue
        if fd is None or not self.site.recorder.enabled:
            if fd is not None:
                os.close(fd)
            dialogue.transfer(done, conn)
            return
        self.site.hashing.hash(fd, lambda digest: dialogue.transfer(done._replace(sha256=digest), conn))
