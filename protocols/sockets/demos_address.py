"""Experiments with addresses, kinds of sockets and flags: who may bind what, and who gets it.

Each runs on loopback within seconds. It must not know who shows the findings.
"""

from __future__ import annotations

import contextlib
import os
import socket
import tempfile

from protocols.numbers import grouped
from protocols.record import polling
from protocols.record.explain import symbol_of
from protocols.record.recorder import Recorder
from protocols.record.traced import TracedSocket, traced_pair, traced_socket
from protocols.sockets.demo import Finding
from protocols.sockets.pairs import LOOPBACK, listener, tcp_pair, udp_socket, wait_for


def ephemeral_ports(recorder: Recorder) -> list[Finding]:
    """Port 0, three times: the system chooses."""
    with contextlib.ExitStack() as stack:
        ports = []
        for _ in range(3):
            sock = stack.enter_context(traced_socket(recorder, "demo ephemeral"))
            sock.bind((LOOPBACK, 0))
            ports.append(int(sock.getsockname()[1]))
    low, high = ephemeral_range()
    return [
        Finding("ports", f"ports {', '.join(map(str, ports))}", ports),
        Finding("range", f"this system gives out {low} to {high}", [low, high]),
    ]


def ephemeral_range() -> tuple[int, int]:
    """The ports that the system gives out of itself (net.ipv4.ip_local_port_range)."""
    try:
        with open("/proc/sys/net/ipv4/ip_local_port_range", encoding="ascii") as file:
            low, high = file.read().split()
            return int(low), int(high)
    except (OSError, ValueError):
        return 49152, 65535  # RFC 6335 section 6


def time_wait(recorder: Recorder) -> list[Finding]:
    """The server closes first and starts again: address in use, unless it sets SO_REUSEADDR each time."""
    outcomes = []
    for reuse in (False, True):
        with listener(recorder, "demo time-wait", reuse=reuse) as waiting:
            address = waiting.getsockname()
            with traced_socket(recorder, "demo time-wait client") as client:
                client.connect(address)
                server, _ = waiting.accept()
                server.close()  # who closes first waits in TIME_WAIT
                client.recv(1)
        with traced_socket(recorder, "demo time-wait again") as again:
            if reuse:
                again.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            outcomes.append(_bound(again, address))
    return [
        Finding("without", f"without SO_REUSEADDR: {outcomes[0] or 'bound'}", outcomes[0]),
        Finding("with", f"with SO_REUSEADDR, then and now: {outcomes[1] or 'bound'}", outcomes[1]),
    ]


def two_listeners(recorder: Recorder) -> list[Finding]:
    """A second TCP server on the port of one that listens: no, with SO_REUSEADDR too; UDP beside it: yes."""
    with listener(recorder, "demo two-listeners") as first:
        address = first.getsockname()
        with traced_socket(recorder, "demo two-listeners again") as second:
            second.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            tcp = _bound(second, address)
        with traced_socket(recorder, "demo two-listeners udp", type=socket.SOCK_DGRAM) as other:
            udp = _bound(other, address)
    return [
        Finding("tcp", f"TCP again: {tcp or 'bound'}", tcp),
        Finding("udp", f"UDP with the same number: {udp or 'bound'}; the port spaces are separate", udp),
    ]


def _bound(sock: TracedSocket, address: object) -> str:
    try:
        sock.bind(address)
    except OSError as error:
        return symbol_of(error)
    return ""


def two_udp_servers(recorder: Recorder) -> list[Finding]:
    """Two UDP servers on one port, SO_REUSEADDR on both: who gets the datagrams?"""
    with udp_socket(recorder, "demo two-udp alone") as alone, traced_socket(
        recorder, "demo two-udp second", type=socket.SOCK_DGRAM
    ) as second:
        plain = _bound(second, alone.getsockname())
    with udp_socket(recorder, "demo two-udp first", reuse=True) as first:
        port = first.getsockname()[1]
        with udp_socket(recorder, "demo two-udp last", port=port, reuse=True) as last, udp_socket(
            recorder, "demo two-udp client"
        ) as client:
            for number in range(5):
                client.sendto(b"%d" % number, (LOOPBACK, port))
            counts = [_count(first), _count(last)]
    return [
        Finding("plain", f"without the option: {plain}", plain),
        Finding("counts", f"with it: the first got {counts[0]}, the one bound last got {counts[1]}", counts),
    ]


