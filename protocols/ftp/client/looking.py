"""What is there: folders, their listings, one entry. It must not know how files move."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from protocols.ftp.client import ending, trouble
from protocols.ftp.client.data import DataLink, open_data
from protocols.ftp.client.pump import Cut, Pump, why_cut
from protocols.ftp.client.remote import last
from protocols.ftp.client.told import Told
from protocols.ftp.client.trouble import FtpError
from protocols.ftp.listing.entry import Entry, Listing
from protocols.ftp.listing.facts import read_facts
from protocols.ftp.listing.reader import ListingReader

if TYPE_CHECKING:
    from protocols.ftp.client.session import FtpSession

_MISSING: Final = (500, 502, 504)


class _Enough(Exception):
    """A listing is longer than anybody can look at."""


def folder(session: FtpSession, path: str) -> str:
    """The full path of a folder. Raises FtpError when it is none."""
    if not path:
        return session.home
    session.control.expect(f"CWD {path}")
    reply = session.control.command("PWD")
    there = quoted(reply.whole) if reply.code == 257 else path
    if session.home:
        session.control.expect(f"CWD {session.home}")
    return there


def listing(session: FtpSession, path: str, tell: Callable[[int], None] | None) -> Listing:
    """MLSD where the server has it, else LIST. A listing without end is cut, and says so."""
    if session.has_facts:
        try:
            return _list_by(session, "MLSD", path, tell)
        except FtpError as error:
            if error.code not in _MISSING:
                raise
            session.has_facts = False
    found = _list_by(session, "LIST", path, tell)
    if not found.entries and not found.cut and path not in ("", "/"):
        folder(session, path)  # many servers list nothing for what is not there, and call that done
    return found


def _list_by(session: FtpSession, verb: str, path: str, tell: Callable[[int], None] | None) -> Listing:
    if verb == "LIST" and path.startswith("-"):
        path = f"./{path}"  # most servers hand it to something like ls, options and all
    command = f"{verb} {path}" if path else verb
    session.use_type("A" if verb == "LIST" else session.control.transfer_type or "I")
    reader = ListingReader(facts=verb == "MLSD", encoding=session.site.encoding)
    link = open_data(session.control, command)
    failed = _read_listing(session, link, command, reader, tell)
    if failed is not None:
        raise failed
    where = path or session.home
    return Listing(where, reader.entries, verb, reader.cut, reader.dialect, reader.bytes, tuple(reader.remarks))


def _read_listing(
    session: FtpSession, link: DataLink, command: str, reader: ListingReader, tell: Callable[[int], None] | None
) -> FtpError | None:
    pump = Pump(session.control, link)
    told = Told(session.control, link, command)

    def take(data: memoryview) -> None:
        reader.feed(data)
        if reader.cut:
            raise _Enough
        if tell is not None:
            tell(len(reader.entries))

    error = ""
    try:
        pump.receive(take)
        reader.end()
        reply = pump.verdict(command)
        error = "" if reply.good else trouble.said_by(reply)
    except _Enough:
        ending.abort(session.control, link)
        error = reader.cut
        reply = None
    except Cut as cut:
        reply = ending.after_cut(session.control, link, command, cut)
        error = why_cut(cut, reply)
    except BaseException as why:
        ending.after_failure(session.control, link, why)
        told.transfer("get", reader.bytes, error=type(why).__name__)
        raise
    told.transfer("get", reader.bytes, error=error)
    if error and not reader.cut:
        return trouble.trouble("listing cut", reply, path=command, done=reader.bytes, said=error)
    return None


def find(session: FtpSession, path: str) -> Entry | None:
    """What is there: by MLST, or else by SIZE (a file) and CWD (a folder)."""
    if "MLST" in session.control.features:
        reply = session.control.command(f"MLST {path}")
        if reply.code == 250 and len(reply.lines) > 2:
            entry = read_facts(reply.lines[1].strip())
            return entry._replace(name=last(path)) if entry is not None else None
        if reply.code == 550:
            return None
    size = session.size(path)
    if size is not None:
        return Entry(last(path), "file", size)
    reply = session.control.command(f"CWD {path}")
    if reply.good:
        session.control.expect(f"CWD {session.home}")
        return Entry(last(path), "dir")
    return None


def quoted(line: str) -> str:
    """The path in a 257 reply: between quotes, a quote in it doubled (RFC 959 appendix II)."""
    start = line.find('"')
    if start < 0:
        return ""
    path, position = "", start + 1
    while position < len(line):
        letter = line[position]
        if letter == '"':
            if line[position + 1 : position + 2] != '"':
                return path
            position += 1
        path += letter
        position += 1
    return path
