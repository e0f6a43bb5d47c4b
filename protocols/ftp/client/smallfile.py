"""Small files over one FTP connection, step by step: PASV, RETR, the data and the verdict, and never a wait.

It knows the way that goes well, and a refusal. Everything else (a cut, a lie about the size, silence, a cancel) is
left to `moving`, which goes on where this has come to. It must not know threads or queues.
"""

from __future__ import annotations

import errno
import socket
import ssl
from collections.abc import Callable
from os import strerror
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from protocols import connecting
from protocols.connecting import Stopped
from protocols.ftp.client import localfiles, trouble
from protocols.ftp.client.data import DataLink, link_of, local_of, offered_address
from protocols.ftp.client.digest import Digest
from protocols.ftp.client.localfiles import PART, Target, disk
from protocols.ftp.client.moving import fill
from protocols.ftp.client.pump import Cut
from protocols.ftp.client.remote import Fetch
from protocols.ftp.client.replyreader import Reply
from protocols.ftp.client.steps import SMALL_BYTES, Odd, Steps
from protocols.ftp.client.tally import Tally
from protocols.ftp.client.told import Told
from protocols.ftp.client.trouble import FtpError
from protocols.record import polling
from protocols.record.event import monotonic_ns
from protocols.record.tcpstate import own_state
from protocols.record.traced import TracedSocket, traced_socket

if TYPE_CHECKING:
    from protocols.ftp.client.session import FtpSession

_State: TypeAlias = Literal["idle", "address", "connect", "begun", "data", "verdict"]
"""What comes next: nothing; the reply to PASV; the data connection; the reply to RETR; data; the last reply."""
_UNDER_WAY: Final = (0, errno.EINPROGRESS)
_DATA: Final = polling.POLLIN | polling.POLLRDHUP


