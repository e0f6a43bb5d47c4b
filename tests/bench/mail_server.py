"""The mail server side by side with bare aiosmtpd; first screens of large mailboxes; 50 MB with flat memory.

`python -m tests.bench.mail_server [--seconds S] [--rounds N] [--only rate,screen,big]`. Servers run in processes of
their own; rounds are interleaved, a ratio is the median of the rounds' ratios. "bare" is aiosmtpd as it comes, its
handler throws the mail away; "to Maildir" has aiosmtpd's own Mailbox handler, which writes files and does not fsync.
Mails of that part are kept in memory where there is room: ext4 does not take up the inodes of files just deleted, and
looks at each of them for each new file, so that what an earlier round left behind would be measured (1 ms a mail).

What pymap itself costs and still costs: it makes some ten objects for each value of a FETCH (about 0.3 ms for UID,
FLAGS and RFC822.SIZE of one message on a quiet machine, so that all sizes of 10,000 messages take seconds while the
newest 50 take a tenth of one), and parses a message whole for BODYSTRUCTURE and its parts. Its Maildir backend, which
parsed each message for every question and listed the folder each second of an IDLE, is not used.
"""

from __future__ import annotations

import argparse
import contextlib
import imaplib
import os
import poplib
import smtplib
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil

MAIL = (b"From: a@example.org\r\nTo: ann@lab\r\nSubject: rate\r\nMessage-ID: <1@x>\r\n\r\n" + b"x" * 70 + b"\r\n") + (
    b"y" * 70 + b"\r\n"
) * 55
CONNECTIONS = 10
MEMORY = "/dev/shm" if os.path.isdir("/dev/shm") else None
MESSAGES = 10_000
SHOWN = 50
BIG = 50 << 20


# Servers, each in a process of its own: its ports are its first line


def bare(keep: str) -> None:
    """aiosmtpd as it comes. keep: a folder for its Mailbox handler, "" to throw mails away."""
    from aiosmtpd.controller import Controller
    from aiosmtpd.handlers import Mailbox

    class Sink:
        async def handle_DATA(self, *_: object) -> str:
            return "250 OK"

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    controller = Controller(Mailbox(keep) if keep else Sink(), hostname="127.0.0.1", port=port)
    controller.start()
    print(port, flush=True)
    threading.Event().wait()


def lab(store: str, recording: bool) -> None:
    """The lab's, with a consumer that takes all events, as the window has one."""
    from netlab_gui import pace
    from protocols.mail.server.service import MailServer
    from protocols.mail.server.setup import MailSetup
    from protocols.record.recorder import Recorder

    recorder = Recorder()
    recorder.enabled = recording
    tail = recorder.tail()
    server = MailServer(recorder, MailSetup(store=Path(store), users={"ann": "ann"}, size_limit=BIG * 2))
    server.start()
    pace.settle()
    print(*(port for _, port in server.ends.values()), flush=True)
    while not server.join(0.03):
        tail.take_items()