def _count(sock: TracedSocket) -> int:
    count = 0
    while wait_for(sock, polling.POLLIN, 0.05):
        sock.recvfrom(100)
        count += 1
    return count


def dual_stack(recorder: Recorder) -> list[Finding]:
    """An IPv6 server with V6ONLY off takes an IPv4 client, whose address looks like ::ffff:127.0.0.1."""
    if not socket.has_ipv6:
        return [Finding("available", "this Python has no IPv6", False)]
    findings = [Finding("available", "IPv6 is there", True)]
    for only in (0, 1):
        with traced_socket(recorder, f"demo dual-stack v6only={only}", socket.AF_INET6) as server:
            server.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, only)
            server.bind(("::", 0))
            server.listen(2)
            port = server.getsockname()[1]
            seen = [_caller(recorder, server, family, (host, port)) for family, host in
                    ((socket.AF_INET, LOOPBACK), (socket.AF_INET6, "::1"))]  # fmt: skip
        name = "v6only" if only else "dual"
        findings.append(Finding(name, f"{name}: an IPv4 client is {seen[0]}, an IPv6 client {seen[1]}", seen))
    return findings


def _caller(recorder: Recorder, server: TracedSocket, family: int, address: tuple[str, int]) -> str:
    with traced_socket(recorder, "demo dual-stack client", family) as client:
        try:
            client.connect(address)
        except OSError as error:
            return symbol_of(error)
        conn, peer = server.accept()
        conn.close()
        return str(peer[0])


def three_messages(recorder: Recorder) -> list[Finding]:
    """Three messages over TCP and over UDP: a run of bytes, and three packets."""
    with tcp_pair(recorder, "demo three tcp") as (client, server):
        for word in (b"one", b"two", b"three"):
            client.sendall(word)
        client.shutdown(socket.SHUT_WR)
        chunks = []
        while data := server.recv(100):
            chunks.append(data)
    with udp_socket(recorder, "demo three udp server") as receiver, udp_socket(recorder, "demo three udp") as sender:
        for word in (b"one", b"two", b"three"):
            sender.sendto(word, receiver.getsockname())
        datagrams = [receiver.recvfrom(100)[0] for _ in range(3)]
    return [
        Finding("tcp", f"TCP: {len(chunks)} recv, {b''.join(chunks)!r}", [chunk.decode() for chunk in chunks]),
        Finding("udp", f"UDP: {len(datagrams)} datagrams, {datagrams!r}", [data.decode() for data in datagrams]),
    ]


def cut_datagram(recorder: Recorder) -> list[Finding]:
    """A datagram of 3,000 bytes and recvfrom(1024): the rest is gone."""
    with udp_socket(recorder, "demo cut receiver") as receiver, udp_socket(recorder, "demo cut sender") as sender:
        sender.sendto(bytes(3000), receiver.getsockname())
        sender.sendto(b"next", receiver.getsockname())
        first, second = (receiver.recvfrom(1024)[0] for _ in range(2))
    return [
        Finding("first", f"recvfrom(1024) gave {grouped(len(first))} of 3\u202f000 bytes", len(first)),
        Finding("second", f"the next call gave {second!r}: nothing of the rest", second.decode()),
    ]


def broadcast(recorder: Recorder) -> list[Finding]:
    """Broadcast on loopback: two receivers on one port each get a copy."""
    with udp_socket(recorder, "demo broadcast a", "", reuse=True) as first:
        port = first.getsockname()[1]
        with udp_socket(recorder, "demo broadcast b", "", port, reuse=True) as second, traced_socket(
            recorder, "demo broadcast sender", type=socket.SOCK_DGRAM
        ) as sender:
            address = ("127.255.255.255", port)
            try:
                sender.sendto(b"everybody", address)
                denied = ""
            except OSError as error:
                denied = symbol_of(error)
            sender.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
            sender.sendto(b"everybody", address)
            counts = [_count(first), _count(second)]
    return [
        Finding("denied", f"without SO_BROADCAST: {denied}", denied),
        Finding("counts", f"with it: {counts[0]} and {counts[1]} copies arrived", counts),
    ]


