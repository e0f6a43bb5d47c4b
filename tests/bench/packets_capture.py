"""Live capture on loopback at full speed: our ring and our two ways of the window beside tcpdump.

    python -m tests.bench.packets_capture [--count 1000000] [--size 100] [--rounds 3]

Every method gets the same sender in turn (sendmmsg through ctypes, a process of its own, into a socket that nobody
reads) and the same filter. Rate: frames captured in a second of sending; each loopback frame counts once. "ring" is
the capturing child with TPACKET_V3 writing to /dev/null, as tcpdump does; "window, ring" and "window, dumpcap" write
a file that this process reads while it grows, as the window does. What was captured and what the kernel dropped must
together be what was sent, to the last frame; a run where they are not is told: tcpdump and dumpcap count drops by
libpcap, whose ring on loopback holds each frame twice. Needs CAP_NET_RAW and tcpdump; no C.
"""

from __future__ import annotations

import argparse
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from protocols.packets.capture.live import LiveCapture, Way
from protocols.packets.capture.wanted import Wanted
from protocols.packets.files.capture import Capture
from protocols.record.recorder import Recorder

BUFFER_KB = 64 << 10
SENDER = r"""
import ctypes, socket, sys, time
port, count, size = map(int, sys.argv[1:])
batch = 512
class iovec(ctypes.Structure): _fields_ = [("base", ctypes.c_void_p), ("len", ctypes.c_size_t)]
class msghdr(ctypes.Structure):
    _fields_ = [("name", ctypes.c_void_p), ("namelen", ctypes.c_uint32), ("iov", ctypes.c_void_p),
                ("iovlen", ctypes.c_size_t), ("control", ctypes.c_void_p), ("controllen", ctypes.c_size_t),
                ("flags", ctypes.c_int)]
class mmsghdr(ctypes.Structure): _fields_ = [("hdr", msghdr), ("len", ctypes.c_uint32)]
sock = socket.socket(type=socket.SOCK_DGRAM)
sock.connect(("127.0.0.1", port))
payload = ctypes.create_string_buffer(b"x" * size, size)
one = iovec(ctypes.addressof(payload), size)
many = (mmsghdr * batch)()
for m in many: m.hdr.iov, m.hdr.iovlen = ctypes.addressof(one), 1
send = ctypes.CDLL(None, use_errno=True).sendmmsg
left, began = count, time.monotonic()
while left:
    done = send(sock.fileno(), many, min(batch, left), 0)
    if done < 0:
        raise OSError(ctypes.get_errno(), "sendmmsg")
    left -= done
print(time.monotonic() - began)
"""


@dataclass(frozen=True)
class Run:
    """One method once. seconds: that sending took."""

    captured: int
    dropped: int
    sent: int
    seconds: float

    @property
    def rate(self) -> float:
        return self.captured / self.seconds


def send(port: int, count: int, size: int) -> float:
    done = subprocess.run(
        [sys.executable, "-c", SENDER, str(port), str(count), str(size)], check=True, capture_output=True, text=True
    )
    return float(done.stdout)


def tcpdump(port: int, count: int, size: int) -> Run:
    program = shutil.which("tcpdump") or "/usr/sbin/tcpdump"
    child = subprocess.Popen(
        [program, "-i", "lo", "-n", "-B", str(BUFFER_KB), "-w", "/dev/null", f"udp port {port}"],
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert child.stderr is not None
    child.stderr.readline()
    time.sleep(0.3)
    seconds = send(port, count, size)
    time.sleep(0.5)
    child.terminate()
    said = child.communicate()[1]
    numbers = {word: int(number) for number, word in re.findall(r"(\d+) packets (captured|dropped)", said)}
    return Run(numbers.get("captured", 0), numbers.get("dropped", 0), count, seconds)


def ours(port: int, count: int, size: int, way: Way, path: str, *, followed: bool) -> Run:
    live = LiveCapture(Recorder(), Wanted(path, rule=f"udp port {port}"), way)
    live.start()
    sender = subprocess.Popen(
        [sys.executable, "-c", SENDER, str(port), str(count), str(size)], stdout=subprocess.PIPE, text=True
    )
    capture = Capture(path, growing=True) if followed else None
    while sender.poll() is None:
        if capture is None or not capture.more():
            time.sleep(0.01)
    assert sender.stdout is not None
    seconds = float(sender.stdout.read())
    live.stop(60)
    if capture is not None:
        while capture.more():
            pass
        capture.finish()
        if len(capture) != live.counts.captured:
            print(f"the file has {len(capture)} packets, {live.counts.captured} were counted")
        capture.close()
    counts = live.counts
    return Run(counts.captured, counts.dropped + counts.dropped_by_us, count, seconds)


def main() -> int:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=1_000_000)
    parser.add_argument("--size", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=3)
    wanted = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="nl-bench-", dir="/dev/shm" if Path("/dev/shm").is_dir() else None))
    results: dict[str, list[Run]] = {}
    try:
        with socket.socket(type=socket.SOCK_DGRAM) as ear:
            ear.bind(("127.0.0.1", 0))
            ear.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
            port, count, size = ear.getsockname()[1], wanted.count, wanted.size
            file = str(folder / "captured.pcapng")
            methods: dict[str, Callable[[], Run]] = {
                "tcpdump": lambda: tcpdump(port, count, size),
                "ring": lambda: ours(port, count, size, "own", "/dev/null", followed=False),
                "window, ring": lambda: ours(port, count, size, "own", file, followed=True),
                "window, dumpcap": lambda: ours(port, count, size, "dumpcap", file, followed=True),
            }
            if shutil.which("dumpcap") is None:
                del methods["window, dumpcap"]
            for _ in range(wanted.rounds):
                for name, method in methods.items():
                    results.setdefault(name, []).append(method())
                    Path(file).unlink(missing_ok=True)
    finally:
        shutil.rmtree(folder)
    report(results)
    return 0


def report(results: dict[str, list[Run]]) -> None:
    print(f"{'method':<16} {'k frames/s':>10} {'to tcpdump':>10} {'dropped':>9}  captured + dropped = sent")
    for name, runs in results.items():
        ratios = [one.rate / base.rate for one, base in zip(runs, results["tcpdump"], strict=True)]
        exact = ["yes" if one.captured + one.dropped == one.sent else str(one.captured + one.dropped - one.sent)
                 for one in runs]  # fmt: skip
        dropped = statistics.median(one.dropped for one in runs)
        print(f"{name:<16} {statistics.median(one.rate for one in runs) / 1000:>10.0f} "
              f"{statistics.median(ratios):>10.2f} {dropped:>9.0f}  {', '.join(exact)}")  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
