"""The failure zoo: each entry provokes a real error on loopback, and gives its reason and mend.

Nothing leaves the machine, nothing needs privilege; where the system would not say no (root may
bind any port), the entry says so. It must not know who presses the button.
"""

from __future__ import annotations

import contextlib
import errno
import os
import socket
import struct
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from protocols.record.event import monotonic_ns
from protocols.record.explain import explain
from protocols.record.recorder import Recorder
from protocols.record.traced import traced_socket
from protocols.sockets.pairs import LOOPBACK, listener, tcp_pair, udp_socket, wait_for

RST: Final = struct.pack("ii", 1, 0)
WAIT_S: Final = 0.3
NOWHERE: Final = "198.51.100.1"
"""TEST-NET-2 (RFC 5737): an address that no machine should have."""


class NoFailure(Exception):
    """The call did not fail here; the message says why."""


@dataclass(frozen=True, slots=True)
class Failure:
    """One button. expected: the symbols that may come. provoke: does it; raises the real error."""

    id: str
    title: str
    sentence: str
    expected: tuple[str, ...]
    call: str
    provoke: Callable[[Recorder, str], object]
    transport: str = "tcp"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came. errno "" when the call did not fail here; ok: it was one of those expected.

    took_s: how long the failing call took. why, mend: the explanation.
    """

    id: str
    errno: str
    ok: bool
    title: str
    why: str
    mend: tuple[str, ...]
    took_s: float


class _Stage(Exception):
    """Carries the address of the failing call to the explanation."""

    def __init__(self, error: BaseException, address: object) -> None:
        super().__init__(str(error))
        self.error = error
        self.address = address


@contextlib.contextmanager
def _at(address: object) -> Iterator[None]:
    try:
        yield
    except (OSError, UnicodeError, EOFError) as error:
        raise _Stage(error, address) from None


def run(failure: Failure, recorder: Recorder) -> Outcome:
    """Provoke it: the calls are on the time line, the explanation is a note. Takes at most a few seconds."""
    service = f"failure {failure.id}"
    started = monotonic_ns()
    try:
        failure.provoke(recorder, service)
    except NoFailure as unhurt:
        return _outcome(failure, recorder, service, None, None, str(unhurt), started)
    except _Stage as stage:
        return _outcome(failure, recorder, service, stage.error, stage.address, "", started)
    except OSError as error:
        return _outcome(failure, recorder, service, error, None, "", started)
    return _outcome(failure, recorder, service, None, None, "The call did not fail.", started)


def _outcome(
    failure: Failure, recorder: Recorder, service: str, error: BaseException | None, address: object, unhurt: str,
    started: int,
) -> Outcome:  # fmt: skip
    took_s = (monotonic_ns() - started) / 1e9
    if error is None:
        recorder.note("not provoked", unhurt, service=service, experiment=failure.id)
        return Outcome(failure.id, "", False, failure.title, unhurt, (), took_s)
    told = explain(error, call=failure.call, address=address, transport=failure.transport)
    recorder.note("explained", told.why, service=service, errno=told.errno, why=told.why, mend=list(told.mend),
                  experiment=failure.id)  # fmt: skip
    return Outcome(failure.id, told.errno, told.errno in failure.expected, told.title, told.why, told.mend, took_s)


def _dead_port() -> tuple[str, int]:
    """An address where nobody listens: a port that was ours a moment ago."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return str(probe.getsockname()[0]), int(probe.getsockname()[1])


def _refused(recorder: Recorder, service: str) -> None:
    address = _dead_port()
    with traced_socket(recorder, service) as sock, _at(address):
        sock.connect(address)


def _unreachable(recorder: Recorder, service: str) -> None:
    address = (NOWHERE, 9)
    with traced_socket(recorder, service) as sock:
        sock.settimeout(WAIT_S)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_DONTROUTE, 1)  # or a router would take it off this machine
        try:
            sock.connect(address)
        except OSError as error:
            if error.errno in (errno.ENETUNREACH, errno.EHOSTUNREACH):
                raise _Stage(error, address) from None
    group = ("224.0.0.1", 9)  # where every address is on the link, a TCP connection to a group still has no route
    with traced_socket(recorder, service) as sock, _at(group):
        sock.connect(group)


def _in_use(recorder: Recorder, service: str) -> None:
    with listener(recorder, service) as first, traced_socket(recorder, service) as second:
        address = first.getsockname()
        second.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with _at(address):
            second.bind(address)
            second.listen(1)


def lowest_free_port() -> int:
    """The first port that needs no privilege (ip_unprivileged_port_start), 1024 where the system does not say."""
    try:
        with open("/proc/sys/net/ipv4/ip_unprivileged_port_start", encoding="ascii") as file:
            return int(file.read())
    except (OSError, ValueError):
        return 1024


