"""The table of socket options that matter: name, level, kind, meaning, where each applies.

Data only. It must not know a live socket; `options` reads and sets them.
"""

from __future__ import annotations

import socket
import sys
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

Kind: TypeAlias = Literal["switch", "number", "linger", "timeval", "address", "text", "struct"]
ALL: Final = ("tcp", "udp", "unix", "unix-dgram", "unix-seqpacket")
INET: Final = ("tcp", "udp")
_LINUX_NUMBERS: Final[dict[str, int]] = {
    "SO_ACCEPTCONN": 30, "SO_TIMESTAMP": 29, "SO_RCVBUFFORCE": 33, "SO_COOKIE": 57, "SO_BUSY_POLL": 46,
    "IP_MTU_DISCOVER": 10, "IP_RECVERR": 11, "IP_MTU": 14, "IP_FREEBIND": 15, "IP_MULTICAST_ALL": 49,
    "IP_BIND_ADDRESS_NO_PORT": 24, "IPV6_MTU_DISCOVER": 23, "IPV6_RECVERR": 25, "TCP_FASTOPEN_CONNECT": 30,
    "TCP_THIN_LINEAR_TIMEOUTS": 16,
}  # fmt: skip
"""Numbers from Linux's headers for options that some Python versions do not name."""


@dataclass(frozen=True, slots=True)
class Option:
    """One row of the table.

    level, name: constants of the socket module. kind: how its value is read. meaning: one sentence.
    settable: False for what the kernel only tells. transports: where it applies. note: what surprises.
    """

    level: str
    name: str
    kind: Kind
    meaning: str
    settable: bool = True
    transports: tuple[str, ...] = ALL
    note: str = ""

    @property
    def number(self) -> int | None:
        """The option's number here, None where this system does not have it."""
        found = getattr(socket, self.name, None)
        if found is None and sys.platform == "linux":
            found = _LINUX_NUMBERS.get(self.name)
        return None if found is None else int(found)

    @property
    def level_number(self) -> int:
        """The level's number."""
        return int(getattr(socket, self.level))


def _so(name: str, kind: Kind, meaning: str, settable: bool = True, transports: tuple[str, ...] = ALL,
        note: str = "") -> Option:  # fmt: skip
    return Option("SOL_SOCKET", name, kind, meaning, settable, transports, note)


def _tcp(name: str, kind: Kind, meaning: str, settable: bool = True, note: str = "") -> Option:
    return Option("IPPROTO_TCP", name, kind, meaning, settable, ("tcp",), note)


def _ip(name: str, kind: Kind, meaning: str, settable: bool = True, transports: tuple[str, ...] = INET,
        note: str = "") -> Option:  # fmt: skip
    return Option("IPPROTO_IP", name, kind, meaning, settable, transports, note)


def _ip6(name: str, kind: Kind, meaning: str, settable: bool = True, transports: tuple[str, ...] = INET,
         note: str = "") -> Option:  # fmt: skip
    return Option("IPPROTO_IPV6", name, kind, meaning, settable, transports, note)


