"""The way to the origin: its addresses, a connection, TLS; or why there is none, in plain words.

Every wait ends at a stop or an abort. It must not know what is sent there.
"""

from __future__ import annotations

import socket
import ssl
import threading
import time
from typing import Any, Final

from protocols.connecting import Stopped as ConnectStopped
from protocols.connecting import connect, poll_wait
from protocols.http.chains import described, shown_chain
from protocols.http.failure import Failure
from protocols.http.proxy.core import Core
from protocols.http.proxy.entry import Entry
from protocols.http.proxy.handshakes import handshake, origin_context
from protocols.http.proxy.pump import Pump, Stopped
from protocols.http.proxy.rewriting import Place
from protocols.http.proxy.stream import Stream
from protocols.record.event import monotonic_ns
from protocols.record.explain import explain
from protocols.record.traced import TracedSocket, traced_socket

CONNECT_S: Final = 15.0
LOOKUP_S: Final = 15.0


class Unreached(Exception):
    """The origin could not be reached. status: what to answer."""

    def __init__(self, failure: Failure, status: int) -> None:
        super().__init__(failure.why)
        self.failure = failure
        self.status = status


def reach(core: Core, pump: Pump, entry: Entry, place: Place) -> Stream:
    """A TCP connection to the origin. Raises Unreached, Stopped."""
    began = monotonic_ns()
    address = (place.host, place.port)
    try:
        found = _lookup(place.host, place.port, pump)
        entry.add_time("dns", began)
        began = monotonic_ns()
        sock = _connected(core, pump, found)
    except ConnectStopped:
        raise Stopped from None
    except (OSError, UnicodeError) as error:
        raise unreached(error, "connect", address) from None
    finally:
        if "dns" in entry.times:
            entry.add_time("connect", began)
    stream = Stream(sock, core.lines["up"])
    entry.upstream_conn, entry.upstream = stream.conn, place.authority
    return stream


def unreached(error: BaseException, call: str, address: tuple[str, int]) -> Unreached:
    """An error of the way to the origin, explained."""
    told = explain(error, call=call, address=address)
    status = 504 if isinstance(error, TimeoutError) or told.errno == "ETIMEDOUT" else 502
    return Unreached(Failure(told.errno, told.title, told.why, told.mend), status)


def _connected(core: Core, pump: Pump, found: list[tuple[int, Any]]) -> TracedSocket:
    failed: OSError = OSError("The name has no address")
    until = time.monotonic() + CONNECT_S
    for family, address in found:
        sock = traced_socket(core.recorder, core.service, family)
        try:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connect(sock, address, max(0.1, until - time.monotonic()), poll_wait(pump.wake, pump.stopping))
            return sock
        except BaseException as error:
            sock.close()
            if not isinstance(error, OSError) or isinstance(error, ConnectStopped):
                raise
            failed = error
    raise failed


def _lookup(host: str, port: int, pump: Pump) -> list[tuple[int, Any]]:
    """The addresses of a name. The system's lookup can't be ended, so a name is looked up in a thread to itself."""
    try:
        return _addresses(host, port, socket.AI_NUMERICHOST)
    except (socket.gaierror, UnicodeError):
        pass
    result: list[list[tuple[int, Any]] | BaseException] = []

    def work() -> None:
        try:
            result.append(_addresses(host, port, 0))
        except Exception as error:  # noqa: BLE001  told to whoever waits
            result.append(error)
        pump.wake.set()

    threading.Thread(target=work, name="proxy-lookup", daemon=True).start()
    until = time.monotonic() + LOOKUP_S
    while not result:
        left = until - time.monotonic()
        if left <= 0:
            raise TimeoutError("the name was not found in time")
        pump.turn(timeout_s=left)
    if isinstance(result[0], BaseException):
        raise result[0]
    return result[0]


def _addresses(host: str, port: int, flags: int) -> list[tuple[int, Any]]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=flags)
    return [(family, address) for family, _, _, _, address in found]


def secure(core: Core, pump: Pump, entry: Entry, stream: Stream, place: Place) -> None:
    """TLS to the origin over a connection that stands. Raises Unreached with the chain in the entry, Stopped."""
    began = monotonic_ns()
    address = (place.host, place.port)
    try:
        handshake(pump, stream, origin_context(core.verify), server_side=False, hostname=place.host)
    except (OSError, ValueError) as error:
        stream.close()
        if isinstance(error, ssl.SSLCertVerificationError):
            entry.certificates = described(_refused_chain(core, pump, place))
        raise unreached(error, "handshake", address) from None
    finally:
        entry.add_time("tls", began)
    sock = stream.sock
    assert isinstance(sock, ssl.SSLSocket)
    cipher = sock.cipher()
    entry.tls = f"{sock.version()}, {cipher[0] if cipher else 'no cipher'}"
    entry.certificates = described(shown_chain(sock))


def _refused_chain(core: Core, pump: Pump, place: Place) -> tuple[bytes, ...]:
    """Connect once more, only to see the certificates that were refused."""
    core.note("looking again", f"connecting to {place.authority} once more to see the certificate that was refused")
    stream: Stream | None = None
    try:
        stream = Stream(_connected(core, pump, _lookup(place.host, place.port, pump)))
        handshake(pump, stream, origin_context(False), server_side=False, hostname=place.host)
        assert isinstance(stream.sock, ssl.SSLSocket)
        return shown_chain(stream.sock)
    except (OSError, ValueError):
        return ()
    finally:
        if stream is not None:
            stream.close()
