"""How data connections come about: a port to connect to (PASV, EPSV), or a connection to the client (PORT, EPRT).

Both are recorded sockets. A passive port takes the session's own client and nobody else, and only ports of the
range; an active connection is made when the transfer is asked for (RFC 959 section 3.2). It must not know files.
"""

from __future__ import annotations

import errno
import os
import random
import socket
from collections.abc import Iterator
from typing import Any, Final

from protocols.ftp.addresses import DataAddress, port_argument
from protocols.ftp.server.library import Acceptor, Connector
from protocols.record.event import monotonic_ns
from protocols.record.explain import explain
from protocols.record.trace import address_text
from protocols.record.traced import traced_socket

BACKLOG: Final = 5
_DYNAMIC: Final = range(49152, 65536)
"""Anybody's ports (RFC 6335 section 6). A random one is hard to guess (RFC 2577 section 8), and it may still be in
TIME_WAIT from an earlier transfer, where port 0 gives none of these: 28,000 small files in a minute use up all."""
_GUESSES: Final = 4


def plain(host: str) -> str:
    """An IPv4 address in IPv6 clothes undressed."""
    return host.removeprefix("::ffff:")


class Passive(Acceptor):  # type: ignore[misc]
    """A port that waits for the client. Raises OSError where no port of the range is free."""

    socket: Any

    def __init__(self, session: Any, extended: bool) -> None:
        self.cmd_channel = session
        super().__init__(ioloop=session.ioloop)
        setup = session.site.setup
        here = session.socket.getsockname()[0]
        family = session.socket.family
        self._bind(family, here, setup.passive_ports)
        self.listen(BACKLOG)
        port = self.socket.getsockname()[1]
        if extended:
            session.respond(f"229 Entering extended passive mode (|||{port}|).")
        else:
            said = setup.masquerade or plain(here)
            session.respond(f"227 Entering passive mode ({port_argument(said, port)}).")
        if wait_s := setup.limits.data_wait_s:
            self.call_later(wait_s, self.handle_timeout)

    def _bind(self, family: int, host: str, ports: tuple[int, ...]) -> None:
        choices, count = _guesses(), _GUESSES + 1
        if ports:
            count = ports[1] - ports[0] + 1
            first = random.randrange(count)
            choices = (ports[0] + (first + step) % count for step in range(count))
        for place, port in enumerate(choices, 1):
            self.create_socket(family, socket.SOCK_STREAM)
            try:
                if port and os.name == "posix":  # elsewhere it would take a port that somebody listens on
                    self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                if family == socket.AF_INET6:
                    self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
                self.bind((host, port))
            except OSError as error:
                self.del_channel()
                self.socket.close()
                self.socket = None
                busy = error.errno in (errno.EADDRINUSE, errno.EACCES, errno.EPERM)
                if not busy or place == count:
                    raise
            else:
                return

    def create_socket(self, family: int, type: int) -> None:
        """As asyncore's, with a recorded socket."""
        site = self.cmd_channel.site
        sock = traced_socket(site.recorder, site.name, family, type)
        sock.setblocking(False)
        self.set_socket(sock)

    def handle_accepted(self, sock: Any, addr: Any) -> None:
        """Somebody connects: the client, or somebody who tries to steal its data (RFC 2577 section 8)."""
        session = self.cmd_channel
        if not session.connected:
            sock.close()
            self.close()
        elif addr[0] != session.remote_ip:
            session.dialogue.note(
                "data connection refused",
                f"{address_text(addr)} came to the passive port and is not the client {session.remote_ip}",
                why="Only the client of the control connection may take its data (RFC 2577).", peer=list(addr[:2]),
            )  # fmt: skip
            sock.close()
        else:
            self.close()
            session.data_opened(sock, "client")

    def handle_timeout(self) -> None:
        """The client did not come."""
        self.close()
        self.cmd_channel.data_failed("Nobody connected to the passive port in time.", self)

    def handle_error(self) -> None:
        """Whatever went wrong with the port ends it."""
        self.cmd_channel.library_failed(self)
        self.close()
        self.cmd_channel.data_failed("The passive port failed.", self)


class Active(Connector):  # type: ignore[misc]
    """A connection to where the client listens."""

    socket: Any

    def __init__(self, session: Any, where: DataAddress) -> None:
        super().__init__(ioloop=session.ioloop)
        self.cmd_channel = session
        self._where = where
        self._began_ns = monotonic_ns()
        if wait_s := session.site.setup.limits.data_wait_s:
            self.call_later(wait_s, self.handle_timeout)
        here = plain(session.socket.getsockname()[0])
        family = socket.AF_INET6 if ":" in where.host else socket.AF_INET
        try:
            self.create_socket(family, socket.SOCK_STREAM)
            self.bind((here, 0))
            self.connect((where.host, where.port))
        except OSError as error:
            self._refused(error)

    create_socket = Passive.create_socket

    def readable(self) -> bool:
        """Nothing is read here."""
        return False

    def handle_connect_event(self) -> None:
        """The kernel has an answer: the connection stands, or why not."""
        number = self.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if number:
            self._refused(OSError(number, os.strerror(number)))
            return
        session, sock = self.cmd_channel, self.socket
        if sock.trace is not None and sock.trace.recorder.enabled:
            target = address_text((self._where.host, self._where.port))
            sock.trace.call("connect", f"connect to {target} stands", self._began_ns, passive=True, fd=sock.fileno(),
                            peer=[self._where.host, self._where.port])  # fmt: skip
        self.del_channel()
        self.socket = None
        self.close()
        session.data_opened(sock, "server")

    def handle_write(self) -> None:
        """The data handler writes; asyncore comes here once after the connect."""

    def handle_close(self) -> None:
        """The poller says that the connection failed."""
        if self._closed:
            return
        number = self.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) if self.socket is not None else 0
        self._refused(OSError(number or errno.ECONNREFUSED, os.strerror(number or errno.ECONNREFUSED)))

    def handle_timeout(self) -> None:
        """No answer at all."""
        self._refused(TimeoutError(errno.ETIMEDOUT, os.strerror(errno.ETIMEDOUT)))

    def handle_error(self) -> None:
        """Whatever else went wrong."""
        self.cmd_channel.library_failed(self)
        self._refused(OSError(errno.EIO, "The connection failed"))

    def _refused(self, error: OSError) -> None:
        where = (self._where.host, self._where.port)
        told = explain(error, call="connect", address=where)
        session = self.cmd_channel
        self.close()
        session.dialogue.note(
            "active connection refused",
            f"the server's connection to {address_text(where)} failed: {told.title}", errno=told.errno,
            why=f"In active mode the server connects to the client. {told.why} A firewall or router before the "
                "client lets no connection in from outside; in passive mode the client connects, and that goes out.",
            peer=list(where),
        )  # fmt: skip
        session.data_failed(f"Can't connect to {address_text(where)}: {told.title}.", self)


def _guesses() -> Iterator[int]:
    """Random ports as they are needed, mostly one, and at last whichever is free."""
    for _ in range(_GUESSES):
        yield random.choice(_DYNAMIC)
    yield 0
