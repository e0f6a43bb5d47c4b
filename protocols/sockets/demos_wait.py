"""Experiments with waiting: time-outs, non-blocking calls, polling, full queues, readiness.

Each runs on loopback within seconds. It must not know who shows the findings.
"""

from __future__ import annotations

import contextlib
import errno
import select
import socket
import threading

from protocols.connecting import backoff
from protocols.numbers import grouped
from protocols.record import polling as polls
from protocols.record.event import monotonic_ns
from protocols.record.explain import symbol_of
from protocols.record.recorder import Recorder
from protocols.record.traced import traced_socket
from protocols.sockets.demo import Finding
from protocols.sockets.pairs import LOOPBACK, listener, tcp_pair, wait_for


def timeout(recorder: Recorder) -> list[Finding]:
    """settimeout(0.2), and a peer that says nothing."""
    with tcp_pair(recorder, "demo timeout") as (client, server):
        client.settimeout(0.2)
        started = monotonic_ns()
        try:
            client.recv(100)
            name = ""
        except TimeoutError as error:
            name = type(error).__name__
        took_s = (monotonic_ns() - started) / 1e9
        server.sendall(b"late")
        late = client.recv(100)
    return [
        Finding("error", f"recv raised {name} after {took_s:.2f} s", name),
        Finding("seconds", f"the time-out was 0.2 s, it took {took_s:.2f} s", took_s),
        Finding("late", f"the connection still stands: {late!r} came afterwards", late.decode()),
    ]


def non_blocking(recorder: Recorder) -> list[Finding]:
    """setblocking(False): would block, then data; and connect under way."""
    with tcp_pair(recorder, "demo non-blocking") as (client, server):
        client.setblocking(False)
        try:
            client.recv(100)
            before = ""
        except BlockingIOError as error:
            before = symbol_of(error)
        server.sendall(b"now")
        wait_for(client, polls.POLLIN)
        data = client.recv(100)
    with listener(recorder, "demo non-blocking") as waiting, traced_socket(recorder, "demo non-blocking") as second:
        second.setblocking(False)
        under_way = second.connect_ex(waiting.getsockname())
        wait_for(second, polls.POLLOUT)
        result = second.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    symbol = errno.errorcode.get(under_way, "0")
    return [
        Finding("before", f"recv with nothing there: {before}", before),
        Finding("data", f"after the peer sent: {data!r}", data.decode()),
        Finding("connect", f"connect gave {symbol}: it was under way", symbol),
        Finding("error", f"writable, and SO_ERROR {result}: the connection stands", result),
    ]


def polling(recorder: Recorder) -> list[Finding]:
    """Ask every 10 ms: how often in vain?"""
    with tcp_pair(recorder, "demo polling") as (client, server):
        client.setblocking(False)
        timer = threading.Timer(0.1, server.sendall, (b"at last",))
        timer.start()
        empty, data = 0, b""
        deadline = monotonic_ns() + 3_000_000_000
        while not data and monotonic_ns() < deadline:
            try:
                data = client.recv(100)
            except BlockingIOError:
                empty += 1
                threading.Event().wait(0.01)
        timer.join()
    return [
        Finding("empty", f"{empty} polls in vain, each a call into the kernel", empty),
        Finding("data", f"then {data!r}", data.decode()),
    ]


def full_queue(recorder: Recorder, clients: int = 10) -> list[Finding]:
    """listen(5), no accept, 10 clients: who gets in?"""
    connected, waiting_for = 0, 0.0
    errors: list[str] = []
    with listener(recorder, "demo full-queue", 5) as waiting, contextlib.ExitStack() as stack:
        for number in range(1, clients + 1):
            sock = stack.enter_context(traced_socket(recorder, f"demo full-queue client {number}"))
            sock.settimeout(0.15)
            started = monotonic_ns()
            try:
                sock.connect(waiting.getsockname())
                connected += 1
            except OSError as error:
                errors.append(symbol_of(error))
                waiting_for += (monotonic_ns() - started) / 1e9
    return [
        Finding("connected", f"{connected} connected: the backlog and one more, and nobody called accept", connected),
        Finding("errors", f"{len(errors)} did not: {', '.join(sorted(set(errors)))}, not refused (Linux)", errors),
        Finding("somaxconn", f"the kernel allows a backlog of up to {grouped(somaxconn())}", somaxconn()),
    ]


def somaxconn() -> int:
    """The longest backlog that the kernel grants (net.core.somaxconn)."""
    try:
        with open("/proc/sys/net/core/somaxconn", encoding="ascii") as file:
            return int(file.read())
    except (OSError, ValueError):
        return socket.SOMAXCONN


