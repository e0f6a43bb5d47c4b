"""SftpSession: the same files over SSH, by asyncssh, an extra. A Remote as FtpSession is.

It runs its own event loop in its caller's thread, one call at a time; a cancel from elsewhere ends the
call at once. The server's key must be known: by the person's known_hosts, or by a fingerprint that
somebody has compared. Files are in `sftpmoving`. It must not know the queue.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, TypeVar

from protocols import opening
from protocols.address import Target
from protocols.connecting import Stopped
from protocols.ftp.client import sftpmoving, trouble
from protocols.ftp.client.remote import About, Answer, Fetch, Remote, Store, last
from protocols.ftp.client.sftpwords import entry_of, refused, text_of
from protocols.ftp.client.site import Site
from protocols.ftp.client.tally import Tally
from protocols.ftp.dialogue import Dialogue
from protocols.ftp.listing.entry import Entry, Listing
from protocols.ftp.listing.reader import ENTRIES
from protocols.record.recorder import Recorder
from protocols.record.trace import address_text
from protocols.record.traced import TracedSocket

if TYPE_CHECKING:
    import asyncssh

T = TypeVar("T")
_GONE = (5, 6, 7)
"""FX_BAD_MESSAGE, FX_NO_CONNECTION, FX_CONNECTION_LOST."""


class SftpSession(Remote):
    """One SSH connection with an SFTP channel. client: the channel, None where there is none."""

    def __init__(
        self, site: Site, recorder: Recorder, name: str = "sftp", stopping: Callable[[], bool] = lambda: False
    ) -> None:
        try:
            import asyncssh  # noqa: F401  asked early: the person should hear it at once
        except ImportError:
            raise trouble.trouble("no sftp") from None
        super().__init__(site, recorder, name, stopping)
        self.dialogue = Dialogue(recorder, name, "client", None)
        self.host_key = ""
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[Any] | None = None
        self._connection: asyncssh.SSHClientConnection | None = None
        self.client: asyncssh.SFTPClient | None = None
        self._home = ""
        self._ends = ("", "")
        self._sock: TracedSocket | None = None
        self._nudged = False
        self._resting: asyncio.Future[None] | None = None

    @property
    def alive(self) -> bool:
        """Whether the connection stands."""
        return self._connection is not None and not self._connection.is_closed()

    def cancel(self) -> None:
        """End what is under way, at once."""
        super().cancel()
        self.nudge()
        loop, task = self._loop, self._task
        if loop is not None and task is not None:
            try:
                loop.call_soon_threadsafe(task.cancel)
            except RuntimeError:
                pass  # the loop has just been closed

    def nudge(self) -> None:
        """See Remote."""
        self._nudged = True
        super().nudge()
        loop, resting = self._loop, self._resting
        if loop is not None and resting is not None:
            try:
                loop.call_soon_threadsafe(_settle, resting)
            except RuntimeError:
                pass  # the loop has just been closed

    def rest(self) -> None:
        """See Remote. SSH's own housekeeping goes on meanwhile."""
        connection, loop = self._connection, self._loop
        if connection is None or loop is None or connection.is_closed():
            self.waiter.rest(-1)
            return
        loop.run_until_complete(self._idle(connection))
        if connection.is_closed():
            self._drop()
            self.tell("server gone", "The server has ended the idle connection; the next command makes a new one")

    async def _idle(self, connection: asyncssh.SSHClientConnection) -> None:
        self._resting = resting = asyncio.get_running_loop().create_future()
        closed = asyncio.ensure_future(connection.wait_closed())
        try:
            if not self._nudged:
                await asyncio.wait((resting, closed), return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._resting, self._nudged = None, False
            closed.cancel()
            await asyncio.gather(closed, return_exceptions=True)

    def tell(self, kind: str, text: str) -> None:
        """A note about this session."""
        self.dialogue.note(kind, text)

    # Running a call

    def run(self, work: Coroutine[Any, Any, T], doing: str, path: str = "", limit_s: float | None = None) -> T:
        """Run one call to its end. Raises FtpError, or Stopped."""
        import asyncssh

        if self._loop is None:
            self._loop = asyncio.new_event_loop()
        try:
            self.waiter.check()
        except Stopped:
            work.close()
            raise
        self._task = self._loop.create_task(_within(work, limit_s))
        command = f"{doing} {path}".strip()
        try:
            return self._loop.run_until_complete(self._task)  # type: ignore[no-any-return]
        except asyncio.CancelledError:
            raise Stopped("waiting for the server") from None
        except TimeoutError:
            raise trouble.trouble("timeout", where=self.site.where, command=command,
                                  seconds=f"{self.site.timeout_s:g}") from None  # fmt: skip
        except asyncssh.SFTPError as error:
            if error.code in _GONE:
                self._drop()
            raise refused(error, command, self.site.where) from error
        except asyncssh.HostKeyNotVerifiable:
            raise trouble.trouble("host key", where=self.site.where, said=self.host_key or "(none)") from None
        except asyncssh.PermissionDenied as error:
            raise trouble.trouble("ssh login", where=self.site.where, user=self.site.user, said=error.reason) from error
        except asyncssh.Error as error:
            self._drop()
            raise trouble.trouble("ssh", where=self.site.where, said=error.reason) from error
        finally:
            self._task = None

    def opened(self) -> asyncssh.SFTPClient:
        """The channel of a connection that stands."""
        self.open()
        assert self.client is not None
        return self.client

    # Life

    def open(self) -> None:
        """Connect, compare the key, log in. Raises FtpError, or Stopped."""
        if self.alive:
            return
        self._drop()
        site = self.site
        target = Target("tcp", site.host, site.port, "", site.family)
        try:
            sock = opening.connect(self, target, opening.Plan(site.timeout_s), self.waiter.wait, None, "")
        except Stopped:
            raise
        except (OSError, UnicodeError) as error:
            raise trouble.of_os(error, "connect", (site.host, site.port)) from error
        self.waiter.forget()
        assert isinstance(sock, TracedSocket)
        if sock.trace is not None:
            self.dialogue.conn = self.dialogue.session = sock.trace.conn
        self._ends = address_text(sock.getsockname()), address_text(sock.getpeername())
        self._sock = sock
        try:
            self.run(self._log_in(sock), "login", limit_s=site.timeout_s)
        except BaseException:
            self._drop()
            raise

    async def _log_in(self, sock: TracedSocket) -> None:
        import asyncssh

        site, session = self.site, self

        class Keys(asyncssh.SSHClient):
            """Takes a key that the person has compared, and remembers the one that came."""

            def validate_host_public_key(self, host: str, addr: str, port: int, key: asyncssh.SSHKey) -> bool:
                session.host_key = key.get_fingerprint()
                return site.host_keys is not None and ("*" in site.host_keys or session.host_key in site.host_keys)

        known: Any = () if site.host_keys is None else asyncssh.import_known_hosts("")
        options: dict[str, Any] = {"password": site.password} if site.password else {}
        if site.user:
            options["username"] = site.user
        self._connection, _ = await asyncssh.create_connection(
            Keys, site.host, site.port, sock=sock, known_hosts=known, config=None, **options
        )
        self.client = await self._connection.start_sftp_client()
        self._home = text_of(await self.client.realpath("."))

    def close(self) -> None:
        """Close; nothing is left."""
        self._drop()
        loop, self._loop = self._loop, None
        if loop is not None:
            loop.close()
        self.waiter.close()

    def _drop(self) -> None:
        connection, self._connection, self.client = self._connection, None, None
        sock, self._sock = self._sock, None
        loop = self._loop
        if connection is not None and loop is not None and not loop.is_running():
            connection.abort()
            loop.run_until_complete(_settled(connection))
        elif loop is not None and not loop.is_running():
            loop.run_until_complete(asyncio.sleep(0))
        if sock is not None:
            sock.close()

    def about(self) -> About:
        """What is known of the server."""
        connection = self._connection
        version = str(connection.get_extra_info("server_version") or "") if connection is not None else ""
        cipher = str(connection.get_extra_info("send_cipher") or "") if connection is not None else ""
        facts = (("Server", version), ("Key", self.host_key), ("Cipher", cipher))
        return About(version, "SFTP", self._home, *self._ends, (), True, (), tuple(fact for fact in facts if fact[1]))

    # Folders

    def folder(self, path: str) -> str:
        """The full path of a folder."""
        client = self.opened()

        async def look() -> str:
            full = text_of(await client.realpath(path or "."))
            if not await client.isdir(full):
                raise trouble.trouble("sftp", where=self.site.where, command=f"cd {path}", said="that is no folder")
            return full

        return self.run(look(), "realpath", path, self.site.timeout_s)

    def listing(self, path: str, tell: Callable[[int], None] | None = None) -> Listing:
        """The entries of a folder, bounded."""
        client, entries = self.opened(), list[Entry]()

        async def read() -> str:
            async for name in client.scandir(path or "."):
                entry = entry_of(text_of(name.filename), name.attrs, text_of(name.longname or ""))
                if entry.name not in (".", ".."):
                    entries.append(entry)
                if len(entries) >= ENTRIES:
                    return f"it has more than {ENTRIES} entries"
                if tell is not None and not len(entries) % 500:
                    tell(len(entries))
            return ""

        cut = self.run(read(), "readdir", path)
        return Listing(path or self._home, entries, "SFTP", cut, "sftp")

    def find(self, path: str) -> Entry | None:
        """What is there."""
        import asyncssh

        client = self.opened()

        async def look() -> Entry | None:
            try:
                return entry_of(last(path), await client.lstat(path), "")
            except (asyncssh.SFTPNoSuchFile, asyncssh.SFTPNoSuchPath):
                return None

        return self.run(look(), "lstat", path, self.site.timeout_s)

    def make_folder(self, path: str) -> None:
        """mkdir."""
        self.run(self.opened().mkdir(path), "mkdir", path, self.site.timeout_s)

    def remove_folder(self, path: str) -> None:
        """rmdir."""
        self.run(self.opened().rmdir(path), "rmdir", path, self.site.timeout_s)

    def remove(self, path: str) -> None:
        """remove."""
        self.run(self.opened().remove(path), "remove", path, self.site.timeout_s)

    def rename(self, path: str, to: str) -> None:
        """rename."""
        self.run(self.opened().rename(path, to), "rename", path, self.site.timeout_s)

    def change_mode(self, path: str, mode: int) -> None:
        """chmod."""
        self.run(self.opened().chmod(path, mode), "chmod", path, self.site.timeout_s)

    def by_hand(self, line: str) -> Answer:
        """SFTP has no lines."""
        raise trouble.trouble("by hand ssh")

    # Files

    def get(self, order: Fetch, tally: Tally) -> None:
        """Read a file into a part, then give it its name. See `sftpmoving`."""
        sftpmoving.get(self, order, tally)

    def put(self, order: Store, tally: Tally) -> None:
        """Write a file. See `sftpmoving`."""
        sftpmoving.put(self, order, tally)


def _settle(resting: asyncio.Future[None]) -> None:
    if not resting.done():
        resting.set_result(None)


async def _within(work: Coroutine[Any, Any, T], limit_s: float | None) -> T:
    return await asyncio.wait_for(work, limit_s)


async def _settled(connection: asyncssh.SSHClientConnection) -> None:
    try:
        await asyncio.wait_for(connection.wait_closed(), 1.0)
    except (OSError, TimeoutError):
        pass
