"""Ping: echo requests by the way that this user may use, and what came back.

"datagram": the kernel's own unprivileged ICMP socket (icmp(7), ping_group_range). "raw": a raw socket, with
CAP_NET_RAW. "udp": a datagram to a port where nobody listens; the "port unreachable" that comes back is the echo.
It must not know who shows it.
"""

from __future__ import annotations

import os
import socket
import struct
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

from protocols.packets.reach.icmp import RECVERR, Complaint, complaint, echo_reply, echo_request
from protocols.record import polling
from protocols.record.recorder import Recorder

Way: TypeAlias = Literal["datagram", "raw", "udp"]
WAYS: Final[tuple[Way, ...]] = ("datagram", "raw", "udp")
UDP_PORT: Final = 33434
SETTING: Final = "net.ipv4.ping_group_range"
COMMAND: Final = f'sudo sysctl -w {SETTING}="0 2147483647"'
_RECVTTL: Final = {socket.AF_INET: 12, socket.AF_INET6: getattr(socket, "IPV6_RECVHOPLIMIT", 51)}
_TTL: Final = {socket.AF_INET: socket.IP_TTL, socket.AF_INET6: getattr(socket, "IPV6_HOPLIMIT", 52)}
_LEVEL: Final = {socket.AF_INET: socket.IPPROTO_IP, socket.AF_INET6: socket.IPPROTO_IPV6}


@dataclass(frozen=True, slots=True)
class Echo:
    """What became of one request. rtt_us: None where nothing came. ttl: of the answer, where it is known.

    what: "reply", "no answer", or what an ICMP error said, then by whom.
    """

    sequence: int
    rtt_us: float | None
    ttl: int | None
    what: str
    by: str
    checksum_ok: bool | None = None


def resolved(host: str, family: int = 0) -> tuple[int, str]:
    """Family and address of a host. Raises OSError (gaierror)."""
    found = socket.getaddrinfo(host, None, family, socket.SOCK_DGRAM)[0]
    return int(found[0]), str(found[4][0])


def opened(family: int, ways: tuple[Way, ...] = WAYS) -> tuple[socket.socket, Way]:
    """A socket of the first of these ways that this user may use. Raises PermissionError for none."""
    kinds = {
        "datagram": (socket.SOCK_DGRAM, socket.IPPROTO_ICMP if family == socket.AF_INET else socket.IPPROTO_ICMPV6),
        "raw": (socket.SOCK_RAW, socket.IPPROTO_ICMP if family == socket.AF_INET else socket.IPPROTO_ICMPV6),
        "udp": (socket.SOCK_DGRAM, 0),
    }
    last: OSError = PermissionError(1, "no way to ping was asked for")
    for way in ways:
        try:
            return socket.socket(family, *kinds[way]), way
        except OSError as error:
            last = error
    raise last


