"""Live capture on loopback at full speed: our ring and our two ways of the window beside tcpdump.

    python -m tests.bench.packets_capture [--count 500000] [--size 100] [--rounds 7]

Every method gets the same sender in turn (sendmmsg through ctypes, a process of its own, into a socket that nobody
reads) and the same filter. Rate: frames captured in a second of sending; each loopback frame counts once. "ring" is
the capturing child with TPACKET_V3 writing to /dev/null, as tcpdump does; "window, ring" and "window, dumpcap" write
a file that this process reads while it grows, as the window does. What was captured and what the kernel dropped must
together be what was sent, to the last frame; a run where they are not is told: tcpdump and dumpcap count drops by
libpcap, whose ring on loopback holds each frame twice. Needs CAP_NET_RAW and tcpdump; no C.

The methods take turns, each round begins with another one, and the first round is thrown away: what else the machine
does then falls on all of them. A ratio is taken within its round; of the ratios the median and both ends are told. The
processor time of the capturing processes while it was sent, which other programs change least, stands beside them.
On a busy machine the sender waits for its turn, and the rate says more of that than of the method: "quiet" takes the
sender's own processor time in place of the clock's. It has the kernel's share of capturing in it.
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

import psutil  # type: ignore[import-untyped]

from protocols.packets.capture.live import LiveCapture, Way
from protocols.packets.capture.wanted import Wanted
from protocols.packets.files.capture import Capture
from protocols.record.recorder import Recorder

BUFFER_KB = 64 << 10
LOOK_S = 0.03
"""How often a window takes what has come (`widgets/bridge.py`)."""
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
left, began, spent = count, time.monotonic(), time.process_time()
while left:
    done = send(sock.fileno(), many, min(batch, left), 0)
    if done < 0:
        raise OSError(ctypes.get_errno(), "sendmmsg")
    left -= done
print(time.monotonic() - began, time.process_time() - spent)
"""


@dataclass(frozen=True)
class Run:
    """One method once. seconds: that sending took; sender_s: of them, the sender's own processor time.

    cpu_s: processor time of the capturing child and its children.
    """

    captured: int
    dropped: int
    sent: int
    seconds: float
    sender_s: float
    cpu_s: float

    @property
    def rate(self) -> float:
        return self.captured / self.seconds

    @property
    def quiet_rate(self) -> float:
        """What the rate is where nobody takes the processor from the sender."""
        return self.captured / self.sender_s


def sender(port: int, count: int, size: int) -> subprocess.Popen[str]:
    words = [sys.executable, "-c", SENDER, str(port), str(count), str(size)]
    return subprocess.Popen(words, stdout=subprocess.PIPE, text=True)


def cpu_s(pid: int | None) -> float:
    """Processor time of a capturing child and its own children so far, without which its start would count."""
    if pid is None:
        return 0.0
    family = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    return sum(one.cpu_times().user + one.cpu_times().system for one in family)


def tcpdump(port: int, count: int, size: int) -> Run:
    program = shutil.which("tcpdump") or "/usr/sbin/tcpdump"
    child = subprocess.Popen(
        [program, "-i", "lo", "-n", "-B", str(BUFFER_KB), "-w", "/dev/null", f"udp port {port}"],
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert child.stderr is not None
    child.stderr.readline()
    time.sleep(0.3)
    before = cpu_s(child.pid)
    seconds, sender_s = map(float, sender(port, count, size).communicate()[0].split())
    time.sleep(1.2)  # libpcap takes a block that is not full after a second
    spent = cpu_s(child.pid) - before
    child.terminate()
    said = child.communicate()[1]
    numbers = {word: int(number) for number, word in re.findall(r"(\d+) packets (captured|dropped)", said)}
    return Run(numbers.get("captured", 0), numbers.get("dropped", 0), count, seconds, sender_s, spent)


def ours(port: int, count: int, size: int, way: Way, path: str, *, followed: bool) -> Run:
    live = LiveCapture(Recorder(), Wanted(path, rule=f"udp port {port}"), way)
    live.start()
    pid = live.child.pid()
    before = cpu_s(pid)
    sending = sender(port, count, size)
    capture = Capture(path, growing=True) if followed else None
    while sending.poll() is None:
        if capture is None or not capture.more():
            time.sleep(LOOK_S)
    seconds, sender_s = map(float, sending.communicate()[0].split())
    spent = cpu_s(pid) - before
    live.stop(60)
    if capture is not None:
        while capture.more():
            pass
        capture.finish()
        if len(capture) != live.counts.captured:
            print(f"the file has {len(capture)} packets, {live.counts.captured} were counted")
        capture.close()
    counts = live.counts
    return Run(counts.captured, counts.dropped + counts.dropped_by_us, count, seconds, sender_s, spent)


def main() -> int:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=500_000)
    parser.add_argument("--size", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=7)
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
            names = list(methods)
            for number in range(wanted.rounds + 1):
                for name in names[number % len(names) :] + names[: number % len(names)]:
                    run = methods[name]()
                    Path(file).unlink(missing_ok=True)
                    if number:
                        results.setdefault(name, []).append(run)
    finally:
        shutil.rmtree(folder)
    report(results)
    return 0


def report(results: dict[str, list[Run]]) -> None:
    print(f"{'method':<16} {'k frames/s':>10} {'to tcpdump':>10} {'(low, high)':>13} {'quiet':>6} {'(low, high)':>13} "
          f"{'cpu us/frame':>12} {'dropped':>9}  captured + dropped = sent")  # fmt: skip
    for name in sorted(results, key=["tcpdump", "ring", "window, ring", "window, dumpcap"].index):
        runs = results[name]
        pairs = list(zip(runs, results["tcpdump"], strict=True))
        ratios = [one.rate / base.rate for one, base in pairs]
        quiet = [one.quiet_rate / base.quiet_rate for one, base in pairs]
        wrong = [str(one.captured + one.dropped - one.sent) for one in runs if one.captured + one.dropped != one.sent]
        middle = statistics.median
        print(f"{name:<16} {middle(one.rate for one in runs) / 1000:>10.0f} {middle(ratios):>10.2f} "
              f"{f'({min(ratios):.2f}, {max(ratios):.2f})':>13} {middle(quiet):>6.2f} "
              f"{f'({min(quiet):.2f}, {max(quiet):.2f})':>13} "
              f"{middle(one.cpu_s / max(one.captured, 1) for one in runs) * 1e6:>12.2f} "
              f"{middle(one.dropped for one in runs):>9.0f}  "
              f"{'yes' if not wrong else 'off by ' + ', '.join(wrong)}")  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
