"""The lab's wire with a firewall on it: what a client behind a router lives with.

Clients connect here in place of the server. Connections that they open go out, control and passive data alike; a
connection that the server opens (active mode) does not come in. As a router does, it translates: it reads PORT and
EPRT and the replies 227 and 229, and puts an address of its own in their place. Where it lets nothing in, the
port that the server is told is one where nobody listens. Over TLS it can read none of it. It must not know what
client or server make of it.
"""

from __future__ import annotations

import selectors
import socket
from collections.abc import Callable
from typing import Any, Final

from protocols.concurrency.contract import Listen
from protocols.concurrency.listening import Listener, open_listener
from protocols.ftp.addresses import address_of_command, address_of_reply, eprt_argument, port_argument
from protocols.record.recorder import Recorder
from protocols.record.trace import address_text
from protocols.record.traced import TracedSocket, traced_socket
from protocols.service.base import Facts, Service, is_exposed
from protocols.service.wake import Wake

BUFFER_BYTES: Final = 256 << 10
LINE_BYTES: Final = 8 << 10
CONNECT_S: Final = 5.0
TLS_HANDSHAKE: Final = b"\x16"
"""The first byte of a TLS record that begins a session (RFC 8446 section 5.1); no command begins with it."""
_WHY_UNREAD: Final = (
    "A firewall that can't read the addresses can't open a way for them either. In the lab both ends are on one "
    "machine, so a data connection may still find its way past it."
)
_WHY_REFUSED: Final = (
    "The server connected to where the client said that it listens. To the firewall that is a connection from "
    "outside, which nobody inside asked for, and it lets none in. In passive mode the client opens the data "
    "connection itself: it goes out, like the control connection, and is let through."
)


class _Way:
    """One direction: what was read from one socket and waits for the other. edit: changes whole lines.

    on_tls: called where no line comes first, but TLS.
    """

    def __init__(
        self, source: TracedSocket, sink: TracedSocket, edit: Callable[[bytes], bytes] | None = None,
        on_tls: Callable[[], object] = bool,
    ) -> None:  # fmt: skip
        self.source, self.sink = source, sink
        self._edit, self._on_tls, self._begun = edit, on_tls, False
        self.waiting = bytearray()
        self._line = bytearray()
        self.ended = False
        self.told_end = False

    def take(self) -> None:
        """Read what is there. Raises OSError."""
        try:
            data = self.source.recv(64 << 10)
        except BlockingIOError:
            return
        if not self._begun and self._edit is not None and data.startswith(TLS_HANDSHAKE):
            self._on_tls()
        self._begun = True
        if not data:
            self.ended = True
            self.waiting += self._line
            self._line.clear()
        elif self._edit is None:
            self.waiting += data
        else:
            self._line += data
            while (end := self._line.find(b"\n") + 1) > 0:
                self.waiting += self._edit(bytes(self._line[:end]))
                del self._line[:end]
            if len(self._line) > LINE_BYTES:
                self.waiting += self._line
                self._line.clear()

    def give(self) -> None:
        """Write what waits, and then the end. Raises OSError."""
        if self.waiting:
            try:
                del self.waiting[: self.sink.send(bytes(self.waiting[: 64 << 10]))]
            except BlockingIOError:
                return
        if self.ended and not self.waiting and not self.told_end:
            self.told_end = True
            self.sink.shutdown(socket.SHUT_WR)

    def see_through(self) -> None:
        """From now on bytes are not read as lines."""
        self.waiting += self._line
        self._line.clear()
        self._edit = None

    @property
    def hungry(self) -> bool:
        return not self.ended and len(self.waiting) < BUFFER_BYTES

    @property
    def pending(self) -> bool:
        return bool(self.waiting) or (self.ended and not self.told_end)


