"""Getting and putting one file over SFTP: a part that becomes the file, in blocks as large as asyncssh takes them.

It must not know connections.
"""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from protocols.ftp.client import localfiles, trouble
from protocols.ftp.client.digest import Digest
from protocols.ftp.client.remote import Fetch, Store
from protocols.ftp.client.tally import Collector, Tally
from protocols.ftp.dialogue import Transfer, Way
from protocols.record.event import monotonic_ns

if TYPE_CHECKING:
    from protocols.ftp.client.sftp import SftpSession

READ_BYTES: Final = 4 << 20
"""asyncssh asks for this much in many requests at a time."""


def get(session: SftpSession, order: Fetch, tally: Tally) -> None:
    """Read a file into a part, then give it its name."""
    _no_text(order)
    entry = session.find(order.path)
    if entry is None:
        raise trouble.trouble("sftp", where=session.site.where, command=f"open {order.path}", said="no such file")
    target = localfiles.target(order.to, force=order.force, resume=order.resume)
    tally.size = None if entry.kind == "link" else entry.size
    tally.offset, tally.path, tally.part = target.offset, target.path, target.part
    if tally.size is not None and target.offset > tally.size:
        raise trouble.trouble("part too long", part=target.part, have=target.offset, size=tally.size)
    target.open()
    digest = Digest(-1 if target.direct else target.fd, target.offset)
    tally.begin()
    try:
        session.run(_read(session, order, tally, target, digest), "read", order.path)
        tally.ended_ns = monotonic_ns()
        if tally.size is not None and tally.done < tally.size:
            raise trouble.trouble("short", path=order.path, size=tally.size, done=tally.done, part=target.part)
        tally.sha256, tally.whole = digest.end(session.waiter.check), True
    except BaseException as why:
        _tell(session, "get", order.path, tally, error=type(why).__name__)
        raise
    finally:
        digest.stop()
        target.close()
        if not tally.whole:
            target.forget_empty()
    _tell(session, "get", order.path, tally)
    target.finish()


async def _read(session: SftpSession, order: Fetch, tally: Tally, target: localfiles.Target, digest: Digest) -> None:
    client = session.client
    assert client is not None

    def take(block: memoryview) -> None:
        target.write(block)
        digest.take(block)
        tally.moved += len(block)
        tally.block(len(block))

    sink = Collector(take).of_kind(order.caller) if order.caller else take
    async with client.open(order.path, "rb") as file:
        while True:
            data: Any = await asyncio.wait_for(file.read(_ask(order), tally.done), session.site.timeout_s)
            if not data:
                return
            sink(memoryview(data))


def put(session: SftpSession, order: Store, tally: Tally) -> None:
    """Write a file."""
    _no_text(order)
    try:
        with order.source.open("rb") as file:
            _put(session, order, tally, file)
    except OSError as error:
        if error.filename is None:
            raise
        said = error.strerror or str(error)
        raise trouble.trouble("local file", path=str(order.source), said=said) from error


def _put(session: SftpSession, order: Store, tally: Tally, file: BinaryIO) -> None:
    tally.size, tally.path = os.fstat(file.fileno()).st_size, order.path
    there = None if order.force or order.known_new else session.find(order.path)
    if there is not None and not order.resume:
        raise trouble.trouble("exists there", path=order.path)
    tally.offset = (there.size or 0) if there is not None else 0
    if tally.offset > tally.size:
        raise trouble.trouble("part too long", part=order.path, have=tally.offset, size=tally.size)
    session.opened()
    digest = Digest(file.fileno(), tally.offset)
    tally.begin()
    try:
        session.run(_write(session, order, tally, file, digest), "write", order.path)
        tally.ended_ns = monotonic_ns()
        tally.sha256, tally.whole = digest.end(session.waiter.check), True
    except BaseException as why:
        _tell(session, "put", order.path, tally, error=type(why).__name__)
        raise
    finally:
        digest.stop()
    _tell(session, "put", order.path, tally)


async def _write(session: SftpSession, order: Store, tally: Tally, file: BinaryIO, digest: Digest) -> None:
    client = session.client
    assert client is not None
    file.seek(tally.offset)
    async with client.open(order.path, "r+b" if tally.offset else "wb") as there:
        while data := file.read(_ask(order)):
            await asyncio.wait_for(there.write(data, tally.done), session.site.timeout_s)
            digest.grown(len(data))
            tally.moved += len(data)
            tally.block(len(data))


def _tell(session: SftpSession, way: Way, path: str, tally: Tally, error: str = "") -> None:
    sha256 = "" if error else tally.sha256
    done = Transfer(way.upper(), path, way, tally.moved, tally.seconds, tally.offset, "binary", not error,
                    sha256 or None, None, None, "client", True, error)  # fmt: skip
    session.dialogue.transfer(done, session.dialogue.conn)


def _no_text(order: Fetch | Store) -> None:
    if order.mode == "text":
        raise trouble.trouble("text ssh")


def _ask(order: Fetch | Store) -> int:
    """Bytes of one read or write: blocks of the size asked for where somebody wants to see them."""
    return min(order.block_bytes, READ_BYTES) if order.caller else READ_BYTES
