"""The FTP client beside curl and lftp, against the lab's server and vsftpd.

`python -m tests.bench.ftp_client [MB] [FILES]`: one large file got and put, each round one after the other so that
both see the same machine; a folder of many small files against `lftp mirror`, both with two connections, by the clock
and by the processor time of the client; a listing of 100,000 entries. Goals: get at least 0.9 of curl against our
server and 0.7 against vsftpd; small files no slower than lftp; the listing in under 3 s. Recording is on for ours. What
it costs to pack all that was recorded into a log meanwhile, as the window does, is told beside it.
"""

from __future__ import annotations

import contextlib
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from statistics import median

from protocols.ftp.client.jobs import Order
from protocols.ftp.client.remote import Fetch, Store
from protocols.ftp.client.service import FtpClient
from protocols.ftp.client.site import Site
from protocols.ftp.client.tally import Tally
from protocols.record.log import EventLog
from protocols.record.recorder import Recorder
from tests.protocols.ftp.daemons import Daemon, free_port, vsftpd

ROUNDS = 5
MEMORY = "/dev/shm" if os.path.isdir("/dev/shm") else None
"""No disk: what is measured is the client, not what writes back."""


@contextlib.contextmanager
def ours(folder: Path) -> Iterator[Daemon]:
    """`netlab serve ftp` in a process of its own."""
    port, root = free_port(), folder / "root"
    root.mkdir()
    command = [sys.executable, "-m", "netlab_gui", "serve", "ftp", "--root", str(root), "--anonymous", "--writable",
               "--port", str(port)]  # fmt: skip
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        process.stdout.readline()
        try:
            yield Daemon(port, root, "anonymous", "x@y")
        finally:
            process.terminate()


def timed(act: Callable[[], object]) -> float:
    """Seconds that it takes."""
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def processor_s(who: int) -> float:
    """Seconds of processor time so far, of this process or of its ended children."""
    used = resource.getrusage(who)
    return used.ru_utime + used.ru_stime


def run(*command: str) -> None:
    """A foreign client, quietly."""
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def client_of(server: Daemon, parallel: int = 2) -> FtpClient:
    """Ours, with a recorder that nobody reads."""
    client = FtpClient(Recorder(), Site("127.0.0.1", server.port, server.user, server.password), parallel=parallel)
    client.start()
    return client


@contextlib.contextmanager
def read(recorder: Recorder) -> Iterator[None]:
    """While the block runs, what is recorded goes into a log, some thirty times a second."""
    tail, log, over = recorder.tail(), EventLog(), threading.Event()

    def work() -> None:
        while not over.wait(0.03):
            log.append_items(tail.take_items())

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


class Large:
    """One large file both ways, a round of each after the other."""

    def __init__(self, name: str, server: Daemon, here: Path, megabytes: int) -> None:
        self.name, self.server, self.size = name, server, megabytes << 20
        self.theirs, self.mine = here / "theirs", here / "mine"
        self.url = f"ftp://127.0.0.1:{server.port}"
        self.rates: dict[str, list[float]] = {}
        with (server.root / "large").open("wb") as file:
            for _ in range(megabytes):
                file.write(os.urandom(1 << 20))
        (server.root / "in").mkdir()
        (server.root / "in").chmod(0o777)
        server.root.chmod(0o755)

    def add(self, what: str, seconds: float) -> None:
        self.rates.setdefault(what, []).append(self.size / seconds)

    def round(self, client: FtpClient, number: int) -> None:
        for path in (self.theirs, self.mine):
            path.unlink(missing_ok=True)
        got, put = Tally(), Tally()
        fetch, store = Fetch("large", self.mine), Store(f"in/m{number}", self.mine)
        self.add("curl get", timed(lambda: run("curl", "-s", "-o", str(self.theirs), f"{self.url}/large")))
        self.add("get", timed(lambda: client.submit(lambda remote: remote.get(fetch, got)).result()))
        self.add("data get", got.seconds)
        target = f"{self.url}/in/c{number}"
        self.add("curl put", timed(lambda: run("curl", "-s", "-T", str(self.theirs), target)))
        self.add("put", timed(lambda: client.submit(lambda remote: remote.put(store, put)).result()))
        self.add("data put", put.seconds)
        for path in (self.server.root / "in").iterdir():
            path.unlink()

    def run(self) -> None:
        client = client_of(self.server)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        try:
            for number in range(ROUNDS):
                self.round(client, number)
        finally:
            client.stop()
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
        for way in ("get", "put"):
            curl, whole, data = (median(self.rates[key]) for key in (f"curl {way}", way, f"data {way}"))
            print(f"{self.name:8} {way}  curl {curl / 1e6:6.0f} MB/s   ours with its hash {whole / 1e6:6.0f} "
                  f"({whole / curl:.2f} x)   the data alone {data / 1e6:6.0f} ({data / curl:.2f} x)")  # fmt: skip
        print(f"{self.name:8} memory grew by {grown / 1024:.0f} MB")


