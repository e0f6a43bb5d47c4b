"""Fork: each connection gets a process of its own. Runs in a child process of the lab only."""

from __future__ import annotations

from typing import Any

from protocols.concurrency.accepting import accept_loop
from protocols.concurrency.blocking import BlockingLink
from protocols.concurrency.forking import Forks, serve_in_fork
from protocols.concurrency.serving import Serving
from protocols.record.traced import TracedSocket


def serve_forking(serving: Serving, listener: TracedSocket, forks: Forks) -> None:
    """Accept until the stop or the end of the commands; each connection is served by a forked process."""

    def serve(link: BlockingLink) -> None:
        listener.close()  # the worker needs its connection only
        link.serve()

    def take(sock: TracedSocket, address: Any) -> None:
        serve_in_fork(forks, sock, address, serve)

    accept_loop(serving, listener, take, between=forks.between, watch=forks.watch)
