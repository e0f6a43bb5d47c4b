"""Bucket: a listener for debug datagrams in a thread of its own, made to lose nothing that reaches it.

It takes datagrams by the thousand, hands them on as bulks, forwards them where asked, and measures
what was lost: in the kernel's queue, and between senders that number their messages and here. It
must not know what the messages mean, or who looks.
"""

from __future__ import annotations

import contextlib
import errno
import select
import socket
import sys
import time
from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from protocols.creosote.backlog import ROWS, Backlog, kernel_drops, prepare
from protocols.creosote.batch import Batch, Block
from protocols.creosote.groups import join
from protocols.creosote.losses import Losses
from protocols.creosote.receive import OneByOne, Senders, receiver
from protocols.creosote.redirect import Redirect
from protocols.creosote.wire import BUFSIZE, PORT, classic_text
from protocols.record import polling
from protocols.record.bulk import Bulk
from protocols.record.recorder import Recorder
from protocols.record.traced import TracedSocket, traced_socket
from protocols.service.base import Facts, Service, is_exposed
from protocols.service.wake import Wake

LOOPBACK_BROADCAST: Final = "127.255.255.255"
FLUSH_S: Final = 0.015
"""Datagrams wait at most this long for company before they are handed on."""
FLUSH_ROWS: Final = 16384
_GATHER_S: Final = 0.004
"""A look takes the interpreter from whoever paints: fewer looks, each bringing more, and all before the next flush."""
_GATHER_ROWS: Final = 512
_FASTEST: Final = 2_000_000
"""Datagrams a second that the queue must hold while nobody looks."""
_DATAGRAM_ROOM: Final = 2048
"""About what the kernel charges its queue for a small datagram, twice over."""


@dataclass(frozen=True, slots=True)
class BucketSettings:
    """How a bucket listens.

    host: "127.0.0.1", "" or "0.0.0.0" for all, an interface's address. groups: multicast groups to join.
    broadcast: on a loopback address listen to 127.255.255.255 as well, so that loopback broadcast works
    without exposure (Linux). share: several buckets may have the port (SO_REUSEADDR): each gets every
    broadcast, only the last bound gets the rest. strict: keep 1,024 bytes and lose the rest, as the
    original. redirect: forward every datagram, unchanged, there. log_file: classic lines are appended.
    """

    host: str = "127.0.0.1"
    port: int = PORT
    groups: tuple[str, ...] = ()
    broadcast: bool = True
    share: bool = False
    strict: bool = False
    redirect: tuple[str, int] | None = None
    log_file: str = ""
    fast: bool = True


@dataclass(frozen=True, slots=True)
class SenderRow:
    """What a bucket knows of one sender. lost: gaps in its numbers; None where it does not number."""

    address: tuple[str, int]
    conn: str
    datagrams: int
    lost: int | None


@dataclass(slots=True)
class _Ear:
    """One bound socket of a bucket."""

    sock: TracedSocket
    local: tuple[str, int]
    reader: Any
    senders: Senders
    room: int
    block: Block
    backlog: Backlog
    conns: list[str] = field(default_factory=list)
    dropped: int = 0