def small(server: Daemon, here: Path, files: int) -> None:
    """Many small files with two connections each."""
    many = server.root / "many"
    many.mkdir()
    for number in range(files):
        (many / f"file {number:06d}.txt").write_bytes(b"x" * (number % 4000))
    theirs, mine = here / "lftp", here / "got"
    script = f"set mirror:use-pget-n 1; set ftp:use-site-utime no; open 127.0.0.1:{server.port}; " \
             f"mirror --parallel=2 many {theirs}; exit"  # fmt: skip
    rates: dict[str, list[float]] = {"lftp": [], "ours": [], "read": []}
    burnt: dict[str, list[float]] = {"lftp": [], "ours": []}
    for _ in range(ROUNDS):
        for path in (theirs, mine):
            shutil.rmtree(path, ignore_errors=True)
        before = processor_s(resource.RUSAGE_CHILDREN)
        rates["lftp"].append(files / timed(lambda: run("lftp", "-c", script)))
        burnt["lftp"].append((processor_s(resource.RUSAGE_CHILDREN) - before) / files)
        before = processor_s(resource.RUSAGE_SELF)
        rates["ours"].append(files / mirrored(server, mine))
        burnt["ours"].append((processor_s(resource.RUSAGE_SELF) - before) / files)
        assert len(list(mine.iterdir())) == files
        shutil.rmtree(mine)
        rates["read"].append(files / mirrored(server, mine, reading=read))
    ratio = median([ours / theirs for ours, theirs in zip(rates["ours"], rates["lftp"], strict=True)])
    print(f"{files} small files: lftp {median(rates['lftp']):.0f} a second, "
          f"{median(burnt['lftp']) * 1e3:.2f} ms of processor each; ours {median(rates['ours']):.0f}, "
          f"{median(burnt['ours']) * 1e3:.2f} ms; {ratio:.2f} x; "
          f"{median(rates['read']):.0f} while a log reads it")  # fmt: skip


def mirrored(
    server: Daemon, mine: Path, reading: Callable[[Recorder], AbstractContextManager[object]] = contextlib.nullcontext
) -> float:
    """Seconds that ours takes for the folder, the connections included."""
    began = time.perf_counter()
    client = client_of(server, 2)
    try:
        with reading(client.recorder):
            whole(client, Order("get", "many", mine, folder=True))
            return time.perf_counter() - began
    finally:
        client.stop()


def whole(client: FtpClient, order: Order) -> None:
    """Until the queue is done."""
    client.transfer(order)
    while client.queue.jobs.counts().open:
        time.sleep(0.005)
    assert client.queue.jobs.counts().failed == 0


def listing(server: Daemon, entries: int = 100_000) -> None:
    """A folder of many entries."""
    wide = server.root / "wide"
    wide.mkdir()
    for number in range(entries):
        (wide / f"file {number}.txt").touch()
    client = client_of(server)
    try:
        took = [timed(lambda: client.submit(lambda remote: remote.listing("wide")).result()) for _ in range(3)]
        there = timed(lambda: run("curl", "-s", f"ftp://127.0.0.1:{server.port}/wide/", "-o", "/dev/null"))
        print(f"{entries} entries listed in {median(took):.2f} s; curl, which reads none of them, {there:.2f} s")
    finally:
        client.stop()


def main() -> None:
    """Both servers."""
    megabytes = int(sys.argv[1]) if len(sys.argv) > 1 else 1024
    files = int(sys.argv[2]) if len(sys.argv) > 2 else 10_000
    for name, server in (("ours", ours), ("vsftpd", vsftpd)):
        with tempfile.TemporaryDirectory(dir=MEMORY) as text:
            folder = Path(text)
            folder.chmod(0o755)
            here = folder / "here"
            here.mkdir()
            with server(folder) as running:
                if megabytes:
                    Large(name, running, here, megabytes).run()
                if files:
                    small(running, here, files)
                if files >= 10_000:
                    listing(running)


if __name__ == "__main__":
    main()
