"""Opening a client's connection: attempts, options, the local address, connect, the TLS handshake.

Every wait ends with Stop. It must not know what is sent afterwards.
"""

from __future__ import annotations

import errno
import socket
import ssl
import sys
from dataclasses import dataclass
from typing import Protocol

from protocols.address import Resolved, Target
from protocols.connecting import Stopped, Wait, backoff
from protocols.connecting import connect as connect_socket
from protocols.record import polling
from protocols.record.event import monotonic_ns
from protocols.record.explain import explain
from protocols.record.recorder import Recorder
from protocols.record.trace import Trace, address_text
from protocols.record.traced import TracedSocket, traced_socket
from protocols.record.traced_tls import TracedTLSSocket, wrap_tls


@dataclass(frozen=True, slots=True)
class Plan:
    """How to open: see `StreamClient.__init__`."""

    timeout_s: float | None = None
    attempts: int = 1
    nodelay: bool = False
    options: tuple[tuple[int, int, int | bytes], ...] = ()
    source: tuple[str, int] | None = None


class Teller(Protocol):
    """Who asks for the connection, and is told about attempts."""

    name: str

    @property
    def recorder(self) -> Recorder:
        """Where events go."""

    def tell(self, kind: str, text: str) -> None:
        """A note."""


def connect(
    teller: Teller, target: Target, plan: Plan, wait: Wait, context: ssl.SSLContext | None, server_name: str
) -> TracedSocket | TracedTLSSocket:
    """Connect, after growing pauses when that fails and there are attempts left. The socket is non-blocking.

    Raises the last real error, or Stopped.
    """
    pauses = backoff(plan.attempts)
    number = 1
    while True:
        try:
            sock = _to_any(teller, target, plan, wait)
            return sock if context is None else shake_hands(sock, context, server_name, plan.timeout_s, wait)
        except Stopped:
            raise
        except OSError as error:
            pause = next(pauses, None)
            if pause is None:
                raise
            told = explain(error, call="connect", address=target.address, transport=target.transport)
            number += 1
            teller.tell("retrying", f"{told.errno}; attempt {number} of {plan.attempts} in {pause:.2f} s")
            wait(-1, 0, pause)


def _to_any(teller: Teller, target: Target, plan: Plan, wait: Wait) -> TracedSocket:
    """Try each address that the name has, in order."""
    last: OSError = OSError(errno.EADDRNOTAVAIL, f"{target.host} has no address")
    for found in resolve(teller, target, wait):
        try:
            return _to_one(teller, found, plan, wait)
        except Stopped:
            raise
        except OSError as error:
            last = error
    raise last


def resolve(teller: Teller, target: Target, wait: Wait) -> list[Resolved]:
    """The target's addresses; asking for a name is on the time line. Raises gaierror or Stopped."""
    started = monotonic_ns()
    trace = Trace(teller.recorder, teller.name, transport=target.transport)
    text = f"getaddrinfo({target.host!r}, {target.port})"
    try:
        found = target.resolve(wait)
    except Stopped:
        raise
    except (OSError, UnicodeError) as error:
        trace.call("getaddrinfo", text, started, error=error, address=(target.host, target.port))
        raise
    if not target.is_numeric and teller.recorder.enabled:
        addresses = [address_text(each.address) for each in found]
        trace.call("getaddrinfo", f"{text} = {', '.join(addresses)}", started, result=addresses)
    return found


def _to_one(teller: Teller, found: Resolved, plan: Plan, wait: Wait) -> TracedSocket:
    sock = traced_socket(teller.recorder, teller.name, found.family, found.type)
    try:
        for level, number, value in plan.options:
            sock.setsockopt(level, number, value)
        if plan.nodelay and found.family in (socket.AF_INET, socket.AF_INET6):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if plan.source is not None:
            sock.bind(plan.source)
        elif _is_unix_datagram(found):
            sock.bind("")  # the kernel gives a name: without one nobody can answer (unix(7), autobind)
        connect_socket(sock, found.address, plan.timeout_s, wait)
    except BaseException:
        sock.close()
        raise
    return sock


def _is_unix_datagram(found: Resolved) -> bool:
    return sys.platform == "linux" and found.family == socket.AF_UNIX and found.type == socket.SOCK_DGRAM


def shake_hands(
    sock: TracedSocket, context: ssl.SSLContext, server_name: str, timeout_s: float | None, wait: Wait,
    session: ssl.SSLSession | None = None,
) -> TracedTLSSocket:  # fmt: skip
    """Put TLS on a connected, non-blocking socket, which is detached, and shake hands. A failure closes it.

    session: of an earlier connection of the same context, to go on with (RFC 5077, RFC 8446 section 2.2).
    Raises ssl.SSLError, OSError, TimeoutError, or Stopped.
    """
    tls = wrap_tls(context, sock, server_side=False, server_hostname=server_name, handshake=False)
    if session is not None:
        tls.session = session
    deadline = None if timeout_s is None else monotonic_ns() + int(timeout_s * 1e9)
    try:
        while True:
            try:
                tls.do_handshake()
                return tls
            except ssl.SSLWantReadError:
                mask = polling.POLLIN
            except ssl.SSLWantWriteError:
                mask = polling.POLLOUT
            rest = None if deadline is None else max(0.0, (deadline - monotonic_ns()) / 1e9)
            if not wait(tls.fileno(), mask, rest):
                raise TimeoutError("the TLS handshake timed out")
    except BaseException:
        tls.close()
        raise


def end_sending(sock: TracedSocket | TracedTLSSocket) -> None:
    """End our direction: FIN for a plain stream, close_notify for TLS. The other direction goes on."""
    if isinstance(sock, TracedTLSSocket):
        sock.end_sending()
    else:
        sock.shutdown(socket.SHUT_WR)


def set_option(sock: socket.socket, level: int, number: int, value: int | bytes) -> int:
    """Set an option and give the value that the kernel then holds."""
    sock.setsockopt(level, number, value)
    return int(sock.getsockopt(level, number))
