"""What the handlers of one server share: its setup, its rules, its recorder, and who is connected.

Used in the server's own thread; `sessions` and `facts` in any. It must not know pyftpdlib.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from protocols.ftp.dialogue import Dialogue
from protocols.ftp.server.hashing import Hashing
from protocols.ftp.server.rules import Rule, Rules
from protocols.ftp.server.setup import FtpSetup
from protocols.record.recorder import Recorder

if TYPE_CHECKING:
    from protocols.ftp.server.control import Control


@dataclass(frozen=True, slots=True)
class TransferFacts:
    """A transfer under way. size: of the file, None where it is not known. rate: bytes a second so far."""

    verb: str
    path: str
    way: str
    bytes: int
    size: int | None
    resumed: int
    rate: float


@dataclass(frozen=True, slots=True)
class SessionFacts:
    """A session that stands. number: its name for `FtpServer.end_session`. conn: the control connection's id.

    since_ns: of the recorder's clock. doing: the last command, masked. data: "passive", "active" or "".
    """

    number: int
    conn: str | None
    peer: str
    user: str
    since_ns: int
    folder: str
    doing: str
    commands: int
    tls: bool
    protected: bool
    data: str
    transfer: TransferFacts | None


class Site:
    """One server's shared things. name: of the service."""

    def __init__(self, recorder: Recorder, setup: FtpSetup) -> None:
        self.recorder: Final = recorder
        self.setup: Final = setup
        self.rules: Final = Rules(setup.rules)
        self.hashing: Final = Hashing()
        self.sessions: dict[int, Control] = {}
        self.numbers: Final = itertools.count(1)
        self.name = ""
        self.ending = False

    def facts(self) -> list[SessionFacts]:
        """Who is connected now, oldest first. Any thread."""
        return [facts for session in list(self.sessions.values()) if (facts := session.facts()) is not None]

    def fired(self, rule: Rule, session: Control, what: str, conn: str | None = None, **facts: Any) -> bool:
        """A rule makes something go wrong now; False where it is used up or gone, and then nothing may."""
        return tell_fired(self.rules, rule, session.dialogue, what, conn, **facts)


def tell_fired(
    rules: Rules, rule: Rule, dialogue: Dialogue, what: str, conn: str | None = None, **facts: Any
) -> bool:  # fmt: skip
    """A rule fires, and the time line tells it; False where it is used up or gone."""
    number = rules.fire(rule)
    if not number:
        return False
    title = rule.name or rule.said()
    dialogue.note("fault injected", f"rule {number}, {title}: {what}", conn=conn, rule=number,
                  rule_name=rule.name or None, do=rule.do, what=what, **facts)  # fmt: skip
    return True
