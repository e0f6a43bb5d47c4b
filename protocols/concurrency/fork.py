"""Fork: each connection, or datagram, gets a process of its own. Runs in a child process of the lab only."""

from __future__ import annotations

from typing import Any

from protocols.concurrency.accepting import accept_loop, when_readable
from protocols.concurrency.blocking import BlockingLink
from protocols.concurrency.contract import DatagramHandler
from protocols.concurrency.datagramloops import AT_ONCE
from protocols.concurrency.datagrams import LARGEST, answer, verified
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


def serve_forking_datagrams(serving: Serving, sock: TracedSocket, forks: Forks) -> None:
    """Receive until the stop or the end of the commands; each datagram is answered by a forked process."""
    handler: DatagramHandler = serving.make_handler()  # type: ignore[assignment]  # spec.make() of a datagram spec

    def take() -> None:
        try:
            data, sender = sock.recvfrom(LARGEST)
        except OSError:
            return  # an error of an earlier send; the traced call has told it
        if verified(serving, sender):
            forks.fork(lambda _: answer(serving, handler, sock, data, sender), None, serving.number())

    when_readable(
        serving, sock, take, free=lambda: forks.count() < AT_ONCE, between=forks.between, watch=forks.watch
    )