class Pinger:
    """Pings one host. Close it, or use it as a context manager. way: which way it goes."""

    def __init__(
        self, host: str, *, family: int = 0, ways: tuple[Way, ...] = WAYS, size: int = 56, hops: int | None = None
    ) -> None:
        self.family, self.address = resolved(host, family)
        self.sock, self.way = opened(self.family, ways)
        known = socket.AddressFamily(self.family)
        self.sock.setsockopt(_LEVEL[known], _RECVTTL[known], 1)
        if self.way != "raw":
            self.sock.setsockopt(_LEVEL[known], RECVERR[known], 1)
        if hops is not None:
            option = socket.IP_TTL if self.family == socket.AF_INET else socket.IPV6_UNICAST_HOPS
            self.sock.setsockopt(_LEVEL[known], option, hops)
        if self.way != "udp":
            self.sock.connect((self.address, 0))
        self._size = size
        self._identifier = os.getpid() & 0xFFFF

    def __enter__(self) -> Pinger:
        return self

    def __exit__(self, *_: object) -> None:
        self.sock.close()

    def once(self, sequence: int, timeout_s: float = 2.0) -> Echo:
        """Send one request and wait for what comes back. Raises OSError when it can't be sent."""
        sent = time.monotonic_ns()
        payload = struct.pack(">q", sent).ljust(max(self._size, 8), b"\x55")
        if self.way == "udp":
            target: Any = (self.address, UDP_PORT + sequence % 200)
            self.sock.sendto(payload, target)
        else:
            self.sock.send(echo_request(self.family, self._identifier, sequence & 0xFFFF, payload))
        poller = polling.poll()
        poller.register(self.sock.fileno(), polling.POLLIN)
        deadline = time.monotonic() + timeout_s
        while (left := deadline - time.monotonic()) > 0:
            if poller.poll(left * 1000):
                found = self._answer(sequence, sent, payload)
                if found is not None:
                    return found
        return Echo(sequence, None, None, "no answer", "")

    def _answer(self, sequence: int, sent: int, payload: bytes) -> Echo | None:
        said = complaint(self.sock)
        now = time.monotonic_ns()
        if said is not None:
            return self._complained(said, sequence, sent, now)
        if self.way == "udp":
            return None
        try:
            data, ancillary, _, address = self.sock.recvmsg(65535, 256, socket.MSG_DONTWAIT)
        except OSError:
            return None
        reply = echo_reply(self.family, data, self.way == "raw")
        if reply is None or reply.sequence != sequence & 0xFFFF or reply.payload != payload:
            return None
        return Echo(sequence, (now - sent) / 1000, self._ttl(ancillary, data), "reply", address[0], reply.checksum_ok)

    def _complained(self, said: Complaint, sequence: int, sent: int, now: int) -> Echo:
        """An error that came back; over UDP the destination's own "port unreachable" is the answer."""
        rtt_us = (now - sent) / 1000
        if self.way == "udp" and said.arrived:
            return Echo(sequence, rtt_us, None, "reply", said.by)
        return Echo(sequence, None, None, said.what, said.by)

    def _ttl(self, ancillary: list[tuple[int, int, bytes]], data: bytes) -> int | None:
        known = socket.AddressFamily(self.family)
        for level, kind, value in ancillary:
            if level == _LEVEL[known] and kind == _TTL[known] and len(value) >= 4:
                return int(struct.unpack_from("=i", value)[0])
        return data[8] if self.way == "raw" and self.family == socket.AF_INET else None


def pings(
    pinger: Pinger,
    count: int | None,
    interval_s: float = 1.0,
    timeout_s: float = 2.0,
    pause: Callable[[float], bool] | None = None,
) -> Iterator[Echo]:
    """One request after the other, each answered or given up. pause: waits so long; False ends it."""
    sequence = 0
    while count is None or sequence < count:
        sequence += 1
        began = time.monotonic()
        yield pinger.once(sequence, timeout_s)
        if count is None or sequence < count:
            left = max(interval_s - (time.monotonic() - began), 0)
            if pause is None:
                time.sleep(left)
            elif not pause(left):
                return


def told(recorder: Recorder, pinger: Pinger, echo: Echo, service: str) -> None:
    """Put one outcome on the time line."""
    detail: dict[str, Any] = {
        "sequence": echo.sequence,
        "rtt_us": echo.rtt_us,
        "ttl": echo.ttl,
        "what": echo.what,
        "by": echo.by or None,
        "way": pinger.way,
        "address": pinger.address,
        "checksum_ok": echo.checksum_ok,
    }
    recorder.emit("message", "echo", text_of(echo, pinger), service=service, direction="in", detail=detail)


def text_of(echo: Echo, pinger: Pinger) -> str:
    """One outcome as a line."""
    if echo.what == "reply" and echo.rtt_us is not None:
        hops = f" ttl={echo.ttl}" if echo.ttl is not None else ""
        return f"reply from {echo.by}: seq={echo.sequence}{hops} time={echo.rtt_us / 1000:.3f} ms"
    by = f" from {echo.by}" if echo.by else ""
    return f"{echo.what}{by} for {pinger.address}: seq={echo.sequence}"


def summary(echoes: Sequence[Echo]) -> str:
    """How many requests came back, and after how long, in a sentence without its full stop; "" for none sent."""
    if not echoes:
        return ""
    times = [echo.rtt_us / 1000 for echo in echoes if echo.what == "reply" and echo.rtt_us is not None]
    lost = len(echoes) - len(times)
    said = f"{len(echoes)} sent, {len(times) or 'none'} answered"
    said += f", {lost} lost ({lost / len(echoes):.0%})" if lost and times else ""
    if not times:
        return said
    return f"{said}; {min(times):.3f} to {max(times):.3f} ms, {sum(times) / len(times):.3f} ms on average"


def way_text(way: Way) -> str:
    """The way in words, and what it means for this user."""
    return {
        "datagram": "by the kernel's unprivileged ICMP socket",
        "raw": "by a raw ICMP socket, which this user may use (CAP_NET_RAW)",
        "udp": "by UDP to a port where nobody listens: the ICMP error that comes back is the echo. "
        f"For ICMP itself: {COMMAND}",
    }[way]
