"""FileServer: what the servers of files have in common: where they listen, and what they say of themselves.

It must not know a protocol.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from typing import ClassVar, Final

from protocols.concurrency.contract import Listen
from protocols.concurrency.listening import Listener, open_listener
from protocols.ftp.server.hashing import Hashing
from protocols.ftp.server.rules import Rule, Rules
from protocols.ftp.server.setup import FtpSetup
from protocols.ftp.server.site import SessionFacts
from protocols.record.recorder import Recorder
from protocols.record.trace import address_text
from protocols.service.base import Facts, Service, is_exposed


class FileServer(Service):
    """A server of files. setup: what it is to be; rules can be exchanged while it runs. address: once it runs.

    after: called once when all of it is over, such as what removes a folder made for it.
    """

    BACKLOG: ClassVar[int]

    def __init__(
        self, recorder: Recorder, setup: FtpSetup, name: str, kind: str, after: Callable[[], object] | None
    ) -> None:
        super().__init__(recorder, name, kind)
        self.setup: Final = setup
        self.address: tuple[str, int] = (setup.host, setup.port)
        self._listener: Listener | None = None
        self._after = after

    # Asking, in any thread

    @property
    def where(self) -> str:
        """host:port, once it runs."""
        return address_text(self.address) if self._listener is not None else ""

    @property
    @abstractmethod
    def url(self) -> str:
        """The address as a URL."""

    @abstractmethod
    def sessions(self) -> list[SessionFacts]:
        """Who is connected now, with the transfer under way."""

    @abstractmethod
    def end_session(self, number: int) -> None:
        """Throw a client out."""

    @property
    @abstractmethod
    def _rules(self) -> Rules:
        """What goes wrong on purpose."""

    @property
    @abstractmethod
    def _hashing(self) -> Hashing:
        """Where files are hashed after a transfer."""

    def facts(self) -> Facts:
        """What it occupies."""
        ports = (self.address[1],) if self._listener is not None else ()
        return Facts(self.name, self.kind, self.state, self.where, self.threads(), (), ports, len(self.sessions()),
                     is_exposed(self.setup.host))  # fmt: skip

    @property
    def rules(self) -> tuple[Rule, ...]:
        """What goes wrong on purpose."""
        return self._rules.rules

    def set_rules(self, rules: Sequence[Rule]) -> None:
        """Exchange the rules; they apply from the next command on. Raises RuleError."""
        self._rules.set(rules)
        self.recorder.note("rules set", f"{len(rules)} rules", service=self.name, rules=[rule.said() for rule in rules])

    def rule_counts(self) -> list[int]:
        """How often each rule fired."""
        return self._rules.counts()

    # Life

    def _listen(self) -> Listener:
        """Bind and listen; from now on it has its name and its address. Raises OSError."""
        setup = self.setup
        listen = Listen(host=setup.host, port=setup.port, backlog=self.BACKLOG, dual=setup.host == "::")
        self._listener = listener = open_listener(self.recorder, listen, self.name)
        self.name = listener.service
        assert isinstance(listener.address, tuple)
        self.address = listener.address
        return listener

    def _close(self) -> None:
        self._hashing.drain()
        if self._listener is not None:
            self._listener.close()
        after, self._after = self._after, None
        if after is not None:
            after()
