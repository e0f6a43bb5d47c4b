"""The same messages at the same rates into our window, into cutelog and into socat: rates, loss, gap in one table.

    python -m tests.bench.creosote_peers [--seconds 3] [--rates 2000,20000,100000]

cutelog takes no datagrams: it gets the same text as TCP log records through the standard library's
SocketHandler, in its own window, offscreen, from PyPI in a virtual environment of the bench. TCP loses
nothing; where cutelog is slower the sender has to wait, which a program that spews over UDP never does.
Rate: messages a second that the receiver had shown (socat: written) until it was done with all it got.
Gap: the longest time in which the window's event loop did not turn. What is not there is left out, and
said so. Measures nothing that pytest collects.
"""

from __future__ import annotations

import argparse
import json
import logging.handlers
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.bench.creosote_receive import _bound

SIZE = 100

CUTELOG = r"""
import json, signal, sys, time
from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QApplication
import cutelog.logger_tab as tab
import cutelog.__main__ as main

told = {"gap": 0.0, "stalled": 0.0, "began": 0.0, "last": 0.0}
tables = []
begin = tab.LogRecordModel.__init__


def remember(self, *rest, **named):
    begin(self, *rest, **named)
    tables.append(self)


tab.LogRecordModel.__init__ = remember
start = QApplication.exec_


def tick():
    now = time.monotonic()
    if told["last"] and rows():
        told["began"] = told["began"] or now
        gap = now - told["last"]
        told["gap"] = max(told["gap"], gap)
        told["stalled"] += max(gap - 0.016, 0)
    told["last"] = now


def rows():
    return sum(each.rowCount() for each in tables)


def report():
    out = {"rows": rows(), "gap": told["gap"], "stalled": told["stalled"], "began": told["began"], "now": told["last"]}
    print(json.dumps(out), flush=True)


def run(*_):
    app = QApplication.instance()
    timer, teller = QTimer(app), QTimer(app)
    timer.timeout.connect(tick)
    teller.timeout.connect(report)
    timer.start(1)
    teller.start(100)
    return start()


QApplication.exec_ = run
main.main()
"""


@dataclass(frozen=True)
class Row:
    """One line of the table. gap_ms, stalled: None where there is no window."""

    receiver: str
    offered: float
    sent: int
    received: int
    seconds: float
    gap_ms: float | None
    stalled: float | None
    remark: str = ""

    def line(self) -> str:
        rate = self.received / self.seconds if self.seconds else 0.0
        gap = f"{self.gap_ms:,.1f}" if self.gap_ms is not None else "-"
        stalled = f"{self.stalled:.1%}" if self.stalled is not None else "-"
        return (f"{self.offered:>9,.0f}  {self.receiver:<22}{self.sent:>9,}{self.received:>10,}"
                f"{self.sent - self.received:>9,}{rate:>11,.0f}{gap:>11}{stalled:>9}  {self.remark}")  # fmt: skip


def cutelog_python(folder: Path) -> str | None:
    """The interpreter of a virtual environment with cutelog in it; None, and a sentence, where it can't be had."""
    home = folder / "cutelog"
    venv.create(home, with_pip=True)
    python = str(home / ("Scripts" if os.name == "nt" else "bin") / "python")
    asked = [python, "-m", "pip", "install", "-q", "cutelog", "PyQt5", "setuptools<81"]
    done = subprocess.run(asked, capture_output=True, text=True, check=False)
    if not done.returncode:
        tried = [python, "-c", "import cutelog.main_window"]
        done = subprocess.run(tried, capture_output=True, text=True, check=False, env=_offscreen(folder))
    if done.returncode:
        print(f"cutelog is left out: {(done.stderr.strip() or 'it can not be installed').splitlines()[-1]}")
        return None
    return python


def _offscreen(folder: Path) -> dict[str, str]:
    return os.environ | {"QT_QPA_PLATFORM": "offscreen", "QT_API": "pyqt5", "HOME": str(folder),
                         "XDG_CONFIG_HOME": str(folder)}  # fmt: skip


def messages() -> list[str]:
    """The text that the UDP sender sends, too."""
    from tests.bench.creosote_window import PAYLOAD

    return [(PAYLOAD % (n % 1000, n % 64, n % 300))[:SIZE].ljust(SIZE).decode() for n in range(4096)]


def feed_cutelog(port: int, rate: float, seconds: float) -> None:
    """The sender's process for cutelog: the same messages through logging's SocketHandler; prints how many."""
    handler = logging.handlers.SocketHandler("127.0.0.1", port)
    log = logging.getLogger("bench")
    log.propagate = False
    log.setLevel(logging.DEBUG)
    log.addHandler(handler)
    texts, began, sent = messages(), time.perf_counter(), 0
    while (now := time.perf_counter() - began) < seconds:
        owed = int(now * rate)
        if owed <= sent:
            time.sleep(0.001)
        for _ in range(min(owed - sent, 64)):
            log.info(texts[sent & 4095])
            sent += 1
    handler.close()
    print(sent)


