"""The sockets that libcurl works with: opened here, so that their connections are known by address.

libcurl keeps a duplicate of each socket and closes it without a word: it is recognised by its
inode. It must not know HTTP.
"""

from __future__ import annotations

import os
import socket
import threading
from typing import Any, Final

from protocols.record.connections import End
from protocols.record.event import monotonic_ns
from protocols.record.recorder import Recorder
from protocols.record.trace import Trace, address_call, address_value, transport_of

Address = tuple[str, int]
SWEEP_S: Final = 0.02
"""libcurl tells nobody when it closes a connection: so often it is looked for, while requests come and go."""


_FACTS: Final = ("fd", "thread", "end", "kept", "tls", "via")


class Opened:
    """One socket of libcurl's. trace.end is set once it is connected. rendering: it speaks HTTP/2 or 3."""

    __slots__ = ("_ends", "address", "asked", "fd", "inode", "rendering", "since_ns", "tls", "trace", "unsure")

    def __init__(self, trace: Trace, inode: int, address: Any) -> None:
        self.trace = trace
        self._ends: tuple[Address | None, Address | None] | None = None
        self.asked: tuple[Address, Address] | None = None
        """The addresses by which libcurl named it."""
        self.inode = inode
        self.fd = -1
        self.address = address
        self.since_ns = monotonic_ns()
        self.rendering = False
        self.tls = False
        self.unsure = False
        """libcurl read bytes that it showed to nobody, so offsets in this direction are not exact any more."""

    @property
    def end(self) -> End | None:
        """Our end of the connection, once it stands."""
        return self.trace.end

    def ends(self) -> tuple[Address | None, Address | None]:
        """The addresses of both ends, ours first; None where they are not known, or of another kind."""
        if self._ends is None and self.trace.end is not None:
            self._ends = _pair(self.trace.end.local), _pair(self.trace.end.peer)
        return self._ends or (None, None)


