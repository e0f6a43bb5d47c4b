"""FtpServer: the FTP server as a service of the lab.

pyftpdlib runs in the service's main thread, on a loop of its own. Whatever another thread wants of it goes through
`_call`. It must not know who looks, nor how a command line is written.
"""

from __future__ import annotations

import errno
import os
import sys
from collections import deque
from collections.abc import Callable
from typing import Any, Final

from protocols.ftp.server.control import Control
from protocols.ftp.server.fileserver import FileServer
from protocols.ftp.server.hashing import Hashing
from protocols.ftp.server.library import READ, FTPServer, IOLoop, heard_by
from protocols.ftp.server.rules import Rules
from protocols.ftp.server.setup import FtpSetup
from protocols.ftp.server.site import SessionFacts, Site
from protocols.ftp.server.users import Users
from protocols.record.recorder import Recorder
from protocols.service.wake import Wake

PAUSE_S: Final = 0.2
_EXHAUSTED: Final = frozenset((errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM))


class _Waker:
    """The wake socket as a member of pyftpdlib's loop."""

    def __init__(self, wake: Wake, woken: Callable[[], None], failed: Callable[[], None]) -> None:
        self._wake, self._woken, self._failed = wake, woken, failed
        self._fileno = wake.fileno()

    def readable(self) -> bool:
        return True

    def writable(self) -> bool:
        return False

    def handle_read_event(self) -> None:
        self._wake.clear()
        self._woken()

    def handle_error(self) -> None:
        self._failed()

    def handle_close(self) -> None:
        pass

    def close(self) -> None:
        pass


class _Door(FTPServer):  # type: ignore[misc]
    """pyftpdlib's accepting end, which survives what happens to it."""

    site: Site

    def __init__(self, site: Site, sock: Any, handler: Any, loop: Any) -> None:
        self.site = site
        self.max_cons_per_ip = site.setup.limits.sessions_per_address
        super().__init__(sock, handler, ioloop=loop)

    def listen(self, num: int) -> None:
        """It listens already."""
        self.accepting = True

    def _accept_new_cons(self) -> bool:
        most = self.site.setup.limits.sessions
        return not most or len(self.site.sessions) <= most

    def handle_accept(self) -> None:
        """A client comes; without descriptors for it the door is shut for a moment."""
        try:
            super().handle_accept()
        except OSError as error:
            if error.errno not in _EXHAUSTED:
                raise
            self.site.recorder.note("accept paused", "no descriptor is left for another client", service=self.site.name,
                                    errno=errno.errorcode.get(error.errno or 0), why=os.strerror(error.errno or 0))
            self.del_channel()
            self.call_later(PAUSE_S, self.add_channel)

    def handle_error(self) -> None:
        """A client that left before it was taken, at most: the door stays open."""


class FtpServer(FileServer):
    """An FTP server. site: what its sessions share."""

    BACKLOG = 512

    def __init__(
        self, recorder: Recorder, setup: FtpSetup, name: str = "ftp", *, after: Callable[[], object] | None = None
    ) -> None:
        super().__init__(recorder, setup, name, "FTP server", after)
        self.site: Final = Site(recorder, setup)
        self._loop: Any = None
        self._wake: Final = Wake()
        self._calls: deque[Callable[[], None]] = deque()

    # Asking, in any thread

    @property
    def url(self) -> str:
        """The address as a URL."""
        return f"{'ftps' if self.setup.tls == 'implicit' else 'ftp'}://{self.where}/"

    def sessions(self) -> list[SessionFacts]:
        """Who is connected now, with the transfer under way."""
        return self.site.facts()

    @property
    def _rules(self) -> Rules:
        return self.site.rules

    @property
    def _hashing(self) -> Hashing:
        return self.site.hashing

    def end_session(self, number: int) -> None:
        """Throw a client out."""

        def end() -> None:
            session = self.site.sessions.get(number)
            if session is not None:
                session.respond("421 The session was ended at the server.")
                session.close_when_done()

        self._call(end)

    def _call(self, act: Callable[[], None]) -> None:
        self._calls.append(act)
        self._wake.set()

    # Life

    def _open(self) -> None:
        self.setup.checked()
        handler: Any = Control
        more: dict[str, Any] = {}
        if self.setup.tls != "off":
            from protocols.ftp.server.secure import TLSControl, context_of

            handler = TLSControl
            more = {"ssl_context": context_of(self.setup), "tls_control_required": self.setup.tls_required,
                    "tls_data_required": self.setup.data_protection}  # fmt: skip
        listener = self._listen()
        self.site.name = self.name
        limits = self.setup.limits
        own = type("Handler", (handler,), {
            "site": self.site, "authorizer": Users(self.setup), "timeout": limits.silence_s or None,
            "max_login_attempts": limits.logins or 1 << 30, **more,
        })  # fmt: skip
        self._loop = IOLoop()
        waker = _Waker(self._wake, self._obey_calls, self._call_failed)
        self._loop.register(waker._fileno, waker, READ)
        _Door(self.site, listener.sock, own, self._loop)

    def _thread_name(self) -> str:
        return f"ftp-server:{self.address[1]}"

    def _main(self) -> None:
        heard_by(self._library_said)
        self.spawn(f"ftp-hashing:{self.address[1]}", self.site.hashing.work)
        loop, wait_s = self._loop, None
        try:
            while not self.stopping.is_set():
                try:
                    loop.poll(wait_s)
                    wait_s = loop.sched.poll()
                except Exception as error:  # noqa: BLE001  a handler's mistake must not end the others' sessions
                    self._library_said(f"{type(error).__name__}: {error}")
        finally:
            self._end_sessions()
            heard_by(None)

    def _obey_calls(self) -> None:
        while self._calls:
            self._calls.popleft()()

    def _call_failed(self) -> None:
        error = sys.exc_info()[1]
        self._library_said(f"{type(error).__name__}: {error}")

    def _library_said(self, text: str) -> None:
        last = text.strip().splitlines()[-1] if text.strip() else "pyftpdlib failed"
        self.recorder.note("server error", last, service=self.name, errno="error",
                           why=f"The server met an error of its own: {last}")  # fmt: skip

    def _end_sessions(self) -> None:
        self.site.ending = True
        for session in list(self.site.sessions.values()):
            try:
                session.respond("421 The server ends.")
                session._error = True  # no TLS farewell: nobody waits for its answer
                if session.data_channel is not None:
                    session.data_channel._error = True
                session.close()
            except Exception as error:  # noqa: BLE001
                self._library_said(f"{type(error).__name__}: {error}")
        self._close_loop()

    def _close_loop(self) -> None:
        loop, self._loop = self._loop, None
        if loop is not None:
            loop.close()

    def _wake_up(self) -> None:
        self._wake.set()
        if self.stopping.is_set():
            self.site.hashing.end()

    def _close(self) -> None:
        self._close_loop()
        super()._close()
        self._wake.close()
