"""Stop of 50 running servers with 500 connections: at most 1 s, nothing left.

`python -m tests.bench.stop_all [--servers N] [--connections N] [--rounds N]`.
"""

from __future__ import annotations

import argparse
import os
import socket
import sys
import threading
import time

MODELS = ("threads", "selectors", "epoll", "pool", "asyncio", "iterative", "poll", "select", "socketserver-threading")


def one_round(servers: int, connections: int, forking: int) -> tuple[float, list[str], int, int]:
    """Seconds, the names that did not end, and what is left: threads, descriptors."""
    from protocols.concurrency.contract import HandlerSpec, Listen
    from protocols.concurrency.server import make_server
    from protocols.lab import Lab

    spec = HandlerSpec("tests.protocols.concurrency.handlers:echo")
    threads, descriptors = threading.active_count(), len(os.listdir("/proc/self/fd"))
    lab = Lab()
    tail = lab.recorder.tail()
    addresses = []
    for number in range(servers):
        model = "fork" if number < forking else MODELS[number % len(MODELS)]
        server = make_server(lab.recorder, spec, Listen(), name="echo", model=model)
        lab.start(server)
        addresses.append(server.address)
    clients = [socket.create_connection(addresses[number % servers], 10) for number in range(connections)]
    for client in clients:
        client.sendall(b"x" * 100)
    served = 0
    while served < connections * 0.8:
        served += sum(1 for raw in tail.take() if raw[2] == "reply")
        time.sleep(0.01)
        if served >= connections - servers * 10 and len(tail) == 0:
            break
    began = time.perf_counter()
    left = lab.running.stop_all(10)
    took = time.perf_counter() - began
    lab.close()
    for client in clients:
        client.close()
    return took, left, threading.active_count() - threads, len(os.listdir("/proc/self/fd")) - descriptors


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--servers", type=int, default=50)
    parser.add_argument("--connections", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--forking", type=int, default=5)
    arguments = parser.parse_args()
    print(f"{arguments.servers} servers ({arguments.forking} forking), {arguments.connections} connections")
    print(f"{'seconds':>8} {'not ended':>10} {'threads left':>13} {'descriptors left':>17}")
    worst = 0.0
    for _ in range(arguments.rounds):
        took, left, threads, descriptors = one_round(arguments.servers, arguments.connections, arguments.forking)
        worst = max(worst, took)
        print(f"{took:8.2f} {len(left):10} {threads:13} {descriptors:17}")
    return 0 if worst <= 1.0 else 1


if __name__ == "__main__":
    sys.exit(main())