class _Link:
    """Two connections that are one: inside to outside."""

    def __init__(self, wall: FtpFirewall, inner: TracedSocket, outer: TracedSocket, control: bool) -> None:
        self._wall = wall
        self.inner, self.outer = inner, outer
        self.conn = inner.trace.conn if inner.trace is not None else None
        self.onward = outer.trace.conn if outer.trace is not None else None
        self.out = _Way(inner, outer, self._command if control else None, self._at_once)
        self.back = _Way(outer, inner, self._reply if control else None)
        self.doors: list[TracedSocket] = []
        self.asked: str | None = None
        self.over = False

    # What it reads in passing

    def _at_once(self) -> None:
        """TLS from the first byte (implicit)."""
        self.see_through()
        self.back.see_through()

    def _command(self, line: bytes) -> bytes:
        text = line.decode("utf-8", "surrogateescape").strip()
        verb, _, argument = text.partition(" ")
        where = address_of_command(verb.upper(), argument)
        if where is None or self._wall.lets_in:
            return line
        host = self._wall.outside
        door = traced_socket(self._wall.recorder, self._wall.name, socket.AF_INET6 if ":" in host else socket.AF_INET)
        self.doors.append(door)  # bound, and nobody listens: what comes is refused
        door.bind((host, 0))
        port = door.getsockname()[1]
        self.asked = address_text((where.host, where.port))
        said = port_argument(host, port) if verb.upper() == "PORT" else eprt_argument(host, port)
        self.note("address translated", f"the client listens on {self.asked}; outside it is told "
                  f"{address_text((host, port))}", inside=[where.host, where.port], outside=[host, port])  # fmt: skip
        return f"{verb} {said}\r\n".encode()

    def _reply(self, line: bytes) -> bytes:
        text = line.decode("utf-8", "surrogateescape").strip()
        code = int(text[:3]) if text[:3].isdigit() else 0
        if code == 425 and self.asked is not None:
            self.note("incoming connection refused", f"the server's connection to the client's {self.asked} is not let "
                      "in", why=_WHY_REFUSED, errno="ECONNREFUSED", wanted=self.asked)  # fmt: skip
            self.asked = None
        elif code == 234:
            self.see_through()
            return line
        where = address_of_reply(code, text)
        return line if where is None else self._opened(line, code, where.port)

    def _opened(self, line: bytes, code: int, port: int) -> bytes:
        """A passive port of the server: one of ours stands for it."""
        wall = self._wall
        host = wall.address[0]
        door = traced_socket(wall.recorder, wall.name, socket.AF_INET6 if ":" in host else socket.AF_INET)
        self.doors.append(door)
        door.setblocking(False)
        door.bind((host, 0))
        door.listen(5)
        own = door.getsockname()[1]
        target = (wall.target[0], port)
        wall.watch_door(door, self, target)
        self.note("address translated", f"the server listens on {address_text(target)}; inside it is told "
                  f"{address_text((host, own))}", outside=list(target), inside=[host, own])  # fmt: skip
        if code == 229:
            return f"229 Entering extended passive mode (|||{own}|).\r\n".encode()
        return f"227 Entering passive mode ({port_argument(host, own)}).\r\n".encode()

    def see_through(self) -> None:
        """TLS begins: what the client says is no line any more, and soon what the server says is none either."""
        self.note("wire can't be read", "TLS begins: PORT and PASV can't be read nor translated any more",
                  why=_WHY_UNREAD)  # fmt: skip
        self.out.see_through()

    def note(self, kind: str, text: str, **facts: Any) -> None:
        """Told under the client's side of the session, with the server's side named."""
        self._wall.recorder.note(kind, text, service=self._wall.name, conn=self.conn, session=self.conn,
                                 onward=self.onward, role="control", end="firewall", **facts)  # fmt: skip

    def close(self) -> None:
        """Both connections and what was opened for them."""
        self.over = True
        for sock in (self.inner, self.outer, *self.doors):
            sock.close()


