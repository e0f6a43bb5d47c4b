"""What asyncssh calls for the SFTP server: who may log in, and the virtual root of one user.

Imported when a server starts, for asyncssh is an extra. It must not know the service's life.
"""

from __future__ import annotations

import hmac
import os
import stat
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import asyncssh

from protocols.ftp.server.sftp import Moving, Session
from protocols.ftp.server.sftp_faults import Bytes, Faults

if TYPE_CHECKING:
    from protocols.ftp.server.sftp import SftpServer

DENIED: Final = asyncssh.SFTPPermissionDenied


class Login(asyncssh.SSHServer):
    """Who may come in."""

    session: Session

    def __init__(self, server: SftpServer) -> None:
        self._server = server

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self.session = self._server.opened(conn)
        self._faults = Faults(self._server.faults, self.session)
        conn.set_extra_info(lab_session=self.session)

    def connection_lost(self, exc: Exception | None) -> None:
        self._server.closed(self.session)

    async def begin_auth(self, username: str) -> bool:
        try:
            await self._faults.before("connect")
        except asyncssh.SFTPError as error:
            raise asyncssh.ServiceNotAvailable(error.reason) from None
        return True

    def password_auth_supported(self) -> bool:
        return True

    async def validate_password(self, username: str, password: str) -> bool:
        if await self._refused(username):
            return self._logged(username, False)
        user = self._server.user_of(username)
        good = hmac.compare_digest(password.encode(), (user.password if user else "").encode())
        return self._logged(username, good and user is not None)

    def public_key_auth_supported(self) -> bool:
        return bool(self._server.keys)

    async def _refused(self, username: str) -> bool:
        self.session.user = username  # whom a rule may name; `_logged` takes it back
        try:
            await self._faults.before("login")
        except asyncssh.SFTPError:
            return True
        finally:
            self.session.user = ""
        return False

    async def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        if await self._refused(username):
            return False
        known = [asyncssh.import_public_key(text) for text in self._server.keys]
        return key in known and self._server.user_of(username) is not None and self._logged(username, True)

    def _logged(self, username: str, good: bool) -> bool:
        session = self.session
        if good:
            session.user = username
            session.dialogue.note("logged in", f"session {session.number}: {username} logged in", user=username)
        else:
            session.dialogue.note("login failed", f"session {session.number}: {username} could not log in",
                                  user=username)  # fmt: skip
        return good


