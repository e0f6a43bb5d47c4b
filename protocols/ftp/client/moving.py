"""Getting and putting one file over FTP: the questions before it, the pump, and what the end means.

A download is written to a part and becomes the file when the server says so and the size is right. It
must not know threads or listings.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

from protocols.ftp.client import ending, localfiles, trouble
from protocols.ftp.client.data import DataLink, open_data
from protocols.ftp.client.digest import Digest
from protocols.ftp.client.localfiles import Target
from protocols.ftp.client.pump import Cut, Pump, why_cut
from protocols.ftp.client.remote import Fetch, Store
from protocols.ftp.client.replyreader import Reply
from protocols.ftp.client.tally import Collector, Tally
from protocols.ftp.client.textmode import TextIn, TextOut
from protocols.ftp.client.told import Told
from protocols.ftp.client.trouble import FtpError

if TYPE_CHECKING:
    from protocols.ftp.client.session import FtpSession

EXTRA_BYTES: Final = 64 << 20
"""A file may grow while it is got; a server that sends more than double and this much more is lying."""


def stamp_ns(time: datetime | None) -> int | None:
    """A time in UTC as nanoseconds since 1970."""
    return int(time.replace(tzinfo=UTC).timestamp()) * 1_000_000_000 if time is not None else None


# From the server


def get(session: FtpSession, order: Fetch, tally: Tally) -> None:
    """RETR. Raises FtpError with the part kept, or Stopped with the part kept."""
    if order.mode == "text" and order.resume:
        raise trouble.trouble("text resume")
    target = localfiles.target(order.to, force=order.force, resume=order.resume)
    tally.path, tally.part = target.path, target.part
    tally.size = _announced(session, order)
    tally.offset = target.offset
    stamp = session.modified_ns(order.path) if target.offset or (tally.size or 0) > EXTRA_BYTES else None
    if target.offset and _is_whole(target, order, tally, stamp):
        tally.whole = True
        tally.begin()
        tally.ended_ns = tally.begun_ns
        tally.sha256 = _hash_there(session, target)
        _tell_nothing_moved(session, order, tally)
        target.finish()
        return
    session.use_type("A" if order.mode == "text" else "I")
    link = open_data(session.control, f"RETR {order.path}", target.offset)
    try:
        target.open()
    except BaseException as why:
        ending.after_failure(session.control, link, why)
        raise
    digest = Digest(-1 if target.direct else target.fd, target.offset)
    fill(session, order, tally, target, link, digest, stamp=stamp)


def fill(
    session: FtpSession, order: Fetch, tally: Tally, target: Target, link: DataLink, digest: Digest, *,
    stamp: int | None = None, ended: bool = False, failure: Exception | None = None,
) -> None:  # fmt: skip
    """Receive into an open target, hear the verdict and give the file its name. Raises FtpError, or Stopped.

    Somebody may have begun: tally and digest have what is there. ended: the data have come and their connection is
    closed; failure: what happened to them (Cut, or an FtpError of this side).
    """
    try:
        _receive(session, order, tally, target, link, digest, ended, failure)
    finally:
        target.close()
        if not tally.whole:
            _keep(target, stamp)
    target.finish()


def _announced(session: FtpSession, order: Fetch) -> int | None:
    """The file's size, from a listing that is exact about bytes, or from SIZE."""
    entry = order.entry
    if entry is not None and entry.kind == "file" and entry.size is not None and not order.resume:
        return entry.size
    return session.size(order.path)


def _is_whole(target: Target, order: Fetch, tally: Tally, stamp: int | None) -> bool:
    """Look whether a part fits the file; True when nothing is missing any more."""
    if tally.size is not None and target.offset > tally.size:
        raise trouble.trouble("part too long", part=target.part, have=target.offset, size=tally.size)
    if stamp is not None and stamp > os.stat(target.part).st_mtime_ns:
        raise trouble.trouble("changed", path=order.path)
    return tally.size is not None and target.offset == tally.size


def _hash_there(session: FtpSession, target: Target) -> str:
    with open(target.part, "rb") as file:
        return Digest(file.fileno(), target.offset).end(session.waiter.check)


