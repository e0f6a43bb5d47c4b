"""`netlab serve news`: a news server in the foreground, until SIGINT or SIGTERM. It must not know argparse."""

from __future__ import annotations

import os
from typing import Final

from protocols.mail.client.command import printable
from protocols.mail.news.server import NewsServer
from protocols.record.recorder import Recorder, Tail
from protocols.record.trace import address_text
from protocols.service.base import is_exposed
from protocols.terminal import DONE, FAILED, JsonLines, Signals, fail, reader_gone, say, write_all

LOOK_S: Final = 0.1


def run(host: str, port: int, *, json: bool) -> int:
    """Serve until a signal; the exit status. Raises BrokenPipeError when stdout's reader is gone."""
    recorder = Recorder()
    lines = JsonLines(recorder) if json else None
    tail = None if json else recorder.tail(bound_events=10_000)
    with Signals() as signals:
        server = NewsServer(recorder, host=host, port=port)
        try:
            server.start()
        except OSError as error:
            status = fail(error, "bind", (host, port), "tcp", recorder)
            if lines is not None:
                lines.drain()
            return status
        try:
            _tell_where(server, lines)
            while not signals.stopping() and server.state == "running":
                _show(lines, tail, LOOK_S)
                if reader_gone():
                    raise BrokenPipeError
        finally:
            server.stop()
        _show(lines, tail, 0.0)
        return DONE if signals.stopping() else FAILED


def _tell_where(server: NewsServer, lines: JsonLines | None) -> None:
    where = address_text(server.address)
    if is_exposed(server.address[0]):
        say(f"{where} can be reached from other machines. --host 127.0.0.1 keeps it on this one.")
    if lines is not None:
        lines.first("listening", f"listening on {where}", service=server.name, host=server.address[0],
                    port=server.address[1], transport="tcp", protocol="nntp", pid=os.getpid())  # fmt: skip
        return
    groups = ", ".join(sorted(server.groups.by_name))
    write_all(f"listening on {where} (NNTP: {groups}); Ctrl+C ends it\n".encode())


def _show(lines: JsonLines | None, tail: Tail | None, timeout_s: float) -> None:
    if lines is not None:
        lines.drain(timeout_s)
        return
    assert tail is not None
    if timeout_s and not tail.wait(timeout_s):
        return
    for raw in tail.take():
        if raw[1] == "message" and raw[2] == "article":
            write_all(printable(raw[9]).encode("utf-8", "backslashreplace") + b"\n")
