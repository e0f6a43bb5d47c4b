"""MailServer: SMTP, POP3 and IMAP on one store, as one service of the lab.

The main thread's loop serves SMTP and POP3; IMAP has a loop and a thread of its own, so that a question
about ten thousand messages holds nobody's mail up. It must not know any protocol's words.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import threading
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any, Final

from protocols.concurrency.contract import Listen
from protocols.concurrency.listening import Listener, open_listener
from protocols.mail.server.house import Delivered, House
from protocols.mail.server.link import CURRENT, Link, LinkTLS, make_link
from protocols.mail.server.rules import Rule
from protocols.mail.server.setup import MailSetup
from protocols.mail.server.store import MailStore
from protocols.record.explain import explain
from protocols.record.recorder import Recorder
from protocols.service.base import Facts, Service, is_exposed

CONNECTIONS: Final = 1000
BACKLOG: Final = 256
PAUSE_S: Final = 0.2
AGAIN_S: Final = 0.3
_OUT_OF: Final = frozenset((errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM))
Serve = Callable[[Link], Awaitable[None]]


class _Loop:
    """One asyncio loop with its doors, in the thread that calls `run`."""

    def __init__(self, house: House, stopping: threading.Event, doors: dict[str, Listener], name: str) -> None:
        self._house = house
        self._stopping = stopping
        self._doors = doors
        self._name = name
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._sets: dict[str, Any] = {}

    def run(self) -> None:
        """Serve until the stop."""
        asyncio.run(self._main())

    def wake(self) -> None:
        """Look whether it is to stop. Any thread."""
        loop, stop = self._loop, self._stop
        if loop is not None and stop is not None:
            with contextlib.suppress(RuntimeError):  # it is closed already
                loop.call_soon_threadsafe(stop.set)

    async def _main(self) -> None:
        loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        self._loop = loop
        loop.set_exception_handler(self._tell)
        for door, listener in self._doors.items():
            listener.sock.setblocking(False)
            loop.add_reader(listener.sock.fileno(), self._accept, door, listener)
        if not self._stopping.is_set():
            await self._stop.wait()
        for listener in self._doors.values():
            loop.remove_reader(listener.sock.fileno())
        while self._tasks:  # a library may swallow a cancellation that comes at a bad moment: it gets another
            for task in list(self._tasks):
                task.cancel()
            await asyncio.wait(list(self._tasks), timeout=AGAIN_S)
        for boxes in self._sets.values():
            boxes.close()

    def _accept(self, door: str, listener: Listener) -> None:
        try:
            sock, address = listener.sock.accept()
        except BlockingIOError:
            return
        except OSError as error:
            if error.errno in _OUT_OF:
                self._pause(door, listener, error)
            return
        sock.setblocking(False)
        link = make_link(self._house.recorder, self._house.service, self._house.number(), door, sock, address)
        if len(self._tasks) >= CONNECTIONS:
            sock.close()
            self._house.recorder.note(
                "refused", f"{link.peer} is refused: {CONNECTIONS} connections are served already",
                service=self._house.service, conn=link.conn,
            )  # fmt: skip
            return
        assert self._loop is not None
        task = self._loop.create_task(self._serve(link), name=f"{door} {link.number}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _pause(self, door: str, listener: Listener, error: OSError) -> None:
        told = explain(error, call="accept")
        self._house.recorder.note("explained", told.why, service=self._house.service, errno=told.errno, why=told.why)
        assert self._loop is not None
        self._loop.remove_reader(listener.sock.fileno())
        self._loop.call_later(PAUSE_S, self._again, door, listener)

    def _again(self, door: str, listener: Listener) -> None:
        if self._loop is not None and listener.sock.fileno() >= 0 and not self._stopping.is_set():
            self._loop.add_reader(listener.sock.fileno(), self._accept, door, listener)

    async def _serve(self, link: Link) -> None:
        house, task = self._house, asyncio.current_task()
        house.enter(link)
        house.recorder.note(
            "task started", f"{link.door} {link.number}: {link.peer}", service=house.service, conn=link.conn,
            worker=f"task {link.number}", protocol=link.protocol,
        )  # fmt: skip
        CURRENT.set(link)
        try:
            await self._by_protocol(link)
        except OSError:
            pass  # the call that failed has told
        except Exception as error:  # noqa: BLE001  one connection's mishap must not end the server
            house.recorder.note(
                "failed", f"{link.door} {link.number} ended by an error: {error!r}", service=house.service,
                conn=link.conn, why=f"An unexpected {type(error).__name__} ended this connection only.",
            )  # fmt: skip
        finally:
            cancelled = task is not None and task.cancelling() > 0
            if cancelled:
                link.abort()
            house.leave(link)
            await self._closed(link)

    async def _closed(self, link: Link) -> None:
        """Wait for the transport to give the socket back; after a moment take it."""
        if link.transport is None:
            link.sock.close()
            return
        for _ in range(100):
            if link.sock.fileno() < 0:
                return
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.sleep(0.01)
            if self._stopping.is_set():
                break
        link.abort()
        await asyncio.sleep(0)

    async def _by_protocol(self, link: Link) -> None:
        context = self._house.context if link.door.endswith("s") else None
        if link.protocol == "smtp":
            from protocols.mail.server.smtp import serve as serve_smtp

            await serve_smtp(self._house, link, context)
        elif link.protocol == "pop3":
            from protocols.mail.server.pop3_link import serve as serve_pop3

            await serve_pop3(self._house, link, context)
        else:
            from protocols.mail.server.imap import serve as serve_imap

            await serve_imap(self._house, link, context, self._sets)

    def _tell(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        self._house.recorder.note(
            "asyncio says", str(context["message"]), service=self._house.service, error=repr(error) if error else None
        )


class MailServer(Service):
    """A mail server. ends: (host, port) by door, once it runs: "smtp", "pop3", "imap", and "smtps" and so on.

    opening: the address that it tried last, for who tells why it did not start.

    Raises SetupError when the order can't be carried out, from `start` OSError as the calls do.
    """

    def __init__(self, recorder: Recorder, setup: MailSetup, name: str = "mail") -> None:
        setup.check()
        super().__init__(recorder, name, "server")
        self.setup: Final = setup
        self.ends: dict[str, tuple[str, int]] = {}
        self.opening: tuple[str, int] = (setup.host, 0)
        self._label = name
        self._listeners: dict[str, Listener] = {}
        self._house: House | None = None
        self._loops: list[_Loop] = []

    @property
    def house(self) -> House:
        """What its connections share, once it has started."""
        assert self._house is not None
        return self._house

    @property
    def store(self) -> MailStore:
        """The mailboxes, once it has started."""
        return self.house.store

    def _open(self) -> None:
        store = MailStore(self.setup.store, self.setup.users)
        before = Recorder()  # the calls of the begin are told when the service has its final name
        before.enabled, tail = self.recorder.enabled, before.tail()
        try:
            self._open_doors(before)
        except BaseException:
            store.close()
            raise
        finally:
            if self.ends:
                self.name = f"{self._label}:{next(iter(self.ends.values()))[1]}"
            for raw in tail.take():
                self.recorder.put((*raw[:3], self.name, *raw[4:]))
        for listener in self._listeners.values():
            assert listener.sock.trace is not None
            listener.sock.trace.recorder, listener.sock.trace.service = self.recorder, self.name
        self._house = House(self.recorder, self.name, self.setup, store)
        if self.setup.tls:
            from protocols.tls import server_context

            context = server_context([self.setup.host])
            context.sslobject_class = LinkTLS
            self._house.context = context
        slow = {door: one for door, one in self._listeners.items() if door.startswith("imap")}
        fast = {door: one for door, one in self._listeners.items() if door not in slow}
        self._loops = [
            _Loop(self._house, self.stopping, doors, name) for name, doors in (("mail", fast), ("imap", slow)) if doors
        ]

    def _open_doors(self, recorder: Recorder) -> None:
        for door, port in self.setup.doors().items():
            self.opening = (self.setup.host, port)
            listen = Listen(host=self.setup.host, port=port, backlog=BACKLOG)
            listener = self._listeners[door] = open_listener(recorder, listen, self._label)
            assert isinstance(listener.address, tuple)
            self.ends[door] = listener.address

    def _main(self) -> None:
        first, *others = self._loops
        for one in others:
            self.spawn(f"{self._label}-imap:{self.name.rpartition(':')[2]}", one.run)
        first.run()

    def _wake_up(self) -> None:
        for one in self._loops:
            if self.stopping.is_set():
                one.wake()

    def _close(self) -> None:
        for listener in self._listeners.values():
            listener.close()
        if self._house is not None:
            self._house.disk.shutdown(wait=True)
            self._house.store.close()

    def _thread_name(self) -> str:
        return f"{self._label}-server:{self.name.rpartition(':')[2]}"

    def facts(self) -> Facts:
        """What it occupies now."""
        ends = list(self.ends.values())
        where = f"{ends[0][0]}:{ends[0][1]}" if ends else ""
        links = self._house.links() if self._house is not None else []
        return Facts(
            self.name, self.kind, self.state, where, self.threads(), (), tuple(port for _, port in ends), len(links),
            bool(ends) and is_exposed(ends[0][0]),
        )  # fmt: skip

    # While it runs; any thread

    def set_rules(self, rules: tuple[Rule, ...]) -> None:
        """Fail so from now on. Raises RuleError."""
        if self._house is not None:
            self._house.rules.replace(rules)

    def fired(self) -> list[int]:
        """How often each rule has fired."""
        return self._house.rules.fired() if self._house is not None else []

    def delivered(self) -> list[Delivered]:
        """The mails that were taken, oldest first."""
        return list(self._house.delivered) if self._house is not None else []

    def sessions(self) -> list[Link]:
        """The connections that are served."""
        return [replace(one) for one in self._house.links()] if self._house is not None else []

    def delivered_as(self, user: str, uid: int) -> Delivered | None:
        """The mail that was delivered into a user's INBOX under this UID, as far as it is remembered. Any thread."""
        wanted = (user, uid)
        return next((one for one in reversed(list(self.house.delivered)) if wanted in one.files), None)

    def counts(self) -> dict[str, dict[str, int]]:
        """How many messages lie in which folder, by user. It looks at the disk."""
        if self._house is None:
            return {}
        found: dict[str, dict[str, int]] = {}
        for user, box in self._house.store.boxes.items():
            found[user] = {"INBOX": len(box.inbox.entries())}
            for name in box.folders():
                with contextlib.suppress(KeyError):
                    found[user][name] = len(box.folder(name).entries())
        return found
