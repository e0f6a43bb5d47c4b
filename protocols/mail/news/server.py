"""NewsServer: a small NNTP server with a few groups, one thread a reader.

What is said is the engine's affair; here are the sockets. It binds the loopback unless told otherwise,
and forgets its articles when it stops.
"""

from __future__ import annotations

import contextlib
import itertools
import socket
import threading
from typing import Final

from protocols.concurrency.contract import Listen
from protocols.concurrency.listening import Listener, open_listener
from protocols.mail.dialogue import Dialogue
from protocols.mail.news.engine import NewsEngine
from protocols.mail.news.groups import Groups, sample_groups
from protocols.record.recorder import Recorder
from protocols.record.trace import address_text, address_value
from protocols.record.traced import TracedSocket
from protocols.secretlines import SecretLines
from protocols.service.base import Facts, Service, is_exposed
from protocols.service.wake import Readiness, Wake

SILENCE_S: Final = 300.0
READ_BYTES: Final = 64 << 10
READERS_MOST: Final = 100
_BUSY: Final = b"400 Too many readers, try later\r\n"


class NewsServer(Service):
    """Serves news. groups: None makes a few with a few articles. address: (host, port) once it listens."""

    def __init__(
        self, recorder: Recorder, *, host: str = "127.0.0.1", port: int = 0, groups: Groups | None = None,
        posting: bool = True, name: str = "news",
    ) -> None:  # fmt: skip
        super().__init__(recorder, name, "news server")
        self.groups: Final = groups if groups is not None else sample_groups()
        self.posting: Final = posting
        self.address: tuple[str, int] = (host, port)
        self._listener: Listener | None = None
        self._wake = Wake()
        self._lock = threading.Lock()
        self._readers: set[TracedSocket] = set()

    @property
    def ends(self) -> dict[str, tuple[str, int]]:
        """Where it listens, by protocol."""
        return {"nntp": self.address}

    def facts(self) -> Facts:
        """What it occupies now."""
        listens = self._listener is not None
        return Facts(
            self.name, self.kind, self.state, address_text(self.address) if listens else "", self.threads(), (),
            (self.address[1],) if listens else (), len(self._readers), is_exposed(self.address[0]),
        )  # fmt: skip

    def _thread_name(self) -> str:
        return f"news-server:{self.address[1]}"

    def _open(self) -> None:
        self._listener = listener = open_listener(self.recorder, Listen("tcp", *self.address), self.name)
        self.name = listener.service
        assert isinstance(listener.address, tuple)
        self.address = listener.address
        listener.sock.setblocking(False)

    def _main(self) -> None:
        assert self._listener is not None
        sock = self._listener.sock
        ready = Readiness(sock.fileno(), self._wake)
        for number in itertools.count(1):
            while not self.stopping.is_set() and not ready.wait():
                pass
            if self.stopping.is_set():
                return
            try:
                reader, address = sock.accept()
            except OSError:
                continue
            self._welcome(reader, address, number)

    def _welcome(self, reader: TracedSocket, address: object, number: int) -> None:
        reader.settimeout(SILENCE_S)
        with self._lock:
            busy = len(self._readers) >= READERS_MOST
            if not busy:
                self._readers.add(reader)
        if busy:
            with reader, contextlib.suppress(OSError):
                reader.settimeout(1.0)
                reader.sendall(_BUSY)
            return
        try:
            self.spawn(f"news-conn:{number}", lambda: self._serve(reader, address))
        except RuntimeError:  # no more threads
            self._let_go(reader)

    def _let_go(self, reader: TracedSocket) -> None:
        with self._lock:
            self._readers.discard(reader)
        reader.close()

    def _serve(self, reader: TracedSocket, address: object) -> None:
        trace = reader.trace
        try:
            if trace is not None:
                trace.secrets = SecretLines("nntp", "server")
            local = address_value(reader.getsockname())
            dialogue = Dialogue(
                self.recorder, "nntp", "server", service=self.name, conn=trace.conn if trace else None, local=local,
                peer=address_value(address),
            )  # fmt: skip
            engine = NewsEngine(self.groups, posting=self.posting, dialogue=dialogue)
            reader.sendall(engine.greeting())
            while not engine.over and not self.stopping.is_set():
                data = reader.recv(READ_BYTES)
                if not data:
                    return
                before = engine.posted
                if answers := engine.feed(data):
                    reader.sendall(b"".join(answers))
                if engine.posted is not None and engine.posted is not before:
                    self._tell_posted(engine.posted.id, engine.posted.size, dialogue.conn)
        except OSError:
            return  # the reader went away, or said nothing for SILENCE_S: its calls are on the time line
        finally:
            self._let_go(reader)

    def _tell_posted(self, article_id: str, size: int, conn: str | None) -> None:
        self.recorder.emit("message", "article", f"article {article_id} posted, {size} bytes", service=self.name,
                           conn=conn, size=size, detail={"protocol": "nntp", "message_id": article_id})  # fmt: skip

    def _wake_up(self) -> None:
        self._wake.set()
        if self.stopping.is_set():
            with self._lock:
                readers = list(self._readers)
            for reader in readers:
                with contextlib.suppress(OSError):
                    socket.socket.shutdown(reader, socket.SHUT_RDWR)

    def _close(self) -> None:
        if self._listener is not None:
            self._listener.close()
        self._wake.close()
