"""A server in the foreground: what every `netlab serve` does from its start to a signal.

The first lines say where it listens. With JSON every event follows, one a line; without, a line for what its room
tells. It must not know which server runs, nor argparse.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Final, Generic, TypeVar

from protocols import trust
from protocols.record.event import Raw, detail_of
from protocols.record.recorder import Recorder
from protocols.service.base import JOIN_S, Service, is_exposed
from protocols.terminal import DONE, FAILED, LOOK_S, JsonLines, Signals, printable, reader_gone, say, write_all

GATHER_S: Final = 0.02
"""After events were told the next ones gather for so long: telling each at once would cost the server its turn."""
S = TypeVar("S", bound=Service)


class Foreground(ABC, Generic[S]):
    """One run. A room fills in `make`, `failed`, `tell_where` and `line`; `run()` does the rest.

    refusals: what `make` and the server's start may raise, and `failed` then explains. secured: clients must find the
    certificate of the lab's authority, and it is laid out for them.
    """

    refusals: tuple[type[Exception], ...] = (OSError,)

    def __init__(self, *, json: bool, secured: bool = False) -> None:
        self.recorder: Final = Recorder()
        self.lines: Final = JsonLines(self.recorder) if json else None
        self._tail = None if json else self.recorder.tail(bound_events=10_000)
        self._secured = secured

    @abstractmethod
    def make(self) -> S:
        """The server, not started."""

    @abstractmethod
    def failed(self, error: Exception, server: S | None) -> int:
        """Say why it does not run; the exit status. server: None when it could not even be made."""

    @abstractmethod
    def tell_where(self, server: S, authority: str) -> None:
        """Say where it listens. authority: the file that clients must trust, "" without TLS."""

    @abstractmethod
    def line(self, raw: Raw) -> str | None:
        """What a person reads of an event; None for nothing. Never asked with JSON."""

    def look(self, server: S) -> None:
        """Do what is done between events. About ten times a second, nobody reads stdout or not, and once at the end."""

    def run(self) -> int:
        """Serve until a signal; the exit status.

        Raises BrokenPipeError when stdout's reader is gone, NotRead when it takes nothing at a signal.
        """
        with Signals() as signals, self._authority() as authority:
            server: S | None = None
            try:
                server = self.make()
                server.start()
            except self.refusals as error:
                status = self.failed(error, server)
                if self.lines is not None:
                    self.lines.drain()
                return status
            try:
                self.tell_where(server, authority)
                while not signals.stopping() and server.state == "running":
                    self._show(LOOK_S, partial(self.look, server))
                    self.look(server)
                    if reader_gone():
                        raise BrokenPipeError
                    time.sleep(GATHER_S)
            finally:
                server.stop(JOIN_S)
            self._show(0.0)
            self.look(server)
            return DONE if signals.stopping() else FAILED

    @contextmanager
    def _authority(self) -> Iterator[str]:
        if not self._secured:
            yield ""
            return
        from protocols.tls import lab_ca

        with trust.published(lab_ca().pem) as path:
            yield str(path or lab_ca().path())

    def _show(self, timeout_s: float, meanwhile: Callable[[], None] | None = None) -> None:
        if self.lines is not None:
            self.lines.drain(timeout_s, meanwhile)
            return
        assert self._tail is not None
        if timeout_s and not self._tail.wait(timeout_s):
            return
        for raw in self._tail.take():
            if (text := self.line(raw)) is not None:
                tell(text.replace("\n", "\\n"), meanwhile)  # an event is a line


def tell(text: str, meanwhile: Callable[[], None] | None = None) -> None:
    """A line on stdout; what controls a terminal stays visible as escapes. meanwhile: see `write_all`."""
    write_all(printable(text).encode("utf-8", "backslashreplace") + b"\n", meanwhile)


def with_reason(raw: Raw) -> str:
    """An event's summary and, where its detail holds one, the reason."""
    why = detail_of(raw).get("why")
    return f"{raw[9]}: {why}" if why else str(raw[9])


def warn_of_exposure(host: str, where: str = "It") -> None:
    """Say so when a server bound to `host` can be reached from other machines."""
    if is_exposed(host):
        say(f"{where} can be reached from other machines. --host 127.0.0.1 keeps it on this one.")