def _access_denied(recorder: Recorder, service: str) -> None:
    lowest = lowest_free_port()
    if lowest <= 1:
        raise NoFailure("This system lets everybody bind any port (ip_unprivileged_port_start is 0).")
    address = (LOOPBACK, lowest - 1)
    with traced_socket(recorder, service) as sock, _at(address):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(address)
    if getattr(os, "geteuid", lambda: 1)() == 0:
        raise NoFailure("NetLab runs as root, which may bind any port. Broadcast unallowed fails for root too.")
    raise NoFailure(f"This program may bind port {address[1]}: it has the capability CAP_NET_BIND_SERVICE.")


def _broadcast_denied(recorder: Recorder, service: str) -> None:
    address = ("127.255.255.255", 9)
    with traced_socket(recorder, service, type=socket.SOCK_DGRAM) as sock, _at(address):
        sock.sendto(b"everybody", address)


def _reset(recorder: Recorder, service: str) -> None:
    with tcp_pair(recorder, service) as (client, server):
        peer = client.getpeername()
        server.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RST)
        server.close()
        with _at(peer):
            client.recv(100)


def _timeout(recorder: Recorder, service: str) -> None:
    with tcp_pair(recorder, service) as (client, _), _at(client.getpeername()):
        client.settimeout(WAIT_S)
        client.recv(100)


def _end_of_stream(recorder: Recorder, service: str) -> None:
    with tcp_pair(recorder, service) as (client, server), _at(client.getpeername()):
        server.close()
        if client.recv(100) == b"":
            raise EOFError("the peer closed: recv gave b''")


def _broken_pipe(recorder: Recorder, service: str) -> None:
    with tcp_pair(recorder, service) as (client, server):
        peer = client.getpeername()
        server.close()
        client.recv(100)
        client.send(b"first")  # goes out; the answer is a RST
        wait_for(client, 0)
        with _at(peer):
            client.send(b"second")


def _would_block(recorder: Recorder, service: str) -> None:
    with tcp_pair(recorder, service) as (client, _), _at(client.getpeername()):
        client.setblocking(False)
        client.recv(100)


def _too_long(recorder: Recorder, service: str) -> None:
    with udp_socket(recorder, service) as sock, _at(sock.getsockname()):
        sock.sendto(bytes(65508), sock.getsockname())


def _no_name(recorder: Recorder, service: str) -> None:
    address = ("no-such-host.invalid", 80)  # RFC 6761 section 6.4: never exists
    with traced_socket(recorder, service) as sock, _at(address):
        sock.connect(address)


def _not_connected(recorder: Recorder, service: str) -> None:
    with traced_socket(recorder, service) as sock, _at(None):
        sock.recv(100)


def _already_connected(recorder: Recorder, service: str) -> None:
    with tcp_pair(recorder, service) as (client, _), _at(client.getpeername()):
        client.connect(client.getpeername())


def _backlog_full(recorder: Recorder, service: str) -> None:
    with listener(recorder, service, 5) as waiting, contextlib.ExitStack() as stack:
        address = waiting.getsockname()
        for number in range(1, 9):
            client = stack.enter_context(traced_socket(recorder, f"{service} client {number}"))
            client.settimeout(WAIT_S)
            with _at(address):
                client.connect(address)
        raise NoFailure("Eight connections fitted into a backlog of 5: this system counts otherwise.")


def _not_ours(recorder: Recorder, service: str) -> None:
    address = (NOWHERE, 0)
    with traced_socket(recorder, service) as sock, _at(address):
        sock.bind(address)


def _tcp_broadcast(recorder: Recorder, service: str) -> None:
    address = ("127.255.255.255", 9)
    with traced_socket(recorder, service) as sock, _at(address):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        sock.settimeout(WAIT_S)
        sock.connect(address)


def _udp_silent(recorder: Recorder, service: str) -> None:
    address = _dead_udp_port()
    with udp_socket(recorder, service) as sock, _at(address):
        sock.settimeout(WAIT_S)
        sock.sendto(b"anybody there?", address)
        sock.recvfrom(100)


def _udp_refused(recorder: Recorder, service: str) -> None:
    address = _dead_udp_port()
    with udp_socket(recorder, service) as sock, _at(address):
        sock.connect(address)
        sock.send(b"anybody there?")
        sock.recv(100)


def _dead_udp_port() -> tuple[str, int]:
    with socket.socket(type=socket.SOCK_DGRAM) as probe:
        probe.bind((LOOPBACK, 0))
        return str(probe.getsockname()[0]), int(probe.getsockname()[1])