def _tell_nothing_moved(session: FtpSession, order: Fetch, tally: Tally) -> None:
    text = f"{order.path} is here already, all {tally.offset} bytes of it"
    session.control.dialogue.note("transfer not needed", text,
                                  path=order.path, bytes=0, resumed=tally.offset, sha256=tally.sha256)  # fmt: skip


def _keep(target: Target, stamp: int | None) -> None:
    """The part stays, and carries the time of the file that it is a part of."""
    target.forget_empty()
    if stamp is not None and not target.direct:
        try:
            os.utime(target.part, ns=(stamp, stamp))
        except OSError:
            pass


def _receive(
    session: FtpSession, order: Fetch, tally: Tally, target: Target, link: DataLink, digest: Digest, ended: bool,
    failure: Exception | None,
) -> None:  # fmt: skip
    pump, told = Pump(session.control, link, order.block_bytes), Told(session.control, link, f"RETR {order.path}")
    text = TextIn() if order.mode == "text" else None

    def write(data: memoryview) -> None:
        target.write(data)
        digest.take(data)

    def take(data: memoryview) -> None:
        tally.moved += len(data)
        tally.block(len(data))
        write(data if text is None else memoryview(text.feed(data)))

    sink = Collector(take).of_kind(order.caller) if order.caller else take
    limit = None if tally.size is None else 2 * tally.size + EXTRA_BYTES - tally.moved
    if not tally.begun_ns:
        tally.begin()
    error: FtpError | None = None
    try:
        try:
            if failure is not None:
                raise failure
            moved = 0 if ended else pump.receive(sink, limit)
            if text is not None:
                write(memoryview(text.end()))
                tally.line_ends = text.changed
            if limit is not None and moved > limit:
                ending.abort(session.control, link)
            else:
                reply = pump.verdict("RETR")
                error = None if reply.good else _cut_short(order, tally, target, trouble.said_by(reply), reply)
        except Cut as cut:
            error = _of_cut(session, order, tally, target, link, cut)
        except BaseException as why:
            ending.after_failure(session.control, link, why)
            told.transfer("get", tally.moved, resumed=tally.offset, mode=order.mode, error=_short(why))
            raise
        tally.ended_ns = tally.begun_ns + int(tally.seconds * 1e9)
        error = error or (_lied(session, order, tally, target) if text is None else None)
        tally.sha256 = "" if error else digest.end(session.waiter.check)
        tally.whole = error is None
    finally:
        digest.stop()
        tally.ended_ns = tally.ended_ns or tally.begun_ns + int(tally.seconds * 1e9)
    told.transfer("get", tally.moved, seconds=tally.seconds, resumed=tally.offset, mode=order.mode,
                  sha256=tally.sha256, error=error.told.title if error else "")  # fmt: skip
    if error is not None:
        raise error


def _of_cut(session: FtpSession, order: Fetch, tally: Tally, target: Target, link: DataLink, cut: Cut) -> FtpError:
    if cut.silent:
        ending.abort(session.control, link)
        return trouble.trouble("data silence", path=order.path, seconds=f"{session.site.timeout_s:g}",
                               done=tally.done, part=target.part)  # fmt: skip
    reply = ending.after_cut(session.control, link, "RETR", cut)
    return _cut_short(order, tally, target, why_cut(cut, reply), reply)


def _cut_short(order: Fetch, tally: Tally, target: Target, said: str, reply: Reply | None) -> FtpError:
    return trouble.trouble("data cut", reply, path=order.path, done=tally.done, said=said, part=target.part)


def _lied(session: FtpSession, order: Fetch, tally: Tally, target: Target) -> FtpError | None:
    """Compare what came with what was announced; a file that has grown or shrunk meanwhile is asked for again."""
    if tally.size is None or tally.done == tally.size:
        return None
    now = session.size(order.path) if session.control.alive else None
    if now == tally.done:
        tally.size = now
        return None
    name = "short" if tally.done < tally.size else "long"
    return trouble.trouble(name, path=order.path, size=tally.size, done=tally.done, part=target.part)


def _short(why: BaseException) -> str:
    return why.told.title if isinstance(why, FtpError) else "cancelled"


# To the server


