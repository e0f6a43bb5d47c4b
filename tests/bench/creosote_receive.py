"""A million datagrams at full loopback speed: our bucket beside a C sink, a recvfrom loop and socat.

    python -m tests.bench.creosote_receive [--count 1000000] [--size 100] [--rounds 6] [--rates=0,-1,500000]

Each receiver runs in a process of its own and gets the same sender (sendmmsg through ctypes, in another
process), in turn, with a queue of the same size. A rate of 0 is as fast as the sender goes with UDP_SEGMENT,
64 datagrams through the stack at once: faster than any program that sends one datagram a call. -1 is as
fast as it goes without. The C sink needs gcc and is left out, and said so, where there is none. It comes
three times: as a sink that asks for nothing but bytes; as one that also asks who sent them, which no log
can do without (the peer that is like the bucket); and with the time and the drops of each datagram.

Every second round goes backwards, for the first of a round has it otherwise than the last; a ratio is that of the
medians, and behind it stands between what the ratios of the rounds lie. The bucket's time is that between the first
and the last look at its socket, as the sinks' is, not that between two ticks of whoever takes its bulks.

cpu: processor time of the whole receiving process for each datagram received; it hardly depends on what else
runs. Measured on two processors with nothing else at work, two runs of 6 rounds: received per second beside
the bare sink 0.99 and 0.98, the peer 0.84 and 0.99, the loop 3.4 and 2.9 at rate 0; with the session stored 0.73
and 0.68. At -1 it is 1.0 of both, but 1.4 of the loop only: there the sender is the limit. The rounds of one run lie
up to a half apart. The sum was exact in every run. Beside programs that take both processors it is 0.6 to 1.0.
To store a datagram takes 0.28 microseconds of a processor (0.55 before pages were larger and a block of one sender was
written as it is).

What is left is told best by processor time, one thread that sends 1,024 datagrams and then reads them, the best of
many: the call 330 ns each; who sent it 45 more, in C as well; a second buffer so that what is longer than a slot is
not cut nothing; in the bucket 30 to copy and note it and 12 to hand it on (45 before the slots of a crowd of one size
lay end to end; and with memory that must be cleaned first, 25 more in the mean). Payloads of many sizes cost 250
each to cut out. Times (70) and drops (10), and their control data (40), are not asked for with each datagram while
the crowd lasts. Slots that lie where the bytes are to stay, so that none is copied, gain nothing: the kernel then
writes to memory that the cache does not hold. UDP_GRO would take many at once, but then the kernel counts a dropped
train as one: the sum would not add up.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import os
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SINK = r"""
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <poll.h>
#define N 1024
static char buffers[N][2048], names[N][16], control[N][64];
int main(void) {
    int s = socket(AF_INET, SOCK_DGRAM, 0), big = 32 << 20, yes = 1;
#ifdef TIMES
    setsockopt(s, SOL_SOCKET, SO_TIMESTAMPNS, &yes, sizeof yes);
    setsockopt(s, SOL_SOCKET, SO_RXQ_OVFL, &yes, sizeof yes);
#endif
    if (setsockopt(s, SOL_SOCKET, SO_RCVBUFFORCE, &big, sizeof big))
        setsockopt(s, SOL_SOCKET, SO_RCVBUF, &big, sizeof big);
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    bind(s, (struct sockaddr *)&a, sizeof a);
    socklen_t l = sizeof a;
    getsockname(s, (struct sockaddr *)&a, &l);
    printf("%d\n", ntohs(a.sin_port));
    fflush(stdout);
    struct mmsghdr m[N];
    struct iovec v[N];
    memset(m, 0, sizeof m);
    for (int i = 0; i < N; i++) {
        v[i].iov_base = buffers[i]; v[i].iov_len = 2048;
        m[i].msg_hdr.msg_iov = &v[i]; m[i].msg_hdr.msg_iovlen = 1;
    }
    long got = 0;
    struct timespec first = {0}, last = {0};
    struct pollfd p = {.fd = s, .events = POLLIN};
    while (poll(&p, 1, got ? 1500 : 20000) > 0) {
#ifdef SENDERS
        for (int i = 0; i < N; i++) { m[i].msg_hdr.msg_name = names[i]; m[i].msg_hdr.msg_namelen = 16; }
#endif
#ifdef TIMES
        for (int i = 0; i < N; i++) { m[i].msg_hdr.msg_control = control[i]; m[i].msg_hdr.msg_controllen = 64; }
#endif
        int n = recvmmsg(s, m, N, MSG_DONTWAIT, NULL);
        if (n <= 0) continue;
        clock_gettime(CLOCK_MONOTONIC, &last);
        if (!got) first = last;
        got += n;
    }
    double took = (last.tv_sec - first.tv_sec) + (last.tv_nsec - first.tv_nsec) / 1e9;
    struct timespec cpu;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu);
    printf("{\"received\": %ld, \"seconds\": %f, \"cpu\": %f}\n", got, took, cpu.tv_sec + cpu.tv_nsec / 1e9);
    return 0;
}
"""

LOOP = """
import json, socket, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
try:
    s.setsockopt(socket.SOL_SOCKET, 33, 32 << 20)
