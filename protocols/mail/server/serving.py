"""`netlab serve mail`: a mail server in the foreground, until SIGINT or SIGTERM.

The first lines say where each protocol listens. With JSON every event follows, one a line; without, a line
for each mail. A file of rules is read again when it changes. It must not know argparse.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from protocols import trust
from protocols.mail.dialogue import readable
from protocols.mail.server import rules_file
from protocols.mail.server.rules import RuleError
from protocols.mail.server.service import MailServer
from protocols.mail.server.setup import MailSetup
from protocols.record.event import detail_of
from protocols.record.recorder import Recorder, Tail
from protocols.service.base import is_exposed
from protocols.terminal import DONE, FAILED, JsonLines, Signals, fail, reader_gone, say, write_all

LOOK_S: Final = 0.1
_TOLD: Final = frozenset(("fault injected", "refused", "failed", "explained"))


def run(setup: MailSetup, *, json: bool, rules: Path | None) -> int:
    """Serve until a signal; the exit status. Raises BrokenPipeError when stdout's reader is gone."""
    recorder = Recorder()
    lines = JsonLines(recorder) if json else None
    tail = None if json else recorder.tail(bound_events=10_000)
    with Signals() as signals, _authority(setup) as authority:
        server = MailServer(recorder, setup)
        try:
            server.start()
        except OSError as error:
            status = _not_started(error, server, recorder)
            if lines is not None:
                lines.drain()
            return status
        watched = _Watched(rules, server)
        try:
            _tell_where(server, lines, authority)
            while not signals.stopping() and server.state == "running":
                _show(lines, tail, LOOK_S)
                watched.look()
                if reader_gone():
                    raise BrokenPipeError
        finally:
            server.stop(2.0)
        _show(lines, tail, 0.0)
        return DONE if signals.stopping() else FAILED


def _not_started(error: OSError, server: MailServer, recorder: Recorder) -> int:
    if error.filename is None:
        return fail(error, "bind", server.opening, recorder=recorder)
    say(f"The store can't be kept in {error.filename}: {error.strerror}. Choose another folder with --store.")
    return FAILED


class _Watched:
    """The file of rules: read again when it changes; one that can't be read changes nothing."""

    def __init__(self, path: Path | None, server: MailServer) -> None:
        self._path = path
        self._server = server
        self._seen = self._stamp()

    def _stamp(self) -> tuple[int, int] | None:
        if self._path is None:
            return None
        try:
            facts = self._path.stat()
        except OSError:
            return None
        return facts.st_mtime_ns, facts.st_size

    def look(self) -> None:
        """Has it changed?"""
        stamp = self._stamp()
        if self._path is None or stamp is None or stamp == self._seen:
            return
        self._seen = stamp
        try:
            self._server.set_rules(rules_file.load(self._path))
        except (RuleError, OSError) as error:
            say(f"the rules stay as they were: {error}")
        else:
            say(f"new rules: {len(self._server.house.rules.rules)}")


@contextmanager
def _authority(setup: MailSetup) -> Iterator[str]:
    """The file with the certificate of the authority that clients must trust; "" without TLS."""
    if not setup.tls:
        yield ""
        return
    from protocols.tls import lab_ca

    with trust.published(lab_ca().pem) as path:
        yield str(path or lab_ca().path())


def _tell_where(server: MailServer, lines: JsonLines | None, authority: str) -> None:
    users = ", ".join(server.setup.users)
    for door, (host, port) in server.ends.items():
        where = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        if lines is not None:
            lines.first("listening", f"{door} listening on {where}", service=server.name, protocol=door, host=host,
                        port=port, url=f"{door}://{where}", transport="tcp", tls=door.endswith("s"),
                        authority=authority or None, users=list(server.setup.users), store=str(server.store.root),
                        pid=os.getpid())  # fmt: skip
        else:
            write_all(f"{door} listening on {where}\n".encode())
    if lines is None:
        write_all(f"mailboxes of {users} in {server.store.root}; Ctrl+C ends it\n".encode("utf-8", "backslashreplace"))
        if authority:
            say(f"netlab mail trusts it of itself; others find its authority in {authority}")
    if is_exposed(server.setup.host):
        say("It can be reached from other machines. --host 127.0.0.1 keeps it on this one.")


def _show(lines: JsonLines | None, tail: Tail | None, timeout_s: float) -> None:
    if lines is not None:
        lines.drain(timeout_s)
        return
    assert tail is not None
    if timeout_s and not tail.wait(timeout_s):
        return
    for raw in tail.take():
        if (raw[1] == "message" and raw[2] == "mail") or (raw[1] == "note" and raw[2] in _TOLD):
            why = detail_of(raw).get("why") if raw[2] == "failed" else None
            write_all(readable(f"{raw[9]}{f': {why}' if why else ''}".encode()).encode() + b"\n")
