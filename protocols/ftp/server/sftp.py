"""SftpServer: the same folder and users over SSH, by asyncssh, an extra. Another protocol than FTP: one connection.

asyncssh runs on an event loop of its own in the service's main thread. The virtual root is checked where paths really
lead. It must not know who looks; where asyncssh is missing, `missing()` says so.
"""

from __future__ import annotations

import asyncio
import hmac
import importlib.util
import itertools
import os
import stat
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from dataclasses import replace
from time import monotonic
from typing import TYPE_CHECKING, Any, Final

from protocols.concurrency.contract import Listen
from protocols.concurrency.listening import Listener, open_listener
from protocols.ftp.dialogue import Dialogue, Transfer, Way
from protocols.ftp.server.hashing import Hashing
from protocols.ftp.server.rules import Rule
from protocols.ftp.server.setup import FtpSetup, SetupError, User, rights_of
from protocols.ftp.server.site import SessionFacts, TransferFacts
from protocols.record.event import monotonic_ns
from protocols.record.filelock import CLOEXEC
from protocols.record.recorder import Recorder
from protocols.record.trace import address_text
from protocols.service.base import Facts, Service, is_exposed

if TYPE_CHECKING:
    import asyncssh

MISSING: Final = "needs the package asyncssh: pip install netlab[ssh]"
_END_S: Final = 1.0


def missing() -> str:
    """Why there is no SFTP here, "" where there is."""
    return "" if importlib.util.find_spec("asyncssh") is not None else MISSING


class _Session:
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
    """A file that is open. start: the lowest offset that was touched."""

    def __init__(self, path: str, real: str, way: Way) -> None:
        self.path, self.real, self.way = path, real, way
        self.verb = "READ" if way == "get" else "WRITE"
        self.began = monotonic()
        self.bytes = 0
        self.start: int | None = None

    def moved(self, offset: int, count: int) -> None:
        """So many bytes went."""
        if count:
            self.start = offset if self.start is None else min(self.start, offset)
            self.bytes += count


