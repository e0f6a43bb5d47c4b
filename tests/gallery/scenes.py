"""Made-up but consistent events for pictures of the time line and the inspector."""

from __future__ import annotations

from typing import Any, Final

from protocols.record.event import Raw

LINE: Final = b"The quick brown fox jumps over the lazy dog.\r\n"
CLIENT: Final = ["127.0.0.1", 51858]
SERVER: Final = ["127.0.0.1", 2345]
START: Final = 5_000_000_000_000


def raw(
    ms: float, layer: Any, kind: str, service: str | None, conn: str | None, summary: str, direction: Any = None,
    offset: int | None = None, data: bytes | None = None, size: int | None = None, **detail: Any,
) -> Raw:  # fmt: skip
    """One event; `ms` after the start."""
    length = size if size is not None else None if data is None else len(data)
    stamp = START + round(ms * 1e6)
    return (stamp, layer, kind, service, conn, direction, offset, length, data, summary, detail)


def _state(ms: float, name: str, end: str, before: str, source: str = "TCP_INFO") -> Raw:
    service = "client 3" if end == "client" else "upper:2345"
    local, peer = (CLIENT, SERVER) if end == "client" else (SERVER, CLIENT)
    return raw(ms, "state", name, service, "3", f"{end} end {before} \u2192 {name}", end=end, before=before,
               source=source, local=local, peer=peer)  # fmt: skip


def conversation() -> list[Raw]:
    """A client, an upper-case server with a thread per connection, one line each way, and the end of it."""
    me: dict[str, Any] = {"end": "client", "thread": "client-3:51858", "fd": 11}
    it: dict[str, Any] = {"end": "server", "thread": "upper-conn:51858", "fd": 9}
    up = LINE.upper()
    return [
        raw(-3.412, "note", "started", "upper:2345", None, "upper-case server on 127.0.0.1:2345, threads"),
        raw(-3.300, "call", "socket", "upper:2345", None, "socket(AF_INET, SOCK_STREAM) = fd 7", took_ns=9000,
            fd=7, thread="upper:2345"),
        raw(-3.101, "call", "bind", "upper:2345", None, "bind(('127.0.0.1', 2345))", took_ns=4100, fd=7,
            thread="upper:2345", local=SERVER),
        raw(-3.020, "call", "listen", "upper:2345", None, "listen(5)", took_ns=3900, fd=7, backlog=5,
            thread="upper:2345"),
        raw(-0.020, "call", "socket", "client 3", None, "socket(AF_INET, SOCK_STREAM) = fd 11", took_ns=6000, fd=11,
            thread="client-3:51858"),
        raw(0.000, "call", "connect", "client 3", "3", "connect(('127.0.0.1', 2345)) = 0", took_ns=41_000,
            local=CLIENT, peer=SERVER, **me),
        _state(0.008, "SYN_SENT", "client", "CLOSE", "inferred"),
        _state(0.039, "ESTABLISHED", "client", "SYN_SENT"),
        _state(0.041, "ESTABLISHED", "server", "SYN_RECV"),
        raw(0.258, "call", "accept", "upper:2345", "3", "accept() = fd 9, ('127.0.0.1', 51858)",
            took_ns=3_100_000_000, blocked_ns=3_100_000_000, result=9,
            local=SERVER, peer=CLIENT, end="server", thread="upper:2345", fd=7),
        raw(0.342, "note", "thread started", "upper:2345", "3", "started thread upper-conn:51858",
            thread="upper-conn:51858", end="server"),
        raw(1204.118, "call", "send", "client 3", "3", "send(b'The quick brown fox jumps over t\u2026') = 46", "out", 0,
            LINE, took_ns=11_000, **me),
        raw(1204.349, "call", "recv", "upper:2345", "3", "recv(4096) = 46", "in", 0, LINE, took_ns=1_204_000_000,
            blocked_ns=1_203_900_000, asked=4096, **it),
        raw(1204.360, "message", "request", "upper:2345", "3", "The quick brown fox jumps over the lazy dog.\\r\\n",
            "in", 0, LINE, framing="line 1", end="server"),
        raw(1204.481, "call", "send", "upper:2345", "3", "send(b'THE QUICK BROWN FOX JUMPS OVER T\u2026') = 46",
            "out", 0, up, took_ns=9_000, **it),
        raw(1204.486, "message", "reply", "upper:2345", "3", "THE QUICK BROWN FOX JUMPS OVER THE LAZY DOG.\\r\\n",
            "out", 0, up, framing="line 1", end="server"),
        raw(1204.630, "call", "recv", "client 3", "3", "recv(4096) = 46", "in", 0, up, took_ns=81_000, asked=4096,
            **me),
        raw(2410.007, "call", "shutdown", "client 3", "3", "shutdown(SHUT_WR)", took_ns=21_000, how="SHUT_WR", **me),
        _state(2410.031, "FIN_WAIT2", "client", "ESTABLISHED"),
        _state(2410.034, "CLOSE_WAIT", "server", "ESTABLISHED"),
        raw(2410.136, "call", "recv", "upper:2345", "3", "recv(4096) = 0, end of stream", "in", 46, b"",
            took_ns=1_205_000_000, blocked_ns=1_205_000_000, asked=4096, **it),
        raw(2410.294, "call", "close", "upper:2345", "3", "close()", took_ns=14_000, **it),
        _state(2410.398, "LAST_ACK", "server", "CLOSE_WAIT", "inferred"),
        raw(2410.420, "call", "recv", "client 3", "3", "recv(4096) = 0, end of stream", "in", 46, b"",
            took_ns=390_000, blocked_ns=390_000, asked=4096, **me),
        raw(2410.470, "call", "close", "client 3", "3", "close()", took_ns=12_000, **me),
        _state(2410.498, "TIME_WAIT", "client", "FIN_WAIT2", "/proc/net/tcp"),
    ]  # fmt: skip