def of_cutelog(python: str, folder: Path, rate: float, seconds: float) -> Row:
    """cutelog's window in a process of its own, fed through TCP."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [python, "-c", CUTELOG, "--listen_host", "127.0.0.1", "--listen_port", str(port)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                          env=_offscreen(folder)) as viewer:  # fmt: skip
        assert viewer.stdout is not None
        try:
            _connectable(port)
            sender = [sys.executable, "-m", "tests.bench.creosote_peers", "--feed", str(port), str(rate), str(seconds)]
            with subprocess.Popen(sender, stdout=subprocess.PIPE, text=True) as feeder:
                told, changed = {"rows": 0, "gap": 0.0, "stalled": 0.0, "began": 0.0, "now": 0.0}, time.monotonic()
                last = 0.0
                while feeder.poll() is None or time.monotonic() - changed < 1.5:
                    now = json.loads(viewer.stdout.readline())
                    if now["rows"] != told["rows"]:
                        changed, last = time.monotonic(), now["now"]
                    told = now
                assert feeder.stdout is not None
                sent = int(feeder.stdout.read())
        finally:
            viewer.kill()
    spent = max(last - told["began"], 1e-9)
    remark = "the sender was held back" if sent < 0.95 * rate * seconds else ""
    received = min(int(told["rows"]), sent)  # a row of its own tells of the connection
    return Row("cutelog, TCP records", rate, sent, received, spent, told["gap"] * 1e3,
               min(told["stalled"] / spent, 1.0), remark)  # fmt: skip


def _connectable(port: int) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        table = Path("/proc/net/tcp").read_text() if Path("/proc/net/tcp").exists() else f":{port:04X} 00000000:0000 0A"
        if f":{port:04X} 00000000:0000 0A" in table:
            return
        time.sleep(0.05)
    raise SystemExit("cutelog did not listen in time")


def _udp_sender(port: int, rate: float, seconds: float) -> list[str]:
    return [sys.executable, "-m", "tests.bench.creosote_window", "--blast", str(port), "--rate", str(rate),
            "--seconds", str(seconds), "--size", str(SIZE)]  # fmt: skip


def of_window(rate: float, seconds: float) -> Row:
    """The lab's own window, fed through UDP."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from PySide6.QtWidgets import QApplication

    from tests.gallery.creosote import Scene
    from tests.stall import StallMeter

    app = QApplication.instance() or QApplication(sys.argv[:1])
    scene = Scene((1440, 900))
    port = scene.listen()
    log = scene.panel.feed.log
    with subprocess.Popen(_udp_sender(port, rate, seconds), stdout=subprocess.PIPE, text=True) as sender:
        began = changed = 0.0
        rows, stalls = 0, StallMeter()
        with stalls:
            while sender.poll() is None or time.monotonic() - changed < 0.5:
                QApplication.processEvents()
                now = scene.panel.listen.log.rows.count()
                if now != rows:
                    rows, changed = now, time.monotonic()
                    began = began or changed
                time.sleep(0.0002)
        assert sender.stdout is not None
        sent = int(sender.stdout.read())
    bucket = scene.panel.listen.buckets.current.slot.bucket
    assert bucket is not None
    told = bucket.dropped + scene.lab.recorder.dropped
    remark = f"{told:,} reported as dropped" + ("" if len(log) + told == sent else ": DOES NOT ADD UP")
    row = Row("NetLab, UDP, window", rate, sent, rows, max(changed - began, 1e-9), stalls.max_ms, stalls.share, remark)
    scene.end()
    del app
    return row


def of_socat(folder: Path, rate: float, seconds: float) -> Row:
    """socat -u UDP-RECV into a file: no window, no sender, no time, no word of what was lost."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    out = folder / "socat.out"
    out.write_bytes(b"")
    command = ["socat", "-u", f"UDP-RECV:{port},bind=127.0.0.1", f"OPEN:{out}"]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as receiver:
        while not _bound(port):
            time.sleep(0.01)
        with subprocess.Popen(_udp_sender(port, rate, seconds), stdout=subprocess.PIPE, text=True) as sender:
            size, began, changed = 0, 0.0, time.monotonic()
            while sender.poll() is None or time.monotonic() - changed < 0.5:
                now = out.stat().st_size
                if now != size:
                    size, changed = now, time.monotonic()
                    began = began or changed
                time.sleep(0.01)
            assert sender.stdout is not None
            sent = int(sender.stdout.read())
        receiver.terminate()
    return Row("socat -u UDP-RECV", rate, sent, size // SIZE, max(changed - began, 1e-9), None, None)


def main() -> None:
    """Measure all in turn at each rate; print one table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--rates", default="2000,20000,100000")
    parser.add_argument("--feed", nargs=3, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.feed:
        feed_cutelog(int(chosen.feed[0]), float(chosen.feed[1]), float(chosen.feed[2]))
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        python = cutelog_python(folder)
        if not shutil.which("socat"):
            print("socat is left out: it is not installed here")
        print(f"{'offered':>9}  {'receiver':<22}{'sent':>9}{'received':>10}{'lost':>9}{'rate':>11}{'gap, ms':>11}"
              f"{'stalled':>9}")  # fmt: skip
        for rate in map(float, chosen.rates.split(",")):
            measures: list[Callable[[], Row]] = [lambda rate=rate: of_window(rate, chosen.seconds)]  # type: ignore[misc]
            if python is not None:
                measures.append(lambda rate=rate: of_cutelog(python, folder, rate, chosen.seconds))  # type: ignore[misc]
            if shutil.which("socat"):
                measures.append(lambda rate=rate: of_socat(folder, rate, chosen.seconds))  # type: ignore[misc]
            for measure in measures:
                print(measure().line(), flush=True)


if __name__ == "__main__":
    main()