class FtpFirewall(Service):
    """Stands before a client: it connects here in place of `target`.

    lets_in: False refuses what the server opens; it may be changed while it runs.
    """

    def __init__(
        self, recorder: Recorder, target: tuple[str, int], *, host: str = "127.0.0.1", port: int = 0,
        lets_in: bool = False, name: str = "firewall",
    ) -> None:  # fmt: skip
        super().__init__(recorder, name, "FTP firewall")
        self.target: Final = target
        self.lets_in = lets_in
        self.address: tuple[str, int] = (host, port)
        self._asked = Listen(host=host, port=port)
        self._listener: Listener | None = None
        self._wake: Final = Wake()
        self._selector: Any = None
        self._links: list[_Link] = []

    @property
    def outside(self) -> str:
        """The address that it has towards the server."""
        return self.target[0]

    @property
    def where(self) -> str:
        """host:port that clients connect to."""
        return address_text(self.address) if self._listener is not None else ""

    def facts(self) -> Facts:
        """What it occupies."""
        ports = (self.address[1],) if self._listener is not None else ()
        return Facts(self.name, self.kind, self.state, self.where, self.threads(), (), ports, len(self._links),
                     is_exposed(self.address[0]))  # fmt: skip

    def _open(self) -> None:
        self._listener = open_listener(self.recorder, self._asked, self.name)
        self.name = self._listener.service
        assert isinstance(self._listener.address, tuple)
        self.address = self._listener.address
        self._listener.sock.setblocking(False)

    def _thread_name(self) -> str:
        return f"ftp-firewall:{self.address[1]}"

    def _wake_up(self) -> None:
        self._wake.set()

    def _close(self) -> None:
        if self._listener is not None:
            self._listener.close()
        self._wake.close()

    # The loop

    def _main(self) -> None:
        assert self._listener is not None
        with selectors.DefaultSelector() as self._selector:
            self._selector.register(self._listener.sock, selectors.EVENT_READ, self._accept)
            self._selector.register(self._wake, selectors.EVENT_READ, self._wake.clear)
            try:
                while not self.stopping.is_set():
                    for key, mask in self._selector.select():
                        if callable(key.data):
                            key.data()
                        else:
                            self._turn(key.data, key.fileobj, mask)
            finally:
                for link in list(self._links):
                    self._drop(link)

    def _accept(self) -> None:
        assert self._listener is not None
        try:
            inner, _ = self._listener.sock.accept()
        except OSError:
            return
        link = self._linked(inner, self.target, control=True)
        if link is not None:
            link.note("session passed on", f"a client's session goes on to {address_text(self.target)}",
                      target=list(self.target))  # fmt: skip

    def _linked(self, inner: TracedSocket, target: tuple[str, int], control: bool) -> _Link | None:
        outer = traced_socket(self.recorder, self.name, socket.AF_INET6 if ":" in target[0] else socket.AF_INET)
        try:
            outer.settimeout(CONNECT_S)
            outer.connect(target)
        except OSError:
            outer.close()
            inner.close()
            return None
        link = _Link(self, inner, outer, control)
        self._links.append(link)
        for sock in (inner, outer):
            sock.setblocking(False)
            self._selector.register(sock, selectors.EVENT_READ, link)
        return link

    def watch_door(self, door: TracedSocket, session: _Link, target: tuple[str, int]) -> None:
        """A passive port of ours, for one data connection of a session."""

        def accept() -> None:
            try:
                inner, _ = door.accept()
            except OSError:
                return
            self._selector.unregister(door)
            session.doors.remove(door)
            door.close()
            link = self._linked(inner, target, control=False)
            if link is not None:
                session.note("outgoing connection let through", f"the client's data connection goes on to "
                             f"{address_text(target)}", data=link.conn, data_onward=link.onward)  # fmt: skip

        self._selector.register(door, selectors.EVENT_READ, accept)

    def _turn(self, link: _Link, sock: object, mask: int) -> None:
        if link.over:
            return
        try:
            for way in (link.out, link.back):
                if mask & selectors.EVENT_READ and way.source is sock and way.hungry:
                    way.take()
                if way.pending:
                    way.give()
        except OSError:
            self._drop(link)
            return
        if link.out.told_end and link.back.told_end:
            self._drop(link)
            return
        for each, reads, writes in ((link.inner, link.out, link.back), (link.outer, link.back, link.out)):
            wanted = (selectors.EVENT_READ if reads.hungry else 0) | (selectors.EVENT_WRITE if writes.waiting else 0)
            self._want(each, wanted, link)

    def _want(self, sock: TracedSocket, wanted: int, link: _Link) -> None:
        known = self._selector.get_map().get(sock)
        if known is None:
            if wanted:
                self._selector.register(sock, wanted, link)
        elif not wanted:
            self._selector.unregister(sock)
        elif known.events != wanted:
            self._selector.modify(sock, wanted, link)

    def _drop(self, link: _Link) -> None:
        for sock in (link.inner, link.outer, *link.doors):
            if sock.fileno() >= 0 and sock in self._selector.get_map():
                self._selector.unregister(sock)
        link.close()
        self._links.remove(link)