class SmallFiles(Steps):
    """The session's own control connection, in passive mode and in the clear."""

    def __init__(self, session: FtpSession) -> None:
        self._session: Final = session
        self._control: Final = session.control
        self._control_fd: Final = session.control.fileno()
        self._silence_ns: Final = int(session.site.timeout_s * 1e9)
        self._ask: Final = "EPSV" if self._control.af == socket.AF_INET6 or session.site.extended else "PASV"
        self._buffer: Final = memoryview(bytearray(SMALL_BYTES))
        self._state: _State = "idle"
        self._sock: TracedSocket | None = None
        self._data_fd = -1
        self._asked_ns = 0
        self._more = False  # another file follows
        self._ahead = False  # its address has been asked for already
        self._address: tuple[Any, ...] = ()
        self._link: DataLink | None = None
        self._order: Fetch
        self._tally: Tally
        self._target: Target
        self._digest: Digest
        self.watched = {self._control_fd: polling.POLLIN}
        self.deadline_ns = 0

    # Beginning

    def begin(self, order: Fetch, tally: Tally, fresh: bool, more: bool = False) -> None:
        """See Steps."""
        self._order, self._tally, self._more = order, tally, more
        path = str(order.to)
        self._target = target = (
            Target(path, path + PART) if fresh else localfiles.target(order.to, force=order.force)
        )
        assert order.entry is not None
        tally.path, tally.part, tally.size = target.path, target.part, order.entry.size
        if target.direct:
            raise Odd(self._again)
        try:
            if not self._ahead:
                self._send(self._ask, "address")
                return
            self._state = "address"
            self.deadline_ns = monotonic_ns() + self._silence_ns
            reply = self._control.early_reply()
        except (FtpError, Stopped):
            raise Odd(self._again) from None
        if reply is not None:
            self._answer(reply)

    def _ask_ahead(self) -> None:
        """The data are here, the verdict is not: the server reads the next file's PASV as soon as it has said it."""
        try:
            self._control.send_urgent(self._ask)
        except (FtpError, Stopped) as error:
            raise self._rest(error) from None
        self._ahead = True

    def leave(self) -> None:
        """See Steps."""
        if self._ahead:
            self._control.drop()  # a reply is to come that nobody waits for

    def _send(self, line: str, state: _State) -> None:
        self._state = state
        self._control.putline(line)
        self.deadline_ns = monotonic_ns() + self._silence_ns

    # Steps

    def step(self, fd: int, mask: int) -> Callable[[], None] | None:
        """See Steps."""
        if fd == self._control_fd:
            try:
                reply = self._control.receive()
            except FtpError as error:
                raise self._lost(error) from None
            while reply is not None and self._state != "verdict" and self._control_fd in self.watched:
                self._answer(reply)
                reply = self._control.early_reply()
        elif self._state == "data":
            self._receive(mask)
        elif self._state == "connect":
            self._connected()
        else:
            self.watched = {self._control_fd: polling.POLLIN}  # it has ended before it began: the reply tells
        if self._state != "verdict":
            return None
        if (last := self._control.early_reply()) is None:
            if self._more and not self._ahead and self._session.asks_ahead:
                self._ask_ahead()
            return None
        if not last.good:
            raise self._rest()
        return self._end()

    def _answer(self, reply: Reply) -> None:
        if self._state == "begun":
            self._begun(reply)
        elif self._state == "address":
            self._control.take_reply()
            self._state, self._ahead = "idle", False  # no reply is due
            try:
                self._connect(offered_address(self._control, reply))
            except FtpError:
                raise Odd(self._again) from None
        elif self._state == "data" and reply.good:
            self.watched = {self._data_fd: _DATA}  # the verdict before the last data: it waits its turn
        elif self._state in ("data", "verdict"):
            raise self._rest()
        else:
            raise Odd(self._again)

    def _begun(self, reply: Reply) -> None:
        control, order = self._control, self._order
        control.take_reply()
        assert self._sock is not None
        if 100 <= reply.code < 200:
            self._link = link_of(self._sock, reply, "client", local_of(self._sock), control.peer[:2])
            self._state = "data"
            self._tally.begin()
            self.deadline_ns = monotonic_ns() + self._silence_ns
            self.watched = {self._control_fd: polling.POLLIN, self._data_fd: _DATA}
            try:
                self._target.open()
            except FtpError as error:
                raise self._rest(error) from None
            self._digest = Digest(self._target.fd)
        elif not reply.good:  # some servers say 200 first
            self._close()
            self._state = "idle"
            if reply.code == 421:
                control.drop()
                raise Odd(self._again)
            raise trouble.refused(reply, f"RETR {order.path}", control.site.where, control.site.user)

    # The data connection

    def _connect(self, address: tuple[str, int]) -> None:
        control = self._control
        self._sock = sock = traced_socket(control.recorder, control.name, control.af)
        self._data_fd, self._asked_ns = sock.fileno(), monotonic_ns()
        sock.setblocking(False)
        if control.site.source:
            sock.bind((control.site.source, 0))
        self._address = (*address, *control.peer[2:])
        result = socket.socket.connect_ex(sock, self._address)
        if result not in _UNDER_WAY:
            raise Odd(self._again)
        self._state = "connect"
        if own_state(sock) == "ESTABLISHED":  # as on this machine: the kernel has done it within the call
            self._ask_for_file()
        else:
            self.watched = {self._data_fd: polling.POLLOUT, self._control_fd: polling.POLLIN}

    def _connected(self) -> None:
        sock = self._sock
        assert sock is not None
        result = socket.socket.getsockopt(sock, socket.SOL_SOCKET, socket.SO_ERROR)
        if result:
            error = OSError(result, strerror(result))
            connecting.record(sock, self._asked_ns, self._address, error)
            self._state = "idle"
            raise Odd(self._again)
        self._ask_for_file()

    def _ask_for_file(self) -> None:
        assert self._sock is not None
        connecting.record(self._sock, self._asked_ns, self._address, None)
        try:
            self._send(f"RETR {self._order.path}", "begun")
        except (FtpError, Stopped) as error:
            raise self._lost(error) from None
        self.watched = {self._control_fd: polling.POLLIN, self._data_fd: _DATA}

    def _receive(self, mask: int) -> None:
        sock, tally, target = self._sock, self._tally, self._target
        assert sock is not None
        assert tally.size is not None
        try:
            count = sock.recv_into(self._buffer)
        except (BlockingIOError, ssl.SSLWantReadError):
            return
        except OSError as error:
            raise self._rest(Cut(error.strerror or str(error))) from None
        if count:
            data = self._buffer[:count]
            tally.moved += count
            tally.block(count)
            try:
                target.write(data)
            except FtpError as error:
                raise self._rest(error) from None
            self._digest.take(data)
            if tally.moved > tally.size:
                raise self._rest()
            self.deadline_ns = monotonic_ns() + self._silence_ns
            if not mask & polling.POLLRDHUP or count == SMALL_BYTES:
                return
        if tally.moved != tally.size:
            raise self._rest()
        self._close()
        tally.ended_ns = monotonic_ns()
        self._state = "verdict"

    def _close(self) -> None:
        self.watched = {self._control_fd: polling.POLLIN}
        self._data_fd = -1
        if self._sock is not None:
            self._sock.close()

    # The end

    def _end(self) -> Callable[[], None]:
        """The server says that it is all: tell it, and give the file its name when there is time."""
        tally, target = self._tally, self._target
        assert self._link is not None
        self._control.take_reply()
        self._state = "idle"
        tally.sha256, tally.whole = self._digest.end(self._session.waiter.check), True
        told = Told(self._control, self._link, "RETR", self._order.path)
        told.transfer("get", tally.moved, seconds=tally.seconds, sha256=tally.sha256)
        self._link = None

        def settle() -> None:
            try:
                target.close()
            except OSError as error:
                raise disk(target.part, error) from error
            target.finish()

        return settle

    def stop(self, late: bool) -> Odd:
        """See Steps."""
        if late and self._state == "address" and self._ahead:
            self._session.asks_ahead = False  # a server that forgets what comes before its time
            return Odd(self._again)
        if self._state in ("data", "verdict"):
            silent = Cut(f"silent for {self._session.site.timeout_s:g} s", silent=True)
            return self._rest(None if not late else silent if self._state == "data" else self._control.late())
        error = self._control.late() if late else Stopped("waiting for the server")
        return self._lost(error)

    def _rest(self, failure: Exception | None = None) -> Odd:
        """The usual way goes on with what is here. failure: what has happened to the data."""
        session, order, tally, target, link = self._session, self._order, self._tally, self._target, self._link
        assert link is not None
        ended, digest, ahead = self._state == "verdict", self._digest, self._ahead
        self._state, self._link, self._ahead = "idle", None, False

        def go_on() -> None:
            try:
                fill(session, order, tally, target, link, digest, ended=ended, failure=failure)
            finally:
                if ahead:
                    session.control.drop()  # one more reply is to come

        return Odd(go_on)

    def _lost(self, error: FtpError | Stopped) -> Odd:
        """The connection is of no use any more, or nobody knows which replies still come."""
        if self._state in ("data", "verdict"):
            return self._rest(error)
        self._close()
        self._control.drop()
        if isinstance(error, FtpError) and error.name in ("closed", "goodbye", "os"):
            return Odd(self._again)

        def go_on() -> None:
            raise error

        return Odd(go_on)

    def _again(self) -> None:
        """From the start, in the usual way."""
        self._close()
        self._ahead = False
        if self._state != "idle":
            self._control.drop()
        self._session.get(self._order, self._tally)
