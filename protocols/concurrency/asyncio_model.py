"""The asyncio model: one thread, one loop, a task per connection.

It must not know what a task does with its connection.
"""

from __future__ import annotations

import asyncio
from typing import Any

from protocols.concurrency.accepting import accept_one
from protocols.concurrency.serving import Serving
from protocols.concurrency.tasklink import TaskLink
from protocols.record.traced import TracedSocket


class _Host:
    """Accepts in the loop, makes the tasks, and ends them at the stop."""

    def __init__(self, serving: Serving, listener: TracedSocket) -> None:
        self.serving = serving
        self.listener = listener
        self.loop = asyncio.get_running_loop()
        self.tasks: dict[asyncio.Task[None], TaskLink] = {}
        self.stopped = asyncio.Event()
        self.listening = False
        self.paused = False

    async def run(self) -> None:
        """Serve until the stop."""
        self.listener.setblocking(False)
        self.loop.set_exception_handler(self.tell)
        wake = self.serving.wake.fileno()
        self.loop.add_reader(wake, self.woken)
        self.mind_listener()
        try:
            await self.stopped.wait()
        finally:
            self.loop.remove_reader(wake)
            self.loop.remove_reader(self.listener.fileno())
            await self.end_tasks()

    async def end_tasks(self) -> None:
        """Cancel all; a task that never came to its first step leaves its connection to us."""
        links = list(self.tasks.values())
        for task in list(self.tasks):
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        for link in links:
            if not link.finished:
                link.over()

    def woken(self) -> None:
        """A setting changed, or the stop came."""
        self.serving.wake.clear()
        self.serving.run_acts()
        if self.serving.stopping.is_set():
            self.stopped.set()
        else:
            self.mind_listener()

    def mind_listener(self) -> None:
        """Watch the listening socket unless accepting is held."""
        wanted = not self.serving.hold_accept and not self.paused
        if wanted and not self.listening:
            self.loop.add_reader(self.listener.fileno(), self.accept)
        elif self.listening and not wanted:
            self.loop.remove_reader(self.listener.fileno())
        self.listening = wanted

    def accept(self) -> None:
        """A client waits in the backlog."""
        pause = accept_one(self.serving, self.listener, self.take)
        if pause:
            self.paused = True
            self.mind_listener()
            self.loop.call_later(pause, self.resume)

    def resume(self) -> None:
        """The system may have room again."""
        self.paused = False
        self.mind_listener()

    def take(self, sock: TracedSocket, address: Any) -> None:
        """Make the connection's task."""
        sock.setblocking(False)
        link = TaskLink(self.serving, sock, address, "")
        link.worker = f"task {link.number}"
        task = self.loop.create_task(link.serve(), name=self.serving.thread_name(f"task-{link.number}"))
        self.serving.note("task started", f"{task.get_name()} started", conn=link.conn, worker=link.worker)
        self.tasks[task] = link
        task.add_done_callback(self.tasks.pop)

    def tell(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """What the library found and nobody awaited."""
        error = context.get("exception")
        self.serving.note("asyncio says", context["message"], error=repr(error) if error else None)


async def _serve(serving: Serving, listener: TracedSocket) -> None:
    await _Host(serving, listener).run()


def serve(serving: Serving, listener: TracedSocket) -> None:
    """Serve all connections in a loop of the calling thread until the stop."""
    asyncio.run(_serve(serving, listener))
