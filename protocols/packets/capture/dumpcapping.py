"""A child that runs dumpcap, Wireshark's own capturing program, and tells its counts as events.

dumpcap has the privilege (its file capabilities, or its group), this process has none. It writes the file itself.
Events are the same as those of `capturing`. What it says of drops is its own count: on loopback libpcap's ring holds
each frame twice, so under overload more may be told as dropped than were sent and not captured. `capturing` is exact.
It must not know who looks.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import Any, Final

from protocols.packets.capture.capturing import COUNTS, ENDED
from protocols.packets.capture.dropping import give_to_user
from protocols.packets.capture.wanted import Wanted
from protocols.record import polling
from protocols.service.childmain import Job

LINGER_S: Final = 0.6
_COUNT: Final = re.compile(rb"Packets(?: captured)?: (\d+)")
_FILE: Final = re.compile(rb"(?:^|Packets: \d+ )File: (.+)")
_FINAL: Final = re.compile(
    rb"Packets received/dropped on interface '.*': (\d+)/(\d+) \(pcap:(\d+)/dumpcap:(\d+)/flushed:(\d+)/ps_ifdrop:(\d+)"
)
_SPLIT: Final = re.compile(rb"[\r\n]+")


def find_dumpcap() -> str | None:
    """The path of dumpcap where this user may start it."""
    return shutil.which("dumpcap") or shutil.which("dumpcap", path="/usr/sbin:/usr/local/bin:/usr/bin")


def arguments(wanted: Wanted) -> list[str]:
    """What dumpcap is started with."""
    words = ["-i", wanted.interface, "-w", wanted.path, "-B", str(max(wanted.buffer_mb, 1))]
    words += ["-f", wanted.rule] if wanted.rule.strip() else []
    words += [] if wanted.promiscuous else ["-p"]
    words += ["-c", str(wanted.count)] if wanted.count is not None else []
    words += ["-a", f"duration:{wanted.seconds:g}"] if wanted.seconds is not None else []
    if wanted.ring_files:
        kilobytes = max(wanted.ring_bytes // 1000, 1)
        words += ["-b", f"filesize:{kilobytes}", "-b", f"files:{wanted.ring_files}"]
    elif wanted.size_bytes is not None:
        words += ["-a", f"filesize:{max(wanted.size_bytes // 1000, 1)}"]
    return words


class Dumpcap:
    """A running dumpcap and what it says on stderr."""

    def __init__(self, job: Job, program: str) -> None:
        self.job = job
        self.wanted = Wanted.of(job.params)
        self.process = subprocess.Popen(
            [program, *arguments(self.wanted)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        assert self.process.stderr is not None
        self.stderr: Final = self.process.stderr.fileno()
        self._rest = b""
        self._said: list[str] = []
        self._ready = False
        self._stopped = False
        self.captured = 0
        self.path = self.wanted.path
        self.files: list[str] = []
        self.dropped = self.dropped_by_us = 0
        self._told_at = 0.0

    def run(self) -> None:
        """Pass its counts on until it ends."""
        poller = polling.poll()
        poller.register(self.stderr, polling.POLLIN)
        poller.register(self.job.commands.fileno(), polling.POLLIN)
        reading = True
        while reading:
            for fd, _ in poller.poll(200):
                if fd == self.stderr:
                    reading = self._read()
                elif not self._go_on():
                    poller.unregister(fd)
                    self._stop()
        self._finish(self.process.wait())

    def _stop(self) -> None:
        """End it by SIGINT, once what had come in by now is written: it looks at its interface every quarter second."""
        self._stopped = True
        time.sleep(LINGER_S)
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(signal.SIGINT)

    def _go_on(self) -> bool:
        commands = self.job.commands.read()
        return commands is not None and not any(one.get("do") == "stop" for one in commands)

    def _read(self) -> bool:
        data = os.read(self.stderr, 65536)
        *lines, self._rest = _SPLIT.split(self._rest + data)
        if not data and self._rest:
            lines, self._rest = [*lines, self._rest], b""
        for line in lines:
            self._line(line)
        if _COUNT.match(self._rest) and self._rest.endswith(b" "):  # a count is followed by a blank, and no line end
            self._line(self._rest)
        return bool(data)

    def _line(self, line: bytes) -> None:
        if (found := _FILE.search(line)) is not None:
            self.path = found[1].decode(errors="surrogateescape")
            self.files = [*self.files[-self.wanted.ring_files :], self.path]
            give_to_user(self.path)  # dumpcap makes it for its own user alone
            if not self._ready:
                self._ready = True
                self.job.ready(way="dumpcap", path=self.path, interface=self.wanted.interface)
        elif (found := _FINAL.match(line)) is not None:
            self.captured, self.dropped, self.dropped_by_us = (
                int(found[1]),
                int(found[3]),
                int(found[4]) + int(found[5]),
            )
        elif (found := _COUNT.search(line)) is not None:
            self.captured = int(found[1])
            self._tell()
        elif line.strip() and not line.startswith((b"Capturing on", b"Running as user")):
            self._said.append(line.decode(errors="replace").strip())

    def _tell(self, *, force: bool = False) -> None:
        now = time.monotonic()
        if force or now - self._told_at >= 0.1:
            self._told_at = now
            size = sum(Path(file).stat().st_size for file in self.files if Path(file).exists())
            facts: dict[str, Any] = {
                "captured": self.captured,
                "received": self.captured + self.dropped_by_us,
                "dropped": self.dropped,
                "dropped_by_us": self.dropped_by_us,
            }
            text = f"{self.captured} packets captured, {self.dropped} dropped by the kernel"
            self.job.recorder.note(COUNTS, text, bytes=size, path=self.path, **facts)

    def _finish(self, status: int) -> None:
        if not self._ready or status not in (0, -signal.SIGINT):
            said = " ".join(self._said[:3]).removeprefix("dumpcap: ") or f"it ended with status {status}"
            raise (
                PermissionError(1, f"dumpcap: {said}")
                if "permission" in said.lower()
                else OSError(5, f"dumpcap: {said}")
            )
        self._tell(force=True)
        why = "stopped" if self._stopped else self._why()
        files = [file for file in self.files if Path(file).exists()]
        text = f"{self.captured} packets captured, {self.dropped} dropped by the kernel; ended: {why}"
        self.job.recorder.note(ENDED, text, why_ended=why, files=files, captured=self.captured, dropped=self.dropped)

    def _why(self) -> str:
        if self.wanted.count is not None and self.captured >= self.wanted.count:
            return "count"
        return "seconds" if self.wanted.seconds is not None else "size"


def run(job: Job) -> None:
    """The child's job: params are a Wanted's."""
    program = find_dumpcap()
    if program is None:
        raise FileNotFoundError(2, "dumpcap is not installed here")
    Dumpcap(job, program).run()
