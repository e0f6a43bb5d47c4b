"""DebugProxy: the proxy as a service; what a panel and the command line hold.

The package's docstring tells its whole API. It must not know how an exchange is carried.
"""

from __future__ import annotations

import socket
import threading
from pathlib import Path
from typing import Final

from protocols.concurrency.contract import Listen
from protocols.concurrency.listening import Listener, open_listener
from protocols.http.proxy.conversation import Conversation
from protocols.http.proxy.core import Core, ProxyOrder, Way
from protocols.http.proxy.entry import Entry
from protocols.http.proxy.holding import ProxyError, Word
from protocols.http.proxy.line import Line
from protocols.http.proxy.replay import said_again
from protocols.http.proxy.rewriting import Place
from protocols.http.proxy.rules import Match, Rule, checked_rules
from protocols.http.proxy.stream import Nobody, Stream
from protocols.record.recorder import Recorder
from protocols.record.trace import address_text
from protocols.record.traced import TracedSocket
from protocols.service.base import Facts, Service, ServiceError, is_exposed
from protocols.service.wake import Readiness, Wake
from protocols.tls import lab_ca

CONNECTIONS: Final = 512


class DebugProxy(Service):
    """The debugging proxy. address: (host, port) once it listens. Calls are safe from any thread."""

    def __init__(self, recorder: Recorder, order: ProxyOrder | None = None, *, name: str = "proxy") -> None:
        order = order or ProxyOrder()
        super().__init__(recorder, f"{name}:{order.port}", "server")
        self.order: Final = order
        self._subject = name
        self._core = Core(recorder, order, self.stopping)
        self._wake = Wake()
        self._listener: Listener | None = None
        self._conversations: set[Conversation] = set()
        self._conversations_lock = threading.Lock()
        self.address: tuple[str, int] = (order.host, order.port)

    # Life

    def _thread_name(self) -> str:
        return f"{self._subject}-server:{self.address[1]}"

    def _open(self) -> None:
        self._listener = open_listener(self.recorder, Listen(host=self.order.host, port=self.order.port), self._subject)
        bound = self._listener.address
        assert isinstance(bound, tuple)
        self.name = self._core.service = self._listener.service
        self.address = self._core.address = (str(bound[0]), int(bound[1]))
        if self._core.intercept:
            lab_ca()

    def _main(self) -> None:
        assert self._listener is not None
        sock = self._listener.sock
        sock.setblocking(False)
        ready = Readiness(sock.fileno(), self._wake)
        paused: float | None = None
        while not self.stopping.is_set():
            readable = ready.wait(paused, watch=paused is None)
            paused = self._accept(sock) if readable and not self.stopping.is_set() else None

    def _accept(self, listener: TracedSocket) -> float | None:
        """Take one client; the seconds to pause when the system has no room for it."""
        try:
            sock, address = listener.accept()
        except BlockingIOError:
            return None
        except OSError as error:
            self._core.note("accept paused", "no new connection can be taken for now", why=str(error))
            return 0.1
        peer = address_text(address)
        if len(self._now()) >= CONNECTIONS:
            sock.close()
            self._core.note("refused", f"{peer} was refused", why=f"{CONNECTIONS} connections are the most.")
            return None
        try:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            talk = Conversation(self._core, peer, lambda: Stream(sock, self._core.lines["down"]))
        except OSError as error:  # it left at once, or there is no descriptor for its wake
            sock.close()
            self._core.note("refused", f"{peer} was refused", why=str(error))
            return 0.1
        self._talk(f"{self._subject}-conn:{address[1]}", peer, talk)
        return None

    def _talk(self, thread: str, peer: str, conversation: Conversation) -> None:
        with self._conversations_lock:
            self._conversations.add(conversation)
        reverse = self.order.reverse

        def work() -> None:
            try:
                if reverse is not None:
                    conversation.run_tcp(Place("", *reverse))
                else:
                    conversation.run()
            except Exception as error:  # noqa: BLE001  one connection's trouble must not be anybody else's
                self._core.note("failed", f"the connection of {peer} ended: {error!r}", why=f"{error!r}")
            finally:
                with self._conversations_lock:
                    self._conversations.discard(conversation)

        try:
            self.spawn(thread, work, conn=conversation.client.conn)
        except RuntimeError:
            with self._conversations_lock:
                self._conversations.discard(conversation)
            conversation.client.close()
            conversation.pump.close()
            self._core.note("refused", f"{peer} was refused", why="The system has no room for one more thread.")

    def _now(self) -> list[Conversation]:
        with self._conversations_lock:
            return list(self._conversations)

    def _wake_up(self) -> None:
        self._wake.set()
        if self.stopping.is_set():
            for conversation in self._now():
                conversation.pump.wake.set()

    def _close(self) -> None:
        if self._listener is not None:
            self._listener.close()
        self._wake.close()
        self._core.folder.close()

    def facts(self) -> Facts:
        """What it occupies now."""
        listens = self._listener is not None
        return Facts(self.name, self.kind, self.state, address_text(self.address) if listens else "", self.threads(),
                     (), (self.address[1],) if listens else (), len(self._now()),
                     is_exposed(self.order.host))  # fmt: skip

    # Settings

    @property
    def url(self) -> str:
        """What a client is told to use."""
        host, port = self.address
        return f"http://{f'[{host}]' if ':' in host else host}:{port}"

    def warnings(self) -> tuple[str, ...]:
        """What must stand in sight as long as it is so; sentences."""
        found = []
        if is_exposed(self.order.host):
            found.append(f"{address_text(self.address)} can be reached from other machines: they can use this proxy.")
        if self._core.intercept:
            found.append("HTTPS is opened: clients that trust the lab's authority show their secrets here. "
                         "Take that authority out of them afterwards.")  # fmt: skip
        if not self._core.verify:
            found.append("Certificates of origins are not verified: anybody may answer in their place.")
        return tuple(found)

    @property
    def intercepting(self) -> bool:
        """Whether HTTPS is opened."""
        return self._core.intercept

    def set_intercept(self, on: bool) -> None:
        """Open HTTPS from the next CONNECT on, or let it through."""
        self._core.intercept = on
        self._core.note("interception", f"HTTPS is {'opened with the lab authority' if on else 'let through'}", on=on)

    @property
    def verifying(self) -> bool:
        """Whether certificates of origins are verified."""
        return self._core.verify

    def set_verify(self, on: bool) -> None:
        """Verify the certificates of origins from the next connection on."""
        self._core.verify = on

    def ca_pem(self) -> bytes:
        """The certificate of the lab's authority."""
        return lab_ca().pem

    def ca_path(self) -> Path:
        """A file with it, for `curl --cacert`."""
        return lab_ca().path()

    def line(self, way: Way) -> Line:
        """How one direction is slowed down now."""
        return self._core.lines[way]

    def set_line(self, way: Way, bytes_per_s: int | None = None, delay_ms: int = 0) -> None:
        """Slow one direction down: "up" is client to origin. Raises ProxyError."""
        try:
            self._core.lines[way].set(bytes_per_s, delay_ms)
        except ValueError as error:
            raise ProxyError(str(error)) from None
        text = f"{way}stream: {bytes_per_s or 'any number of'} bytes a second, {delay_ms} ms late"
        self._core.note("line set", text, way=way, bytes_per_s=bytes_per_s, delay_ms=delay_ms)
        for conversation in self._now():
            conversation.pump.wake.set()

    @property
    def rules(self) -> tuple[Rule, ...]:
        """The rules, first to last."""
        return self._core.rules

    def set_rules(self, rules: tuple[Rule, ...]) -> None:
        """Replace all rules. Raises RuleError."""
        self._core.rules = checked_rules(rules)

    # The list

    def changed(self, since: int) -> tuple[int, list[Entry]]:
        """The exchanges changed after the stamp `since`, and the stamp for the next time."""
        return self._core.shelf.changed(since)

    def entry(self, number: int) -> Entry | None:
        """The exchange of that number, if it is still kept."""
        return self._core.shelf.get(number)

    def entries(self, match: Match | None = None) -> list[Entry]:
        """Every exchange kept that matches, by number."""
        found = self._core.shelf.all()
        return [one for one in found if match is None or match.fits(one.method, one.host, one.url, one.status)]

    @property
    def forgotten(self) -> int:
        """How many exchanges made room for younger ones."""
        return self._core.shelf.forgotten

    def clear(self) -> None:
        """Forget all exchanges that are over."""
        self._core.shelf.clear()

    # What is held

    def held(self) -> list[Entry]:
        """What waits for a word, oldest first."""
        return self._core.holding.all()

    def release(self, number: int) -> None:
        """Let it go on as it is. Raises ProxyError."""
        self._core.holding.tell(number, Word("release"))

    def release_all(self) -> None:
        """Let all go on."""
        for entry in self.held():
            try:
                self.release(entry.number)
            except ProxyError:
                continue  # somebody was quicker

    def edit(
        self, number: int, head: bytes | None = None, body: bytes | None = None, *, fix_length: bool = True
    ) -> None:
        """Let it go on changed; the head as `sent_head` shows it. Raises ProxyError.

        fix_length False sends exactly these bytes, with whatever length they claim.
        """
        self._core.holding.tell(number, Word("edit", head, body, fix_length))

    def drop(self, number: int) -> None:
        """End it: the client gets a RST. Raises ProxyError."""
        self._core.holding.tell(number, Word("drop"))

    def answer(self, number: int, head: bytes | None, body: bytes, *, fix_length: bool = True) -> None:
        """Answer it in the origin's place; head None is 200. Raises ProxyError."""
        self._core.holding.tell(number, Word("answer", head, body, fix_length))

    def abort(self, number: int) -> None:
        """End an exchange under way, and its connection with it."""
        for conversation in self._now():
            if conversation.entry is not None and conversation.entry.number == number:
                conversation.end()

    # Again

    def replay(self, number: int, head: bytes | None = None, body: bytes | None = None) -> int:
        """Send a request once more, changed if wanted; the number of the new exchange. Raises ProxyError."""
        entry = self.entry(number)
        if entry is None:
            raise ProxyError(f"Exchange {number} is not kept any more")
        if self.state != "running":
            raise ServiceError(f"{self.name} is not running")
        said, place = said_again(entry, head, body)
        conversation = Conversation(self._core, "replay", lambda: Nobody(said), replay_of=number, fixed=place)
        new = conversation.begin()
        self._talk(f"{self._subject}-replay:{new}", "replay", conversation)
        return new
