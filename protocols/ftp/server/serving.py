"""`netlab serve ftp`: the FTP server in the foreground, until SIGINT or SIGTERM.

The first line says where it listens. With JSON every event follows, one a line; without, a line for each session
and transfer. It must not know argparse beyond the names of the arguments.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from protocols import trust
from protocols.ftp.server.rules import Rule, read_rules
from protocols.ftp.server.service import FtpServer
from protocols.ftp.server.setup import FtpSetup, Limits, ports_of, user_of
from protocols.record.event import detail_of
from protocols.record.recorder import Recorder, Tail
from protocols.service.base import is_exposed
from protocols.terminal import DONE, FAILED, JsonLines, Signals, fail, reader_gone, say, write_all

LOOK_S: Final = 0.1
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
    recorder = Recorder()
    lines = JsonLines(recorder) if json else None
    tail = None if json else recorder.tail(bound_events=10_000)
    with Signals() as signals, _authority(setup) as authority:
        server = FtpServer(recorder, setup)
        try:
            server.start()
        except OSError as error:
            status = fail(error, "bind", (setup.host, setup.port), "tcp", recorder)
            if lines is not None:
                lines.drain()
            return status
        try:
            _tell_where(server, lines, authority)
            while not signals.stopping() and server.state == "running":
                _show(lines, tail, LOOK_S)
                if reader_gone():
                    raise BrokenPipeError
        finally:
            server.stop(2.0)
        _show(lines, tail, 0.0)
        return DONE if signals.stopping() else FAILED


@contextmanager
def _authority(setup: FtpSetup) -> Iterator[str]:
    """The file with the certificate of the authority that clients must trust; "" without TLS."""
    if setup.tls == "off":
        yield ""
        return
    from protocols.tls import lab_ca

    with trust.published(lab_ca().pem) as path:
        yield str(path or lab_ca().path())


def _tell_where(server: FtpServer, lines: JsonLines | None, authority: str) -> None:
    setup, (host, port) = server.setup, server.address
    if is_exposed(host):
        say(f"{server.where} can be reached from other machines. --host 127.0.0.1 keeps it on this one.")
    text = f"listening on {server.where}"
    if lines is not None:
        lines.first("listening", text, service=server.name, host=host, port=port, url=server.url, transport="tcp",
                    tls=setup.tls != "off", tls_mode=setup.tls, authority=authority or None, pid=os.getpid(),
                    root=os.path.abspath(setup.root), anonymous=setup.anonymous, writable=setup.writable)  # fmt: skip
        return
    whole = f"{text} ({server.url} serves {setup.root}); Ctrl+C ends it\n"
    write_all(whole.encode("utf-8", "backslashreplace"))
    if authority:
        say(f"netlab ftp trusts it of itself; others find its authority in {authority}")


def _show(lines: JsonLines | None, tail: Tail | None, timeout_s: float) -> None:
    if lines is not None:
        lines.drain(timeout_s)
        return
    assert tail is not None
    if timeout_s and not tail.wait(timeout_s):
        return
    for raw in tail.take():
        if (raw[1] == "note" and raw[2] in _TOLD) or raw[2] == "transfer":
            why = detail_of(raw).get("why")
            text = "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in raw[9])
            write_all((f"{text}: {why}" if why else text).encode("utf-8", "backslashreplace") + b"\n")
