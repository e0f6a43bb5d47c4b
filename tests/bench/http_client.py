"""The request builder's engine beside curl and bare pycurl, all against one nginx (or Python's own server).

`python -m tests.bench.http_client [REQUESTS [BODY_MB [ROUNDS]]]`: requests one after the other over one
kept connection, and one large body to disk (0 MB: none). Goals: half of curl's rate in both, with recording
on. On a busy machine the processor's time says more than the clock: the clock counts who else runs.
"""

from __future__ import annotations

import contextlib
import os
import resource
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from itertools import zip_longest
from pathlib import Path
from statistics import median
from typing import Any, Final

import psutil
import pycurl  # type: ignore[import-untyped]

from protocols.http.client.client import HttpClient
from protocols.http.client.run import Run
from protocols.http.request import Limits, Request
from protocols.record import polling
from protocols.record.recorder import Recorder

_CONF = """\
daemon off; master_process off; pid {0}/pid; error_log stderr;
events {{}}
http {{ access_log off; keepalive_requests 10000000; sendfile on;
 client_body_temp_path b; proxy_temp_path p; fastcgi_temp_path f; uwsgi_temp_path u; scgi_temp_path s;
 server {{ listen 127.0.0.1:{1}; root {0}; }} }}
"""


@contextlib.contextmanager
def origin(folder: Path) -> Iterator[str]:
    """A server of this folder in a process of its own; its URL."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    program = shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin")
    if program:
        (folder / "nginx.conf").write_text(_CONF.format(folder, port))
        command = [program, "-p", str(folder), "-c", str(folder / "nginx.conf")]
    else:
        command = [sys.executable, "-m", "http.server", str(port), "--bind", "127.0.0.1", "--directory", str(folder),
                   "--protocol", "HTTP/1.1"]  # fmt: skip
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            for _ in range(500):
                with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                    break
                time.sleep(0.02)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


def by_curl(url: str, count: int) -> None:
    """One curl process with as many URLs."""
    subprocess.run(["curl", "-s", "-o", "/dev/null", f"{url}?[1-{count}]"], check=True)


def _bare(got: list[bytes], *, hooked: bool) -> Any:
    """A handle of pycurl's, with the callbacks that tell what is on the wire or without; they do nothing."""
    curl = pycurl.Curl()
    curl.setopt(pycurl.WRITEFUNCTION, got.append)
    if hooked:
        curl.setopt(pycurl.VERBOSE, 1)
        curl.setopt(pycurl.DEBUGFUNCTION, lambda kind, data: None)
        curl.setopt(pycurl.PREREQFUNCTION, lambda remote, local, remote_port, local_port: 0)
    return curl


def by_pycurl(url: str, count: int, *, hooked: bool = False) -> None:
    """The same with one bare handle, used by perform()."""
    got: list[bytes] = []
    curl = _bare(got, hooked=hooked)
    for number in range(count):
        curl.setopt(pycurl.URL, f"{url}?{number}")
        curl.perform()
        got.clear()
    curl.close()


def by_multi(url: str, count: int) -> None:
    """The same with the callbacks, by a multi handle and poll(): what a client costs that can be cancelled at once."""
    got: list[bytes] = []
    curl, multi, poll = _bare(got, hooked=True), pycurl.CurlMulti(), polling.poll()
    deadline: list[float | None] = [None]
    masks = {pycurl.POLL_IN: polling.POLLIN, pycurl.POLL_OUT: polling.POLLOUT, pycurl.POLL_NONE: 0}

    def interest(what: int, fd: int, _multi: object, _data: object) -> None:
        if what == pycurl.POLL_REMOVE:
            poll.unregister(fd)
        else:
            poll.register(fd, masks.get(what, polling.POLLIN | polling.POLLOUT))

    def timer(timeout_ms: int) -> None:
        deadline[0] = None if timeout_ms < 0 else time.monotonic() + timeout_ms / 1000

    multi.setopt(pycurl.M_SOCKETFUNCTION, interest)
    multi.setopt(pycurl.M_TIMERFUNCTION, timer)
    for number in range(count):
        curl.setopt(pycurl.URL, f"{url}?{number}")
        multi.add_handle(curl)
        multi.socket_action(pycurl.SOCKET_TIMEOUT, 0)
        while not multi.info_read()[1]:
            due = deadline[0]
            for fd, mask in poll.poll(None if due is None else max(0.0, due - time.monotonic()) * 1000):
                multi.socket_action(fd, (1 if mask & polling.POLLIN else 0) | (2 if mask & polling.POLLOUT else 0))
            if due is not None and time.monotonic() >= due:
                deadline[0] = None
                multi.socket_action(pycurl.SOCKET_TIMEOUT, 0)
        multi.remove_handle(curl)
        got.clear()
    curl.close()
    multi.close()


