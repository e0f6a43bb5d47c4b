"""Rules at work in one session: answers in place of answers, delays, cuts at an exact byte.

Each that fires is a note "fault injected". It must not know how rules are written, nor pyftpdlib.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from protocols.ftp.server.rules import CONNECT, DATA_DOINGS, TRANSFERS, Rule

if TYPE_CHECKING:
    from protocols.ftp.server.control import Control
    from protocols.ftp.server.data import Data
    from protocols.ftp.server.order import Order

CLOSING: Final = 421
"""The reply after which a server ends the session."""


class Misdeeds:
    """What the rules do to one session. holding: an answer is held back. met: a rule for the transfer to come."""

    def __init__(self, session: Control) -> None:
        self._session = session
        self.holding = False
        self.met: Rule | None = None
        self._cut: Rule | None = None
        self._left = 0
        self._was_cut = False

    def at_connect(self) -> bool:
        """For a new connection; True where the greeting is not to be said now."""
        session = self._session
        rule = session.site.rules.find(CONNECT, "", "")
        if rule is None:
            return False
        if rule.do == "delay":
            return self._delay(rule, "the greeting", session.greet)
        if rule.do == "cut control":
            self._arm_cut(rule)
            return False
        if not session.site.fired(rule, session, "no greeting" if rule.do == "silence" else f"{rule.code} at once"):
            return False
        if rule.do == "reply":
            session.respond(f"{rule.code} {rule.text}")
            session.close_when_done()
        return True

    def before(self, line: str, verb: str, path: str) -> bool:
        """For a command; True where it is not to be obeyed now."""
        session = self._session
        self.met = self._cut = None
        rule = session.site.rules.find(verb, path, session.username)
        if rule is None:
            return False
        if rule.do in DATA_DOINGS:
            self.met = rule
            return False
        if rule.do == "cut control":
            self._arm_cut(rule)
            return False
        if rule.do == "delay":
            return self._delay(rule, verb, lambda: session.really_obey(line, verb, line.partition(" ")[2]))
        what = f"{verb} stays without an answer" if rule.do == "silence" else f"{verb} answered by {rule.code}"
        if not session.site.fired(rule, session, what, verb=verb, code=rule.code or None):
            return False
        if rule.do == "reply":
            if verb in TRANSFERS:
                session.forget_data()
            session.respond(f"{rule.code} {rule.text}")
            if rule.code == CLOSING:
                session.close_when_done()
        return True

    def _delay(self, rule: Rule, what: str, go: object) -> bool:
        session = self._session
        if not session.site.fired(rule, session, f"{what} {rule.seconds:g} s later", seconds=rule.seconds):
            return False
        self.holding = True

        def later() -> None:
            self.holding = False
            if not session._closed:
                go()  # type: ignore[operator]
                session.go_on()

        session.call_later(rule.seconds, later)
        return True

    # The control connection

    def _arm_cut(self, rule: Rule) -> None:
        self._cut, self._left = rule, rule.at_byte

    def push(self, raw: bytes) -> None:
        """Bytes of a reply; they end where a rule cuts."""
        session, rule = self._session, self._cut
        if self._was_cut:
            return
        if rule is None or len(raw) < self._left:
            self._left -= len(raw)
            session.push_now(raw)
            return
        self._cut = None
        if not session.site.fired(rule, session, f"the control connection is cut after {rule.at_byte} bytes",
                                  at_byte=rule.at_byte):  # fmt: skip
            session.push_now(raw)
            return
        self._was_cut = True
        if self._left:
            session.push_now(raw[: self._left])
        session.cut(rule.reset)

    # The data connection

    def arm(self, data: Data, order: Order) -> None:
        """A transfer and its data connection have met: what its rule does to them."""
        session, rule = self._session, order.rule
        order.rule = None
        if rule is None:
            return
        if rule.do == "slow":
            what = f"{order.verb} at {rule.bytes_per_second} bytes a second"
            if session.site.fired(rule, session, what, data.conn, bytes_per_second=rule.bytes_per_second):
                data.speed = min(data.speed or rule.bytes_per_second, rule.bytes_per_second)
            return
        data.stop_at = rule.at_byte
        data.on_stop = lambda stopped: self._stop(stopped, order, rule)

    def _stop(self, data: Data, order: Order, rule: Rule) -> None:
        session = self._session
        what = f"{order.verb} {order.path} ends at byte {data.moved}"
        if not session.site.fired(rule, session, what, data.conn, at_byte=data.moved, reset=rule.reset):
            return
        if rule.do == "abort":
            data.end(rule.code, rule.text, reset=rule.reset)
        else:
            data.end(226, "Transfer complete.", reset=rule.reset, error=f"cut on purpose at byte {data.moved}")