class OpenedSockets:
    """All sockets of one multi handle. Used in the thread that drives it, but for `ends` and `count`."""

    def __init__(self, recorder: Recorder, service: str) -> None:
        self._recorder: Final = recorder
        self._service = service
        self._by_inode: dict[int, Opened] = {}
        self._lent: list[socket.socket] = []
        self.seen: set[int] = set()
        """Descriptors that `watched` has looked at."""
        self._swept_ns = 0
        self._young: list[Opened] = []
        self._thread = ""

    def make(self, family: int, kind: int, proto: int, address: Any) -> tuple[socket.socket, Opened]:
        """A socket for libcurl, which duplicates it; ours is closed soon after. Raises OSError."""
        started = monotonic_ns()
        sock = socket.socket(family, kind & 0xF, proto)  # Linux packs flags into the type
        self.seen.clear()  # a number may be another socket's from now on
        self._lent.append(sock)
        trace = Trace(self._recorder, self._service, None, transport_of(sock))
        inode = os.fstat(sock.fileno()).st_ino
        opened = self._by_inode[inode] = Opened(trace, inode, address)
        self._young.append(opened)
        self._thread = threading.current_thread().name
        text = f"socket({socket.AddressFamily(family).name}, {socket.SocketKind(kind & 0xF).name})"
        if self._recorder.enabled:
            trace.call("socket", text, started, via="libcurl")
        return sock, opened

    def watched(self, fd: int) -> None:
        """libcurl waits for this descriptor: it may be the duplicate of one of ours."""
        self.seen.add(fd)
        try:
            opened = self._by_inode.get(os.fstat(fd).st_ino)
        except OSError:
            return
        if opened is not None:
            opened.fd = fd

    def settle(self) -> None:
        """Find the connections that stand by now, and tell them."""
        if self._young:
            for opened in self._young:
                if opened.fd >= 0 and self._by_inode.get(opened.inode) is opened:
                    self._stand(opened)
            self._young = [one for one in self._young if one.trace.end is None and one.inode in self._by_inode]

    def _stand(self, opened: Opened) -> None:
        trace = opened.trace
        try:
            with socket.socket(fileno=os.dup(opened.fd)) as twin:
                local, peer = twin.getsockname(), twin.getpeername()
                trace.stand(twin, "client")
                if self._recorder.enabled:
                    trace.call("connect", f"connect({address_call(opened.address)}) = 0", opened.since_ns, fd=opened.fd,
                               local=address_value(local), peer=address_value(peer), via="libcurl")  # fmt: skip
                    trace.look(twin)
        except OSError:
            return  # not connected yet, or not any more

    def find(self, local: Address, remote: Address) -> Opened | None:
        """The connection that stands between these two addresses, as libcurl writes them."""
        self.settle()
        asked = (local, remote)
        for opened in self._by_inode.values():
            if opened.asked == asked:
                return opened
        plain = _plain(local), _plain(remote)
        for opened in self._by_inode.values():
            end = opened.trace.end
            if end is not None and (end.local, end.peer) == plain:
                opened.asked = asked
                return opened
        return None

    def sweep(self) -> None:
        """Close what libcurl has duplicated, and tell which of its own it has closed."""
        self.give_back()
        self._swept_ns = monotonic_ns()
        for opened in list(self._by_inode.values()):
            if opened.fd >= 0 and not self._is_open(opened):
                self._gone(opened)

    def give_back(self) -> None:
        """Close what libcurl has duplicated."""
        while self._lent:
            self._lent.pop().close()

    def sweep_in_s(self) -> float:
        """How long until it is time to look again which connections libcurl has closed."""
        return max(0.0, SWEEP_S - (monotonic_ns() - self._swept_ns) / 1e9)

    def _is_open(self, opened: Opened) -> bool:
        try:
            return os.fstat(opened.fd).st_ino == opened.inode
        except OSError:
            return False

    def failed(self, opened: Opened, error: OSError) -> None:
        """libcurl could not connect it."""
        if self._by_inode.pop(opened.inode, None) is not None and self._recorder.enabled:
            opened.trace.call("connect", f"connect({address_call(opened.address)})", opened.since_ns, error=error,
                              address=opened.address, peer=address_value(opened.address), via="libcurl")  # fmt: skip

    def _gone(self, opened: Opened) -> None:
        del self._by_inode[opened.inode]
        if self._recorder.enabled:
            opened.trace.call("close", "close()", monotonic_ns(), fd=opened.fd, via="libcurl")
        opened.trace.gone()

    def close(self) -> None:
        """The multi handle is gone and with it all its sockets."""
        self.sweep()
        for opened in list(self._by_inode.values()):
            self._gone(opened)

    def count(self) -> int:
        """How many connections stand."""
        return sum(opened.trace.end is not None for opened in list(self._by_inode.values()))

    def data(self, opened: Opened, kind: str, data: bytes, now: int) -> None:
        """Record bytes that libcurl sent ("send") or received ("recv"), and count them."""
        end = opened.trace.end
        if end is None or opened.rendering:
            return
        outward, size = kind == "send", len(data)
        offset: int | None
        if outward:
            offset = end.sent
            end.sent = offset + size
        else:
            offset = end.received
            end.received = offset + size
        if not self._recorder.enabled:
            return
        kept = end.keep(size)
        detail = (_FACTS, opened.fd, self._thread, "client", kept if kept < size else None, opened.tls or None,
                  "libcurl")  # fmt: skip
        self._recorder.put((
            now, "call", kind, self._service, end.conn, "out" if outward else "in",
            None if opened.unsure and not outward else offset, size, data[:kept], f"{kind}() = {size}", detail,
        ))  # fmt: skip


def _plain(address: Address) -> Address:
    return str(address[0]).strip("[]").removeprefix("::ffff:"), address[1]


def _pair(address: Any) -> Address | None:
    return (str(address[0]), int(address[1])) if isinstance(address, tuple) and len(address) >= 2 else None
