"""Opening, filtering and listing a capture of a million packets, side by side with tshark and tcpdump.

By hand: `python -m tests.bench.packets_files [--packets N]`. Absolute times are this machine's, the ratios count.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from tests.protocols.packets.making import mixed, pcap

ROOT = Path(__file__).resolve().parents[2]
PART = 200_000
SCAPY_PACKETS = 20_000
SCAPY = """
import sys
from scapy.layers import dns, inet, inet6, l2
from scapy.utils import PcapReader
for packet in PcapReader(sys.argv[1]): packet.summary()
"""
INSIDE = """
import sys, time
begun = time.perf_counter()
from protocols.packets.files.capture import Capture
loaded = time.perf_counter()
capture = Capture(sys.argv[1])
while not len(capture) and capture.more(): pass
first = time.perf_counter()
capture.read_all()
whole = time.perf_counter()
print(len(capture), first - loaded, whole - loaded, capture.table.nbytes() / len(capture))
"""


def made(packets: int) -> Path:
    """A file with so many packets: the same 200,000 again and again."""
    path = Path(tempfile.gettempdir()) / f"netlab-bench-{packets}.pcap"
    if not path.exists():
        body = pcap(mixed(min(packets, PART)))
        with open(path, "wb") as file:
            file.write(body)
            for _ in range(packets // PART - 1):
                file.write(body[24:])
    return path


def timed(argv: list[str]) -> tuple[float, float]:
    """Seconds on the wall and of the processor."""
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True, cwd=ROOT)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return time.perf_counter() - begun, spent


def told(name: str, argv: list[str]) -> float:
    """Run and print; the processor's seconds."""
    wall, spent = timed(argv)
    print(f"{name:<42} {wall:7.2f} s wall {spent:7.2f} s processor")
    return spent


def inside(name: str, work: Callable[[], object]) -> None:
    """Time something in this process."""
    begun = time.process_time()
    work()
    print(f"{name:<42} {(time.process_time() - begun) * 1000:7.1f} ms processor")


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--packets", type=int, default=1_000_000)
    packets = parser.parse_args().packets
    path, own = made(packets), [sys.executable, "-m", "netlab_gui", "packets"]
    print(f"{packets} packets, {os.path.getsize(path) / 1e6:.0f} MB")
    argv = [sys.executable, "-c", INSIDE, str(path)]
    done = subprocess.run(argv, capture_output=True, text=True, check=True, cwd=ROOT)
    count, first, whole, row = map(float, done.stdout.split())
    print(f"first rows {first * 1000:.1f} ms, {count:.0f} rows {whole:.2f} s, {row:.0f} bytes a packet")
    mine = told("open and list, in a process of its own", argv)
    theirs = told("tshark -n -r", ["tshark", "-n", "-r", str(path)])
    print(f"  tshark / ours: {theirs / mine:.1f}")
    told("tcpdump -n -r", ["tcpdump", "-n", "-r", str(path)])
    some = made(SCAPY_PACKETS)
    slow = told(f"scapy, {SCAPY_PACKETS:,} of them", [sys.executable, "-c", SCAPY, str(some)])
    print(f"  scapy / ours, a packet: {slow / SCAPY_PACKETS * packets / mine:.0f}")
    mine = told("--filter 'udp port 53' --csv", [*own, str(path), "--csv", "--filter", "udp port 53"])
    told("  the same as --json", [*own, str(path), "--json", "--filter", "udp port 53"])
    theirs = told("tshark -n -Y 'udp.port == 53'", ["tshark", "-n", "-r", str(path), "-Y", "udp.port == 53"])
    told("tcpdump -n 'udp port 53'", ["tcpdump", "-n", "-r", str(path), "udp port 53"])
    print(f"  tshark / ours: {theirs / mine:.1f}")
    small = made(400_000 if packets >= 400_000 else packets)
    mine = told("--csv of 400,000", [*own, str(small), "--csv"])
    theirs = told("tshark -n -r of the same", ["tshark", "-n", "-r", str(small)])
    print(f"  tshark / ours: {theirs / mine:.1f}")
    columns(path)


def columns(path: Path) -> None:
    """Sorting and filters over what is open."""
    from protocols.packets.columns.texts import Texts
    from protocols.packets.files.capture import Capture
    from protocols.packets.filters.capture_filter import CaptureFilter
    from protocols.packets.filters.display import DisplayFilter
    from protocols.packets.filters.fields import View
    from widgets.packets.listing.sorting import sorted_rows

    with Capture(path).read_all() as capture:
        rows, texts = np.arange(len(capture)), Texts(capture)
        for text in ("udp.port == 53", "tcp.flags.syn and length > 100", "ip.addr == 10.0.0.0/16"):
            inside(f"filter {text}", lambda text=text: DisplayFilter(text).matches(View(capture)))
        for name in ("time", "length", "source", "protocol"):
            inside(f"sort by {name}", lambda name=name: sorted_rows(capture, texts, rows, name, False))
        inside("BPF udp port 53", lambda: CaptureFilter("udp port 53").matches(capture))


if __name__ == "__main__":
    main()
