"""`netlab serve mail`: a mail server in the foreground, until SIGINT or SIGTERM.

The first lines say where each protocol listens. With JSON every event follows, one a line; without, a line
for each mail. A file of rules is read again when it changes. It must not know argparse.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from protocols.foreground import Foreground, tell, warn_of_exposure, with_reason
from protocols.mail.dialogue import readable
from protocols.mail.server import rules_file
from protocols.mail.server.rules import RuleError
from protocols.mail.server.service import MailServer
from protocols.mail.server.setup import MailSetup
from protocols.record.event import Raw
from protocols.terminal import FAILED, fail, say

_TOLD: Final = frozenset(("fault injected", "refused", "failed", "explained"))


def run(setup: MailSetup, *, json: bool, rules: Path | None) -> int:
    """Serve until a signal; the exit status. Raises BrokenPipeError when stdout's reader is gone."""
    return _Mail(setup, json=json, rules=rules).run()


class _Mail(Foreground[MailServer]):
    def __init__(self, setup: MailSetup, *, json: bool, rules: Path | None) -> None:
        super().__init__(json=json, secured=setup.tls)
        self._setup = setup
        self._watched = _Watched(rules)

    def make(self) -> MailServer:
        return MailServer(self.recorder, self._setup)

    def failed(self, error: Exception, server: MailServer | None) -> int:
        filename = getattr(error, "filename", None)
        if filename is None:
            return fail(error, "bind", server.opening if server is not None else None, recorder=self.recorder)
        reason = getattr(error, "strerror", None) or error
        say(f"The store can't be kept in {filename}: {reason}. Choose another folder with --store.")
        return FAILED

    def tell_where(self, server: MailServer, authority: str) -> None:
        for door, (host, port) in server.ends.items():
            where = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
            if self.lines is not None:
                self.lines.first("listening", f"{door} listening on {where}", service=server.name, protocol=door,
                                 host=host, port=port, url=f"{door}://{where}", transport="tcp",
                                 tls=door.endswith("s"), authority=authority or None,
                                 users=list(server.setup.users), store=str(server.store.root),
                                 pid=os.getpid())  # fmt: skip
            else:
                tell(f"{door} listening on {where}")
        if self.lines is None:
            tell(f"mailboxes of {', '.join(server.setup.users)} in {server.store.root}; Ctrl+C ends it")
            if authority:
                say(f"netlab mail trusts it of itself; others find its authority in {authority}")
        warn_of_exposure(server.setup.host)

    def line(self, raw: Raw) -> str | None:
        if (raw[1] == "message" and raw[2] == "mail") or (raw[1] == "note" and raw[2] in _TOLD):
            return readable((with_reason(raw) if raw[2] == "failed" else str(raw[9])).encode())
        return None

    def look(self, server: MailServer) -> None:
        self._watched.look(server)


class _Watched:
    """The file of rules: read again when it changes; one that can't be read changes nothing."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._seen = self._stamp()

    def _stamp(self) -> tuple[int, int] | None:
        if self._path is None:
            return None
        try:
            facts = self._path.stat()
        except OSError:
            return None
        return facts.st_mtime_ns, facts.st_size

    def look(self, server: MailServer) -> None:
        """Has it changed?"""
        stamp = self._stamp()
        if self._path is None or stamp is None or stamp == self._seen:
            return
        self._seen = stamp
        try:
            server.set_rules(rules_file.load(self._path))
        except (RuleError, OSError) as error:
            say(f"the rules stay as they were: {error}")
        else:
            say(f"new rules: {len(server.house.rules.rules)}")