def _listener_send(recorder: Recorder, service: str) -> None:
    with listener(recorder, service) as waiting, _at(None):
        waiting.send(b"hello")


def _stale_path(recorder: Recorder, service: str) -> None:
    with tempfile.TemporaryDirectory(prefix="netlab-") as folder:
        path = os.path.join(folder, "left-behind.sock")
        with socket.socket(socket.AF_UNIX) as old:
            old.bind(path)
        with traced_socket(recorder, service, socket.AF_UNIX) as sock, _at(path):
            sock.bind(path)


def _no_path(recorder: Recorder, service: str) -> None:
    path = os.path.join(tempfile.gettempdir(), f"netlab-no-such-{os.getpid()}.sock")
    with traced_socket(recorder, service, socket.AF_UNIX) as sock, _at(path):
        sock.connect(path)


FAILURES: Final[tuple[Failure, ...]] = (
    Failure("refused", "Connection refused", "Connect to a port where nobody listens.", ("ECONNREFUSED",), "connect",
            _refused),
    Failure("unreachable", "Network unreachable", "Connect to an address that no route leads to.",
            ("ENETUNREACH", "EHOSTUNREACH"), "connect", _unreachable),
    Failure("in-use", "Address in use", "Bind the port of a server that listens, SO_REUSEADDR set and all.",
            ("EADDRINUSE",), "bind", _in_use),
    Failure("access", "Access denied", "Bind a port that needs privilege.", ("EACCES",), "bind", _access_denied),
    Failure("broadcast", "Broadcast denied", "Broadcast without SO_BROADCAST.", ("EACCES",), "sendto",
            _broadcast_denied, "udp"),
    Failure("reset", "Connection reset", "The peer closes with RST while we wait for data.", ("ECONNRESET",), "recv",
            _reset),
    Failure("timeout", "Timed out", "Wait 0.3 s for a peer that says nothing.", ("ETIMEDOUT",), "recv", _timeout),
    Failure("eof", "End of stream", "The peer closes: recv gives b'' and no error.", ("EOF",), "recv",
            _end_of_stream),
    Failure("broken-pipe", "Broken pipe", "Send twice to a peer that has gone: the first one works.", ("EPIPE",),
            "send", _broken_pipe),
    Failure("would-block", "Would block", "Read a non-blocking socket before anything has come.", ("EAGAIN",),
            "recv", _would_block),
    Failure("too-long", "Message too long", "Send a datagram of 65\u202f508 bytes, one more than fits.", ("EMSGSIZE",),
            "sendto", _too_long, "udp"),
    Failure("no-name", "Name not found", "Connect to a host name that does not exist.",
            ("EAI_NONAME", "EAI_AGAIN", "EAI_NODATA", "EAI_FAIL"), "connect", _no_name),
    Failure("not-connected", "Not connected", "Receive on a fresh TCP socket.", ("ENOTCONN",), "recv",
            _not_connected),
    Failure("connected", "Already connected", "Connect a second time.", ("EISCONN",), "connect", _already_connected),
    Failure("backlog", "Queue full", "The 7th connection to listen(5) without accept: on Linux it is not refused, it"
            " times out.", ("ETIMEDOUT",), "connect", _backlog_full),
    Failure("not-ours", "Address not available", "Bind an address that this machine does not have.",
            ("EADDRNOTAVAIL",), "bind", _not_ours),
    Failure("tcp-broadcast", "TCP has no broadcast", "Connect to a broadcast address.",
            ("ENETUNREACH", "EACCES", "EADDRNOTAVAIL"), "connect", _tcp_broadcast),
    Failure("udp-silent", "Dead UDP port, unconnected", "Send to a port where nobody is: it works, and no answer"
            " comes.", ("ETIMEDOUT",), "recvfrom", _udp_silent, "udp"),
    Failure("udp-refused", "Dead UDP port, connected", "The same on a connected socket: the kernel tells it.",
            ("ECONNREFUSED",), "recv", _udp_refused, "udp"),
    Failure("listener", "Data on the listening socket", "Send on the socket that listens, not on the one from"
            " accept.", ("EPIPE", "ENOTCONN"), "send", _listener_send),
    Failure("stale-path", "Path left behind", "Bind a UNIX path whose server is gone and left its file.",
            ("EADDRINUSE",), "bind", _stale_path, "unix"),
    Failure("no-path", "No such path", "Connect to a UNIX path that does not exist.", ("ENOENT",), "connect",
            _no_path, "unix"),
)  # fmt: skip


def failure(id: str) -> Failure:
    """The failure of that id. Raises KeyError."""
    for entry in FAILURES:
        if entry.id == id:
            return entry
    raise KeyError(id)
