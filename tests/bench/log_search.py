"""A million events in the memory log: cost of appending, memory a row, time of searches.

Run: python -m tests.bench.log_search [--rows N]
"""

from __future__ import annotations

import argparse
import gc
import random
import resource
import time
from collections.abc import Callable, Iterator
from itertools import islice

from protocols.record.event import Direction, Raw
from protocols.record.log import EventLog, Filter

NAMES = ("took_ns", "fd", "thread", "end", "asked", "kept", "tls", "flags", "peer")
BATCH = 20_000
IN: Direction = "in"
OUT: Direction = "out"


def echo_events(count: int, seed: int = 7) -> Iterator[Raw]:
    """What an echo server and its clients leave: four calls a line, now and then an error or a state."""
    chance = random.Random(seed)
    t = 1_590_538_343_761
    for number in range(count // 4):
        conn = str(1 + number // 50)
        data = b"line %d of the conversation\n" % number
        size, at = len(data), number % 50 * 40
        says = repr(data)
        client, server = f"client {1 + number // 50 % 40}", "echo:2345"
        for who, end, way, kind in (
            (client, "client", OUT, "sendall"), (server, "server", IN, "recv"),
            (server, "server", OUT, "sendall"), (client, "client", IN, "recv"),
        ):  # fmt: skip
            t += chance.randrange(2_000, 90_000)
            if chance.random() < 0.001:
                detail = {"took_ns": 8873, "fd": 4, "thread": f"{who}", "errno": "ECONNRESET", "why": "It sent a RST."}
                yield (t, "call", kind, who, conn, way, None, None, None, f"{kind}(4096) = ECONNRESET", detail)
                continue
            lazy = (NAMES, chance.randrange(99_999), 5, f"{who}-conn", end, 4096, None, None, None, None)
            text = f"sendall({says}) = {size}" if kind == "sendall" else f"recv(4096) = {size}"
            yield (t, "call", kind, who, conn, way, at, size, data, text, lazy)


def resident_mb() -> float:
    """Memory of this process now, in MB."""
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * resource.getpagesize() / 1e6


def filled(rows: int) -> EventLog:
    """A log of that many rows, and a line of what it cost."""
    gc.collect()
    before = resident_mb()
    log, longest, busiest, cpu = EventLog(), 0.0, 0.0, 0.0
    events = echo_events(rows)
    while batch := list(islice(events, BATCH)):
        wall, spent = time.perf_counter(), time.process_time()
        log.append(batch)
        busiest = max(busiest, time.process_time() - spent)
        cpu += time.process_time() - spent
        longest = max(longest, time.perf_counter() - wall)
    del batch
    gc.collect()
    print(f"append {len(log):,} rows: {cpu:.2f} s CPU")
    print(f"longest batch of {BATCH:,}: {busiest * 1e3:.0f} ms CPU, {longest * 1e3:.0f} ms by the clock")
    print(f"memory: {log.nbytes / len(log):.0f} B a row packed, {resident_mb() - before:.0f} MB grown")
    return log


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=1_000_000)
    log = filled(parser.parse_args().rows)
    filters = {
        "nothing asked": Filter(),
        "every row matches: e": Filter("e"),
        "every row matches: conversation": Filter("conversation"),
        "half: sendall": Filter("sendall"),
        "two words": Filter("sendall conversation"),
        "rare: 123456": Filter("123456"),
        "none: zebra": Filter("zebra"),
        "excluded: -conversation": Filter("-conversation"),
        "service:echo": Filter("service:echo"),
        "conn:77": Filter("conn:77"),
        "kind:recv layer:call": Filter("kind:recv layer:call"),
        "errno": Filter("errno"),
        "regex rare /line 9999\\d\\d of/": Filter(r"/line 9999\d\d of/"),
        "regex every row /o.*n/": Filter("/o.*n/"),
    }
    print(f"{'search':38} {'rows':>9} {'ms':>7} {'longest slice ms':>17}")
    for name, wanted in filters.items():
        found, longest, start = 0, 0.0, time.perf_counter()
        for part in timed(log.search(wanted).step):
            found += len(part[0])
            longest = max(longest, part[1])
        print(f"{name:38} {found:9,} {(time.perf_counter() - start) * 1e3:7.0f} {longest * 1e3:17.1f}")
    reads = [random.randrange(len(log)) for _ in range(20_000)]
    start = time.perf_counter()
    for row in reads:
        log.raw(row)
    print(f"a row at random: {(time.perf_counter() - start) / len(reads) * 1e6:.1f} us")


def timed(step: Callable[[], list[int] | None]) -> Iterator[tuple[list[int], float]]:
    """Each step's rows, and how long it took."""
    while True:
        start = time.perf_counter()
        rows = step()
        if rows is None:
            return
        yield rows, time.perf_counter() - start


if __name__ == "__main__":
    main()
