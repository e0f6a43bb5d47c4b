"""Low level: a request by the single calls of http.client, the wrong order too.

Each step is the real call of Python's own library over a traced socket, in the machine's thread,
so a wrong order gets http.client's own exception, with its reason and what would have been
right. What is right when stands in `step_table`. It must not know a window.
"""

from __future__ import annotations

import http.client
import itertools
import socket
import ssl
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Final

from protocols.http.by_hand.dialled import dialled
from protocols.http.by_hand.step_table import AFTER, LEGAL, STEPS, Given, Stage, code_of, why_not
from protocols.named import Named
from protocols.record.explain import explain
from protocols.record.recorder import Recorder
from protocols.service.base import Facts, Service, ServiceError
from protocols.service.wake import Readiness, Wake

LINES: Final = 100_000
"""Lines that are taken at one go: an endless body must not hold the step for ever."""
_READS: Final = ("read", "readline", "iterate")


@dataclass(frozen=True, slots=True)
class StepResult:
    """What one step did.

    result: what the call gave, in words. error: the exception's name when it failed; why: its reason and what would
    have been right. legal: the steps that were right then. before, after: the stage. code: the line of Python it was.
    """

    step: str
    ok: bool
    result: str
    error: str
    why: str
    legal: tuple[str, ...]
    before: Stage
    after: Stage
    code: str
    data: bytes = b""