def put(session: FtpSession, order: Store, tally: Tally) -> None:
    """STOR, or APPE where REST is not taken. Raises FtpError, or Stopped."""
    if order.mode == "text" and order.resume:
        raise trouble.trouble("text resume")
    try:
        with order.source.open("rb") as file:
            _put(session, order, tally, file)
    except OSError as error:
        if error.filename is None and not isinstance(error, IsADirectoryError):
            raise
        said = error.strerror or str(error)
        raise trouble.trouble("local file", path=str(order.source), said=said) from error


def _put(session: FtpSession, order: Store, tally: Tally, file: BinaryIO) -> None:
    tally.size, tally.path = os.fstat(file.fileno()).st_size, order.path
    there = None
    if order.resume or not (order.force or order.known_new):
        there = session.size(order.path)
    if order.resume:
        if (there or 0) > tally.size:
            raise trouble.trouble("part too long", part=order.path, have=there, size=tally.size)
        tally.offset = there or 0
    elif there is not None:
        raise trouble.trouble("exists there", path=order.path)
    session.use_type("A" if order.mode == "text" else "I")
    link = _open_for_put(session, order, tally)
    digest = Digest(file.fileno(), tally.offset)
    try:
        _send(session, order, tally, file, link, digest)
    finally:
        digest.stop()


def _open_for_put(session: FtpSession, order: Store, tally: Tally) -> DataLink:
    try:
        return open_data(session.control, f"STOR {order.path}", tally.offset)
    except FtpError as error:
        if not tally.offset or error.name != "no resume":
            raise
    return open_data(session.control, f"APPE {order.path}")


def _send(session: FtpSession, order: Store, tally: Tally, file: BinaryIO, link: DataLink, digest: Digest) -> None:
    verb = "STOR"
    pump, told = Pump(session.control, link, order.block_bytes), Told(session.control, link, f"STOR {order.path}")
    tally.begin()
    error: FtpError | None = None
    try:
        _send_all(pump, order, tally, file, digest)
        pump.end_sending()
        reply = session.control.read_reply(verb)
        error = None if reply.good else trouble.refused(reply, f"{verb} {order.path}", session.site.where)
    except Cut as cut:
        found = ending.after_cut(session.control, link, verb, cut)
        said = why_cut(cut, found)
        error = trouble.trouble("put cut", found, path=order.path, done=tally.done, said=said)
    except BaseException as why:
        ending.after_failure(session.control, link, why)
        told.transfer("put", tally.moved, resumed=tally.offset, mode=order.mode, error=_short(why))
        raise
    tally.ended_ns = tally.begun_ns + int(tally.seconds * 1e9)
    error = error or _stored(session, order, tally)
    tally.whole = error is None
    tally.sha256 = "" if error else digest.end(session.waiter.check)
    told.transfer("put", tally.moved, seconds=tally.seconds, resumed=tally.offset, mode=order.mode,
                  sha256=tally.sha256, error=error.told.title if error else "")  # fmt: skip
    if error is not None:
        raise error


def _send_all(pump: Pump, order: Store, tally: Tally, file: BinaryIO, digest: Digest) -> None:
    if order.mode == "binary" and order.caller is None:
        def told(count: int) -> None:
            tally.moved += count
            tally.block(count)
            digest.grown(count)

        pump.send_file(file, tally.offset, told)
        return
    text = TextOut() if order.mode == "text" else None

    def send(block: memoryview) -> None:
        pump.send(block)
        tally.moved += len(block)
        tally.block(len(block))

    call: Callable[[memoryview], None] = Collector(send).of_kind(order.caller) if order.caller else send
    file.seek(tally.offset)
    while data := file.read(order.block_bytes):
        digest.grown(len(data))
        call(memoryview(data if text is None else text.feed(data)))
    if text is not None:
        tally.line_ends = text.changed


def _stored(session: FtpSession, order: Store, tally: Tally) -> FtpError | None:
    """Ask the server how large its file is now, where text mode has not changed it."""
    if order.mode == "text" or (tally.done < SMALL_BYTES and not session.control.protected):
        return None
    there = session.size(order.path)
    if there is None or there == tally.done:
        return None
    return trouble.trouble("put short", path=order.path, size=there, done=tally.done)


SMALL_BYTES: Final = 256 << 10
"""Below this, 226 is believed: one more question would cost more than the file."""


def local_size(path: Path) -> int | None:
    """The size of a file here, None where there is none."""
    try:
        return path.stat().st_size
    except OSError:
        return None