class SftpServer(Service):
    """An SFTP server. It takes the folder, users and rights of an FtpSetup; keys: public keys that any user may have.

    fingerprint: of its host key, made for this run. Raises SetupError where asyncssh is missing.
    """

    def __init__(
        self, recorder: Recorder, setup: FtpSetup, name: str = "sftp", *, keys: Sequence[str] = (),
        after: Callable[[], object] | None = None,
    ) -> None:  # fmt: skip
        super().__init__(recorder, name, "SFTP server")
        self.setup: Final = setup
        self.keys: Final = tuple(keys)
        self.address: tuple[str, int] = (setup.host, setup.port)
        self.fingerprint = ""
        self.host_key = ""
        self.numbers: Final = itertools.count(1)
        self.hashing: Final = Hashing()
        self._sessions: dict[int, _Session] = {}
        self._users = {user.name: user for user in setup.users}
        self._listener: Listener | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ended: asyncio.Event | None = None
        self._key: Any = None
        self._after = after

    # Asking, in any thread

    @property
    def where(self) -> str:
        """host:port, once it runs."""
        return address_text(self.address) if self._listener is not None else ""

    @property
    def url(self) -> str:
        """The address as a URL."""
        return f"sftp://{self.where}/"

    def facts(self) -> Facts:
        """What it occupies."""
        ports = (self.address[1],) if self._listener is not None else ()
        return Facts(self.name, self.kind, self.state, self.where, self.threads(), (), ports, len(self._sessions),
                     is_exposed(self.setup.host))  # fmt: skip

    def sessions(self) -> list[SessionFacts]:
        """Who is connected now."""
        return [session.facts() for session in list(self._sessions.values())]

    rules: tuple[Rule, ...] = ()
    """SFTP has no rules that fail on purpose."""

    def set_rules(self, rules: Sequence[Rule]) -> None:
        """Nothing: see `rules`."""

    def rule_counts(self) -> list[int]:
        """None fires."""
        return []

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
        listen = Listen(host=self.setup.host, port=self.setup.port, backlog=128, dual=self.setup.host == "::")
        self._listener = open_listener(self.recorder, listen, self.name)
        self.name = self._listener.service
        assert isinstance(self._listener.address, tuple)
        self.address = self._listener.address
        self._listener.sock.setblocking(False)

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
        files = _files_of(self)
        server = await asyncssh.create_server(
            _server_of(self), sock=self._listener.sock, server_host_keys=[self._key], sftp_factory=files,
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

    def _close(self) -> None:
        self.hashing.drain()
        if self._listener is not None:
            self._listener.close()
        after, self._after = self._after, None
        if after is not None:
            after()

    # What the handlers tell

    def opened(self, conn: Any) -> _Session:
        """An SSH connection stands."""
        session = _Session(self, conn)
        self._sessions[session.number] = session
        session.dialogue.note("session opened", f"session {session.number} from {address_text(session.peer)}",
                              number=session.number, peer=list(session.peer))  # fmt: skip
        return session

    def closed(self, session: _Session) -> None:
        """It is over."""
        if self._sessions.pop(session.number, None) is not None:
            session.dialogue.note("session closed", f"session {session.number} from {address_text(session.peer)} ended "
                                  f"after {session.commands} commands", number=session.number)  # fmt: skip

    def told(self, session: _Session, moving: Moving) -> None:
        """A file was closed: a transfer, if anything moved or a file was written."""
        if not moving.bytes and moving.way == "get":
            return
        done = Transfer(moving.verb, moving.path, moving.way, moving.bytes, monotonic() - moving.began,
                        moving.start or 0, local=session.local, peer=session.peer, connected_by="client",
                        tls=True)  # fmt: skip
        dialogue = session.dialogue
        try:
            fd = os.open(moving.real, os.O_RDONLY | CLOEXEC)
        except OSError:
            dialogue.transfer(done, dialogue.conn)
            return
        self.hashing.hash(fd, lambda digest: dialogue.transfer(replace(done, sha256=digest), dialogue.conn))

    def user_of(self, name: str) -> User | None:
        """A user by name."""
        return self._users.get(name)


def _server_of(server: SftpServer) -> Callable[[], asyncssh.SSHServer]:
    import asyncssh

    class Login(asyncssh.SSHServer):
        """Who may come in."""

        session: _Session

        def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
            self.session = server.opened(conn)
            conn.set_extra_info(lab_session=self.session)

        def connection_lost(self, exc: Exception | None) -> None:
            server.closed(self.session)

        def begin_auth(self, username: str) -> bool:
            return True

        def password_auth_supported(self) -> bool:
            return True

        def validate_password(self, username: str, password: str) -> bool:
            user = server.user_of(username)
            good = hmac.compare_digest(password.encode(), (user.password if user else "").encode())
            return self._logged(username, good and user is not None)

        def public_key_auth_supported(self) -> bool:
            return bool(server.keys)

        def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
            known = [asyncssh.import_public_key(text) for text in server.keys]
            return key in known and server.user_of(username) is not None and self._logged(username, True)

        def _logged(self, username: str, good: bool) -> bool:
            session = self.session
            if good:
                session.user = username
                session.dialogue.note("logged in", f"session {session.number}: {username} logged in", user=username)
            else:
                session.dialogue.note("login failed", f"session {session.number}: {username} could not log in",
                                      user=username)  # fmt: skip
            return good

    return Login


def _files_of(server: SftpServer) -> Callable[[Any], asyncssh.SFTPServer]:
    import asyncssh

    denied = asyncssh.SFTPPermissionDenied

    class Files(asyncssh.SFTPServer):
        """The virtual root of one user."""

        def __init__(self, chan: Any) -> None:
            self.session: _Session = chan.get_connection().get_extra_info("lab_session")
            user = server.user_of(self.session.user)
            assert user is not None
            self._home = server.setup.home_of(user)
            self._rights = server.rights(user.name)
            self._itself = False
            super().__init__(chan, chroot=self._home.encode("utf-8", "surrogateescape"))

        def map_path(self, path: bytes) -> bytes:
            """The real path, which leads nowhere outside; of a link itself where `_link` says so."""
            mapped: bytes = super().map_path(path)
            root = os.fsencode(self._home)
            looked = os.path.dirname(mapped) if self._itself and mapped != root else mapped
            real = os.path.realpath(looked)
            if real != root and not real.startswith(root.rstrip(b"/") + b"/"):
                raise denied("The path leads out of the root")
            return mapped

        @contextmanager
        def _link(self) -> Any:
            self._itself = True
            try:
                yield
            finally:
                self._itself = False

        def _doing(self, verb: str, path: bytes, right: str, more: bytes = b"") -> None:
            text = " ".join(part.decode("utf-8", "surrogateescape") for part in (path, more) if part)
            self.session.doing = f"{verb} {text}"[:200]
            self.session.commands += 1
            self.session.dialogue.command(f"{verb} {text}")
            if right and right not in self._rights:
                raise denied("Not enough privileges")

        def open(self, path: bytes, pflags: int, attrs: asyncssh.SFTPAttrs) -> object:
            writes = bool(pflags & (asyncssh.FXF_WRITE | asyncssh.FXF_APPEND | asyncssh.FXF_CREAT | asyncssh.FXF_TRUNC))
            self._doing("OPEN", path, ("a" if pflags & asyncssh.FXF_APPEND else "w") if writes else "r")
            real = self.map_path(path)
            if os.path.exists(real) and not stat.S_ISREG(os.stat(real).st_mode):
                raise asyncssh.SFTPFailure("Not a regular file")
            file = super().open(path, pflags, attrs)
            shown = self.reverse_map_path(real).decode("utf-8", "surrogateescape")
            self.session.moving[id(file)] = Moving(shown, os.fsdecode(real), "put" if writes else "get")
            return file

        def open56(self, path: bytes, desired_access: int, flags: int, attrs: asyncssh.SFTPAttrs) -> object:
            raise asyncssh.SFTPOpUnsupported("Version 3 of SFTP is what this server speaks")

        def read(self, file_obj: Any, offset: int, size: int) -> bytes:
            data: bytes = super().read(file_obj, offset, size)  # type: ignore[assignment]
            if (moving := self.session.moving.get(id(file_obj))) is not None:
                moving.moved(offset, len(data))
            return data

        def write(self, file_obj: Any, offset: int, data: bytes) -> int:
            count: int = super().write(file_obj, offset, data)  # type: ignore[assignment]
            if (moving := self.session.moving.get(id(file_obj))) is not None:
                moving.moved(offset, count)
            return count

        def close(self, file_obj: Any) -> None:
            super().close(file_obj)
            moving = self.session.moving.pop(id(file_obj), None)
            if moving is not None:
                server.told(self.session, moving)

        def scandir(self, path: bytes) -> Any:
            self._doing("READDIR", path, "l")
            return super().scandir(path)

        def lstat(self, path: bytes) -> Any:
            with self._link():
                return super().lstat(path)

        def readlink(self, path: bytes) -> bytes:
            mapped = self.map_path(path)  # of a link that leads out nothing is told
            os.readlink(mapped)
            return self.reverse_map_path(os.path.realpath(mapped))

        def symlink(self, oldpath: bytes, newpath: bytes) -> None:
            raise denied("Links are not made here")

        def link(self, oldpath: bytes, newpath: bytes) -> None:
            raise denied("Links are not made here")

        def remove(self, path: bytes) -> Any:
            self._doing("REMOVE", path, "d")
            with self._link():
                return super().remove(path)

        def rename(self, oldpath: bytes, newpath: bytes) -> Any:
            self._doing("RENAME", oldpath, "f", newpath)
            with self._link():
                return super().rename(oldpath, newpath)

        def posix_rename(self, oldpath: bytes, newpath: bytes) -> Any:
            self._doing("RENAME", oldpath, "f", newpath)
            with self._link():
                return super().posix_rename(oldpath, newpath)

        def mkdir(self, path: bytes, attrs: asyncssh.SFTPAttrs) -> Any:
            self._doing("MKDIR", path, "m")
            return super().mkdir(path, attrs)

        def rmdir(self, path: bytes) -> Any:
            self._doing("RMDIR", path, "d")
            return super().rmdir(path)

        def setstat(self, path: bytes, attrs: asyncssh.SFTPAttrs) -> Any:
            self._doing("SETSTAT", path, "M" if attrs.permissions is not None else "T")
            if attrs.uid is not None or attrs.gid is not None:
                raise denied("Owners are not changed here")
            return super().setstat(path, attrs)

        def lsetstat(self, path: bytes, attrs: asyncssh.SFTPAttrs) -> Any:
            raise denied("Links are not changed here")

        def fsetstat(self, file_obj: Any, attrs: asyncssh.SFTPAttrs) -> Any:
            if not set("wMT") & set(self._rights):
                raise denied("Not enough privileges")
            return super().fsetstat(file_obj, replace_owner(attrs))

        def exit(self) -> None:
            for moving in list(self.session.moving.values()):
                server.told(self.session, moving)
            self.session.moving.clear()

    def replace_owner(attrs: asyncssh.SFTPAttrs) -> asyncssh.SFTPAttrs:
        attrs.uid = attrs.gid = None
        return attrs

    return Files
