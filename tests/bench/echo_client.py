"""The load of the echo benches, in a process of its own: N connections, each keeps one message in flight.

`python -m tests.bench.echo_client HOST PORT CONNECTIONS SECONDS SIZE` prints echoes per second.
"""

from __future__ import annotations

import select
import socket
import sys
import time


def run(host: str, port: int, count: int, seconds: float, size: int) -> float:
    """Echoes per second over all connections."""
    payload = b"x" * size
    socks = [socket.create_connection((host, port), 10) for _ in range(count)]
    epoll = select.epoll()
    receive, send = {}, {}
    for sock in socks:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.setblocking(False)
        epoll.register(sock.fileno(), select.EPOLLIN)
        receive[sock.fileno()], send[sock.fileno()] = sock.recv, sock.send
    for sock in socks:
        sock.send(payload)
    done, missing = 0, dict.fromkeys(receive, size)
    began = time.perf_counter()
    end = began + seconds
    while time.perf_counter() < end:
        for fd, _ in epoll.poll(1.0):
            got = len(receive[fd](65536))
            if not got:
                raise ConnectionError("the server closed a connection")
            missing[fd] -= got
            if missing[fd] <= 0:
                missing[fd] += size
                done += 1
                send[fd](payload)
    took = time.perf_counter() - began
    for sock in socks:
        sock.close()
    return done / took


if __name__ == "__main__":
    host, port, count, seconds, size = sys.argv[1:6]
    print(run(host, int(port), int(count), float(seconds), int(size)))