class Bucket(Service):
    """Listens, records every datagram, and counts what was lost. See BucketSettings."""

    def __init__(self, recorder: Recorder, settings: BucketSettings | None = None, *, name: str = "") -> None:
        self.settings: Final = settings or BucketSettings()
        super().__init__(recorder, name or f"bucket:{self.settings.port}", "bucket")
        self._named = bool(name)
        self._ears: list[_Ear] = []
        self._wake = Wake()
        self._redirect: Redirect | None = None
        self._log: Any = None
        self.log_error: OSError | None = None
        """What ended the log file; the bucket goes on without it."""
        self.losses: Final = Losses()
        self.received = 0
        self.cut = 0
        """Datagrams longer than 1,024 bytes: an original bucket would have cut them there."""
        self._told_drops = 0
        self._told_at = 0.0
        self._told_redirect_at = 0.0
        self._flushed_at = 0.0
        self._counts: dict[tuple[str, int], int] = {}

    # Life

    def _open(self) -> None:
        asked = self.settings
        host, port = asked.host, asked.port
        first = self._bound(host, port)
        self.port = first.local[1]
        if not self._named:
            self.name = f"bucket:{self.port}"
        if asked.broadcast and first.local[0].startswith("127.") and sys.platform == "linux":
            with contextlib.suppress(OSError):  # another program may have it: unicast works all the same
                self._bound(LOOPBACK_BROADCAST, self.port)
        for group in asked.groups:
            # Bound to the group itself, so that nothing but the group's datagrams come in there.
            join(self._bound(group if sys.platform != "win32" else "", self.port).sock, group, first.local[0])
        if asked.redirect is not None:
            self._redirect = Redirect(asked.redirect, [ear.local for ear in self._ears])
        if asked.log_file:
            self._log = open(asked.log_file, "ab")  # noqa: SIM115 - closed by _close

    def _bound(self, host: str, port: int) -> _Ear:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        sock = traced_socket(self.recorder, self.name, family, socket.SOCK_DGRAM)
        try:
            if self.settings.share:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            room = prepare(sock)
            sock.bind((host, port))
        except BaseException:
            sock.close()
            raise
        senders = Senders()
        reader = receiver(sock, senders, self.recorder.epoch_ns, fast=self.settings.fast)
        block = Block(FLUSH_ROWS + ROWS)
        ear = _Ear(sock, sock.getsockname()[:2], reader, senders, room, block, Backlog(sock))
        self._ears.append(ear)
        return ear

    def _wake_up(self) -> None:
        self._wake.set()

    def _close(self) -> None:
        for ear in self._ears:
            ear.sock.close()
        if self._redirect is not None:
            self._redirect.close()
        if self._log is not None:
            self._log.close()
        self._wake.close()

    def facts(self) -> Facts:
        """What it occupies now; connections are its senders."""
        host, port = (self._ears[0].local) if self._ears else (self.settings.host, self.settings.port)
        where = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        exposed = is_exposed(host or "0.0.0.0")
        return Facts(self.name, self.kind, self.state, where, self.threads(), (), (port,), len(self._counts), exposed)

    # Work

    def _main(self) -> None:
        poll = polling.poll() if hasattr(select, "poll") else None
        if poll is not None:
            for ear in self._ears:
                poll.register(ear.sock.fileno(), polling.POLLIN)
            poll.register(self._wake.fileno(), polling.POLLIN)
        most = 0
        while not self.stopping.is_set():
            if most < ROWS:
                self._wait(poll)
            most = max([self._take(ear) for ear in self._ears])
            now = time.monotonic()
            if now - self._flushed_at >= FLUSH_S or any(ear.block.rows >= FLUSH_ROWS for ear in self._ears):
                self._flush(now)
            elif 0 < most < _GATHER_ROWS:
                self._gather(most)
        for ear in self._ears:
            while ear.reader.take(ear.block):
                if ear.block.room < ROWS:
                    self._flush(time.monotonic())
        self._flush(time.monotonic())

    def _wait(self, poll: Any) -> None:
        waiting = any(ear.block.rows for ear in self._ears)
        timeout_s = FLUSH_S if waiting else (1.0 if self._unsettled() else None)
        if poll is not None:
            poll.poll(None if timeout_s is None else timeout_s * 1000)
        else:
            select.select([*(ear.sock.fileno() for ear in self._ears), self._wake.fileno()], [], [], timeout_s)

    def _unsettled(self) -> bool:
        """Whether drops may be told that no later datagram has brought word of."""
        return self.received > 0

    def _gather(self, rows: int) -> None:
        """Few at a time but often: a moment's wait makes fewer, larger batches, if the kernel's queue can hold them."""
        pause_s = min(self._ears[0].room / (_FASTEST * _DATAGRAM_ROOM), _GATHER_S)
        if rows > 8 and pause_s >= _GATHER_S / 4:
            self.stopping.wait(pause_s)

    def _take(self, ear: _Ear) -> int:
        count: int = ear.reader.take(ear.block)
        ear.backlog.saw(count, ear.block.dropped)
        return count

    def _flush(self, now: float) -> None:
        self._flushed_at = now
        for ear in self._ears:
            ear.dropped = max(ear.dropped, kernel_drops(ear.sock) or 0)
            if ear.block.rows:
                self._hand_on(ear, ear.block.take_all())
        self._tell_drops(now)

    def _hand_on(self, ear: _Ear, batch: Batch) -> None:
        if self.settings.strict:
            batch = batch.cut(BUFSIZE)
        addresses = ear.senders.addresses
        while len(ear.conns) < len(addresses):
            ear.conns.append(self._conn(ear, addresses[len(ear.conns)]))
        ear.dropped = max(ear.dropped, batch.dropped)
        self.received += len(batch)
        self.cut += batch.longer_than(BUFSIZE)
        for number, count, first, last in batch.by_sender():
            address = addresses[number]
            self._counts[address] = self._counts.get(address, 0) + count
            self.losses.saw(address, count, batch.payload(first), batch.payload(last))
        bulk = Bulk(
            self.name, ear.local, _column("q", batch.t), batch.data, _column("I", batch.ends),
            _column("I", batch.senders), addresses, ear.conns, self.dropped,
        )  # fmt: skip
        self.recorder.put_bulk(bulk)
        if self._log is not None:
            self._write_log(batch)
        if self._redirect is not None:
            self._forward(self._redirect, batch.payloads())

    def _write_log(self, batch: Batch) -> None:
        try:
            self._log.write("".join([classic_text(payload) + "\n" for payload in batch.payloads()]).encode("ascii"))
            self._log.flush()
        except OSError as error:
            self.log_error = error
            with contextlib.suppress(OSError):  # it is closed all the same
                self._log.close()
            self._log = None
            path, said = self.settings.log_file, error.strerror or str(error)
            why = f"{path} can't be written any more: {said}. {self.name} goes on without it."
            symbol = errno.errorcode.get(error.errno or 0)
            mend = ["Make room, or choose another log file, and start the bucket again"]
            self.recorder.note("log failed", why, service=self.name, why=why, errno=symbol, mend=mend)

    def _conn(self, ear: _Ear, address: tuple[str, int]) -> str:
        return self.recorder.connections.opened("udp", "server", ear.local, address).conn

    def _forward(self, redirect: Redirect, payloads: Sequence[bytes]) -> None:
        symbol, now = redirect.send(payloads), time.monotonic()
        if symbol and now - self._told_redirect_at > 1.0:
            self._told_redirect_at = now
            why = redirect.why(symbol)
            self.recorder.note("redirect failed", why, service=self.name, why=why, errno=symbol, failed=redirect.failed)

    def _tell_drops(self, now: float) -> None:
        new = self.dropped - self._told_drops
        if new > 0 and now - self._told_at > 1.0:
            self._told_drops, self._told_at = self.dropped, now
            why = (
                f"{new} datagrams were lost in the kernel's queue of {self.name}: they came faster than they were "
                f"read. {self.dropped} in all."
            )
            self.recorder.note("datagrams lost", why, service=self.name, dropped=self.dropped, new=new, why=why)

    # What it knows

    @property
    def forwarded(self) -> int:
        """Datagrams that the redirector sent on."""
        return self._redirect.forwarded if self._redirect is not None else 0

    @property
    def unforwarded(self) -> int:
        """Datagrams that the redirector could not send on."""
        return self._redirect.failed if self._redirect is not None else 0

    @property
    def dropped(self) -> int:
        """Datagrams that reached this machine and found no room in the kernel's queue."""
        return sum(ear.dropped for ear in self._ears)

    def senders(self) -> list[SenderRow]:
        """The senders so far. Any thread."""
        conns: dict[tuple[str, int], str] = {}
        for ear in self._ears:
            conns.update(zip(ear.senders.addresses, ear.conns, strict=False))
        return [
            SenderRow(address, conns.get(address, ""), count, self.losses.of(address))
            for address, count in list(self._counts.items())
        ]


def _column(code: str, values: Any) -> array[int]:
    column: array[int] = array(code)
    column.frombytes(memoryview(values).cast("B"))
    return column


__all__ = ["Bucket", "BucketSettings", "OneByOne", "SenderRow", "kernel_drops"]
