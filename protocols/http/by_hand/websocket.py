"""WebSocketClient: an upgraded connection, and every frame that goes over it in either direction (RFC 6455).

The protocol itself is the websockets library's machine without sockets; the socket is traced. It
must not know who looks at the frames.
"""

from __future__ import annotations

import ssl
import time
from collections import deque
from collections.abc import Callable
from itertools import count
from typing import Any, Final
from urllib.parse import urlsplit

from websockets.client import ClientProtocol
from websockets.datastructures import Headers
from websockets.exceptions import WebSocketException
from websockets.frames import Frame
from websockets.http11 import Response
from websockets.protocol import State
from websockets.typing import Origin, Subprotocol
from websockets.uri import parse_uri

from protocols.address import Target
from protocols.connecting import poll_wait
from protocols.http.by_hand.websocket_frames import (
    CLOSE_CODES,
    KEPT_BYTES,
    SCHEMES,
    Kind,
    Seen,
    WebSocketError,
    checked_url,
)
from protocols.http.request import Header
from protocols.opening import Plan, connect
from protocols.record import polling
from protocols.record.event import Direction, monotonic_ns
from protocols.record.explain import explain
from protocols.record.recorder import Recorder
from protocols.record.traced import TracedSocket
from protocols.record.traced_tls import TracedTLSSocket
from protocols.service.base import Facts, Service, ServiceError
from protocols.service.wake import Wake

MESSAGE_BYTES: Final = 16 << 20
KEPT_FRAMES: Final = 10_000
CLOSE_S: Final = 2.0
_PIECE_BYTES: Final = 64 << 10
_WANTS: Final = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


class _Protocol(ClientProtocol):
    """The library's machine; tells of each frame that it writes, its own pongs too."""

    wrote: Callable[[Frame], None]

    def send_frame(self, frame: Frame) -> None:
        self.wrote(frame)
        super().send_frame(frame)


