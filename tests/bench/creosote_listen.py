"""`netlab listen` writing into a file while datagrams come in at a rate: how many were lost on the way.

    python -m tests.bench.creosote_listen [--rate 100000] [--seconds 5] [--size 100]

The command runs as a person would start it, its stdout a file; the sender is a process of its own. Each
datagram must stand in the file once, whole, and in order, or be counted as dropped.
"""

from __future__ import annotations

import argparse
import base64
import json
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

RUN = "import sys; from netlab_gui.cli import main; sys.exit(main())"
IDLE_S = 1.0


def json_rows(path: Path) -> tuple[int, int]:
    """Datagrams in the file, and the drops that its last line tells. Raises AssertionError for a line that is cut."""
    count = dropped = 0
    with path.open("rb") as file:
        for line in file:
            assert line.endswith(b"}\n"), line[-80:]
            if b'"kind":"datagram"' in line:
                count += 1
                last = line
    if count:
        found = json.loads(last)
        assert len(base64.b64decode(found["data"])) == found["size"]
        dropped = found["detail"]["dropped"]
    return count, dropped


def classic_rows(path: Path) -> tuple[int, int]:
    """Lines after the first; classic text tells no drops."""
    with path.open("rb") as file:
        return sum(1 for _ in file) - 1, 0


def port_of(path: Path) -> int:
    """The port that the first line tells, as soon as it is there."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        first = path.read_bytes().partition(b"\n")
        if first[1]:
            found = json.loads(first[0])["detail"]["port"] if first[0][:1] == b"{" else None
            return int(found or re.findall(rb":(\d+);", first[0])[0])
        time.sleep(0.01)
    raise SystemExit("netlab listen did not start")


def measure(options: list[str], rate: float, seconds: float, size: int, rows: Callable[[Path], tuple[int, int]]) -> str:
    """One line of the table."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "out"
        with path.open("wb") as out:
            command = [sys.executable, "-c", RUN, "listen", "--port", "0", *options]
            with subprocess.Popen(command, stdout=out, stderr=subprocess.PIPE, text=True) as listener:
                port = port_of(path)
                sender = [sys.executable, "-m", "tests.bench.creosote_window", "--blast", str(port),
                          "--rate", str(rate), "--seconds", str(seconds), "--size", str(size)]  # fmt: skip
                sent = int(subprocess.run(sender, capture_output=True, text=True, check=True).stdout)
                began = time.monotonic()
                lag = settled(path) - began
                kernel = kernel_drops_of_port(port)
                listener.send_signal(signal.SIGINT)
                said = listener.communicate(timeout=60)[1].strip()
        written, told = rows(path)
        mb = path.stat().st_size / 1e6
    return (f"{' '.join(options) or 'classic':<10}{sent / seconds:>12,.0f}{sent:>12,}{written:>12,}"
            f"{sent - written:>8,}{max(kernel, told):>10,}{mb:>9,.0f}{max(lag, 0):>8.2f}  {said}")  # fmt: skip


def kernel_drops_of_port(port: int) -> int:
    """What the kernel dropped on all sockets of a port (/proc/net/udp, last column)."""
    lines = [line.split() for line in Path("/proc/net/udp").read_text().splitlines()[1:]]
    return sum(int(line[-1]) for line in lines if int(line[1].rpartition(":")[2], 16) == port)


def settled(path: Path) -> float:
    """When the file grew last."""
    size, grew = -1, time.monotonic()
    while time.monotonic() - grew < IDLE_S:
        now = path.stat().st_size
        if now != size:
            size, grew = now, time.monotonic()
        time.sleep(0.02)
    return grew


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rate", type=float, default=100_000)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--size", type=int, default=100)
    chosen = parser.parse_args()
    print(f"{'listen':<10}{'sent/s':>12}{'sent':>12}{'written':>12}{'lost':>8}{'dropped':>10}{'MB':>9}{'lag, s':>8}")
    for options, rows in ((["--json"], json_rows), ([], classic_rows)):
        print(measure(options, chosen.rate, chosen.seconds, chosen.size, rows), flush=True)


if __name__ == "__main__":
    main()
