"""SftpServer: the same folder and users over SSH, by asyncssh, an extra. Another protocol than FTP: one connection.

asyncssh runs on an event loop of its own in the service's main thread. The virtual root is checked where paths really
lead. It must not know who looks; where asyncssh is missing, `missing()` says so.
"""

from __future__ import annotations

import asyncio
import importlib.util
import itertools
import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from time import monotonic
from typing import Any, Final

from protocols.ftp.dialogue import Dialogue, Transfer, Way
from protocols.ftp.server.fileserver import FileServer
from protocols.ftp.server.hashing import Hashing
from protocols.ftp.server.rules import Rules
from protocols.ftp.server.setup import FtpSetup, SetupError, User, rights_of
from protocols.ftp.server.site import SessionFacts, TransferFacts
from protocols.record.event import monotonic_ns
from protocols.record.filelock import CLOEXEC
from protocols.record.recorder import Recorder
from protocols.record.trace import address_text

MISSING: Final = "needs the package asyncssh: pip install netlab[ssh]"
_END_S: Final = 1.0


def missing() -> str:
    """Why there is no SFTP here, "" where there is."""
    return "" if importlib.util.find_spec("asyncssh") is not None else MISSING


def refuse_bad_keys(keys: Sequence[str], where: str) -> None:
    """Raises SetupError for a line that is no public key."""
    if not keys or missing():
        return
    import asyncssh

    for key in keys:
        try:
            asyncssh.import_public_key(key)
        except asyncssh.KeyImportError:
            raise SetupError(f"{where}: {key[:40]!r} is no public key as in authorized_keys") from None


class Session:
    """One SSH connection and what moves in it."""

    def __init__(self, server: SftpServer, conn: Any) -> None:
        self.number = next(server.numbers)
        self.conn = conn
        peer, local = conn.get_extra_info("peername"), conn.get_extra_info("sockname")
        self.peer, self.local = (peer[0], peer[1]), (local[0], local[1])
        trace = getattr(conn.get_extra_info("socket"), "trace", None)
        found = server.conn_of(self.peer) if trace is None else trace.conn
        self.dialogue = Dialogue(server.recorder, server.name, "server", found)
        self.since_ns = monotonic_ns()
        self.user, self.doing, self.commands = "", "", 0
        self.moving: dict[int, Moving] = {}
        self.gone = asyncio.Event()

    def facts(self) -> SessionFacts:
        """What it is and does now."""
        moving = next(iter(list(self.moving.values())), None)
        transfer = None
        if moving is not None:
            seconds = max(monotonic() - moving.began, 1e-3)
            rate = moving.bytes / seconds
            transfer = TransferFacts(moving.verb, moving.path, moving.way, moving.bytes, None, 0, rate)
        return SessionFacts(self.number, self.dialogue.conn, address_text(self.peer), self.user, self.since_ns, "/",
                            self.doing, self.commands, True, True, "", transfer)  # fmt: skip


class Moving:
    """A file that is open. start: the lowest offset that was touched. error: why not all of it went."""

    def __init__(self, path: str, real: str, way: Way) -> None:
        self.path, self.real, self.way = path, real, way
        self.verb = "READ" if way == "get" else "WRITE"
        self.began = monotonic()
        self.bytes = 0
        self.start: int | None = None
        self.error = ""

    def moved(self, offset: int, count: int) -> None:
        """So many bytes went."""
        if count:
            self.start = offset if self.start is None else min(self.start, offset)
            self.bytes += count