OPTIONS: Final[tuple[Option, ...]] = (
    _so("SO_REUSEADDR", "switch", "Bind although connections of an earlier server on this address still linger in"
        " TIME_WAIT.", note="On Linux it never lets two TCP servers listen on one address; UDP sockets that all set it"
        " may share one, and the last one bound gets what is sent to it alone."),
    _so("SO_REUSEPORT", "switch", "Several sockets that all set it share one address; the kernel spreads clients over"
        " them.", transports=INET),
    _so("SO_KEEPALIVE", "switch", "Probe a silent connection, so that a vanished peer is noticed at last.",
        transports=("tcp",), note="The first probe goes out after TCP_KEEPIDLE seconds: two hours unless set."),
    _so("SO_BROADCAST", "switch", "Allow sending to a broadcast address; without it that is EACCES.",
        transports=("udp",)),
    _so("SO_RCVBUF", "number", "Size of the receive buffer in bytes.",
        note="Linux doubles what you set, for its own bookkeeping, and limits it to net.core.rmem_max."),
    _so("SO_SNDBUF", "number", "Size of the send buffer in bytes.",
        note="Linux doubles what you set, for its own bookkeeping, and limits it to net.core.wmem_max."),
    _so("SO_RCVLOWAT", "number", "A blocking recv() waits for at least so many bytes."),
    _so("SO_SNDLOWAT", "number", "The least free space that counts as writable.", settable=False,
        note="Always 1 on Linux, and not settable there."),
    _so("SO_RCVTIMEO", "timeval", "A blocking recv() gives up after so long with EAGAIN.",
        note="Python's own settimeout() does not use it: it waits with poll()."),
    _so("SO_SNDTIMEO", "timeval", "A blocking send() or connect() gives up after so long."),
    _so("SO_LINGER", "linger", "What close() does with bytes not yet sent: wait so many seconds for them; with 0"
        " seconds drop them and send RST.", transports=("tcp", "unix")),
    _so("SO_OOBINLINE", "switch", "Urgent data stay in the stream instead of being read with MSG_OOB.",
        transports=("tcp",)),
    _so("SO_ERROR", "number", "The error that waits on the socket; reading clears it.", settable=False,
        note="How a non-blocking connect tells whether it worked."),
    _so("SO_TYPE", "number", "SOCK_STREAM, SOCK_DGRAM ..: what the socket was made as.", settable=False),
    _so("SO_DOMAIN", "number", "AF_INET, AF_INET6 ..: the address family.", settable=False),
    _so("SO_PROTOCOL", "number", "The protocol's number: 6 for TCP, 17 for UDP.", settable=False),
    _so("SO_ACCEPTCONN", "switch", "Whether the socket listens.", settable=False),
    _so("SO_DONTROUTE", "switch", "Send to hosts on the same link only, never through a router.", transports=INET),
    _so("SO_PRIORITY", "number", "Queueing priority of what is sent, 0 to 6 without privilege."),
    _so("SO_MARK", "number", "A mark for the firewall and routing rules; setting it needs CAP_NET_ADMIN.",
        transports=INET),
    _so("SO_BINDTODEVICE", "text", "Use one network interface only.", transports=INET),
    _so("SO_PASSCRED", "switch", "Receive the sender's process, user and group with each message.",
        transports=("unix", "unix-dgram", "unix-seqpacket")),
    _so("SO_PEERCRED", "struct", "The peer's process, user and group when it connected.", settable=False,
        transports=("unix", "unix-seqpacket")),
    _so("SO_PEERSEC", "text", "The peer's security label.", settable=False, transports=("unix",)),
    _so("SO_TIMESTAMP", "switch", "Deliver the time of arrival with each message."),
    _so("SO_INCOMING_CPU", "number", "The processor that last handled this socket's packets.", transports=INET),
    _so("SO_COOKIE", "struct", "A number that the kernel gives each socket once.", settable=False),
    _tcp("TCP_NODELAY", "switch", "Send small writes at once, without waiting to join them (Nagle's algorithm off)."),
    _tcp("TCP_CORK", "switch", "Hold back partial segments until full or uncorked, at most 200 ms."),
    _tcp("TCP_QUICKACK", "switch", "Acknowledge at once instead of a moment later.",
         note="Not permanent: the kernel changes it back as it sees fit."),
    _tcp("TCP_MAXSEG", "number", "Largest segment in bytes.", note="Before a connection stands it reads as 536."),
    _tcp("TCP_KEEPIDLE", "number", "Seconds of silence before the first keep-alive probe."),
    _tcp("TCP_KEEPINTVL", "number", "Seconds between keep-alive probes."),
    _tcp("TCP_KEEPCNT", "number", "Unanswered probes before the connection is given up."),
    _tcp("TCP_SYNCNT", "number", "SYNs sent again before connect() times out.",
         note="6 repeats double from 1 s: 127 s in all."),
    _tcp("TCP_USER_TIMEOUT", "number", "Milliseconds that sent data may stay unacknowledged; 0 is the system's"
         " own."),
    _tcp("TCP_DEFER_ACCEPT", "number", "Wake accept() only when data have come, for at most so many seconds."),
    _tcp("TCP_LINGER2", "number", "Seconds that an orphan stays in FIN_WAIT2."),
    _tcp("TCP_WINDOW_CLAMP", "number", "Upper bound of the advertised window in bytes; 0 is none."),
    _tcp("TCP_FASTOPEN", "number", "On a listener: how many connections may bring data in their SYN (RFC 7413)."),
    _tcp("TCP_NOTSENT_LOWAT", "number", "Writable only while less than this waits unsent."),
    _tcp("TCP_CONGESTION", "text", "The congestion control algorithm."),
    _tcp("TCP_INFO", "struct", "Everything the kernel holds for the connection: state, round trip, retransmits.",
         settable=False),
    _ip("IP_TTL", "number", "Routers that a packet may pass before it is dropped (time to live)."),
    _ip("IP_TOS", "number", "Type of service byte: DSCP and ECN."),
    _ip("IP_MULTICAST_TTL", "number", "Routers that a multicast packet may pass; 1 stays on the link.",
        transports=("udp",)),
    _ip("IP_MULTICAST_LOOP", "switch", "Members on this machine get our own multicast too.", transports=("udp",),
        note="Makes no difference on the loopback interface itself: what goes out there comes in there."),
    _ip("IP_MULTICAST_IF", "address", "The interface that multicast goes out by.", transports=("udp",)),
    _ip("IP_MULTICAST_ALL", "switch", "Take datagrams of groups that other sockets of this machine joined.",
        transports=("udp",)),
    _ip("IP_MTU_DISCOVER", "number", "Whether packets may be fragmented: 0 yes, 1 per route, 2 never."),
    _ip("IP_MTU", "number", "The path's packet size, on a connected socket.", settable=False),
    _ip("IP_RECVERR", "switch", "Queue ICMP errors to be read with MSG_ERRQUEUE: a dead UDP port is then told also to"
        " an unconnected socket."),
    _ip("IP_RECVTTL", "switch", "Deliver the TTL with each datagram.", transports=("udp",)),
    _ip("IP_RECVTOS", "switch", "Deliver the type of service with each datagram.", transports=("udp",)),
    _ip("IP_PKTINFO", "switch", "Deliver the address and interface that a datagram came to.", transports=("udp",)),
    _ip("IP_FREEBIND", "switch", "Bind to an address that this machine does not have (yet)."),
    _ip("IP_TRANSPARENT", "switch", "Act for addresses of others; needs CAP_NET_ADMIN."),
    _ip("IP_BIND_ADDRESS_NO_PORT", "switch", "Choose the port only at connect(), so that ports last longer.",
        transports=("tcp",)),
    _ip6("IPV6_V6ONLY", "switch", "Off lets an IPv6 server take IPv4 clients too, as ::ffff:a.b.c.d."),
    _ip6("IPV6_UNICAST_HOPS", "number", "Routers that a packet may pass; -1 is the system's own."),
    _ip6("IPV6_MULTICAST_HOPS", "number", "Routers that a multicast packet may pass.", transports=("udp",)),
    _ip6("IPV6_MULTICAST_LOOP", "switch", "Members on this machine get our own multicast too.", transports=("udp",)),
    _ip6("IPV6_MULTICAST_IF", "number", "Index of the interface that multicast goes out by.", transports=("udp",)),
    _ip6("IPV6_TCLASS", "number", "Traffic class byte: DSCP and ECN."),
    _ip6("IPV6_MTU_DISCOVER", "number", "Whether packets may be fragmented."),
    _ip6("IPV6_RECVERR", "switch", "Queue ICMPv6 errors to be read with MSG_ERRQUEUE."),
    _ip6("IPV6_RECVPKTINFO", "switch", "Deliver the address and interface that a datagram came to.",
         transports=("udp",)),
    _ip6("IPV6_RECVHOPLIMIT", "switch", "Deliver the hop limit with each datagram.", transports=("udp",)),
    _ip6("IPV6_DONTFRAG", "switch", "Never fragment: larger datagrams are EMSGSIZE.", transports=("udp",)),
    _ip6("IPV6_MTU", "number", "The path's packet size.", settable=False),
)  # fmt: skip
