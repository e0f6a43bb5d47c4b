"""`netlab serve ftp` and `netlab serve sftp`: a server of files in the foreground, until SIGINT or SIGTERM.

The first line says where it listens. With JSON every event follows, one a line; without, a line for each session
and transfer. It must not know argparse beyond the names of the arguments.
"""

from __future__ import annotations

import os
from abc import abstractmethod
from pathlib import Path
from typing import Any, Final, TypeVar

from protocols.foreground import Foreground, tell, warn_of_exposure, with_reason
from protocols.ftp.server.rules import Rule, read_rules
from protocols.ftp.server.service import FtpServer
from protocols.ftp.server.setup import FtpSetup, Limits, SetupError, ports_of, user_of
from protocols.ftp.server.sftp import SftpServer, refuse_bad_keys
from protocols.record.event import Raw
from protocols.terminal import FAILED, fail, say

_TOLD: Final = frozenset((
    "session opened", "session closed", "logged in", "login failed", "fault injected", "data connection refused",
    "active connection refused", "handshake failed", "server error", "failed", "accept paused",
))  # fmt: skip


def setup_of(arguments: Any) -> FtpSetup:
    """What was asked for. Raises SetupError, RuleError, and OSError for a file of rules that can't be read."""
    users = tuple(user_of(text) for text in arguments.user)
    return FtpSetup(
        arguments.root, arguments.host, arguments.port, users, arguments.anonymous or not users, arguments.writable,
        "implicit" if arguments.tls_implicit else "explicit" if arguments.tls else "off",
        tls_required=arguments.tls_required, data_protection=arguments.tls_required,
        passive_ports=ports_of(arguments.passive_ports) if arguments.passive_ports else (),
        masquerade=arguments.masquerade, limits=Limits(sessions=arguments.sessions, speed=arguments.speed),
        rules=_rules_of(arguments.rules),
    ).checked()  # fmt: skip


def _rules_of(path: str | None) -> tuple[Rule, ...]:
    try:
        return read_rules(Path(path).read_text(encoding="utf-8")) if path else ()
    except UnicodeDecodeError:
        raise OSError(f"{path} is no text") from None


def sftp_setup_of(arguments: Any) -> tuple[FtpSetup, tuple[str, ...]]:
    """What was asked for, and the public keys. Raises SetupError, RuleError, and OSError for a file."""
    users = tuple(user_of(text) for text in arguments.user)
    if not users:
        raise SetupError("SSH knows no anonymous login: give a --user NAME:PASSWORD")
    setup = FtpSetup(arguments.root, arguments.host, arguments.port, users, writable=arguments.writable,
                     rules=_rules_of(arguments.rules)).checked()  # fmt: skip
    if not arguments.keys:
        return setup, ()
    lines = Path(arguments.keys).read_text(encoding="utf-8", errors="replace").splitlines()
    keys = tuple(line.strip() for line in lines if line.strip() and not line.startswith("#"))
    refuse_bad_keys(keys, arguments.keys)
    return setup, keys


def run_sftp(setup: FtpSetup, keys: tuple[str, ...], json: bool) -> int:
    """Serve until a signal; the exit status. Raises BrokenPipeError when stdout's reader is gone."""
    return _Sftp(setup, keys, json).run()


def run(setup: FtpSetup, json: bool) -> int:
    """Serve until a signal; the exit status. Raises BrokenPipeError when stdout's reader is gone."""
    return _Ftp(setup, json).run()


S = TypeVar("S", FtpServer, SftpServer)


class _Files(Foreground[S]):
    """What both have in common."""

    def __init__(self, setup: FtpSetup, json: bool) -> None:
        super().__init__(json=json, secured=setup.tls != "off")
        self._setup = setup

    def failed(self, error: Exception, server: S | None) -> int:
        return fail(error, "bind", (self._setup.host, self._setup.port), "tcp", self.recorder)

    def tell_where(self, server: S, authority: str) -> None:
        setup, (host, port) = server.setup, server.address
        warn_of_exposure(host, server.where)
        text = f"listening on {server.where}"
        if self.lines is not None:
            self.lines.first("listening", text, service=server.name, host=host, port=port, url=server.url,
                             transport="tcp", tls=setup.tls != "off", pid=os.getpid(),
                             root=os.path.abspath(setup.root), writable=setup.writable,
                             **self.own_facts(server, authority))  # fmt: skip
            return
        tell(f"{text} ({server.url} serves {setup.root}){self.end_of_line(server)}; Ctrl+C ends it")
        if authority:
            say(f"netlab ftp trusts it of itself; others find its authority in {authority}")

    @abstractmethod
    def own_facts(self, server: S, authority: str) -> dict[str, Any]:
        """What the first line says of this kind of server alone."""

    def end_of_line(self, server: S) -> str:
        """What a person has to know of it besides."""
        return ""

    def line(self, raw: Raw) -> str | None:
        if (raw[1] == "note" and raw[2] in _TOLD) or raw[2] == "transfer":
            return with_reason(raw)
        return None


class _Sftp(_Files[SftpServer]):
    refusals = (OSError, SetupError)

    def __init__(self, setup: FtpSetup, keys: tuple[str, ...], json: bool) -> None:
        super().__init__(setup, json)
        self._keys = keys

    def make(self) -> SftpServer:
        return SftpServer(self.recorder, self._setup, keys=self._keys)

    def failed(self, error: Exception, server: SftpServer | None) -> int:
        if isinstance(error, SetupError):
            say(str(error))
            return FAILED
        return super().failed(error, server)

    def own_facts(self, server: SftpServer, authority: str) -> dict[str, Any]:
        return {"fingerprint": server.fingerprint, "host_key": server.host_key}

    def end_of_line(self, server: SftpServer) -> str:
        return f", key {server.fingerprint}"


class _Ftp(_Files[FtpServer]):
    def make(self) -> FtpServer:
        return FtpServer(self.recorder, self._setup)

    def own_facts(self, server: FtpServer, authority: str) -> dict[str, Any]:
        setup = server.setup
        return {"tls_mode": setup.tls, "authority": authority or None, "anonymous": setup.anonymous}
