"""Pool: N threads share the connections; the next client waits in the backlog until one is free."""

from __future__ import annotations

import queue
import threading
from typing import Any, TypeAlias

from protocols.concurrency.accepting import accept_loop
from protocols.concurrency.blocking import BlockingLink
from protocols.concurrency.serving import Serving
from protocols.record.traced import TracedSocket

_Job: TypeAlias = tuple[TracedSocket, Any] | None


class _Pool:
    """The workers and the queue that feeds them; `idle` is how many of them wait."""

    def __init__(self, serving: Serving) -> None:
        self.serving = serving
        self.jobs: queue.SimpleQueue[_Job] = queue.SimpleQueue()
        self.lock = threading.Lock()
        self.idle = serving.workers

    def work(self) -> None:
        name = threading.current_thread().name
        while (job := self.jobs.get()) is not None:
            BlockingLink(self.serving, *job, f"thread {name}").serve()
            with self.lock:
                self.idle += 1
            self.serving.wake.set()

    def take(self, sock: TracedSocket, address: Any) -> None:
        with self.lock:
            self.idle -= 1
        self.jobs.put((sock, address))


def serve(serving: Serving, listener: TracedSocket) -> None:
    """Accept while a worker is free, until the stop. Workers are "<subject>-pool-<n>:<port>"."""
    pool = _Pool(serving)
    for number in range(1, serving.workers + 1):
        serving.spawn(serving.thread_name(f"pool-{number}"), pool.work)
    try:
        accept_loop(serving, listener, pool.take, free=lambda: pool.idle > 0)
    finally:
        for _ in range(serving.workers):
            pool.jobs.put(None)