@contextlib.contextmanager
def serving(*arguments: str) -> Iterator[tuple[list[int], int]]:
    """A server of this module in a process; its ports and process id."""
    command = [sys.executable, "-m", "tests.bench.mail_server", "--serve", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield [int(one) for one in process.stdout.readline().split()], process.pid
        finally:
            process.kill()


# Mails a second


def _send_until(port: int, until: float, counts: list[int]) -> None:
    with socket.create_connection(("127.0.0.1", port), 30) as sock, sock.makefile("rb") as file:

        def ask(data: bytes) -> bytes:
            sock.sendall(data)
            while (line := file.readline())[3:4] == b"-":
                pass
            return line

        file.readline()
        ask(b"EHLO bench\r\n")
        sent = 0
        while time.monotonic() < until:
            ask(b"MAIL FROM:<a@example.org>\r\n")
            ask(b"RCPT TO:<ann@lab>\r\n")
            ask(b"DATA\r\n")
            answer = ask(MAIL + b".\r\n")
            if not answer.startswith(b"250"):
                raise SystemExit(f"refused: {answer!r}")
            sent += 1
        counts.append(sent)


def mails_a_second(port: int, seconds: float) -> float:
    """Ten connections, one mail after the other on each."""
    counts: list[int] = []
    began = time.monotonic()
    threads = [threading.Thread(target=_send_until, args=(port, began + seconds, counts)) for _ in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts) / (time.monotonic() - began)


def rate(seconds: float, rounds: int) -> None:
    """Accepted mails a second, side by side."""
    rates: dict[str, list[float]] = {}
    costs: dict[str, list[float]] = {}
    for _ in range(rounds):
        for name, kind in (("aiosmtpd bare", "bare"), ("aiosmtpd to Maildir", "maildir"),
                           ("lab, recording off", "off"), ("lab, recording on", "on")):  # fmt: skip
            with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
                arguments = (
                    ("bare", "")
                    if kind == "bare"
                    else ("bare", f"{folder}/m")
                    if kind == "maildir"
                    else ("lab", folder, kind)
                )
                with serving(*arguments) as (ports, pid):
                    process = psutil.Process(pid)
                    before = process.cpu_times()
                    found = mails_a_second(ports[0], seconds)
                    after = process.cpu_times()
                    used = after.user + after.system - before.user - before.system
                    rates.setdefault(name, []).append(found)
                    costs.setdefault(name, []).append(used * 1000 / max(found * seconds, 1))
    print(
        f"\n{CONNECTIONS} connections, {len(MAIL)} bytes a mail\n{'':24}{'mails/s':>10}{'x bare':>9}{'CPU ms each':>13}"
    )
    base = rates["aiosmtpd bare"]
    for name, found in rates.items():
        ratio = statistics.median(one / max(two, 1) for one, two in zip(found, base, strict=True))
        cost = statistics.median(costs[name])
        print(f"{name:24}{statistics.median(found):10,.0f}{ratio:9.2f}{cost:13.2f}")


# First screens


def _fill(store: Path) -> None:
    folder = store / "ann"
    for sub in ("tmp", "new", "cur"):
        (folder / sub).mkdir(parents=True)
    for number in range(MESSAGES):
        text = (
            (
                f"From: =?utf-8?q?J=C3=BCrgen?= <sender{number}@example.org>\r\nTo: ann@lab\r\n"
                f"Subject: =?utf-8?q?Message_{number}?=\r\nDate: Mon, 01 Jan 2024 10:00:00 +0000\r\n"
                f"Message-ID: <{number}@example.org>\r\nMIME-Version: 1.0\r\n"
                'Content-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\n\r\nhello\r\n--b--\r\n'
            ).encode()
            + b"x" * 2000
            + b"\r\n"
        )
        place = "cur" if number % 2 else "new"
        flags = ":2,S" if number % 2 else ""
        (folder / place / f"{1700000000 + number}.M0P1Q{number}.other{flags}").write_bytes(text.replace(b"\r\n", b"\n"))


def screen() -> None:
    """What a client waits for until it can show its first screen, and again."""
    print(f"\n{MESSAGES} messages written by another program: select and the newest {SHOWN}, in s")
    with tempfile.TemporaryDirectory() as folder:
        _fill(Path(folder))
        for turn in ("first", "second"):
            with serving("lab", folder, "on") as (ports, _):
                began = time.monotonic()
                with imaplib.IMAP4("127.0.0.1", ports[2]) as imap:
                    imap.login("ann", "ann")
                    imap.select()
                    selected = time.monotonic() - began
                    imap.fetch(f"{MESSAGES - SHOWN + 1}:{MESSAGES}", "(UID FLAGS INTERNALDATE RFC822.SIZE ENVELOPE)")
                    shown = time.monotonic() - began
                    again = time.monotonic()
                    imap.noop()
                    noop = time.monotonic() - again
                    again = time.monotonic()
                    imap.fetch(f"1:{MESSAGES}", "(UID FLAGS RFC822.SIZE)")
                    listed = time.monotonic() - again
                told = f"select {selected:.2f}, screen {shown:.2f}, NOOP {noop:.3f}, all sizes {listed:.2f}"
                print(f"{turn} start, IMAP: {told}")
                began = time.monotonic()
                pop = poplib.POP3("127.0.0.1", ports[1])
                pop.user("ann")
                pop.pass_("ann")
                pop.stat()
                pop.list()
                pop.uidl()
                listed = time.monotonic() - began
                for number in range(MESSAGES - SHOWN + 1, MESSAGES + 1):
                    pop.top(number, 0)
                print(f"{turn} start, POP3: STAT LIST UIDL {listed:.2f}, screen {time.monotonic() - began:.2f}")
                pop.quit()


# 50 MB


class _Peak:
    """The most memory that a process had while the block ran."""

    def __init__(self, pid: int) -> None:
        self._process = psutil.Process(pid)
        self._over = threading.Event()
        self.before = self.most = self._process.memory_info().rss

    def __enter__(self) -> _Peak:
        self._thread = threading.Thread(target=self._look)
        self._thread.start()
        return self

    def _look(self) -> None:
        while not self._over.wait(0.01):
            self.most = max(self.most, self._process.memory_info().rss)

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def __str__(self) -> str:
        return f"{(self.most - self.before) / 1e6:6.0f} MB more at most"


def big() -> None:
    """One mail of 50 MB in, and out again by both protocols."""
    mail = b"Subject: big\r\n\r\n" + (b"z" * 76 + b"\r\n") * (BIG // 78)
    print(f"\none mail of {len(mail) / 1e6:.0f} MB")
    for on in ("off", "on"):
        with tempfile.TemporaryDirectory() as folder, serving("lab", folder, on) as (ports, pid):
            with _Peak(pid) as peak, smtplib.SMTP("127.0.0.1", ports[0]) as smtp:
                began = time.monotonic()
                smtp.sendmail("a@b", ["ann@x"], mail)
                print(f"recording {on}: SMTP in  {time.monotonic() - began:5.2f} s, {peak}")
            with _Peak(pid) as peak:
                began = time.monotonic()
                pop = poplib.POP3("127.0.0.1", ports[1])
                pop.user("ann")
                pop.pass_("ann")
                pop.retr(1)
                pop.quit()
                print(f"recording {on}: POP3 out {time.monotonic() - began:5.2f} s, {peak}")
            with _Peak(pid) as peak, imaplib.IMAP4("127.0.0.1", ports[2]) as imap:
                began = time.monotonic()
                imap.login("ann", "ann")
                imap.select()
                got = imap.fetch("1", "(BODY.PEEK[])")[1][0][1]
                print(f"recording {on}: IMAP out {time.monotonic() - began:5.2f} s, {peak}, whole: {got == mail}")
            with _Peak(pid) as peak, imaplib.IMAP4("127.0.0.1", ports[2]) as imap:
                began = time.monotonic()
                imap.login("ann", "ann")
                imap.select()
                for at in range(0, len(mail), 1 << 20):
                    imap.fetch("1", f"(BODY.PEEK[]<{at}.{1 << 20}>)")
                print(f"recording {on}: IMAP in pieces of 1 MB {time.monotonic() - began:5.2f} s, {peak}")


def main() -> None:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--serve", nargs="+")
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", default="rate,screen,big")
    arguments = parser.parse_args()
    if arguments.serve:
        kind, *rest = arguments.serve
        bare(rest[0] if rest else "") if kind == "bare" else lab(rest[0], rest[1] == "on")
        return
    wanted = arguments.only.split(",")
    if "rate" in wanted:
        rate(arguments.seconds, arguments.rounds)
    if "screen" in wanted:
        screen()
    if "big" in wanted:
        big()


if __name__ == "__main__":
    main()
