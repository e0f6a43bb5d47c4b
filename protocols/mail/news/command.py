"""`netlab serve news`: a news server in the foreground, until SIGINT or SIGTERM. It must not know argparse."""

from __future__ import annotations

import os

from protocols.foreground import Foreground, tell, warn_of_exposure
from protocols.mail.news.server import NewsServer
from protocols.record.event import Raw
from protocols.record.trace import address_text
from protocols.terminal import fail


def run(host: str, port: int, *, json: bool) -> int:
    """Serve until a signal; the exit status. Raises BrokenPipeError when stdout's reader is gone."""
    return _News(host, port, json=json).run()


class _News(Foreground[NewsServer]):
    def __init__(self, host: str, port: int, *, json: bool) -> None:
        super().__init__(json=json)
        self._wanted = host, port

    def make(self) -> NewsServer:
        host, port = self._wanted
        return NewsServer(self.recorder, host=host, port=port)

    def failed(self, error: Exception, server: NewsServer | None) -> int:
        return fail(error, "bind", self._wanted, "tcp", self.recorder)

    def tell_where(self, server: NewsServer, authority: str) -> None:
        host, port = server.address
        where = address_text(server.address)
        warn_of_exposure(host, where)
        if self.lines is not None:
            self.lines.first("listening", f"listening on {where}", service=server.name, host=host, port=port,
                             transport="tcp", protocol="nntp", pid=os.getpid())  # fmt: skip
            return
        tell(f"listening on {where} (NNTP: {', '.join(sorted(server.groups.by_name))}); Ctrl+C ends it")

    def line(self, raw: Raw) -> str | None:
        return str(raw[9]) if raw[1] == "message" and raw[2] == "article" else None
