"""`netlab serve ftp`: the FTP server in the foreground, until SIGINT or SIGTERM.

The first line says where it listens. With JSON every event follows, one a line; without, a line for each session
and transfer. It must not know argparse beyond the names of the arguments.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Final

from protocols.foreground import Foreground, tell, warn_of_exposure, with_reason
from protocols.ftp.server.rules import Rule, read_rules
from protocols.ftp.server.service import FtpServer
from protocols.ftp.server.setup import FtpSetup, Limits, ports_of, user_of
from protocols.record.event import Raw
from protocols.terminal import fail, say

_TOLD: Final = frozenset((
    "session opened", "session closed", "logged in", "login failed", "fault injected", "data connection refused",
    "active connection refused", "handshake failed", "server error", "failed", "accept paused",
))  # fmt: skip


def setup_of(arguments: Any) -> FtpSetup:
    """What was asked for. Raises SetupError, RuleError, and OSError for a file of rules that can't be read."""
    users = tuple(user_of(text) for text in arguments.user)
    rules: tuple[Rule, ...] = ()
    if arguments.rules:
        try:
            rules = read_rules(Path(arguments.rules).read_text(encoding="utf-8"))
        except UnicodeDecodeError:
            raise OSError(f"{arguments.rules} is no text") from None
    return FtpSetup(
        arguments.root, arguments.host, arguments.port, users, arguments.anonymous or not users, arguments.writable,
        "implicit" if arguments.tls_implicit else "explicit" if arguments.tls else "off",
        tls_required=arguments.tls_required, data_protection=arguments.tls_required,
        passive_ports=ports_of(arguments.passive_ports) if arguments.passive_ports else (),
        masquerade=arguments.masquerade, limits=Limits(sessions=arguments.sessions, speed=arguments.speed),
        rules=rules,
    ).checked()  # fmt: skip


def run(setup: FtpSetup, json: bool) -> int:
    """Serve until a signal; the exit status. Raises BrokenPipeError when stdout's reader is gone."""
    return _Ftp(setup, json).run()


class _Ftp(Foreground[FtpServer]):
    def __init__(self, setup: FtpSetup, json: bool) -> None:
        super().__init__(json=json, secured=setup.tls != "off")
        self._setup = setup

    def make(self) -> FtpServer:
        return FtpServer(self.recorder, self._setup)

    def failed(self, error: Exception, server: FtpServer | None) -> int:
        return fail(error, "bind", (self._setup.host, self._setup.port), "tcp", self.recorder)

    def tell_where(self, server: FtpServer, authority: str) -> None:
        setup, (host, port) = server.setup, server.address
        warn_of_exposure(host, server.where)
        text = f"listening on {server.where}"
        if self.lines is not None:
            self.lines.first("listening", text, service=server.name, host=host, port=port, url=server.url,
                             transport="tcp", tls=setup.tls != "off", tls_mode=setup.tls, authority=authority or None,
                             pid=os.getpid(), root=os.path.abspath(setup.root), anonymous=setup.anonymous,
                             writable=setup.writable)  # fmt: skip
            return
        tell(f"{text} ({server.url} serves {setup.root}); Ctrl+C ends it")
        if authority:
            say(f"netlab ftp trusts it of itself; others find its authority in {authority}")

    def line(self, raw: Raw) -> str | None:
        if (raw[1] == "note" and raw[2] in _TOLD) or raw[2] == "transfer":
            return with_reason(raw)
        return None