def by_client(url: str, count: int, *, recording: bool) -> None:
    """The same with the lab's client, each request waited for."""
    recorder = Recorder()
    recorder.enabled = recording
    tail = recorder.tail()
    client = HttpClient(recorder)
    client.start()
    for number in range(count):
        run = client.send(Request(url=f"{url}?{number}"))
        run.wait(20)
        if run.status != 200:
            raise AssertionError(run.failure)
        if number % 500 == 0:
            tail.take()
    client.stop(5)


def by_series(url: str, count: int, *, recording: bool) -> None:
    """The same as one series, which the client's own thread drives."""
    recorder = Recorder()
    recorder.enabled = recording
    tail = recorder.tail()
    client = HttpClient(recorder)
    client.start()
    bad: list[object] = []

    def each(run: Run) -> None:
        if run.status != 200:
            bad.append(run.failure)
        if run.number % 500 == 0:
            tail.take()

    series = client.send_series((Request(url=f"{url}?{number}") for number in range(count)), each)
    series.wait(120)
    if bad or series.error or series.count != count:
        raise AssertionError((bad[:1], series.error, series.count))
    client.stop(5)


WAYS: Final[dict[str, Callable[[str, int], None]]] = {
    "curl, one process": by_curl,
    "bare pycurl": by_pycurl,
    "pycurl, callbacks": partial(by_pycurl, hooked=True),
    "pycurl multi, callbacks": by_multi,
    "series, recording": partial(by_series, recording=True),
    "series, not recording": partial(by_series, recording=False),
    "client, recording": partial(by_client, recording=True),
    "client, not recording": partial(by_client, recording=False),
}


def _processor_s() -> float:
    """Seconds of processor that this process and its children that have ended took."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def _measured(way: Callable[[str, int], None], url: str, count: int) -> tuple[float, float]:
    """Microseconds of processor and of the clock for each request."""
    spent, began = _processor_s(), time.perf_counter()
    way(url, count)
    return (_processor_s() - spent) / count * 1e6, (time.perf_counter() - began) / count * 1e6


def sequential(url: str, count: int, rounds: int) -> None:
    """All ways one after the other, `rounds` times; medians."""
    figures: dict[str, list[tuple[float, float]]] = {name: [] for name in WAYS}
    for _ in range(rounds):
        for name, way in WAYS.items():
            figures[name].append(_measured(way, url, count))
    medians = {name: tuple(median(pair) for pair in zip(*got, strict=True)) for name, got in figures.items()}
    curl, bare, floor = (medians[name] for name in ("curl, one process", "bare pycurl", "pycurl multi, callbacks"))
    print(f"{count} requests one after the other, kept alive; medians of {rounds} rounds, us for each request")
    print(f"  {'':<24} processor  clock   curl/this: processor  clock   over bare pycurl  over its floor (processor)")
    for name, (spent, took) in medians.items():
        print(f"  {name:<24} {spent:9.0f} {took:6.0f} {curl[0] / spent:21.2f} {curl[1] / took:6.2f}"
              f" {spent - bare[0]:18.0f} {spent - floor[0]:15.0f}")  # fmt: skip


def large(url: str, folder: Path, size: int) -> None:
    """One body to disk, by curl and by the client; memory beside it."""
    target = folder / "out"
    rates = {}
    for name in ("curl", "client", "curl", "client"):
        with contextlib.suppress(FileNotFoundError):
            target.unlink()
        before = psutil.Process().memory_info().rss
        began = time.perf_counter()
        if name == "curl":
            subprocess.run(["curl", "-s", "-o", str(target), url], check=True)
        else:
            _to_disk(url, target)
        took = time.perf_counter() - began
        grown = psutil.Process().memory_info().rss - before
        assert target.stat().st_size == size
        rates[name] = max(rates.get(name, 0.0), size / took)
        print(f"  {name:<8} {size / took / 1e6:8.0f} MB/s   memory {grown / 1e6:+.0f} MB")
    print(f"  client / curl = {rates['client'] / rates['curl']:.2f} (goal 0.5)")


def _to_disk(url: str, target: Path) -> None:
    recorder = Recorder()
    recorder.tail(bound_bytes=64 << 20)
    client = HttpClient(recorder)
    client.start()
    with open(target, "wb") as file:
        run = client.send(Request(url=url, limits=Limits(timeout_s=None, keep_bytes=1 << 20)), file)
        run.wait(600)
    assert run.state == "done", run.failure
    client.stop(5)


def main() -> None:
    """Print both tables."""
    count, megabytes, rounds = (
        int(given) if given else usual for given, usual in zip_longest(sys.argv[1:4], (2000, 1024, 7))
    )
    size = megabytes << 20
    folder = Path(tempfile.mkdtemp(prefix="netlab-bench-"))
    try:
        (folder / "a.txt").write_bytes(b"x" * 1000)
        with open(folder / "big", "wb") as big:
            os.truncate(big.fileno(), size)
        with origin(folder) as base:
            sequential(base + "/a.txt", count, rounds)
            if size:
                print(f"one body of {size >> 20} MB to disk")
                large(base + "/big", folder, size)
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
