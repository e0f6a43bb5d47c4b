"""Echo servers side by side: a bare selectors loop, socat, and the lab's models with tracing off and on.

`python -m tests.bench.echo_models [--seconds S] [--rounds N] [--connections N] [--models a,b]`. Server and load run
in processes of their own. Rounds are interleaved; a ratio is the median of the rounds' ratios to the bare loop.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import selectors
import shutil
import socket
import statistics
import subprocess
import sys
from collections.abc import Iterator

MODELS = ("selectors", "epoll", "poll", "select", "asyncio", "threads")
CLIENT = "tests.bench.echo_client"


def bare() -> None:
    """The loop that the models are compared with: the least that echoes with `selectors`."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
    listener.setblocking(False)
    selector = selectors.DefaultSelector()
    selector.register(listener, selectors.EVENT_READ)
    print(listener.getsockname()[1], flush=True)
    while True:
        for key, _ in selector.select():
            sock = key.fileobj
            if sock is listener:
                child, _ = listener.accept()
                child.setblocking(False)
                selector.register(child, selectors.EVENT_READ)
                continue
            try:
                data = sock.recv(4096)  # type: ignore[union-attr]
            except ConnectionResetError:  # how the load ends
                data = b""
            if data:
                sock.send(data)  # type: ignore[union-attr]
            else:
                selector.unregister(sock)
                sock.close()  # type: ignore[union-attr]


def model(name: str, traced: bool) -> None:
    """One of the lab's models. Traced means a Recorder with a consumer that takes all, as the window has one."""
    from netlab_gui import pace
    from protocols.concurrency.contract import HandlerSpec, Listen
    from protocols.concurrency.server import make_server
    from protocols.record.recorder import Recorder

    recorder = Recorder()
    recorder.enabled = traced
    tail = recorder.tail()
    spec = HandlerSpec("tests.protocols.concurrency.handlers:echo")
    server = make_server(recorder, spec, Listen(backlog=1024), name="echo", model=name)
    server.start()
    pace.settle()  # as the application does
    print(server.facts().ports[0], flush=True)
    while not server.join(0.03):  # the window's timer
        tail.take()


@contextlib.contextmanager
def serving(arguments: list[str]) -> Iterator[int]:
    """A server in a process of its own; its port."""
    process = subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield int(process.stdout.readline())
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


@contextlib.contextmanager
def socat() -> Iterator[int]:
    """socat as an echo server: a forked process per connection that pipes it to itself."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = int(probe.getsockname()[1])
    process = subprocess.Popen(
        ["socat", "-b4096", f"TCP-LISTEN:{port},bind=127.0.0.1,reuseaddr,fork,backlog=1024", "PIPE"],
        stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    try:
        while True:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
        yield port
    finally:
        os.killpg(process.pid, 9)
        process.wait()


def load(port: int, connections: int, seconds: float, size: int) -> float:
    """Echoes per second as the load process counts them."""
    words = [sys.executable, "-m", CLIENT, "127.0.0.1", str(port), str(connections), str(seconds), str(size)]
    done = subprocess.run(words, capture_output=True, text=True, timeout=seconds + 60, check=False)
    if done.returncode:
        print(done.stderr, file=sys.stderr)
        return 0.0
    return float(done.stdout)


def own(*words: str) -> list[str]:
    """This module in another process."""
    return [sys.executable, "-m", "tests.bench.echo_models", *words]


def contestants(models: list[str]) -> dict[str, contextlib.AbstractContextManager[int]]:
    """One round's servers by name, in order."""
    found: dict[str, contextlib.AbstractContextManager[int]] = {"bare selectors": serving(own("--serve", "bare"))}
    if shutil.which("socat"):
        found["socat"] = socat()
    for name in models:
        found[f"{name}, tracing off"] = serving(own("--serve", name))
        found[f"{name}, tracing on"] = serving(own("--serve", name, "--traced"))
    return found


def compare(arguments: argparse.Namespace) -> int:
    """Run the rounds and print the table."""
    rates: dict[str, list[float]] = {}
    for _ in range(arguments.rounds):
        for name, server in contestants(arguments.models.split(",")).items():
            with server as port:
                rate = load(port, arguments.connections, arguments.seconds, arguments.size)
                rates.setdefault(name, []).append(rate)
    base, foreign = rates["bare selectors"], rates.get("socat")
    print(f"{arguments.connections} connections, {arguments.size} bytes, {arguments.rounds} rounds")
    print(f"{'server':28} {'echoes/s':>10} {'to bare':>8} {'to socat':>9}")
    for name, found in rates.items():
        to_bare = statistics.median(a / b for a, b in zip(found, base, strict=True))
        to_socat = statistics.median(a / b for a, b in zip(found, foreign, strict=True)) if foreign else float("nan")
        print(f"{name:28} {statistics.median(found):10.0f} {to_bare:8.2f} {to_socat:9.2f}")
    return 0


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--serve", help=argparse.SUPPRESS)
    parser.add_argument("--traced", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--connections", type=int, default=100)
    parser.add_argument("--size", type=int, default=100)
    parser.add_argument("--models", default=",".join(MODELS))
    arguments = parser.parse_args()
    if arguments.serve == "bare":
        bare()
    elif arguments.serve:
        model(arguments.serve, arguments.traced)
    return 0 if arguments.serve else compare(arguments)


if __name__ == "__main__":
    sys.exit(main())
