"""The FTP server side by side with vsftpd, with the same clients: a gigabyte each way, and memory.

`python -m tests.bench.ftp_transfer [--megabytes N] [--rounds N] [--only get,put]`. Servers run in processes
of their own, rounds are interleaved, a ratio is the median of the rounds' ratios. Files lie in memory (/dev/shm)
where there is room, so that the disk is not what is measured. Our server records as `--json` does, with a reader.
A round ends with the client's last reply; our hashing of the file afterwards is waited for and told apart.
"""

from __future__ import annotations

import argparse
import contextlib
import ftplib
import json
import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil

from tests.peers import require_tool

Act = Callable[["Server"], float]


class Server:
    """A running one. settle: waits until it is quiet again; the seconds it took."""

    def __init__(self, name: str, port: int, pid: int, process: subprocess.Popen[bytes]) -> None:
        self.name, self.port, self.pid = name, port, pid
        self._process = process
        self._transfers = threading.Semaphore(0)
        self.peak = 0

    def read(self) -> None:
        """Take our server's events, as somebody who looks does."""
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if b'"kind":"transfer"' in line[:80] and json.loads(line)["kind"] == "transfer":
                self._transfers.release()

    def settle(self) -> float:
        if self.name != "netlab":
            return 0.0
        began = time.perf_counter()
        self._transfers.acquire(timeout=60)
        return time.perf_counter() - began

    def burnt(self) -> float:
        """Seconds of CPU so far, children included."""
        process = psutil.Process(self.pid)
        total = 0.0
        for each in [process, *process.children(recursive=True)]:
            with contextlib.suppress(psutil.Error):
                times = each.cpu_times()
                total += times.user + times.system + times.children_user + times.children_system
        return total

    def memory(self) -> int:
        with contextlib.suppress(psutil.Error):
            self.peak = max(self.peak, psutil.Process(self.pid).memory_info().rss)
        return self.peak


@contextlib.contextmanager
def netlab(root: str) -> Iterator[Server]:
    """Ours, as the command line runs it."""
    command = [sys.executable, "-m", "netlab_gui", "serve", "ftp", "--root", root, "--writable", "--json"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    assert process.stdout is not None
    first = json.loads(process.stdout.readline())
    server = Server("netlab", first["detail"]["port"], process.pid, process)
    reader = threading.Thread(target=server.read)
    reader.start()
    try:
        yield server
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(10)
        reader.join(10)
        process.stdout.close()


@contextlib.contextmanager
def vsftpd(root: str) -> Iterator[Server]:
    """The reference."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        conf = Path(folder, "vsftpd.conf")
        conf.write_text(
            f"listen=YES\nlisten_address=127.0.0.1\nlisten_port={port}\nbackground=NO\nrun_as_launching_user=YES\n"
            f"anonymous_enable=YES\nno_anon_password=YES\nanon_root={root}\nwrite_enable=YES\nanon_upload_enable=YES\n"
            "anon_other_write_enable=YES\nanon_umask=022\nseccomp_sandbox=NO\nallow_writeable_chroot=YES\n"
            f"secure_chroot_dir={folder}\nftp_username=nobody\nanon_world_readable_only=NO\n"
        )
        process = subprocess.Popen([require_tool("vsftpd"), str(conf)])
        try:
            for _ in range(200):
                with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                    break
                time.sleep(0.05)
            yield Server("vsftpd", port, process.pid, process)
        finally:
            process.terminate()
            process.wait(10)


def connected(server: Server) -> ftplib.FTP:
    ftp = ftplib.FTP(timeout=60)
    ftp.connect("127.0.0.1", server.port)
    ftp.login("anonymous", "x")
    return ftp


def python_get(server: Server) -> float:
    with connected(server) as ftp:
        began = time.perf_counter()
        ftp.retrbinary("RETR big.bin", lambda _: None, blocksize=1 << 20)
        return time.perf_counter() - began


def curl_get(server: Server) -> float:
    began = time.perf_counter()
    subprocess.run(["curl", "-s", "-o", "/dev/null", f"ftp://127.0.0.1:{server.port}/big.bin"], check=True)
    return time.perf_counter() - began


def putter(block: int) -> Act:
    def put(server: Server) -> float:
        with connected(server) as ftp, open(SOURCE, "rb") as file:
            began = time.perf_counter()
            ftp.storbinary("STOR up.bin", file, blocksize=block)
            return time.perf_counter() - began

    return put


def curl_put(server: Server) -> float:
    began = time.perf_counter()
    subprocess.run(["curl", "-s", "-T", SOURCE, f"ftp://127.0.0.1:{server.port}/up.bin"], check=True)
    return time.perf_counter() - began


SOURCE = ""
ACTS: dict[str, dict[str, Act]] = {
    "get": {"get, curl": curl_get, "get, ftplib 1 MB": python_get},
    "put": {"put, curl": curl_put, "put, ftplib 1 MB": putter(1 << 20), "put, ftplib 8 KB": putter(8 << 10)},
}


def main() -> None:
    """Measure and print."""
    global SOURCE
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabytes", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", default="get,put")
    arguments = parser.parse_args()
    place = "/dev/shm" if os.path.isdir("/dev/shm") else None
    root = tempfile.mkdtemp(prefix="netlab-ftp-", dir=place)
    os.chmod(root, 0o755)
    SOURCE = os.path.join(root, "big.bin")
    try:
        block = os.urandom(1 << 20)
        with open(SOURCE, "wb") as file:
            for _ in range(arguments.megabytes):
                file.write(block)
        with netlab(root) as ours, vsftpd(root) as theirs:
            for group in arguments.only.split(","):
                for name, act in ACTS[group].items():
                    measure(name, act, (ours, theirs), arguments)
            print(f"memory of our server at most {ours.memory() / 1e6:.0f} MB")
    finally:
        shutil.rmtree(root)


def measure(name: str, act: Act, servers: tuple[Server, Server], arguments: argparse.Namespace) -> None:
    """Interleaved rounds of one act."""
    megabytes = arguments.megabytes * 1.048576
    rates: dict[str, list[float]] = {server.name: [] for server in servers}
    settled = []
    burnt: dict[str, list[float]] = {server.name: [] for server in servers}
    for number in range(arguments.rounds):
        for server in servers if number % 2 == 0 else servers[::-1]:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(os.path.join(os.path.dirname(SOURCE), "up.bin"))
            before = server.burnt()
            rates[server.name].append(megabytes / act(server))
            burnt[server.name].append((server.burnt() - before) / megabytes * 1000)
            if server.name == "netlab":
                settled.append(server.settle())
                server.memory()
    ours, theirs = rates["netlab"], rates["vsftpd"]
    ratio = statistics.median(a / b for a, b in zip(ours, theirs, strict=True))
    spread = f"{min(ours):.0f}-{max(ours):.0f}", f"{min(theirs):.0f}-{max(theirs):.0f}"
    cpu = ", ".join(f"{statistics.median(burnt[each]):.2f}" for each in ("netlab", "vsftpd"))
    print(f"{name:18} netlab {statistics.median(ours):6.0f} ({spread[0]})  vsftpd {statistics.median(theirs):6.0f} "
          f"({spread[1]}) MB/s  ratio {ratio:.2f}  CPU of the servers {cpu} s/GB  "
          f"hash after it {statistics.median(settled):.2f} s", flush=True)


if __name__ == "__main__":
    main()