class HttpSteps(Service):
    """One HTTPConnection taken step by step. `do(step)` from any thread; `stage` tells where it stands.

    context: for TLS. timeout_s: of each call that waits; `cancel()` ends it earlier, and the connection with it.
    """

    def __init__(
        self, recorder: Recorder, host: str, port: int, *, name: str = "http steps 1",
        context: ssl.SSLContext | None = None, timeout_s: float = 30.0,
    ) -> None:  # fmt: skip
        super().__init__(recorder, name, "steps")
        self.stage: Stage = "idle"
        self._place = (host, port)
        self._context = context
        self._timeout_s = timeout_s
        self._work: deque[tuple[Callable[[], StepResult], Future[StepResult]]] = deque()
        self._wake = Wake()
        self._connection = self._made()
        self._response: http.client.HTTPResponse | None = None

    def _made(self) -> http.client.HTTPConnection:
        made = http.client.HTTPConnection(*self._place)
        made.auto_open = 0  # a forgotten connect is to be seen, not mended
        made._create_connection = self._connect_socket  # type: ignore[attr-defined]
        return made

    # What a panel uses

    def steps(self) -> tuple[Named, ...]:
        """The steps in their usual order."""
        return STEPS

    def legal(self) -> tuple[str, ...]:
        """The steps that are right now."""
        return LEGAL[self.stage]

    def do(self, step: str, given: Given | None = None) -> Future[StepResult]:
        """Do one step, right or wrong. Raises ValueError for no step, ServiceError when it does not run."""
        if step not in {known.id for known in STEPS}:
            raise ValueError(f"There is no step {step!r} here.")
        if self.state != "running" or self.stopping.is_set():
            raise ServiceError(f"{self.name} is not running")
        future: Future[StepResult] = Future()
        self._work.append((lambda: self._do(step, given or Given()), future))
        self._wake.set()
        return future

    def cancel(self) -> None:
        """End a call that waits, by ending its connection."""
        sock = self._connection.sock
        if sock is not None:
            try:
                socket.socket.shutdown(sock, socket.SHUT_RDWR)
            except OSError:
                pass  # it is not connected, so nothing waits

    def facts(self) -> Facts:
        """What it occupies now."""
        stands = self._connection.sock is not None
        return Facts(self.name, self.kind, self.state, f"{self._place[0]}:{self._place[1]}", self.threads(),
                     connections=int(stands))  # fmt: skip

    # The service

    def _thread_name(self) -> str:
        return self.name.replace(" ", "-") + f":{self._place[1]}"

    def _open(self) -> None:
        """Nothing is opened before the first step."""

    def _wake_up(self) -> None:
        self._wake.set()
        if self.stopping.is_set():
            self.cancel()

    def _main(self) -> None:
        ready = Readiness(self._wake.fileno(), self._wake)
        while not self.stopping.is_set():
            while self._work:
                work, future = self._work.popleft()
                if future.set_running_or_notify_cancel():
                    future.set_result(work())
            if not self.stopping.is_set():
                ready.wait()

    def _close(self) -> None:
        while self._work:
            self._work.popleft()[1].cancel()
        self._end_connection()
        self._wake.close()

    def _end_connection(self) -> None:
        if self._response is not None:
            self._response.close()
            self._response = None
        self._connection.close()

    # The steps

    def _do(self, step: str, given: Given) -> StepResult:
        before, legal = self.stage, self.legal()
        code = code_of(step, given, *self._place, tls=self._context is not None)
        acts: dict[str, Callable[[Given], tuple[str, bytes]]] = {
            "connect": self._connect, "putrequest": self._putrequest, "putheader": self._putheader,
            "endheaders": self._endheaders, "send": self._send, "getresponse": self._getresponse, "read": self._read,
            "readline": self._readline, "iterate": self._iterate, "close": self._close_step,
        }  # fmt: skip
        try:
            text, data = acts[step](given)
        except (http.client.HTTPException, OSError, ValueError, AttributeError) as error:
            return self._failed(step, error, before, legal, code)
        self.stage = AFTER.get((before, step), before)
        self.recorder.note("step", f"{code}  # {text}", service=self.name, step=step, stage=self.stage)
        return StepResult(step, True, text, "", "", legal, before, self.stage, code, data)

    def _failed(self, step: str, error: Exception, before: Stage, legal: tuple[str, ...], code: str) -> StepResult:
        name = type(error).__name__
        if isinstance(error, OSError):
            told = explain(error, call="recv" if step in ("getresponse", *_READS) else step, address=self._place)
            name, why = told.errno, told.why
        else:
            why = why_not(step, before, name, str(error))
        if step not in legal:
            why += f" Now {', '.join(legal)} would be right." if legal else " Close it and begin again."
        self.recorder.note("explained", why, service=self.name, errno=name, why=why, step=step, stage=before)
        if self._connection.sock is None and before != "idle":
            self.stage = "idle"
        return StepResult(step, False, str(error) or name, name, why, legal, before, self.stage, code)

    def _connect_socket(self, address: tuple[str, int], *_: object) -> socket.socket:
        return dialled(self.recorder, self.name, address, context=self._context, timeout_s=self._timeout_s)

    def _connect(self, _: Given) -> tuple[str, bytes]:
        if self._connection.sock is not None:
            raise ValueError("it is connected already")
        self._connection = self._made()
        self._connection.connect()
        return "connected: nothing is sent yet", b""

    def _putrequest(self, given: Given) -> tuple[str, bytes]:
        self._connection.putrequest(given.method, given.target, skip_host=not given.host,
                                    skip_accept_encoding=not given.accept_encoding)  # fmt: skip
        return "the request line waits in a buffer: nothing is sent yet", b""

    def _putheader(self, given: Given) -> tuple[str, bytes]:
        self._connection.putheader(given.name, given.value)
        return "one more line in the buffer", b""

    def _endheaders(self, _: Given) -> tuple[str, bytes]:
        self._connection.endheaders()
        return "the head is sent, its blank line last", b""

    def _send(self, given: Given) -> tuple[str, bytes]:
        self._connection.send(given.data)
        return f"{len(given.data)} bytes sent as they are", b""

    def _getresponse(self, _: Given) -> tuple[str, bytes]:
        self._response = response = self._connection.getresponse()
        return f"{response.status} {response.reason}: the head is read, the body waits", b""

    def _read(self, given: Given) -> tuple[str, bytes]:
        if self._response is None:
            raise http.client.ResponseNotReady("no response")
        data = self._response.read(given.size or None)
        return f"{len(data)} bytes{self._more()}", data

    def _readline(self, given: Given) -> tuple[str, bytes]:
        if self._response is None:
            raise http.client.ResponseNotReady("no response")
        line = self._response.readline(given.size or -1)
        return (f"a line of {len(line)} bytes{self._more()}" if line else "no bytes: the body is over"), line

    def _iterate(self, _: Given) -> tuple[str, bytes]:
        if self._response is None:
            raise http.client.ResponseNotReady("no response")
        lines = list(itertools.islice(self._response, LINES))
        return f"{len(lines)} line{'s' * (len(lines) != 1)}{self._more()}", b"".join(lines)

    def _more(self) -> str:
        return "" if self._response is None or self._response.isclosed() else ", more may come"

    def _close_step(self, _: Given) -> tuple[str, bytes]:
        self._end_connection()
        return "closed", b""