except OSError:
    s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 32 << 20)
s.bind(("127.0.0.1", 0))
print(s.getsockname()[1], flush=True)
before = time.process_time()
s.settimeout(20)
got, first = 0, 0.0
try:
    while True:
        s.recvfrom(65535)
        last = time.monotonic()
        if not got:
            first = last
            s.settimeout(1.5)
        got += 1
except TimeoutError:
    pass
print(json.dumps({"received": got, "seconds": last - first, "cpu": time.process_time() - before}))
"""

BUCKET = """
import json, sys, tempfile, time
from pathlib import Path
from protocols.creosote.bucket import Bucket, BucketSettings
from protocols.record.recorder import Recorder
from protocols.record.store import Store

recorder = Recorder()
tail = recorder.tail(bound_events=1 << 24, bound_bytes=4 << 30)
store = Store(recorder, Path(tempfile.mkdtemp()) / "bench.netlab") if "store" in sys.argv else None
bucket = Bucket(recorder, BucketSettings(port=0, broadcast=False))
bucket.start()
print(bucket.port, flush=True)
before = time.process_time()
first = last = got = 0
quiet = 0.0
while quiet < (1.5 if got else 20):
    time.sleep(0.03)  # as a window does; when the rows were read stands in them
    bulks = [item for item in tail.take_items() if not isinstance(item, tuple)]
    for bulk in bulks:
        first, last, got = first or bulk.t[0], bulk.t[-1], got + len(bulk)
    quiet = 0.0 if bulks else quiet + 0.03
bucket.stop()
if store is not None:
    store.close(30)
out = {"received": got, "seconds": (last - first) / 1e9, "dropped": bucket.dropped, "cpu": time.process_time() - before}
if store is not None:
    out["stored"] = store.written
