"""Small files over one FTP connection, step by step: PASV, RETR, the data and the verdict, and never a wait.

While another file follows, its PASV goes out together with a RETR: the server reads it when the file is done, and the
next begins as soon as the verdict is here. Until all the data of a file have come nobody is woken, for they fit into
the system's buffers. It knows the way that goes well, and a refusal. Everything else (a cut, a lie about the size,
silence, a cancel) is left to `moving`, which goes on where this has come to. It must not know threads or queues.
"""

from __future__ import annotations

import hashlib
import socket
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from protocols.connecting import Stopped
from protocols.ftp.addresses import port_at
from protocols.ftp.client import localfiles, trouble
from protocols.ftp.client.data import DataLink, offered_address
from protocols.ftp.client.digest import Digest
from protocols.ftp.client.localfiles import PART, Target, disk
from protocols.ftp.client.moving import fill
from protocols.ftp.client.pump import Cut
from protocols.ftp.client.remote import Fetch
from protocols.ftp.client.replyreader import Reply
from protocols.ftp.client.smalldata import SmallData
from protocols.ftp.client.steps import Odd, Steps
from protocols.ftp.client.tally import Tally
from protocols.ftp.client.trouble import FtpError
from protocols.ftp.dialogue import Transfer, transfer_event
from protocols.record import polling
from protocols.record.event import Raw, monotonic_ns

if TYPE_CHECKING:
    from protocols.ftp.client.session import FtpSession

_State: TypeAlias = Literal["idle", "address", "connect", "begun", "data", "verdict"]
"""What comes next: nothing; the reply to PASV; the data connection; the reply to RETR; data; the last reply."""
_DATA: Final = polling.POLLIN | polling.POLLRDHUP
_END: Final = polling.POLLRDHUP
TINY_BYTES: Final = 32 << 10 if _END else 0
"""So much fits into the system's buffers whatever happens: it can wait there for its end."""
AHEAD_NS: Final = 2_000_000_000
"""The reply to what was asked before its time comes right after the one before it, or not at all."""
_NOT_NOW: Final = frozenset((450, 500, 501, 502, 503, 504, 530))
"""What a server may say to PASV in the middle of a transfer; of a transfer that broke they say something else."""