def record_kinds(recorder: Recorder) -> list[Finding]:
    """Seqpacket over UNIX: a connection that keeps records apart."""
    if not hasattr(socket, "SOCK_SEQPACKET") or not hasattr(socket, "AF_UNIX"):
        return [Finding("available", "this system has no sequenced packets", False)]
    with tempfile.TemporaryDirectory(prefix="netlab-") as folder:
        path = os.path.join(folder, "records.sock")
        kind = socket.SOCK_SEQPACKET
        with traced_socket(recorder, "demo seqpacket server", socket.AF_UNIX, kind) as server, traced_socket(
            recorder, "demo seqpacket client", socket.AF_UNIX, kind
        ) as client:
            server.bind(path)
            server.listen(1)
            client.connect(path)
            conn, _ = server.accept()
            with conn:
                client.send(b"one")
                client.send(b"two")
                client.send(b"a longer one")
                records = [conn.recv(100), conn.recv(100), conn.recv(4)]
                client.close()
                end = conn.recv(100)
    return [
        Finding("available", "sequenced packets are there", True),
        Finding("records", f"recv gave {records!r}: one record each, the last one cut to 4",
                [record.decode() for record in records]),
        Finding("end", f"the peer's end is {end!r}; the rest of the cut record is lost", end.decode()),
    ]  # fmt: skip


def socket_pair(recorder: Recorder) -> list[Finding]:
    """socketpair: two joined sockets, no address at all."""
    left, right = traced_pair(recorder, "demo socket-pair")
    with left, right:
        left.sendall(b"x")
        there = right.recv(1)
        right.sendall(b"y")
        back = left.recv(1)
        family = left.family.name
    return [
        Finding("there", f"{there!r} crossed one way", there.decode()),
        Finding("back", f"{back!r} the other", back.decode()),
        Finding("family", f"they are {family} sockets", family),
    ]


def receive_flags(recorder: Recorder) -> list[Finding]:
    """MSG_PEEK, MSG_WAITALL, MSG_DONTWAIT, MSG_OOB: four ways to receive."""
    with tcp_pair(recorder, "demo flags") as (client, server):
        client.settimeout(None)
        server.settimeout(None)
        try:
            server.recv(10, polling.DONTWAIT)
            empty = ""
        except BlockingIOError as error:
            empty = symbol_of(error)
        client.sendall(b"abcdef")
        wait_for(server, polling.POLLIN)
        peeked = server.recv(3, socket.MSG_PEEK)
        read = server.recv(3)
        client.sendall(b"ghi")
        whole = server.recv(6, socket.MSG_WAITALL)
        client.send(b"!", socket.MSG_OOB)
        wait_for(server, polling.POLLPRI)
        urgent = server.recv(1, socket.MSG_OOB)
    return [
        Finding("empty", f"MSG_DONTWAIT with nothing there: {empty}", empty),
        Finding("peeked", f"MSG_PEEK saw {peeked!r}, and recv then read {read!r}", peeked == read),
        Finding("whole", f"MSG_WAITALL waited for all of {whole!r}", whole.decode()),
        Finding("urgent", f"MSG_OOB read {urgent!r} past the stream", urgent.decode()),
    ]


def kinds(recorder: Recorder) -> list[Finding]:
    """Every family with every type: which sockets can be made?"""
    made = []
    for family, kind in (("AF_INET", "SOCK_STREAM"), ("AF_INET", "SOCK_DGRAM"), ("AF_INET6", "SOCK_STREAM"),
                         ("AF_INET6", "SOCK_DGRAM"), ("AF_UNIX", "SOCK_STREAM"), ("AF_UNIX", "SOCK_DGRAM"),
                         ("AF_UNIX", "SOCK_SEQPACKET"), ("AF_INET", "SOCK_SEQPACKET")):  # fmt: skip
        if not hasattr(socket, family) or not hasattr(socket, kind):
            made.append((family, kind, "not on this system"))
            continue
        try:
            with traced_socket(recorder, "demo kinds", int(getattr(socket, family)), int(getattr(socket, kind))):
                made.append((family, kind, ""))
        except OSError as error:
            made.append((family, kind, symbol_of(error)))
    return [Finding(f"{family} {kind}", f"{family} {kind}: {why or 'made'}", why) for family, kind, why in made]
