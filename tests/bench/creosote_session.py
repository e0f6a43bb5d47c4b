"""A day's log: ten million datagrams kept, filtered as one types, stored, and opened again.

    python -m tests.bench.creosote_session [--rows 10000000] [--no-survey]

Measured on two processors: 845 MB with all ten million kept and 913 MB once surveyed (the log keeps at most 1,350 MB:
DatagramLog), stored at 320,000 a second, reopened in 0.8-1.5 s (3 s with a load of ten). A page of rows is there after
0.2-22 ms. What no row holds is sure of that after 0.1 s at most, measured while eight other programs were at work:
words of two letters and more, patterns, levels, kinds, senders, fields of few values. Of words, patterns, levels,
senders and kinds it is sure before the survey has come by, in a session just opened too, from the sketches that the
store makes: 1.3 microseconds of a processor a row, once no more than 100,000 a second come. Where a block has none yet,
a word takes 0.4-1.5 s among all, and a level must be read row by row, six microseconds each; so must always what only
the survey knows (fields), and a number that stands in every part (three digits). The window goes on meanwhile and tells
how much is searched.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from array import array
from itertools import accumulate
from pathlib import Path

from netlab_gui.session_files import Loading, begin, load
from protocols.creosote.filters import LogFilter
from protocols.creosote.finding import Finder, Strides
from protocols.creosote.log import DatagramLog
from protocols.creosote.programs import PROGRAMS
from protocols.creosote.reopened import datagrams_of
from protocols.creosote.survey import Survey
from protocols.record.bulk import Bulk
from protocols.record.recorder import Recorder

BULK_ROWS = 16_384
PAGE_ROWS = 60
AIM_S = 0.003
LIMIT_S = 10.0
SKETCHED_S = 120.0


UNSURVEYED = ("queue", "nosuchword", "/no(such|ne)\\d/", "599999", "level:critical", "from:nobody", "kind:pickle")


def rss_mb() -> float:
    """Memory now, in MB."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    return 0.0


def bulk_of(first: int) -> Bulk:
    """Messages of five made-up programs, about a hundred bytes each, each bulk with bytes of its own."""
    payloads = [PROGRAMS[n % 5].message(n % 50_000).encode() for n in range(first, first + BULK_ROWS)]
    return Bulk(
        "bucket:7739", ("127.0.0.1", 7739), array("q", range(first, first + BULK_ROWS)), b"".join(payloads),
        array("I", accumulate(map(len, payloads))), array("I", [n % 5 for n in range(BULK_ROWS)]), PEERS, CONNS, 0,
    )  # fmt: skip


PEERS = [("127.0.0.1", 4000 + n) for n in range(5)]
CONNS = [str(n) for n in range(5)]


def main() -> None:
    """Fill, filter, store and reopen; print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--no-survey", action="store_true", help="leave out what takes minutes")
    asked = parser.parse_args()
    rows = asked.rows
    with tempfile.TemporaryDirectory() as folder:
        os.environ["NETLAB_HOME"] = folder
        recorder = Recorder()
        store = begin(recorder, Path(folder), 5, 1 << 40).store
        assert store is not None
        log = DatagramLog()
        spent = 0.0
        began = time.perf_counter()
        while len(log) < rows:
            bulk = bulk_of(len(log))
            began_one = time.perf_counter()
            recorder.put_bulk(bulk)
            log.append(bulk)
            spent += time.perf_counter() - began_one
        print(f"{len(log):,} rows in the log, {len(log) - log.first:,} kept, {log.nbytes / 1e6:,.0f} MB of columns")
        print(f"appended in {spent:.2f} s; memory of the process {rss_mb():,.0f} MB")
        store.flush(600)
        took = time.perf_counter() - began
        print(f"stored: {store.written:,} events, at least {store.written / took:,.0f} a second, missed {store.missed}")
        sketched(log)
        texts = ("queue", "nosuchword", "/mx\\d/", "level>=error", "status:504", "from:db -mx1",
                     "level:critical", "status:599", "from:nobody", "-level>=debug", "kind:pickle", "/no(such|ne)\\d/",
                 "mx9999", "zqx", "599999", "after:00:00 queue 999999x", "-queue nosuchword")
        print("at once, nothing surveyed yet:")
        for text in UNSURVEYED:
            filtered(log, text)
        if not asked.no_survey:
            began, spent = time.perf_counter(), time.process_time()
            Survey(log).go_on(3600)
            print(f"surveyed in {time.perf_counter() - began:.1f} s of idle time, {time.process_time() - spent:.1f} s"
                  f" of a processor; {log.nbytes / 1e6:,.0f} MB now, process {rss_mb():,.0f} MB")
            for text in texts:
                filtered(log, text)
        path = store.path
        store.close(60)
        del log
        began, spent = time.perf_counter(), time.process_time()
        loading = load(Loading(path))
        print(f"reopened: {len(loading.log):,} events, {time.perf_counter() - began:.2f} s until it is shown,"
              f" {time.process_time() - spent:.2f} s of a processor")
        began = time.perf_counter()
        log = datagrams_of(loading.log)
        print(f"as a log of datagrams {time.perf_counter() - began:.2f} s later; at once, nothing surveyed yet:")
        for text in UNSURVEYED:
            filtered(log, text)


def sketched(log: DatagramLog) -> None:
    """How many blocks have their sketch once they are in the file, and how long until the others have it, too."""
    bulks, began = [stretch.bulk for stretch in log.stretches(log.first, len(log))], time.perf_counter()
    at_once = len(bulks) - (left := sum(bulk.sketch is None for bulk in bulks))
    while left and time.perf_counter() - began < SKETCHED_S:
        time.sleep(0.1)
        left = sum(bulk.sketch is None for bulk in bulks)
    print(f"sketched: {at_once} of {len(bulks)} blocks as they were stored, all but {left} after"
          f" {time.perf_counter() - began:.1f} s; process {rss_mb():,.0f} MB")


def filtered(log: DatagramLog, text: str) -> None:
    """Newest first, in chunks as the window takes them: how long until a page of rows is there, and all are seen."""
    strides = Strides(Finder(log, LogFilter(text), 0), AIM_S)
    began = time.perf_counter()
    found, seen, page, longest = 0, 0, 0.0, 0.0
    for stretch in reversed(log.stretches(log.first, len(log))):
        stop = len(stretch)
        while stop:
            before = time.perf_counter()
            start, rows = strides.back(stretch, stop)
            now = time.perf_counter()
            found, longest = found + len(rows), max(longest, now - before)
            seen, stop = seen + stop - start, start
            if not page and found >= PAGE_ROWS:
                page = now - began
        if time.perf_counter() - began > LIMIT_S:
            break
    whole = time.perf_counter() - began
    first = f"{page * 1e3:8.1f} ms" if page else f"{'none':>11}"
    print(f"filter {text!r:24} first page {first}, {found:,} rows among {seen:,} after {whole:.1f} s,"
          f" longest look {longest * 1e3:.1f} ms")


if __name__ == "__main__":
    main()
