"""10,000 idle connections held by one server, and how soon a new one is served.

`python -m tests.bench.idle_connections [--count N] [--models a,b]`. The clients live in another process.
"""

from __future__ import annotations

import argparse
import contextlib
import resource
import socket
import statistics
import subprocess
import sys
import time

MODELS = ("epoll", "selectors", "poll", "asyncio", "select")
_SPARE = 200
_PORTS_PER_ADDRESS = 5_000


def hold(host: str, port: int, count: int) -> None:
    """The clients' process: connect, say so, and wait for the end of stdin."""
    raise_soft()
    socks = []
    for number in range(count):
        source = f"127.0.{1 + number // _PORTS_PER_ADDRESS}.1"
        socks.append(socket.create_connection((host, port), 30, source_address=(source, 0)))
    print(len(socks), flush=True)
    sys.stdin.read()


def raise_soft() -> int:
    """As many descriptors as the system lets us have."""
    from protocols.service.descriptors import raise_limit

    return raise_limit()[0]


def echo_ms(address: tuple[str, int]) -> float:
    """Milliseconds from connect() to the first echoed byte, on a new connection."""
    began = time.perf_counter()
    with socket.create_connection(address, 30) as client:
        client.sendall(b"x")
        if client.recv(1) != b"x":
            raise ConnectionError("not served")
    return (time.perf_counter() - began) * 1000


def measure(model: str, count: int) -> tuple[int, float, float, float, float]:
    """Connections held; median and worst milliseconds of a new one; milliseconds of the table and of the stop."""
    from protocols.concurrency.contract import HandlerSpec, Listen
    from protocols.concurrency.server import make_server
    from protocols.lab import Lab

    with Lab() as lab:
        tail = lab.recorder.tail()
        spec = HandlerSpec("tests.protocols.concurrency.handlers:echo")
        server = make_server(lab.recorder, spec, Listen(backlog=4096), name="echo", model=model)
        lab.start(server)
        words = [sys.executable, "-m", "tests.bench.idle_connections", "--hold", str(server.facts().ports[0])]
        words += ["--count", str(count)]
        with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as clients:
            assert clients.stdout is not None
            clients.stdout.readline()
            while model != "select" and server.facts().connections < count and clients.poll() is None:
                time.sleep(0.01)
            tail.take()
            held = server.facts().connections
            address = ("127.0.0.1", server.facts().ports[0])
            times = []
            with contextlib.suppress(OSError):
                times = [echo_ms(address) for _ in range(50)]
            began = time.perf_counter()
            server.connections()
            table = (time.perf_counter() - began) * 1000
            began = time.perf_counter()
            server.stop(30)
            stop = (time.perf_counter() - began) * 1000
            assert clients.stdin is not None
            clients.stdin.close()
    nan = float("nan")
    return held, statistics.median(times) if times else nan, max(times, default=nan), table, stop


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hold", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--models", default=",".join(MODELS))
    arguments = parser.parse_args()
    if arguments.hold:
        hold("127.0.0.1", arguments.hold, arguments.count)
        return 0
    limit, count = raise_soft(), arguments.count
    if limit < count + _SPARE:
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        print(f"SKIPPED IN PART: {limit} descriptors allowed (hard limit {hard})")
        count = limit - _SPARE
    print(f"{count} clients; ms for a new connection to be served, for the live table, for the stop")
    print(f"{'model':12} {'held':>7} {'median':>8} {'worst':>8} {'table':>8} {'stop':>8}")
    for model in arguments.models.split(","):
        held, median, worst, table, stop = measure(model, count)
        print(f"{model:12} {held:7} {median:8.1f} {worst:8.1f} {table:8.1f} {stop:8.1f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