print(json.dumps(out))
"""


SINK_NAME, LOOP_NAME = "C sink, asks nothing", "recvfrom loop"
PEER_NAME, FULL_NAME = "C sink, senders", "C sink, senders, times"
PLAIN_RATE = -1
"""For `--rates`: as fast as a sender goes whose datagrams each take the way through the stack."""
UDP_SEGMENT = 103
SEGMENTS = 64


def blast(port: int, count: int, size: int, rate: int = 0) -> float:
    """Send `count` datagrams at a rate, 0 for as fast as one process can, PLAIN_RATE so unsegmented; seconds taken."""

    class Vector(ctypes.Structure):
        _fields_ = (("base", ctypes.c_void_p), ("size", ctypes.c_size_t))

    class Header(ctypes.Structure):
        _fields_ = (
            ("name", ctypes.c_void_p), ("name_size", ctypes.c_uint), ("vectors", ctypes.POINTER(Vector)),
            ("count", ctypes.c_size_t), ("control", ctypes.c_void_p), ("control_size", ctypes.c_size_t),
            ("flags", ctypes.c_int),
        )  # fmt: skip

    class Message(ctypes.Structure):
        _fields_ = (("header", Header), ("size", ctypes.c_uint))

    libc = ctypes.CDLL(None, use_errno=True)
    burst = 1 if rate == PLAIN_RATE else max(1, min(SEGMENTS, 60_000 // size))
    payload = ctypes.create_string_buffer(b"x" * (size * burst), size * burst)
    vector = Vector(ctypes.cast(payload, ctypes.c_void_p).value, size * burst)
    messages = (Message * 1024)()
    for message in messages:
        message.header.vectors = ctypes.pointer(vector)
        message.header.count = 1
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.connect(("127.0.0.1", port))
        # The kernel cuts each send into datagrams of `size`: one system call's way through the stack for many.
        if burst > 1:
            sock.setsockopt(socket.IPPROTO_UDP, UDP_SEGMENT, size)
        left, began = count, time.monotonic()
        while left >= burst > 1:
            if rate and (early := (count - left) / rate - (time.monotonic() - began)) > 0:
                time.sleep(early)
            sent = libc.sendmmsg(sock.fileno(), messages, min(4 if rate else 16, left // burst), 0)
            left -= max(sent, 0) * burst
        vector.size = size
        while left > 0:
            left -= max(libc.sendmmsg(sock.fileno(), messages, min(1024, left), 0), 0)
        return time.monotonic() - began


def measure(command: list[str], count: int, size: int, rate: int = 0) -> dict[str, float]:
    """Start a receiver that prints its port, blast at it, and read what it says at the end."""
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as receiver:
        assert receiver.stdout is not None
        port = int(receiver.stdout.readline())
        sender = [sys.executable, "-m", "tests.bench.creosote_receive", "--blast", str(port), str(count), str(size),
                  str(rate)]  # fmt: skip
        took = float(subprocess.run(sender, capture_output=True, text=True, check=True).stdout)
        said: dict[str, float] = json.loads(receiver.stdout.readline())
    return said | {"sent_s": took}


def measure_socat(count: int, size: int, rate: int = 0) -> dict[str, float]:
    """socat writes every payload to a file: received is the file's size over the payload's."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.NamedTemporaryFile() as out:
        command = ["socat", "-u", f"UDP-RECV:{port},bind=127.0.0.1,rcvbuf={32 << 20}", f"OPEN:{out.name}"]
        with subprocess.Popen(command, stderr=subprocess.DEVNULL) as receiver:
            while not _bound(port):
                time.sleep(0.01)
            began = time.monotonic()
            sent_s = blast(port, count, size, rate)
            before = -1
            while (now := os.stat(out.name).st_size) != before:
                before = now
                ended = time.monotonic()
                time.sleep(0.3)
            receiver.send_signal(signal.SIGTERM)
        return {"received": before // size, "seconds": ended - began, "sent_s": sent_s}


def _bound(port: int) -> bool:
    return bool(re.search(rf"0100007F:{port:04X} ", Path("/proc/net/udp").read_text()))


def main() -> None:
    """Measure all receivers in turn, several rounds, and print a table for each rate."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=1_000_000)
    parser.add_argument("--size", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=6, help="every second one backwards")
    parser.add_argument("--only", default="", help="receivers whose names hold one of these words: sink,bucket")
    parser.add_argument("--rates", default="0,-1,500000")
    parser.add_argument("--blast", nargs=4, type=int, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.blast:
        print(blast(*chosen.blast))
        return
    with tempfile.TemporaryDirectory() as folder:
        words = [word for word in chosen.only.split(",") if word]
        receivers = {name: command for name, command in _receivers(Path(folder)).items()
                     if not words or any(word in name for word in words)}  # fmt: skip
        for rate in map(int, chosen.rates.split(",")):
            results: dict[str, list[dict[str, float]]] = {name: [] for name in receivers}
            for turn in range(chosen.rounds):
                # Whoever comes first in a round has it otherwise than whoever comes last: every second one backwards.
                for name, command in list(receivers.items())[:: -1 if turn % 2 else 1]:
                    size = (chosen.count, chosen.size, rate)
                    results[name].append(measure(command, *size) if command else measure_socat(*size))
            offered = {0: "as fast as it goes, 64 at a time", PLAIN_RATE: "as fast as it goes, each by itself"}
            _print(results, chosen.count, offered.get(rate, f"{rate:,} a second"))


def _print(results: dict[str, list[dict[str, float]]], count: int, offered: str) -> None:
    rounds = len(next(iter(results.values())))
    print(f"{count:,} datagrams {offered}, {rounds} rounds, medians; load of the machine {os.getloadavg()[0]:.1f}")
    print(f"{'receiver':<24}{'received/s':>12}{'of sink':>19}{'of peer':>19}{'of loop':>9}{'cpu, ns':>9}{'lost':>10}"
          f"{'adds up':>9}{'sent/s':>12}")  # fmt: skip
    rates = {name: [one["received"] / max(one["seconds"], 1e-9) for one in found] for name, found in results.items()}
    for name, found in results.items():
        lost = statistics.median(count - one["received"] for one in found)
        exact = all(one["received"] + one["dropped"] == count for one in found if "dropped" in one)
        adds = ("yes" if exact else "NO") if any("dropped" in one for one in found) else "-"
        sent = statistics.median(count / one["sent_s"] for one in found)
        spent = [one["cpu"] / one["received"] * 1e9 for one in found if "cpu" in one]
        cpu = f"{statistics.median(spent):>9,.0f}" if spent else f"{'-':>9}"
        ratios = "".join(f"{_ratio(rates[name], rates.get(to)):>19}" for to in (SINK_NAME, PEER_NAME))
        ratios += f"{_ratio(rates[name], rates.get(LOOP_NAME)).split(' ')[0]:>9}"
        print(f"{name:<24}{statistics.median(rates[name]):>12,.0f}{ratios}{cpu}{lost:>10,.0f}{adds:>9}{sent:>12,.0f}")
        if any("stored" in one for one in found):
            print(f"{'':<24}stored {[int(one['stored']) for one in found]}")


def _ratio(rates: list[float], others: list[float] | None) -> str:
    """The ratio of the medians, and between what the ratios of the rounds lie."""
    if not others:
        return "-"
    rounds = [one / other for one, other in zip(rates, others, strict=True)]
    whole = statistics.median(rates) / statistics.median(others)
    return f"{whole:.2f} ({min(rounds):.2f}-{max(rounds):.2f})"


def _receivers(folder: Path) -> dict[str, list[str]]:
    receivers: dict[str, list[str]] = {}
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler:
        source = folder / "sink.c"
        source.write_text(SINK)
        sinks = ((SINK_NAME, []), (PEER_NAME, ["-DSENDERS"]), (FULL_NAME, ["-DSENDERS", "-DTIMES"]))
        for name, (title, more) in zip("abc", sinks, strict=True):
            subprocess.run([compiler, "-O2", "-w", *more, "-o", str(folder / name), str(source)], check=True)
            receivers[title] = [str(folder / name)]
    else:
        print("no C compiler here: the C sink is left out")
    receivers["bucket"] = [sys.executable, "-c", BUCKET]
    receivers["bucket, session stored"] = [sys.executable, "-c", BUCKET, "store"]
    receivers[LOOP_NAME] = [sys.executable, "-c", LOOP]
    if shutil.which("socat"):
        receivers["socat to a file"] = []
    else:
        print("no socat here: it is left out")
    return receivers


if __name__ == "__main__":
    main()
