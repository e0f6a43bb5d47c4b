"""The request builder's engine beside curl and bare pycurl, all against one nginx (or Python's own server).

`python -m tests.bench.http_client [REQUESTS] [BODY_MB]`: requests one after the other over one kept
connection, and one large body to disk. Goals: half of curl's rate in both, with recording on.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pycurl  # type: ignore[import-untyped]

from protocols.http.client import HttpClient
from protocols.http.request import Limits, Request
from protocols.http.run import Run
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


def by_curl(url: str, count: int) -> float:
    """Requests per second of one curl process."""
    began = time.perf_counter()
    subprocess.run(["curl", "-s", "-o", "/dev/null", f"{url}?[1-{count}]"], check=True)
    return count / (time.perf_counter() - began)


def by_pycurl(url: str, count: int) -> float:
    """The same with one bare handle."""
    curl, got = pycurl.Curl(), []
    curl.setopt(pycurl.WRITEFUNCTION, got.append)
    began = time.perf_counter()
    for number in range(count):
        curl.setopt(pycurl.URL, f"{url}?{number}")
        curl.perform()
        got.clear()
    took = time.perf_counter() - began
    curl.close()
    return count / took


def by_client(url: str, count: int, recording: bool) -> float:
    """The same with the lab's client, each request waited for."""
    recorder = Recorder()
    recorder.enabled = recording
    tail = recorder.tail()
    client = HttpClient(recorder)
    client.start()
    began = time.perf_counter()
    for number in range(count):
        run = client.send(Request(url=f"{url}?{number}"))
        run.wait(20)
        if run.status != 200:
            raise AssertionError(run.failure)
        if number % 500 == 0:
            tail.take()
    took = time.perf_counter() - began
    client.stop(5)
    return count / took


def by_series(url: str, count: int) -> float:
    """The same as one series, which the client's own thread drives."""
    recorder = Recorder()
    tail = recorder.tail()
    client = HttpClient(recorder)
    client.start()
    bad: list[object] = []

    def each(run: Run) -> None:
        if run.status != 200:
            bad.append(run.failure)
        if run.number % 500 == 0:
            tail.take()

    began = time.perf_counter()
    series = client.send_series((Request(url=f"{url}?{number}") for number in range(count)), each)
    series.wait(120)
    took = time.perf_counter() - began
    if bad or series.error or series.count != count:
        raise AssertionError((bad[:1], series.error, series.count))
    client.stop(5)
    return count / took


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
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 5000
    size = (int(sys.argv[2]) if len(sys.argv) > 2 else 1024) << 20
    folder = Path(tempfile.mkdtemp(prefix="netlab-bench-"))
    try:
        (folder / "a.txt").write_bytes(b"x" * 1000)
        with open(folder / "big", "wb") as big:
            os.truncate(big.fileno(), size)
        with origin(folder) as base:
            ways = {
                "curl, one process": lambda: by_curl(base + "/a.txt", count),
                "bare pycurl": lambda: by_pycurl(base + "/a.txt", count),
                "series, recording": lambda: by_series(base + "/a.txt", count),
                "client, recording": lambda: by_client(base + "/a.txt", count, True),
                "client, not recording": lambda: by_client(base + "/a.txt", count, False),
            }
            best = {name: max(way() for _ in range(3)) for name, way in ways.items()}
            print(f"{count} requests one after the other, kept alive, best of 3")
            for name, rate in best.items():
                print(f"  {name:<22} {rate:8.0f}/s  {1e6 / rate:7.1f} us each  {rate / best['curl, one process']:.2f}")
            print(f"one body of {size >> 20} MB to disk")
            large(base + "/big", folder, size)
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
