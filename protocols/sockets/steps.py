"""Named by step: a server's or client's calls one at a time, the illegal ones too.

Each step is the real call on a real socket in the machine's own worker, so a wrong order gets
the kernel's own answer, with its reason and what would have been right. What is legal when
stands in `step_table`. It must not know a window.
"""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass

from protocols.address import Target, Transport
from protocols.connecting import Stopped, Wait, connect, poll_wait
from protocols.named import Named
from protocols.record import polling
from protocols.record.explain import explain
from protocols.record.recorder import Recorder
from protocols.record.trace import address_text
from protocols.record.traced import TracedSocket, traced_socket
from protocols.service.base import Facts
from protocols.sockets.step_table import AFTER, LEGAL, STEPS, Role, Stage, code_of
from protocols.sockets.worker import ClientWorker

NO_SOCKET = "There is no socket yet: create makes one."


@dataclass(frozen=True, slots=True)
class StepResult:
    """What one step did.

    result: what the call gave, in words. errno, why: when it failed. legal: the steps that were right
    then. before, after: the stage. code: the line of Python that it was.
    """

    step: str
    ok: bool
    result: str
    errno: str
    why: str
    legal: tuple[str, ...]
    before: Stage
    after: Stage
    code: str
    data: bytes = b""


class StepMachine(ClientWorker):
    """A server or client taken step by step. `do(step)` from any thread; `stage` tells where it stands.

    blocked_in: the call that waits now, "" when none does; `cancel` ends the wait.
    """

    def __init__(
        self,
        recorder: Recorder,
        *,
        name: str = "steps 1",
        role: Role = "server",
        transport: Transport = "tcp",
        host: str = "127.0.0.1",
        port: int = 0,
        path: str = "",
        backlog: int = 5,
    ) -> None:
        super().__init__(recorder, name, "steps")
        self.role: Role = role
        self.target = Target(transport, host, port, path)
        self.datagram = transport in ("udp", "unix-dgram")
        self.backlog = backlog
        self.stage: Stage = "nothing"
        self.blocked_in = ""
        self.local = self.peer = ""
        self._sock: TracedSocket | None = None
        self._accepted: TracedSocket | None = None
        self._sender: object = None
        self._cancelled = False
        self._bound_path = ""

    def steps(self) -> tuple[Named, ...]:
        """The steps of this role, in their usual order."""
        return STEPS[self.role, self.datagram]

    def legal(self) -> tuple[str, ...]:
        """The steps that are right now."""
        return LEGAL[self.role, self.datagram][self.stage]

    def do(
        self, step: str, data: bytes = b"hello", size: int = 1024, *, on_listener: bool = False
    ) -> Future[StepResult]:
        """Do one step, legal or not. The future gives its result; it raises Stopped when cancelled.

        data, size: for send and recv. on_listener: a server sends or receives on its listening socket,
        which is wrong on purpose.
        """
        if step not in {known.id for known in self.steps()}:
            raise ValueError(f"A {self.role} has no step {step!r} here.")
        return self.submit(lambda: self._do(step, data, size, on_listener))

    def cancel(self) -> None:
        """End a step that waits; the machine stays where it was."""
        self._cancelled = True
        self._wake_up()

    def facts(self) -> Facts:
        """What it occupies now."""
        port = self.local.rpartition(":")[2]
        ports = (int(port),) if self._sock is not None and port.isdigit() else ()
        return Facts(self.name, self.kind, self.state, self.local or self.target.text, self.threads(), (), ports,
                     int(self._accepted is not None))  # fmt: skip

    # Worker

    def _thread_name(self) -> str:
        return f"{self.name.replace(' ', '-')}:{self.target.short}"

    def _connect(self) -> None:
        """Nothing is opened before the first step."""

    def _close_sockets(self) -> None:
        for sock in (self._accepted, self._sock):
            if sock is not None:
                sock.close()
        self._accepted = self._sock = None
        self._unlink()

    def _unlink(self) -> None:
        if self._bound_path and not self._bound_path.startswith("\0"):
            try:
                os.unlink(self._bound_path)
            except FileNotFoundError:
                pass
        self._bound_path = ""

    def _do(self, step: str, data: bytes, size: int, on_listener: bool) -> StepResult:
        before, legal, code = self.stage, self.legal(), code_of(self, step, data, size)
        self._cancelled = False
        acts: dict[str, Callable[[], tuple[str, bytes]]] = {
            "create": self._create, "bind": self._bind, "listen": self._listen, "accept": self._accept,
            "connect": self._connect_step, "send": lambda: self._send(data, on_listener),
            "recv": lambda: self._recv(size, on_listener), "sendto": lambda: self._sendto(data),
            "recvfrom": lambda: self._recvfrom(size), "shutdown": self._shutdown, "close": self._close_step,
        }  # fmt: skip
        try:
            text, got = acts[step]()
        except Stopped:
            raise
        except (OSError, ValueError, OverflowError) as error:
            return self._failed_step(step, error, before, legal, code)
        finally:
            self.blocked_in = ""
        self.stage = AFTER[self.role, self.datagram].get((before, step), self.stage)
        if step == "recv" and not got:
            self.stage = "ended"
        self.transcript.note(f"{code}  # {text}", "step")
        return StepResult(step, True, text, "", "", legal, before, self.stage, code, got)

    def _failed_step(
        self, step: str, error: Exception, before: Stage, legal: tuple[str, ...], code: str
    ) -> StepResult:
        address = self.target.path if self.target.is_unix else (self.target.host, self.target.port)
        told = explain(error, call=step, address=address, transport=self.target.transport)
        why = NO_SOCKET if self._sock is None and before in ("nothing", "closed") and step != "create" else told.why
        right = f"Now {', '.join(legal)} would be right." if legal else "Nothing is left to do: start again."
        full = f"{why} {right}" if step not in legal else why
        self.transcript.note(f"{code}  # {told.errno}", "error")
        self.recorder.note("explained", full, service=self.name, errno=told.errno, why=full, step=step, stage=before)
        return StepResult(step, False, told.title, told.errno, full, legal, before, self.stage, code)

    # The steps

    def _socket(self) -> TracedSocket:
        if self._sock is None:
            raise OSError(errno.EBADF, "Bad file descriptor")
        return self._sock

    def _stream(self, on_listener: bool) -> TracedSocket:
        if self._accepted is not None and not on_listener:
            return self._accepted
        return self._socket()

    def _create(self) -> tuple[str, bytes]:
        if self._sock is not None:
            self._sock.close()  # as a script does that assigns the name again
        found = self.target.resolve()[0]
        self._sock = traced_socket(self.recorder, self.name, found.family, found.type)
        return f"fd {self._sock.fileno()}", b""

    def _bind(self) -> tuple[str, bytes]:
        sock = self._socket()
        address = self.target.resolve()[0].address
        sock.bind(address)
        if isinstance(address, str):
            self._bound_path = address
        self.local = address_text(sock.getsockname())
        return f"bound to {self.local}", b""

    def _listen(self) -> tuple[str, bytes]:
        sock = self._socket()
        sock.listen(self.backlog)
        self.local = address_text(sock.getsockname())
        return f"listening on {self.local}", b""

    def _accept(self) -> tuple[str, bytes]:
        sock = self._socket()
        if socket.socket.getsockopt(sock, socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
            self._until_readable("accept", sock)
        conn, address = sock.accept()
        if self._accepted is not None:
            self._accepted.close()
        self._accepted, self.peer = conn, address_text(address)
        return f"fd {conn.fileno()} from {self.peer}; fd {sock.fileno()} listens on", b""

    def _connect_step(self) -> tuple[str, bytes]:
        sock, address = self._socket(), self.target.resolve()[0].address
        self.blocked_in = "connect"
        connect(sock, address, None, self._waiter())
        sock.setblocking(True)
        self.local, self.peer = address_text(sock.getsockname()), address_text(sock.getpeername())
        return f"connected from {self.local}", b""

    def _send(self, data: bytes, on_listener: bool) -> tuple[str, bytes]:
        sock = self._stream(on_listener)
        self.blocked_in = "send"
        return f"{sock.send(data, polling.DONTWAIT)} bytes", b""

    def _recv(self, size: int, on_listener: bool) -> tuple[str, bytes]:
        sock = self._stream(on_listener)
        if _would_block(sock):
            self._until_readable("recv", sock)
        data = sock.recv(size)
        return (f"{len(data)} bytes" if data else "b'': the peer will send no more"), data

    def _sendto(self, data: bytes) -> tuple[str, bytes]:
        to = self._sender if self.role == "server" else self.target.resolve()[0].address
        if to is None:
            raise OSError(errno.EDESTADDRREQ, "Destination address required")
        return f"{self._socket().sendto(data, to)} bytes to {address_text(to)}", b""

    def _recvfrom(self, size: int) -> tuple[str, bytes]:
        sock = self._socket()
        if _would_block(sock):
            self._until_readable("recvfrom", sock)
        data, self._sender = sock.recvfrom(size)
        return f"{len(data)} bytes from {address_text(self._sender)}", data

    def _shutdown(self) -> tuple[str, bytes]:
        self._stream(False).shutdown(socket.SHUT_WR)
        return "we send no more, we still read", b""

    def _close_step(self) -> tuple[str, bytes]:
        if self._accepted is not None:
            self._accepted.close()
            self._accepted = None
            return "the connection is closed; the listening socket is open", b""
        sock = self._socket()
        sock.close()
        self._sock = None
        self._unlink()
        return "closed", b""

    def _waiter(self) -> Wait:
        assert self._wake is not None
        return poll_wait(self._wake, lambda: self.stopping.is_set() or self._cancelled)

    def _until_readable(self, call: str, sock: socket.socket) -> None:
        wait = self._waiter()
        if wait(sock.fileno(), polling.POLLIN, 0):
            return
        self.blocked_in = call
        self.recorder.note("blocked", f"blocked in {call}: nothing is there yet", service=self.name, call=call)
        wait(sock.fileno(), polling.POLLIN, None)


def _would_block(sock: socket.socket) -> bool:
    """Whether a receive would wait now; False also when it would fail, which the real call is to tell."""
    try:
        socket.socket.recv(sock, 1, socket.MSG_PEEK | polling.DONTWAIT)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False
