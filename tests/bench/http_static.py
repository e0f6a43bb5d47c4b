"""The static web server side by side with others: requests a second, slow clients, a gigabyte with flat memory.

`python -m tests.bench.http_static [--seconds S] [--rounds N] [--models a,b] [--only keepalive,slow,big]`. Servers and
load run in processes of their own; rounds are interleaved, a ratio is the median of the rounds' ratios. http.server
speaks HTTP/1.1; "buffered" is the same with its writes collected, which spares it the wait for delayed ACKs.
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import http.server
import os
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil

PAGE = 1024
SLOW = 1000


# Servers, each in a process of its own: its port is its first line


class _Plain(http.server.SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        pass


class _Buffered(_Plain):
    wbufsize = -1


class _Server(http.server.ThreadingHTTPServer):
    request_queue_size = 1024


def library(root: str, buffered: bool) -> None:
    """Python's own."""
    kind = _Buffered if buffered else _Plain
    with _Server(("127.0.0.1", 0), functools.partial(kind, directory=root)) as server:
        print(server.server_address[1], flush=True)
        server.serve_forever()


def lab(root: str, model: str, traced: bool) -> None:
    """The lab's, with a consumer that takes all events, as the window has one."""
    from netlab_gui import pace
    from protocols.concurrency.contract import HandlerSpec, Listen
    from protocols.concurrency.server import make_server
    from protocols.record.recorder import Recorder

    recorder = Recorder()
    recorder.enabled = traced
    tail = recorder.tail()
    spec = HandlerSpec("protocols.http.server.folder:make_folder", {"root": root})
    server = make_server(recorder, spec, Listen(backlog=2048), name="web", model=model, recv_size=64 << 10)
    server.start()
    pace.settle()
    print(server.facts().ports[0], flush=True)
    while not server.join(0.03):
        tail.take_items()