class Files(asyncssh.SFTPServer):
    """The virtual root of one user."""

    def __init__(self, server: SftpServer, chan: Any) -> None:
        self._server = server
        self.session: Session = chan.get_connection().get_extra_info("lab_session")
        user = server.user_of(self.session.user)
        assert user is not None
        self._home = server.setup.home_of(user)
        self._rights = server.rights(user.name)
        self._itself = False
        self._faults: Final = Faults(server.faults, self.session)
        self._bytes: dict[int, Bytes] = {}
        super().__init__(chan, chroot=self._home.encode("utf-8", "surrogateescape"))

    def map_path(self, path: bytes) -> bytes:
        """The real path, which leads nowhere outside; of a link itself where `_link` says so."""
        mapped: bytes = super().map_path(path)
        root = os.fsencode(self._home)
        looked = os.path.dirname(mapped) if self._itself and mapped != root else mapped
        real = os.path.realpath(looked)
        if real != root and not real.startswith(root.rstrip(b"/") + b"/"):
            raise DENIED("The path leads out of the root")
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
            raise DENIED("Not enough privileges")

    async def open(self, path: bytes, pflags: int, attrs: asyncssh.SFTPAttrs) -> object:
        writes = bool(pflags & (asyncssh.FXF_WRITE | asyncssh.FXF_APPEND | asyncssh.FXF_CREAT | asyncssh.FXF_TRUNC))
        self._doing("OPEN", path, ("a" if pflags & asyncssh.FXF_APPEND else "w") if writes else "r")
        real = self.map_path(path)
        _refuse_other_than_files(real)
        shown = self.reverse_map_path(real).decode("utf-8", "surrogateescape")
        doing = "get" if not writes else "append" if pflags & asyncssh.FXF_APPEND else "put"
        rule = await self._faults.before(doing, shown)
        file = super().open(path, pflags, attrs)
        moving = self.session.moving[id(file)] = Moving(shown, os.fsdecode(real), "put" if writes else "get")
        if rule is not None:
            self._bytes[id(file)] = Bytes(self._faults, rule, moving)
        return file

    def open56(self, path: bytes, desired_access: int, flags: int, attrs: asyncssh.SFTPAttrs) -> object:
        raise asyncssh.SFTPOpUnsupported("Version 3 of SFTP is what this server speaks")

    async def read(self, file_obj: Any, offset: int, size: int) -> bytes:
        if (fault := self._bytes.get(id(file_obj))) is not None:
            there = max(0, min(size, os.fstat(file_obj.fileno()).st_size - offset))
            room = fault.room(offset, there)
            if there and not room and fault.ends():
                return b""
            size = size if fault.used_up else room
            await fault.pace(size)
        data: bytes = super().read(file_obj, offset, size)  # type: ignore[assignment]
        if (moving := self.session.moving.get(id(file_obj))) is not None:
            moving.moved(offset, len(data))
        return data

    async def write(self, file_obj: Any, offset: int, data: bytes) -> int:
        fault, whole = self._bytes.get(id(file_obj)), len(data)
        if fault is not None:
            await fault.pace(whole)
            room = fault.room(offset, whole)
            if room < whole:
                self._write(file_obj, offset, data[:room])
                if fault.ends():
                    return whole  # it says that all is well
                offset, data = offset + room, data[room:]
        self._write(file_obj, offset, data)
        return whole

    def _write(self, file_obj: Any, offset: int, data: bytes) -> None:
        count: int = super().write(file_obj, offset, data) if data else 0  # type: ignore[assignment]
        if (moving := self.session.moving.get(id(file_obj))) is not None:
            moving.moved(offset, count)

    def close(self, file_obj: Any) -> None:
        super().close(file_obj)
        self._bytes.pop(id(file_obj), None)
        moving = self.session.moving.pop(id(file_obj), None)
        if moving is not None:
            self._server.told(self.session, moving)

    def scandir(self, path: bytes) -> Any:
        self._doing("READDIR", path, "l")
        return self._scanned(path, super().scandir(path))

    async def _scanned(self, path: bytes, names: Any) -> Any:
        await self._before("READDIR", path)
        async for name in names:
            yield name

    async def _before(self, verb: str, path: bytes) -> None:
        """What the rules do first; they see the path as the client does."""
        shown = self.reverse_map_path(super().map_path(path)).decode("utf-8", "surrogateescape")
        await self._faults.before(verb, shown)

    def lstat(self, path: bytes) -> Any:
        with self._link():
            return super().lstat(path)

    def readlink(self, path: bytes) -> bytes:
        mapped = self.map_path(path)  # of a link that leads out nothing is told
        os.readlink(mapped)
        return self.reverse_map_path(os.path.realpath(mapped))

    def symlink(self, oldpath: bytes, newpath: bytes) -> None:
        raise DENIED("Links are not made here")

    def link(self, oldpath: bytes, newpath: bytes) -> None:
        raise DENIED("Links are not made here")

    async def remove(self, path: bytes) -> Any:
        self._doing("REMOVE", path, "d")
        await self._before("REMOVE", path)
        with self._link():
            return super().remove(path)

    async def rename(self, oldpath: bytes, newpath: bytes) -> Any:
        self._doing("RENAME", oldpath, "f", newpath)
        await self._before("RENAME", oldpath)
        with self._link():
            return super().rename(oldpath, newpath)

    async def posix_rename(self, oldpath: bytes, newpath: bytes) -> Any:
        self._doing("RENAME", oldpath, "f", newpath)
        await self._before("RENAME", oldpath)
        with self._link():
            return super().posix_rename(oldpath, newpath)

    async def mkdir(self, path: bytes, attrs: asyncssh.SFTPAttrs) -> Any:
        self._doing("MKDIR", path, "m")
        await self._before("MKDIR", path)
        return super().mkdir(path, attrs)

    async def rmdir(self, path: bytes) -> Any:
        self._doing("RMDIR", path, "d")
        await self._before("RMDIR", path)
        return super().rmdir(path)

    async def setstat(self, path: bytes, attrs: asyncssh.SFTPAttrs) -> Any:
        self._doing("SETSTAT", path, "M" if attrs.permissions is not None else "T")
        await self._before("SETSTAT", path)
        if attrs.uid is not None or attrs.gid is not None:
            raise DENIED("Owners are not changed here")
        return super().setstat(path, attrs)

    def lsetstat(self, path: bytes, attrs: asyncssh.SFTPAttrs) -> Any:
        raise DENIED("Links are not changed here")

    def fsetstat(self, file_obj: Any, attrs: asyncssh.SFTPAttrs) -> Any:
        if not set("wMT") & set(self._rights):
            raise DENIED("Not enough privileges")
        return super().fsetstat(file_obj, _without_owner(attrs))

    def exit(self) -> None:
        for moving in list(self.session.moving.values()):
            self._server.told(self.session, moving)
        self.session.moving.clear()


def _refuse_other_than_files(real: bytes) -> None:
    if os.path.exists(real) and not stat.S_ISREG(os.stat(real).st_mode):
        raise asyncssh.SFTPFailure("Not a regular file")


def _without_owner(attrs: asyncssh.SFTPAttrs) -> asyncssh.SFTPAttrs:
    attrs.uid = attrs.gid = None
    return attrs