def failures() -> list[Raw]:
    """A refused connect with its explanation, a reset and a broken pipe."""
    me: dict[str, Any] = {"thread": "client-1:0", "fd": 12}
    refused = ("Your SYN reached this machine and the kernel answered with RST: the address is right, "
               "but no program listens on TCP port 2346.")  # fmt: skip
    return [
        raw(3900.0, "call", "socket", "client 1", None, "socket(AF_INET, SOCK_STREAM) = fd 12", took_ns=6000, **me),
        raw(3900.052, "call", "connect", "client 1", None, "connect(('127.0.0.1', 2346)) = ECONNREFUSED",
            took_ns=52_000, errno="ECONNREFUSED", why=refused, peer=["127.0.0.1", 2346], **me),
        raw(3900.090, "note", "explained", "client 1", None, "nobody listens on 127.0.0.1:2346"),
        raw(4100.100, "call", "connect", "client 2", "4", "connect(('::1', 2345, 0, 0)) = 0", took_ns=33_000,
            local=["::1", 40112], peer=["::1", 2345], end="client", thread="client-2:40112", fd=13),
        raw(4100.230, "call", "send", "client 2", "4", "send(b'hello\\n') = 6", "out", 0, b"hello\n", took_ns=9_000,
            end="client", thread="client-2:40112", fd=13),
        raw(4100.430, "call", "recv", "client 2", "4", "recv(4096) = ECONNRESET", "in", took_ns=120_000_000,
            blocked_ns=119_000_000, errno="ECONNRESET", why="The other end sent RST: it gave the connection up.",
            end="client", thread="client-2:40112", fd=13),
    ]  # fmt: skip


def datagrams() -> list[Raw]:
    """Three datagrams over UDP, of which one gets no answer."""
    events = []
    for number, word in enumerate((b"one", b"two", b"three")):
        at = 5000 + number * 40.0
        here: dict[str, Any] = {"end": "client", "thread": "client-5:40001", "fd": 15, "local": ["127.0.0.1", 40001],
                                "peer": ["127.0.0.1", 11111]}  # fmt: skip
        there: dict[str, Any] = {"end": "server", "thread": "echo:11111", "fd": 16}
        text = f"sendto({word!r}, ('127.0.0.1', 11111)) = {len(word)}"
        events.append(raw(at, "call", "sendto", "client 5", "5", text, "out", None, word, took_ns=8000, **here))
        if number == 1:
            continue
        events += [
            raw(at + 0.12, "call", "recvfrom", "echo:11111", "5", f"recvfrom(4096) from 127.0.0.1:40001 = {len(word)}",
                "in", None, word, took_ns=39_000_000, blocked_ns=39_000_000, asked=4096, **there),
            raw(at + 0.13, "message", "datagram", "echo:11111", "5", word.decode(), "in", None, word, end="server"),
            raw(at + 0.22, "call", "sendto", "echo:11111", "5", f"sendto({word!r}, ('127.0.0.1', 40001)) = {len(word)}",
                "out", None, word, took_ns=7000, **there),
            raw(at + 0.41, "call", "recvfrom", "client 5", "5", f"recvfrom(4096) from 127.0.0.1:11111 = {len(word)}",
                "in", None, word, took_ns=300_000, asked=4096, **here),
        ]  # fmt: skip
    return events
