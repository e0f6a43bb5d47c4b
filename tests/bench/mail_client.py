"""How the mail clients fare: `python -m tests.bench.mail_client [--mails N] [--megabytes M]`.

A mailbox of 100,000 messages at Dovecot: the time from the click to the first screen, the longest gap of
the window's event loop, and how soon the middle of the list is filled after a jump there. Our own server
with 10,000, by IMAP and by POP3. An attachment of 50 MB out by SMTP and back by IMAP and by POP3: the
time, the peak of memory over what there was before, and how soon Cancel ends it. Run by hand, never by
pytest.

Measured on two quiet processors: 100,000 at Dovecot 0.45 s by IMAP (imaplib alone 0.38 s) and 0.5-0.6 s by POP3 (poplib
alone 0.4-0.5 s), the middle of the list after 0.1-0.2 s, longest gap 37 ms; its own index of a mailbox never opened
before takes Dovecot 3 s, once. LIST and UIDL of all by POP3, which took 21 s, are not asked for. Our own server with
10,000: 0.2-0.6 s by IMAP, 0.3 s by POP3, longest gap 71 ms. 50 MB: peaks of 25, 17 and 12 MB, 78 MB while it
is read to be shown; Cancel after 3 ms. Beside eight busy programs the same took three to ten times as long.
"""

from __future__ import annotations

import argparse
import imaplib
import os
import poplib
import resource
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QEventLoop
from PySide6.QtWidgets import QApplication

from netlab_gui import pace
from protocols.lab import Lab
from protocols.mail.client.account import Account
from protocols.mail.client.imap import ImapSession
from protocols.mail.client.imaprows import ROW_ITEMS
from protocols.mail.client.pop3 import Pop3Session
from protocols.mail.client.smtp import Envelope, SmtpSession
from protocols.mail.client.spool import Spool
from protocols.mail.message.compose import Draft, write
from protocols.mail.message.shown import read_file
from protocols.mail.server.service import MailServer
from protocols.mail.server.setup import MailSetup
from protocols.record.log import EventLog
from protocols.record.recorder import Recorder
from tests.protocols.mail.dovecot import running
from tests.stall import StallMeter
from widgets.actions import Actions
from widgets.bridge import Bridge
from widgets.desk import Desk
from widgets.mail.panel import MailPanel
from widgets.selection import Selection
from widgets.theme.theme import theme

PATIENCE_S = 120.0


DIFFERENT = 1000
QUICK_SIZES = "protocol pop3 {\n  pop3_fast_size_lookups = yes\n}\n"
"""Dovecot sums up all sizes before it answers anything by POP3: with this from the names of the files."""


def fill(maildir: Path, count: int, owner: tuple[int, int] | None = None) -> None:
    """So many small messages in a Maildir, as a delivery agent leaves them: links to a thousand different ones."""
    cur = os.path.join(maildir, "cur")
    os.makedirs(cur, exist_ok=True)
    names: list[str] = []
    for number in range(count):
        at = number % DIFFERENT
        text = (f"From: Sender {at} <s{at}@example.org>\r\nTo: bob@x.org\r\nSubject: number {at}\r\n"
                f"Date: Sun, 29 Nov 2026 05:00:00 +0000\r\nMessage-ID: <{at}@x.org>\r\n\r\nhi {at}\r\n")  # fmt: skip
        name = os.path.join(cur, f"{1_700_000_000 + number}.M{number}.bench,S={len(text)},W={len(text)}:2,")
        if number >= DIFFERENT:
            os.link(names[at], name)
            continue
        names.append(name)
        with open(name, "wb") as file:
            file.write(text.encode())
        if owner is not None and os.geteuid() == 0:
            os.chown(name, *owner)