def connect_repeats(recorder: Recorder) -> list[Finding]:
    """Connect to a full queue with TCP_SYNCNT 1: the kernel repeats its SYN, with growing gaps."""
    with listener(recorder, "demo syn-repeats", 0) as waiting, contextlib.ExitStack() as stack:
        for number in range(2):
            filler = stack.enter_context(traced_socket(recorder, f"demo syn-repeats filler {number + 1}"))
            filler.setblocking(False)
            filler.connect_ex(waiting.getsockname())
        sock = stack.enter_context(traced_socket(recorder, "demo syn-repeats client"))
        number_of = getattr(socket, "TCP_SYNCNT", None)
        if number_of is not None:
            sock.setsockopt(socket.IPPROTO_TCP, number_of, 1)
        sock.settimeout(6)
        started = monotonic_ns()
        try:
            sock.connect(waiting.getsockname())
            name = ""
        except OSError as error:
            name = symbol_of(error)
        took_s = (monotonic_ns() - started) / 1e9
    return [
        Finding("error", f"connect gave up with {name or 'no error'}", name),
        Finding("seconds", f"after {took_s:.1f} s: one SYN, one repeat after 1 s, and 2 s more of waiting", took_s),
        Finding("usual", "with the usual 6 repeats it would have been 127 s: 1+2+4+8+16+32+64", 127),
    ]


def connect_retry(recorder: Recorder) -> list[Finding]:
    """No server yet: try again, with growing pauses, until it is there."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((LOOPBACK, 0))
        address = probe.getsockname()
    attempts, pauses = 0, []
    with contextlib.ExitStack() as stack:
        for pause in [*backoff(5, first_s=0.05, seed=1), 0.0]:
            attempts += 1
            sock = stack.enter_context(traced_socket(recorder, "demo connect-retry client"))
            if sock.connect_ex(address) == 0:
                break
            pauses.append(round(pause, 3))
            threading.Event().wait(pause)
            if attempts == 3:
                server = stack.enter_context(traced_socket(recorder, "demo connect-retry server"))
                server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                server.bind(address)
                server.listen(1)
    return [
        Finding("attempts", f"attempt {attempts} found the server", attempts),
        Finding("pauses", f"pauses between: {', '.join(f'{pause:.2f} s' for pause in pauses)}", pauses),
        Finding("growing", "each about twice the last one", pauses == sorted(pauses)),
    ]


def default_timeout(recorder: Recorder) -> list[Finding]:
    """A default time-out applies to sockets made afterwards, and only to those."""
    before = socket.getdefaulttimeout()
    with traced_socket(recorder, "demo default-timeout") as old:
        try:
            socket.setdefaulttimeout(1.5)
            with traced_socket(recorder, "demo default-timeout") as new:
                values = (old.gettimeout(), new.gettimeout())
        finally:
            socket.setdefaulttimeout(before)
    return [
        Finding("old", f"the socket made before: {values[0]}", values[0]),
        Finding("new", f"the socket made after: {values[1]}", values[1]),
        Finding("restored", f"restored to {socket.getdefaulttimeout()}", socket.getdefaulttimeout() == before),
    ]


def edge_or_level(recorder: Recorder) -> list[Finding]:
    """10 bytes arrive, one is read at each wake: level triggered keeps waking, edge triggered does not."""
    if not hasattr(select, "epoll"):
        return [Finding("available", "epoll exists on Linux only", False)]
    findings = [Finding("available", "epoll is there", True)]
    for name, flag in (("level", 0), ("edge", select.EPOLLET)):
        with tcp_pair(recorder, f"demo epoll {name}") as (client, server), select.epoll() as poller:
            server.setblocking(False)
            poller.register(server.fileno(), select.EPOLLIN | flag)
            client.sendall(b"0123456789")
            wakes = got = 0
            while got < 10 and poller.poll(0.1):
                wakes += 1
                got += len(server.recv(1))
        findings.append(Finding(name, f"{name} triggered: {wakes} wakes, {got} of 10 bytes read", wakes))
    return findings


def unregistered(recorder: Recorder) -> list[Finding]:
    """A descriptor taken out of the poller is silent, whatever arrives."""
    with tcp_pair(recorder, "demo unregister") as (client, server):
        poller = polls.poll()
        poller.register(server, polls.POLLIN)
        client.sendall(b"x")
        with_it = len(poller.poll(1000))
        poller.unregister(server)
        without = len(poller.poll(50))
    return [
        Finding("registered", f"registered: {with_it} descriptor is ready", with_it),
        Finding("unregistered", f"unregistered: {without} are ready, though the byte still waits", without),
    ]