class WebSocketClient(Service):
    """One WebSocket. `start()` returns when the handshake is done; it raises OSError or WebSocketError.

    Messages are sent from any thread. frames: what went and came, the last ones of very many. ended: how it ended, a
    sentence. response: the server's answer to the handshake.
    """

    def __init__(
        self, recorder: Recorder, url: str, *, name: str = "websocket 1", context: ssl.SSLContext | None = None,
        headers: tuple[Header, ...] = (), origin: str = "", subprotocols: tuple[str, ...] = (),
        timeout_s: float = 10.0,
    ) -> None:  # fmt: skip
        super().__init__(recorder, name, "client")
        self.url: Final = checked_url(url)
        parts = urlsplit(self.url)
        self._host, self._port = parts.hostname or "", parts.port or SCHEMES[parts.scheme]
        self._context = context if parts.scheme == "wss" else None
        self._headers = headers
        self._timeout_s = timeout_s
        self._protocol = _Protocol(
            parse_uri(self.url), origin=Origin(origin) if origin else None, max_size=MESSAGE_BYTES,
            subprotocols=[Subprotocol(word) for word in subprotocols] or None,
        )  # fmt: skip
        self._protocol.wrote = lambda frame: self._see(frame, "out")
        self.frames: deque[Seen] = deque(maxlen=KEPT_FRAMES)
        self.ended = ""
        self.response: Response | None = None
        self._numbers = count(1)
        self._wake = Wake()
        self._asked: deque[Callable[[], None]] = deque()
        self._out = bytearray()
        self._sock: TracedSocket | TracedTLSSocket | None = None

    # What a panel uses

    def send(self, kind: Kind, data: bytes, pieces: int = 1) -> None:
        """Send a message, in so many frames (a ping or pong is always one).

        Raises WebSocketError for text that is no UTF-8 or a ping over 125 bytes, ServiceError when it is closed.
        """
        if kind == "text":
            try:
                data.decode()
            except UnicodeDecodeError as error:
                raise WebSocketError(f"A text message must be UTF-8, and this is none: {error.reason}") from None
        if kind in ("ping", "pong") and len(data) > 125:
            raise WebSocketError(f"A control frame carries 125 bytes at most, not {len(data)}")
        self._ask(lambda: self._send(kind, data, max(1, min(pieces, len(data) or 1))))

    def close(self, code: int = 1000, reason: str = "") -> None:
        """Say goodbye; the server answers with a close frame, and the connection ends. Raises ServiceError, or
        WebSocketError for a code that may not be sent.
        """
        if code not in range(1000, 5000) or code in (1004, 1005, 1006, 1015):
            raise WebSocketError(f"{code} is no code that an end may send: 1000 to 1014 or 3000 to 4999")
        if len(reason.encode()) > 123:
            raise WebSocketError("The reason of a close frame has 123 bytes at most")
        self._ask(lambda: self._protocol.send_close(code, reason))

    def _ask(self, act: Callable[[], None]) -> None:
        if self.state != "running" or self.stopping.is_set() or self._protocol.state is not State.OPEN:
            raise ServiceError(self.ended or f"{self.name} is not connected")
        self._asked.append(act)
        self._wake.set()

    @property
    def open(self) -> bool:
        """Whether messages can be sent."""
        return self.state == "running" and self._protocol.state is State.OPEN

    def facts(self) -> Facts:
        """What it occupies now."""
        return Facts(self.name, self.kind, self.state, f"{self._host}:{self._port}", self.threads(),
                     connections=int(self._sock is not None))  # fmt: skip

    def tell(self, kind: str, text: str) -> None:
        """A note, on the time line."""
        self.recorder.note(kind, text, service=self.name)

    # The service

    def _thread_name(self) -> str:
        return self.name.replace(" ", "-") + f":{self._port}"

    def _open(self) -> None:
        wait = poll_wait(self._wake, self.stopping.is_set)
        target = Target("tcp", self._host, self._port)
        self._sock = connect(self, target, Plan(timeout_s=self._timeout_s), wait, self._context, self._host)
        try:
            self._shake_hands()
        except BaseException:
            self._sock.close()
            self._sock = None
            raise

    def _shake_hands(self) -> None:
        protocol = self._protocol
        request = protocol.connect()
        request.headers.update(Headers(self._headers))
        protocol.send_request(request)
        deadline = time.monotonic() + self._timeout_s
        while protocol.state is State.CONNECTING and protocol.handshake_exc is None:
            if self.stopping.is_set():
                raise WebSocketError("It was stopped during the handshake")
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError(f"no answer to the handshake within {self._timeout_s:g} s")
            self._turn(left)
        if protocol.handshake_exc is not None:
            raise WebSocketError(_refused(self.response, protocol.handshake_exc)) from protocol.handshake_exc

    def _main(self) -> None:
        try:
            while not self.stopping.is_set() and self._protocol.state is not State.CLOSED:
                self._turn(None)
            if self.stopping.is_set() and self._protocol.state is State.OPEN:
                self._leave()
        except OSError as error:
            # After this end's close frame an abrupt end is just the other's way to go: why it was closed counts.
            if self._protocol.close_sent is None:
                self.ended = explain(error, call="recv", address=(self._host, self._port)).why
        self._tell_end()

    def _leave(self) -> None:
        """The program stops: a close frame, and no long wait for its answer."""
        self._protocol.send_close(1001, "the lab closes")
        deadline = time.monotonic() + CLOSE_S / 4
        while self._protocol.state is not State.CLOSED and time.monotonic() < deadline:
            self._turn(deadline - time.monotonic())

    def _tell_end(self) -> None:
        protocol = self._protocol
        code, reason, who = protocol.close_code or 1006, protocol.close_reason or "", "It was closed"
        sent = protocol.close_sent
        if protocol.close_rcvd is None and sent is not None and sent.code in (1002, 1007, 1009):
            code, reason, who = sent.code, sent.reason, "What the server sent was against the rules, so this end closed"
        if not self.ended:
            words = CLOSE_CODES.get(code, "a code of the application")
            self.ended = f"{who} with {code}, {words}{f': {reason}' if reason else ''}."
        self.tell("websocket closed", self.ended)

    def _turn(self, timeout_s: float | None) -> None:
        """Move what can be moved, once."""
        sock = self._sock
        assert sock is not None
        while self._asked:
            try:
                self._asked.popleft()()
            except WebSocketException:
                break  # it is closing: what was still to be said is lost
        self._flush(sock)
        poller = polling.poll()
        poller.register(sock.fileno(), polling.POLLIN | (polling.POLLOUT if self._out else 0))
        poller.register(self._wake.fileno(), polling.POLLIN)
        buffered = isinstance(sock, TracedTLSSocket) and sock.pending()
        expected = self._protocol.close_expected() if self._protocol.state is not State.CONNECTING else False
        most = CLOSE_S if expected and timeout_s is None else timeout_s
        ready = poller.poll(0 if buffered else None if most is None else most * 1000)
        if not ready and not buffered:
            if expected:
                self._protocol.receive_eof()  # it had its time to close its end
            return
        self._wake.clear()
        self._read(sock)
        self._flush(sock)

    def _read(self, sock: TracedSocket | TracedTLSSocket) -> None:
        try:
            data = sock.recv(_PIECE_BYTES)
        except _WANTS:
            return
        if data:
            self._protocol.receive_data(data)
        else:
            self._protocol.receive_eof()
        for event in self._protocol.events_received():
            if isinstance(event, Response):
                self.response = event
            elif isinstance(event, Frame):
                self._see(event, "in")

    def _flush(self, sock: TracedSocket | TracedTLSSocket) -> None:
        ends = False
        for piece in self._protocol.data_to_send():
            self._out += piece
            ends = ends or not piece
        while self._out:
            try:
                del self._out[: sock.send(bytes(self._out[:_PIECE_BYTES]))]
            except _WANTS:
                return
        if ends and self._protocol.state is State.CLOSED:
            return  # the socket is closed with the service

    def _send(self, kind: Kind, data: bytes, pieces: int) -> None:
        protocol = self._protocol
        if kind in ("ping", "pong"):
            (protocol.send_ping if kind == "ping" else protocol.send_pong)(data)
            return
        step = -(-len(data) // pieces) or 1
        parts = [data[at : at + step] for at in range(0, len(data), step)] or [b""]
        for number, part in enumerate(parts):
            fin = number == len(parts) - 1
            if number:
                protocol.send_continuation(part, fin)
            elif kind == "text":
                protocol.send_text(part, fin)
            else:
                protocol.send_binary(part, fin)

    def _see(self, frame: Frame, direction: Direction) -> None:
        data = bytes(frame.data)
        seen = Seen(next(self._numbers), monotonic_ns(), direction, frame.opcode.name, frame.fin, direction == "out",
                    len(data), data[:KEPT_BYTES])  # fmt: skip
        self.frames.append(seen)
        trace = self._sock.trace if self._sock is not None else None
        detail: dict[str, Any] = {"opcode": seen.opcode, "fin": seen.fin, "masked": seen.masked, "size": seen.size}
        self.recorder.emit("note", "websocket frame", f"{seen.opcode} of {seen.size} bytes", service=self.name,
                           conn=trace.conn if trace is not None else None, direction=direction, detail=detail,
                           t=seen.t)  # fmt: skip

    def _wake_up(self) -> None:
        self._wake.set()

    def _close(self) -> None:
        self._asked.clear()
        if self._sock is not None:
            self._sock.close()
            self._sock = None
        self._wake.close()


def _refused(response: Response | None, error: Exception) -> str:
    if response is not None and response.status_code != 101:
        return (f"The server answered {response.status_code} {response.reason_phrase} to the handshake in place of 101 "
                "Switching Protocols, so there is no WebSocket at that address")  # fmt: skip
    return f"The server's answer to the handshake is none: {error}"
