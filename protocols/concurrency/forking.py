"""Forked workers: processes that serve one connection each, and the process that forked them.

Runs in a child process of the lab only, single-threaded where it forks, never in the window's
process. Each worker has a control channel, by which the live table's wishes reach its
connection. It must not know which model forks, nor any protocol.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import select
import signal
import socket
import sys
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from protocols.concurrency.blocking import BlockingLink
from protocols.concurrency.serving import Serving
from protocols.record.traced import TracedSocket
from protocols.service.childmain import Commands, die_with_parent

REAP_S: Final = 0.8
"""What workers get to end by themselves after the stop; then they are killed."""


@dataclass(frozen=True)
class Worker:
    """One forked process. conn: the connection that it serves, None for a datagram."""

    pid: int
    conn: str | None
    number: int
    control: socket.socket


class Forks:
    """The forked workers of one server, in the process that forks them."""

    def __init__(self, serving: Serving, listener: TracedSocket, commands: Commands) -> None:
        self.serving: Final = serving
        self._listener = listener
        self._commands = commands
        self._workers: dict[int, Worker] = {}
        self.watch: Final = (commands.fileno(),)
        signal.signal(signal.SIGCHLD, lambda *_: None)  # any handler: what wakes is the descriptor
        signal.set_wakeup_fd(serving.wake.writer_fileno(), warn_on_full_buffer=False)

    # Forking

    def fork(self, work: Callable[[Callable[[BlockingLink], None]], None], conn: str | None, number: int) -> bool:
        """Fork a process that does `work`, which tells it its link; False where the system has no room for one."""
        ours, theirs = socket.socketpair()
        parent = os.getpid()
        try:
            pid = os.fork()
        except OSError as error:
            ours.close()
            theirs.close()
            self.serving.accept_failed(error)
            return False
        if pid == 0:
            ours.close()
            self._be_worker(parent, theirs, work)
        theirs.close()
        self._workers[pid] = Worker(pid, conn, number, ours)
        self.serving.note("process started", f"process {pid} was forked", conn=conn, child=pid, number=number,
                          worker=f"pid {pid}")  # fmt: skip
        return True

    def _be_worker(
        self, parent: int, control: socket.socket, work: Callable[[Callable[[BlockingLink], None]], None]
    ) -> None:
        """The forked side: never returns."""
        status = 1
        try:
            die_with_parent(parent)
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            self._commands.close()
            for worker in self._workers.values():  # or their ends of stream would never come
                worker.control.close()
            self._workers.clear()
            work(lambda link: self._obey(control, link))
            status = 0
        except BaseException:  # noqa: BLE001  whatever it is, this process must not go on as the server
            traceback.print_exc()
        finally:
            sys.stderr.flush()
            os._exit(status)

    def _obey(self, control: socket.socket, link: BlockingLink) -> None:
        """Take the wishes for `link` in a thread; the end of the channel is the stop."""

        def listen() -> None:
            with contextlib.suppress(OSError), control.makefile("rb") as lines:
                for line in lines:
                    obey(self.serving, link, json.loads(line))
            self.serving.stopping.set()
            link.abort()

        threading.Thread(target=listen, name=self.serving.thread_name("control"), daemon=True).start()

    # Minding

    def count(self) -> int:
        """How many workers run now."""
        return len(self._workers)

    def between(self) -> None:
        """After each wake-up of the accept loop: reap, and take commands."""
        self.reap()
        ready, _, _ = select.select([self._commands.fileno()], [], [], 0)
        if ready:
            commands = self._commands.read()
            if commands is None:
                self.serving.stopping.set()
                return
            for command in commands:
                self._command(command)

    def _command(self, command: dict[str, Any]) -> None:
        serving, do = self.serving, command["do"]
        if do == "delay":
            serving.delay_ms = int(command["ms"])
        elif do == "hold":
            serving.hold_accept = bool(command["hold"])
        elif do == "backlog":
            self._listener.listen(int(command["backlog"]))
        elif do == "send" and self._to_sender(str(command["conn"]), base64.b64decode(command["data"])):
            return
        line = json.dumps(command).encode() + b"\n"
        for worker in list(self._workers.values()):
            if do == "delay" or (worker.conn is not None and worker.conn == command.get("conn")):
                with contextlib.suppress(OSError):
                    worker.control.sendall(line)

    def _to_sender(self, conn: str, data: bytes) -> bool:
        """Send to somebody who sent a datagram; False where the socket has connections instead."""
        trace = self._listener.trace
        for address, end in trace.peers.items() if trace is not None else ():
            if end.conn == conn and address:
                with contextlib.suppress(OSError):  # the traced call has told it
                    self._listener.sendto(data, address)
                return True
        return False

    def reap(self) -> None:
        """Wait for the processes that have ended, so that none stays a zombie; a crash is told."""
        for pid in list(self._workers):
            try:
                found, status = os.waitpid(pid, os.WNOHANG)
            except ChildProcessError:
                found, status = pid, 0
            if found:
                self._ended(self._workers.pop(pid), os.waitstatus_to_exitcode(status))

    def _ended(self, worker: Worker, status: int) -> None:
        worker.control.close()
        if status == 0:
            self.serving.note("process ended", f"process {worker.pid} ended", conn=worker.conn, child=worker.pid)
            return
        symbol = signal.Signals(-status).name if status < 0 else f"EXIT_{status}"
        why = f"Process {worker.pid} ended by {symbol} while it served. The server serves the other connections on."
        self.serving.note("process crashed", f"process {worker.pid} crashed", conn=worker.conn, child=worker.pid,
                          errno=symbol, why=why)  # fmt: skip
        if worker.conn is not None:
            self.serving.note("connection ended", f"connection {worker.number} ended with its process",
                              conn=worker.conn, number=worker.number, errno=symbol, why=why)  # fmt: skip

    def end(self) -> None:
        """The stop: end all workers, and leave no zombie."""
        signal.set_wakeup_fd(-1)
        for worker in self._workers.values():
            worker.control.close()
        deadline = time.monotonic() + REAP_S
        while self._workers and time.monotonic() < deadline:
            self.reap()
            if self._workers:
                signal.sigtimedwait([signal.SIGCHLD], 0.02)
        for pid in self._workers:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        for pid, worker in list(self._workers.items()):
            _, status = os.waitpid(pid, 0)
            self._ended(worker, os.waitstatus_to_exitcode(status))


def obey(serving: Serving, link: BlockingLink, command: dict[str, Any]) -> None:
    """Do one wish of the live table in the process that has the connection."""
    do = command["do"]
    try:
        if do == "send":
            link.send(base64.b64decode(command["data"]))
        elif do == "half_close":
            link.half_close()
        elif do == "close":
            link.close()
        elif do == "reset":
            link.reset()
        elif do == "delay":
            serving.delay_ms = int(command["ms"])
    except OSError as error:  # a slow reader
        serving.note("not sent", str(error), conn=link.conn, why=f"{error}.")


def serve_in_fork(forks: Forks, sock: TracedSocket, address: Any, serve: Callable[[BlockingLink], None]) -> None:
    """Fork for one accepted connection: the worker serves it, this process closes its copy."""
    serving = forks.serving
    number = serving.number()
    end = sock.trace.end if sock.trace is not None else None
    if end is None:  # nothing is recorded: the connection still needs an id that both processes know
        assert sock.trace is not None
        end = sock.trace.end = serving.recorder.connections.lone("server", None, address)

    def work(tell: Callable[[BlockingLink], None]) -> None:
        link = BlockingLink(serving, sock, address, f"pid {os.getpid()}", number=number)
        tell(link)
        serve(link)

    if forks.fork(work, end.conn, number):
        sock.close()
    else:
        serving.refuse(sock, address, "The system has no room for one more process, so the connection is closed.")