class Window:
    """A mail panel in a window, and its mailbox view."""

    def __init__(self) -> None:
        self.app = QApplication.instance() or QApplication(sys.argv[:1])
        self.lab = Lab()
        self.bridge = Bridge(self.lab)
        log = EventLog()
        self.bridge.add_consumer(log.append)
        theme().hold()
        self.panel = MailPanel(Desk(self.lab, self.bridge, Actions(), Selection(), log))
        theme().release()
        self.panel.resize(1200, 760)
        self.panel.show()
        self.panel.shown()
        self.panel.show_view("mailbox")
        self.box = self.panel.mailbox
        self.settle(0.5)
        pace.settle()

    def settle(self, seconds: float) -> None:
        """Let the window live."""
        self.until(lambda: False, seconds, quiet=True)

    def until(self, true: Callable[[], object], patience_s: float = PATIENCE_S, *, quiet: bool = False) -> float:
        """Let the window live until something holds; how long that took, in seconds."""
        began = time.perf_counter()
        while not true():
            if time.perf_counter() - began > patience_s:
                if quiet:
                    break
                raise TimeoutError("it never came true")
            self.app.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 5)
            time.sleep(0.0005)
        return time.perf_counter() - began

    def screen_is_filled(self) -> bool:
        """Whether every row in sight is there."""
        table, model = self.box.list, self.box.model
        first, last = table.rowAt(0), table.rowAt(table.viewport().height() - 1)
        last = model.rowCount() - 1 if last < 0 else last
        return model.rowCount() > 0 and first >= 0 and all(model.listed(row) for row in range(first, last + 1))

    def measure(self, what: str, kind: str, address: tuple[str, int], user: str, password: str) -> None:
        """One line of the table."""
        box = self.box
        box.kind.set_current(("imap", "pop3").index(kind))
        box.account.set_address(*address)
        box.account.fields.set_values({"user": user, "password": password})
        box.model.begin(0)
        with StallMeter() as meter:
            box.connect_button.click()
            first_s = self.until(self.screen_is_filled)
            self.settle(0.5)
            box.list.scrollTo(box.model.index(box.model.rowCount() // 2, 0))
            jump_s = self.until(self.screen_is_filled)
        print(f"{what:34} {box.model.rowCount():>8,} {first_s:>8.2f} {jump_s:>8.2f} {meter.max_ms:>10.1f}", flush=True)
        box.slot.close(politely=False)
        self.until(lambda: box.slot.phase == "ended")

    def close(self) -> None:
        """End everything."""
        self.panel.hidden()
        self.lab.close()
        self.bridge.close()


def _folder(prefix: str) -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix=prefix, dir="/tmp", ignore_cleanup_errors=True)


def bare(port: int) -> None:
    """The same first screen by imaplib alone: what of the time is the server's."""
    began = time.perf_counter()
    with imaplib.IMAP4("127.0.0.1", port) as box:
        box.login("big", "secret")
        count = int(box.select("INBOX")[1][0] or 0)
        box.fetch(f"{count - 49}:{count}", ROW_ITEMS)
    print(f"{'(imaplib alone, no window)':34} {count:>8,} {time.perf_counter() - began:>8.2f}", flush=True)


def bare_pop3(port: int) -> None:
    """The same first screen by poplib alone."""
    began = time.perf_counter()
    box = poplib.POP3("127.0.0.1", port, timeout=PATIENCE_S)
    box.user("big")
    box.pass_("secret")
    box.noop()
    ready = time.perf_counter() - began
    count = box.stat()[0]
    for number in range(count, count - 50, -1):
        box.list(number)
        box.uidl(number)
        box.top(number, 0)
    took = time.perf_counter() - began
    print(f"{'(poplib alone; login alone: ' + f'{ready:.2f})':34} {count:>8,} {took:>8.2f}", flush=True)
    box.quit()


def mailboxes(count: int) -> None:
    """First screens, against Dovecot and our own server."""
    window = Window()
    dovecots(window, count)
    own(window, count // 10)
    window.close()


def dovecots(window: Window, count: int) -> None:
    """Against Dovecot."""
    print(f"{'mailbox':34} {'mails':>8} {'first s':>8} {'jump s':>8} {'gap ms':>10}")
    with _folder("dv-") as folder, running(Path(folder), more=QUICK_SIZES) as dovecot:
        fill(dovecot.maildir("big"), count, dovecot.owner)
        bare(dovecot.ports["imap"])  # Dovecot makes its index of a mailbox that was never opened
        for what in ("Dovecot", "Dovecot again"):
            window.measure(what, "imap", ("127.0.0.1", dovecot.ports["imap"]), "big", "secret")
            bare(dovecot.ports["imap"])
        for what in ("Dovecot by POP3", "Dovecot by POP3 again"):
            bare_pop3(dovecot.ports["pop3"])
            window.measure(what, "pop3", ("127.0.0.1", dovecot.ports["pop3"]), "big", "secret")


def own(window: Window, count: int) -> None:
    """Against our own server."""
    with _folder("ms-") as folder:
        server = MailServer(window.lab.recorder, MailSetup(store=Path(folder)))
        window.lab.start(server)
        fill(server.store.boxes["bob"].inbox.path, count)
        for kind in ("imap", "pop3", "imap"):
            window.measure(f"our own server by {kind.upper()}", kind, server.ends[kind], "bob", "bob")


def resident_mb() -> float:
    """Resident memory of this process now, in MB."""
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * resource.getpagesize() / 1e6


class Peak:
    """The highest resident memory while the block runs, over that at its start, in MB."""

    def __enter__(self) -> Peak:
        self._before, self.mb, self._over = resident_mb(), 0.0, threading.Event()
        self._thread = threading.Thread(target=self._look)
        self._thread.start()
        return self

    def _look(self) -> None:
        while not self._over.wait(0.005):
            self.mb = max(self.mb, resident_mb() - self._before)

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()


def attachments(megabytes: int) -> None:
    """A big attachment out and back. The server runs in a process of its own, so that memory is the clients'."""
    import json
    import subprocess

    serve = [sys.executable, "-m", "netlab_gui", "serve", "mail", "--user", "bob:bob", "--json"]
    recorder = Recorder()
    recorder.tail(bound_events=1000)
    with tempfile.TemporaryDirectory() as folder, subprocess.Popen(serve, stdout=subprocess.PIPE) as server:
        ends: dict[str, int] = {}
        assert server.stdout is not None
        while len(ends) < 3:
            detail = json.loads(server.stdout.readline())["detail"]
            if "port" in detail:
                ends[detail["protocol"]] = detail["port"]
        threading.Thread(target=server.stdout.read, daemon=True).start()
        path = Path(folder) / "big.bin"
        path.write_bytes(os.urandom(1 << 20) * megabytes)
        try:
            _out_and_back(recorder, ends, path, megabytes)
        finally:
            server.terminate()


def _out_and_back(recorder: Recorder, ends: dict[str, int], path: Path, megabytes: int) -> None:
    print(f"\n{f'{megabytes} MB':34} {'s':>8} {'MB/s':>8} {'peak MB':>10}")
    draft = Draft("ann@example.org", ("bob@example.org",), subject="big", attachments=(str(path),))
    spool = Spool()

    def line(what: str, work: Callable[[], Any]) -> Any:
        with Peak() as peak:
            began = time.perf_counter()
            result = work()
            took = time.perf_counter() - began
        print(f"{what:34} {took:>8.2f} {megabytes / took:>8.0f} {peak.mb:>10.1f}", flush=True)
        return result

    def written() -> Path:
        with spool.new() as (made, file):
            write(draft, file)
        return made

    mail = line("written to a file", written)
    size = mail.stat().st_size
    smtp = SmtpSession(recorder, Account(port=ends["smtp"]), name="smtp 1")
    smtp.start()
    envelope = Envelope("ann@example.org", ("bob@example.org",))
    sent = line("out by SMTP", lambda: smtp.send(envelope, lambda: mail.open("rb"), size).result(PATIENCE_S))
    assert sent.outcome == "all", sent
    smtp.stop()
    account = {"user": "bob", "password": "bob"}
    imap = ImapSession(recorder, Account(port=ends["imap"], **account), name="imap 1")  # type: ignore[arg-type]
    imap.start()
    imap.select("INBOX").result(PATIENCE_S)
    uid = imap.search("ALL").result(PATIENCE_S)[0]
    back = line("back by IMAP", lambda: imap.source(uid, size).result(PATIENCE_S))
    line("read to be shown", lambda: read_file(back))
    assert back.read_bytes() == mail.read_bytes()
    imap.stop()
    for cancel in (False, True):
        pop3 = Pop3Session(recorder, Account(port=ends["pop3"], **account), name="pop3 1")  # type: ignore[arg-type]
        pop3.start()
        if cancel:
            task = pop3.retrieve(1, size)
            while task.done < size // 4:
                time.sleep(0.001)
            began = time.perf_counter()
            task.cancel()
            task.wait()
            print(f"{'cancelled amid POP3, after':34} {time.perf_counter() - began:>8.3f}")
        else:
            line("back by POP3", lambda pop3=pop3: pop3.retrieve(1, size).result(PATIENCE_S))
        pop3.stop()
    spool.close()


def main() -> int:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mails", type=int, default=100_000)
    parser.add_argument("--megabytes", type=int, default=50)
    parser.add_argument("--only", choices=("mailboxes", "attachments"))
    arguments = parser.parse_args()
    if arguments.only != "mailboxes":
        attachments(arguments.megabytes)
    if arguments.only != "attachments":
        mailboxes(arguments.mails)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