class SmallFiles(Steps):
    """The session's own control connection, in passive mode and in the clear."""

    def __init__(self, session: FtpSession) -> None:
        self._session: Final = session
        self._control: Final = session.control
        self._control_fd: Final = session.control.fileno()
        self._silence_ns: Final = int(session.site.timeout_s * 1e9)
        self._ask: Final = "EPSV" if self._control.af == socket.AF_INET6 or session.site.extended else "PASV"
        self._ask_line: Final = (self._ask, session.control.one_line(self._ask))
        self._data: Final = SmallData(session.control)
        self._state: _State = "idle"
        self._more = False  # another file follows
        self._ahead = False  # its address has been asked for already
        self._looked = False  # it took long until the data came
        self._chunk: memoryview | None = None  # the file, where all of it came at once and is not written yet
        self._digest: Digest | None = None  # of what is written
        self._began = Reply(0, ())
        self._begun_ns = 0
        self._order: Fetch
        self._tally: Tally
        self._target: Target
        self._calm = self.watched = {self._control_fd: polling.POLLIN}
        self.deadline_ns = 0

    # Beginning

    def begin(self, order: Fetch, tally: Tally, fresh: bool, more: bool = False) -> None:
        """See Steps."""
        self._order, self._tally, self._more = order, tally, more
        self._digest = self._chunk = None
        self._control.owes = 0
        path = str(order.to)
        self._target = target = (
            Target(path, path + PART) if fresh else localfiles.target(order.to, force=order.force)
        )
        assert order.entry is not None
        tally.path, tally.part, tally.size = target.path, target.part, order.entry.size
        if target.direct:
            raise self._start_over()
        try:
            if not self._ahead:
                self._say("address", self._ask_line)
                return
            self._state = "address"
            self.deadline_ns = monotonic_ns() + min(self._silence_ns, AHEAD_NS)
            reply = self._control.early_reply()
        except (FtpError, Stopped):
            raise self._start_over() from None
        if reply is not None:
            self._go_on(reply)

    def _say(self, state: _State, *lines: tuple[str, bytes]) -> None:
        self._state = state
        self._control.put_noted(lines, self.notes)
        self.deadline_ns = monotonic_ns() + self._silence_ns

    def leave(self) -> None:
        """See Steps."""
        if self._ahead:
            self._control.drop()  # a reply is to come that nobody waits for

    # Steps

    def step(self, fd: int, mask: int) -> Callable[[], None] | None:
        """See Steps."""
        if fd == self._control_fd:
            self._hear()
        elif self._state == "data":
            self._receive(mask)
        elif self._state == "connect":
            self._connected()
        else:
            self._catch_up(mask)
        come = self._control.replies
        while self._state != "idle" and (reply := come[0] if come else self._reply()) is not None:
            if self._state == "data" or self._state == "verdict":
                return self._judge(reply)
            self._go_on(reply)
        if self._state == "verdict" and self._more and not self._ahead and self._session.asks_ahead:
            self._ask_ahead()
        return None

    def look(self) -> None:
        """See Steps."""
        if self._state == "begun" and self.watched is not self._calm:
            self.watched, self._looked = self._calm, True  # what keeps the data away may stand in the reply

    def _hear(self) -> None:
        try:
            self._control.receive_noted(self.notes)
        except FtpError as error:
            raise self._lost(error) from None

    def _reply(self) -> Reply | None:
        """The reply that has come."""
        try:
            return self._control.early_reply()
        except FtpError as error:
            raise self._lost(error) from None

    def _catch_up(self, mask: int) -> None:
        """The data connection has ended, or somebody wants to know: nobody has listened to the reply that began it."""
        self.watched = self._calm
        self._hear()
        reply = self._reply()
        if reply is not None and 100 <= reply.code < 200:
            self._go_on(reply)
            self._receive(mask)

    def _go_on(self, reply: Reply) -> None:
        """A reply before the data."""
        control = self._control
        if self._state == "begun":
            control.take_reply()
            self._begun(reply)
            return
        if self._state != "address":
            raise self._start_over()
        control.take_reply()
        self._state, self._ahead = "idle", False  # no reply is due
        try:
            host, port = self._offered(reply)
            stands = self._data.connect((host, port, *control.peer[2:]), self.notes)
        except (FtpError, OSError):
            raise self._start_over() from None
        if stands:
            self._ask_for_file()
        else:
            self._state = "connect"
            self.watched = {self._data.fd: polling.POLLOUT, self._control_fd: polling.POLLIN}

    def _offered(self, reply: Reply) -> tuple[str, int]:
        """Raises FtpError."""
        host = self._control.peer[0]
        if port := port_at(host, reply.code, reply.lines[0]):
            return host, port
        self.notes.put()  # what is told of it comes after it
        return offered_address(self._control, reply)

    def _connected(self) -> None:
        if not self._data.connected(self.notes):
            self._state = "idle"
            raise self._start_over()
        self._ask_for_file()

    def _ask_for_file(self) -> None:
        self._ahead = self._more and self._session.asks_ahead > 1
        line = f"RETR {self._order.path}"
        try:
            asked = (line, self._control.one_line(line))
            if self._ahead:
                self._say("begun", asked, self._ask_line)
            else:
                self._say("begun", asked)
        except (FtpError, Stopped) as error:
            raise self._lost(error) from None
        self._looked = False
        tiny = self._session.data_tell and (self._tally.size or 0) <= TINY_BYTES
        self.watched = {self._data.fd: _END} if tiny else self._calm

    def _begun(self, reply: Reply) -> None:
        control = self._control
        if 100 <= reply.code < 200:
            self._began, self._state = reply, "data"
            self._tally.begin()
            self._begun_ns = self._tally.begun_ns
            self.deadline_ns = self._begun_ns + self._silence_ns
            self.watched = {self._control_fd: polling.POLLIN, self._data.fd: _DATA}
        elif self._ahead and reply.code in (227, 229):
            raise self._out_of_turn()
        elif not reply.good:  # some servers say 200 first
            self._data.close(self.notes)
            if self._looked:
                self._session.data_tell = False
            self._state, control.owes = "idle", int(self._ahead)
            if reply.code == 421:
                control.drop()
                raise self._start_over()
            raise trouble.refused(reply, f"RETR {self._order.path}", control.site.where, control.site.user)

    # Data

    def _receive(self, mask: int) -> None:
        """Some of them are here, and the verdict is not."""
        tally = self._tally
        assert tally.size is not None
        try:
            data = self._data.receive(self.notes)
        except BlockingIOError:
            return
        except OSError as error:
            raise self._rest(Cut(error.strerror or str(error))) from None
        last = mask & _END and len(data) < len(self._data.buffer)
        if count := len(data):
            tally.moved += count
            tally.block(count)
            if last and count == tally.size:
                self._chunk = data  # all of it at once, as nearly always: it is written when there is time
            else:
                self._write(data)
            if tally.moved > tally.size:
                raise self._rest()
            self.deadline_ns = monotonic_ns() + self._silence_ns
            if not last:
                return
        if tally.moved != tally.size and not self._ahead:
            raise self._rest()
        self._data.close(self.notes)
        tally.ended_ns = monotonic_ns()
        self._state, self.watched = "verdict", self._calm

    def _write(self, data: memoryview) -> None:
        try:
            if self._digest is None:
                self._target.open()
                self._digest = Digest(self._target.fd)
            self._target.write(data)
        except FtpError as error:
            raise self._rest(error) from None
        self._digest.take(data)

    def _ask_ahead(self) -> None:
        """The data are here, the verdict is not: the server reads the next file's PASV as soon as it has said it."""
        try:
            self._control.put_noted((self._ask_line,), self.notes)
        except (FtpError, Stopped) as error:
            raise self._rest(error) from None
        self._ahead = True

    # The end

    def _judge(self, reply: Reply) -> Callable[[], None] | None:
        """The verdict."""
        if self._ahead and (reply.code in (227, 229) or reply.code in _NOT_NOW):
            raise self._out_of_turn()
        if not reply.good or (self._state == "verdict" and self._tally.moved != self._tally.size):
            raise self._rest()
        if self._state == "data":
            self.watched = {self._data.fd: _DATA}  # it waits its turn
            return None
        return self._end()

    def _end(self) -> Callable[[], None]:
        """The server says that it is all: what writes it, tells it and gives it its name when there is time."""
        control, tally, target, data, chunk = self._control, self._tally, self._target, self._data, self._chunk
        notes, digest, path = self.notes, self._digest, self._order.path
        conn, local, peer = data.conn, data.local, data.peer
        control.take_reply()
        self._state, self.watched = "idle", self._calm

        def settle() -> None:
            error, told = "", control.dialogue
            try:
                _write_out(target, chunk)
                tally.sha256 = hashlib.sha256(chunk or b"").hexdigest() if digest is None else digest.end(_nobody)
                tally.whole = True
            except FtpError as why:
                error = why.told.title
                raise
            finally:
                seconds = (tally.ended_ns - tally.begun_ns) / 1e9
                notes.add((_transfer_event, 0, told.service, conn, told.session, path, tally.moved, seconds,
                           tally.sha256, error, local, peer, monotonic_ns()))  # fmt: skip
            target.finish()

        return settle

    def stop(self, late: bool) -> Odd:
        """See Steps."""
        try:
            if self._state == "begun" and self.watched is not self._calm:
                self._catch_up(0)
        except Odd as odd:
            return odd
        except FtpError as error:
            return self._odd(_raiser(error))
        self.notes.put()
        if late and self._state == "address" and self._ahead:
            self._session.asks_ahead -= 1  # a server that forgets what comes before its time
            return self._start_over()
        if self._state in ("data", "verdict"):
            silent = Cut(f"silent for {self._session.site.timeout_s:g} s", silent=True)
            return self._rest(None if not late else silent if self._state == "data" else self._control.late())
        return self._lost(self._control.late() if late else Stopped("waiting for the server"))

    def _odd(self, go_on: Callable[[], None]) -> Odd:
        self.notes.put()  # what others record comes after it
        return Odd(go_on)

    def _out_of_turn(self) -> Odd:
        """A server that looks at the next command in the middle of a transfer, and can't wait with it.

        Some end the transfer for it, without a word.
        """
        self._session.asks_ahead -= 1
        self.notes.put()
        self._control.tell("asked in turn", f"The server answers {self._ask} in the middle of a transfer: from now on "
                           "it is asked later, and this file is got once more")  # fmt: skip
        return self._start_over()

    def _rest(self, failure: Exception | None = None) -> Odd:
        """The usual way goes on with what is here. failure: what has happened to the data."""
        session, order, tally, target, control = self._session, self._order, self._tally, self._target, self._control
        data, ended, chunk = self._data, self._state == "verdict", self._chunk
        link = DataLink(data.traced(), self._began, "client", data.local, data.peer, data.conn, self._begun_ns)
        if control.alive and self._ahead:
            control.owes = 1
        self._state, self._ahead, self.watched = "idle", False, self._calm
        try:
            if target.fd < 0:
                target.open()
            if chunk is not None:
                target.write(chunk)
        except FtpError as error:
            failure = failure or error
        digest = self._digest or Digest(target.fd)
        if chunk is not None:
            digest.take(chunk)

        def go_on() -> None:
            try:
                fill(session, order, tally, target, link, digest, ended=ended, failure=failure)
            finally:
                if control.owes:
                    control.drop()

        return self._odd(go_on)

    def _lost(self, error: FtpError | Stopped) -> Odd:
        """The connection is of no use any more, or nobody knows which replies still come."""
        if self._state in ("data", "verdict"):
            return self._rest(error)
        self._data.close(self.notes)
        self.notes.put()
        self._control.drop()
        if isinstance(error, FtpError) and error.name in ("closed", "goodbye", "os"):
            return self._start_over()
        return self._odd(_raiser(error))

    def _start_over(self) -> Odd:
        """The usual way gets the file from its first byte."""
        session, control, order, tally = self._session, self._control, self._order, self._tally
        drop = self._state != "idle" or self._ahead
        self._data.close(self.notes)
        self._state, self._ahead, self.watched = "idle", False, self._calm
        if self._digest is not None:
            self._digest.stop()
            self._target.close()

        def go_on() -> None:
            if drop:
                control.drop()
            tally.forget()
            session.get(order, tally)

        return self._odd(go_on)


def _raiser(error: Exception) -> Callable[[], None]:
    def go_on() -> None:
        raise error

    return go_on


def _nobody() -> None:
    """Who ends a digest: it has had all of a small file already."""


def _write_out(target: Target, chunk: memoryview | None) -> None:
    """Write what is not written yet and close the part. Raises FtpError, and leaves no empty part then."""
    try:
        if target.fd < 0:
            target.open()
        try:
            if chunk is not None:
                target.write(chunk)
        finally:
            target.close()
    except FtpError:
        target.forget_empty()
        raise
    except OSError as error:
        raise disk(target.part, error) from error


def _transfer_event(
    service: str | None, conn: str | None, session: str | None, path: str, count: int, seconds: float, sha256: str,
    error: str, local: tuple[str, int], peer: tuple[str, int], t: int,
) -> Raw:  # fmt: skip
    """As `Told` tells it."""
    done = Transfer("RETR", path, "get", count, seconds, complete=not error, sha256=sha256 or None, local=local,
                    peer=peer, connected_by="client", error=error)  # fmt: skip
    return transfer_event(service, conn, session, "client", done, t)
