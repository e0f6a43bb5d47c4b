"""A command typed by hand: its replies, and the data that it brings. It must not know files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from protocols.ftp.client import ending, trouble
from protocols.ftp.client.data import open_data
from protocols.ftp.client.looking import quoted
from protocols.ftp.client.pump import Cut, Pump
from protocols.ftp.client.remote import Answer
from protocols.ftp.client.told import Told
from protocols.ftp.client.trouble import FtpError
from protocols.ftp.dialogue import split_command

if TYPE_CHECKING:
    from protocols.ftp.client.session import FtpSession

HAND_BYTES: Final = 64 << 10
MOST_PRELIMINARY: Final = 8
_BRING: Final = frozenset(("LIST", "NLST", "MLSD", "RETR"))
_TAKE: Final = frozenset(("STOR", "APPE", "STOU"))


def answer(session: FtpSession, line: str) -> Answer:
    """Any command; one that brings data gets its data connection, one that sends a file is refused."""
    line = line.strip()
    verb, _ = split_command(line)
    if not verb or any(mark in line for mark in "\r\n\0"):
        raise trouble.trouble("not a command", said=repr(line[:80]))
    if verb in _TAKE:
        raise trouble.trouble("needs data", command=verb)
    return _bring(session, line) if verb in _BRING else session.again(lambda: _say(session, line, verb))


def _say(session: FtpSession, line: str, verb: str) -> Answer:
    replies = [session.control.command(line)]
    while replies[-1].code < 200:  # another one is to come (RFC 959 section 4.2), as REIN has it
        if len(replies) > MOST_PRELIMINARY:
            session.control.drop()
            raise trouble.trouble("dribble", where=session.site.where, command=verb, said=replies[-1].whole)
        replies.append(session.control.read_reply(line))
    reply = replies[-1]
    if verb == "QUIT" and reply.good:
        session.control.drop()
    elif verb == "TYPE":
        session.control.transfer_type = ""
    elif verb in ("CWD", "CDUP", "XCWD", "REIN") and reply.good:
        there = session.control.command("PWD")
        session.home = quoted(there.whole) if there.code == 257 else session.home
    return Answer(reply, replies=tuple(replies))


def _bring(session: FtpSession, line: str) -> Answer:
    session.open()
    try:
        link = open_data(session.control, line)
    except FtpError as error:
        if error.reply is None or not session.control.alive:
            raise
        return Answer(error.reply, replies=(error.reply,))
    data, told = bytearray(), Told(session.control, link, line)

    def take(block: memoryview) -> None:
        data.extend(block[: max(0, HAND_BYTES - len(data))])

    pump = Pump(session.control, link)
    try:
        total = pump.receive(take)
        reply = pump.verdict(line)
    except Cut as cut:
        found = ending.after_cut(session.control, link, line, cut)
        if found is None:
            raise trouble.trouble("listing cut", path=line, done=len(data), said=str(cut)) from cut
        total, reply = len(data), found
    except BaseException as why:
        ending.after_failure(session.control, link, why)
        raise
    told.transfer("get", total, error="" if reply.good else trouble.said_by(reply))
    return Answer(reply, bytes(data), total > len(data), (link.began, reply))