@contextlib.contextmanager
def serving(*arguments: str) -> Iterator[tuple[int, int]]:
    """A server of this module in a process; its port and process id."""
    command = [sys.executable, "-m", "tests.bench.http_static", "--serve", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield int(process.stdout.readline()), process.pid
        finally:
            process.kill()


@contextlib.contextmanager
def nginx(root: str) -> Iterator[tuple[int, int]]:
    """One worker of nginx, without a log."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder, "nginx.conf")
        names = ("proxy", "fastcgi", "uwsgi", "scgi", "client_body")
        paths = "".join(f"{name}_temp_path {folder}/{name};" for name in names)
        place.write_text(f"daemon off; worker_processes 1; pid {folder}/pid; error_log stderr crit;"
                         f"events {{}} http {{ access_log off; {paths} keepalive_requests 1000000000;"
                         f"server {{ listen 127.0.0.1:{port}; root {root}; }} }}")  # fmt: skip
        os.chmod(folder, 0o755)
        with subprocess.Popen(["nginx", "-c", str(place), "-p", folder], stderr=subprocess.DEVNULL) as process:
            try:
                deadline = time.monotonic() + 10
                while time.monotonic() < deadline:
                    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                        break
                yield port, process.pid
            finally:
                process.terminate()


# Loads


def requests_a_second(port: int, seconds: float) -> float:
    """wrk, one thread, 50 connections kept alive."""
    command = ["wrk", "-t1", "-c50", f"-d{seconds:g}s", f"http://127.0.0.1:{port}/page.html"]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    if "Non-2xx" in told:
        raise SystemExit(f"wrk saw errors: {told}")
    found = re.search(r"Requests/sec:\s+([\d.]+)", told)
    return float(found.group(1)) if found else 0.0


def keep_alive(root: str, seconds: float, rounds: int, models: list[str]) -> None:
    """Requests a second, side by side."""
    kinds = {"http.server": ("library", root), "http.server buffered": ("buffered", root)}
    for model in models:
        kinds[f"{model}, recording off"] = ("lab", root, model, "off")
        kinds[f"{model}, recording on"] = ("lab", root, model, "on")
    rates: dict[str, list[float]] = {name: [] for name in [*kinds, "nginx, 1 worker"]}
    for _ in range(rounds):
        for name, arguments in kinds.items():
            with serving(*arguments) as (port, _pid):
                rates[name].append(requests_a_second(port, seconds))
        with nginx(root) as (port, _pid):
            rates["nginx, 1 worker"].append(requests_a_second(port, seconds))
    print(f"\n50 connections kept alive, {PAGE} bytes a page")
    print(f"{'':28}{'requests/s':>12}{'x http.server':>15}{'x buffered':>12}")
    for name, found in rates.items():
        ratios = [
            statistics.median(one / max(base, 1) for one, base in zip(found, rates[reference], strict=True))
            for reference in ("http.server", "http.server buffered")
        ]
        print(f"{name:28}{statistics.median(found):12,.0f}{ratios[0]:15.2f}{ratios[1]:12.2f}")


def slow_clients(root: str, models: list[str]) -> None:
    """1,000 clients send a byte a second, each in its own time or all in the same moment; how long do others wait?"""
    print(f"\n{SLOW} clients that send a byte a second: what others wait, in ms")
    for model in models:
        for together in (False, True):
            with serving("lab", root, model, "off") as (port, _pid), contextlib.ExitStack() as stack:
                slow = [stack.enter_context(socket.create_connection(("127.0.0.1", port), 10)) for _ in range(SLOW)]
                _wait(port)  # whoever comes now waits until all the slow ones are accepted
                waits = sorted(_waits(port, slow, together=together))
            name = f"{model}, {'all at once' if together else 'each in its time'}"
            print(f"{name:28}median {statistics.median(waits):7.1f}   99 % {waits[int(len(waits) * 0.99)]:7.1f}"
                  f"   worst {waits[-1]:7.1f}   ({len(waits)} requests)")  # fmt: skip


def _waits(port: int, slow: list[socket.socket], *, together: bool) -> Iterator[float]:
    """The milliseconds that one request after the other takes, for five seconds of the slow ones."""
    for second in range(5):
        begin, sent = time.monotonic(), 0
        while (now := time.monotonic()) < begin + 1 or sent < len(slow):
            due = len(slow) if together else min(len(slow), int((now - begin) * len(slow)) + 1)
            for client in slow[sent:due]:
                client.send(b"GET /page.html HTTP/1.1\r\n"[second : second + 1])
            sent = due
            yield _wait(port)


def _wait(port: int) -> float:
    """The milliseconds that one request takes, its connection included."""
    began = time.monotonic()
    with socket.create_connection(("127.0.0.1", port), 10) as other:
        other.sendall(b"GET /page.html HTTP/1.0\r\n\r\n")
        while other.recv(65536):
            pass
    return (time.monotonic() - began) * 1000


def big_body(root: str, models: list[str]) -> None:
    """1 GB by curl; the rate, and how much memory the server had at most."""
    with open(os.path.join(root, "big.bin"), "wb") as file:
        file.truncate(1 << 30)
    print(f"\n1 GB to curl\n{'':28}{'MB/s':>8}{'memory before':>16}{'at most':>10}")
    kinds = {"http.server": ("library", root)} | {f"{model}, recording {on}": ("lab", root, model, on)
                                                  for model in models for on in ("off", "on")}  # fmt: skip
    for name, arguments in kinds.items():
        with serving(*arguments) as place:
            _one_big(name, *place)
    with nginx(root) as place:
        _one_big("nginx, 1 worker", *place)


def _one_big(name: str, port: int, pid: int) -> None:
    process = psutil.Process(pid)
    before = most = process.memory_info().rss
    command = ["curl", "-s", "-o", os.devnull, "-w", "%{speed_download} %{size_download}", f"http://127.0.0.1:{port}/big.bin"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as curl:
        while curl.poll() is None:
            most = max(most, process.memory_info().rss)
            time.sleep(0.02)
        assert curl.stdout is not None
        speed, size = curl.stdout.read().split()
    if int(size) != 1 << 30:
        raise SystemExit(f"{name}: {size} bytes came")
    print(f"{name:28}{float(speed) / 1e6:8,.0f}{before / 1e6:13,.0f} MB{most / 1e6:7,.0f} MB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--models", default="selectors,epoll,threads,asyncio")
    parser.add_argument("--only", default="keepalive,slow,big")
    parser.add_argument("--serve", nargs="+", default=None, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.serve:
        kind, root, *more = asked.serve
        return lab(root, more[0], more[1] == "on") if kind == "lab" else library(root, kind == "buffered")
    models, only = asked.models.split(","), asked.only.split(",")
    with tempfile.TemporaryDirectory() as root:
        os.chmod(root, 0o755)
        Path(root, "page.html").write_bytes(b"x" * PAGE)
        if "keepalive" in only:
            keep_alive(root, asked.seconds, asked.rounds, models)
        if "slow" in only:
            slow_clients(root, models)
        if "big" in only:
            big_body(root, models)
    return None


if __name__ == "__main__":
    main()