class SftpServer(FileServer):
    """An SFTP server. It takes the folder, users and rights of an FtpSetup; keys: public keys that any user may have.

    fingerprint: of its host key, made for this run. Raises SetupError where asyncssh is missing.
    """

    BACKLOG = 128

    def __init__(
        self, recorder: Recorder, setup: FtpSetup, name: str = "sftp", *, keys: Sequence[str] = (),
        after: Callable[[], object] | None = None,
    ) -> None:  # fmt: skip
        super().__init__(recorder, setup, name, "SFTP server", after)
        self.keys: Final = tuple(keys)
        self.fingerprint = ""
        self.host_key = ""
        self.numbers: Final = itertools.count(1)
        self.hashing: Final = Hashing()
        self.faults: Final = Rules(setup.rules)
        self._sessions: dict[int, Session] = {}
        self._users = {user.name: user for user in setup.users}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ended: asyncio.Event | None = None
        self._key: Any = None

    # Asking, in any thread

    @property
    def url(self) -> str:
        """The address as a URL."""
        return f"sftp://{self.where}/"

    def sessions(self) -> list[SessionFacts]:
        """Who is connected now."""
        return [session.facts() for session in list(self._sessions.values())]

    @property
    def _rules(self) -> Rules:
        return self.faults

    @property
    def _hashing(self) -> Hashing:
        return self.hashing

    def end_session(self, number: int) -> None:
        """Throw a client out."""
        session, loop = self._sessions.get(number), self._loop
        if session is not None and loop is not None:
            loop.call_soon_threadsafe(session.conn.abort)

    def conn_of(self, peer: tuple[str, int]) -> str | None:
        """The connection's id by its client's address."""
        return next((end.conn for end in self.recorder.connections.known("tcp")
                     if end.role == "server" and end.peer == peer and not end.closed_ns), None)  # fmt: skip

    def rights(self, name: str) -> str:
        """The letters of a user's rights."""
        return rights_of(self._users[name].rights) or self.setup.usual_rights()

    # Life

    def _open(self) -> None:
        if reason := missing():
            raise SetupError(f"SFTP {reason}")
        replace(self.setup, anonymous=False, tls="off").checked()
        import asyncssh

        self._key = asyncssh.generate_private_key("ssh-ed25519")
        self.fingerprint = self._key.get_fingerprint()
        self.host_key = self._key.export_public_key().decode().strip()
        self._listen().sock.setblocking(False)

    def _thread_name(self) -> str:
        return f"sftp-server:{self.address[1]}"

    def _main(self) -> None:
        self.spawn(f"sftp-hashing:{self.address[1]}", self.hashing.work)
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        import asyncssh

        assert self._listener is not None
        self._loop, self._ended = asyncio.get_running_loop(), asyncio.Event()
        if self.stopping.is_set():
            return
        from protocols.ftp.server.sftp_files import Files, Login

        server = await asyncssh.create_server(
            lambda: Login(self), sock=self._listener.sock, server_host_keys=[self._key],
            sftp_factory=lambda chan: Files(self, chan),
            allow_scp=False, encoding=None, line_editor=False, agent_forwarding=False,
        )  # fmt: skip
        await self._ended.wait()
        server.close()
        for session in list(self._sessions.values()):
            session.conn.abort()
        try:
            await asyncio.wait_for(server.wait_closed(), _END_S)
        except TimeoutError:
            pass

    def _wake_up(self) -> None:
        loop, ended = self._loop, self._ended
        if self.stopping.is_set():
            self.hashing.end()
            if loop is not None and ended is not None and not loop.is_closed():
                try:
                    loop.call_soon_threadsafe(ended.set)
                except RuntimeError:
                    pass  # it has just been closed

    # What the handlers tell

    def opened(self, conn: Any) -> Session:
        """An SSH connection stands."""
        session = Session(self, conn)
        self._sessions[session.number] = session
        session.dialogue.note("session opened", f"session {session.number} from {address_text(session.peer)}",
                              number=session.number, peer=list(session.peer))  # fmt: skip
        return session

    def closed(self, session: Session) -> None:
        """It is over."""
        session.gone.set()
        if self._sessions.pop(session.number, None) is not None:
            session.dialogue.note("session closed", f"session {session.number} from {address_text(session.peer)} ended "
                                  f"after {session.commands} commands", number=session.number)  # fmt: skip

    def told(self, session: Session, moving: Moving) -> None:
        """A file was closed: a transfer, if anything moved or a file was written."""
        if not moving.bytes and moving.way == "get" and not moving.error:
            return
        done = Transfer(moving.verb, moving.path, moving.way, moving.bytes, monotonic() - moving.began,
                        moving.start or 0, complete=not moving.error, local=session.local, peer=session.peer,
                        connected_by="client", error=moving.error)  # fmt: skip
        dialogue = session.dialogue
        try:
            fd = os.open(moving.real, os.O_RDONLY | CLOEXEC)
        except OSError:
            dialogue.transfer(done, dialogue.conn)
            return
        self.hashing.hash(fd, lambda digest: dialogue.transfer(done._replace(sha256=digest), dialogue.conn))

    def user_of(self, name: str) -> User | None:
        """A user by name."""
        return self._users.get(name)
