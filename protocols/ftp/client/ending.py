"""How a transfer ends that does not end well: the server is told, and every reply that it owes is heard, or the
connection is given up. So no later command can get the reply of one that was left.

It must not know files. RFC 959 section 4.1.3 (ABOR).
"""

from __future__ import annotations

from typing import Final

from protocols.connecting import Stopped
from protocols.ftp.client.control import Control
from protocols.ftp.client.data import DataLink
from protocols.ftp.client.pump import Cut
from protocols.ftp.client.replyreader import Reply
from protocols.ftp.client.trouble import FtpError
from protocols.record import polling
from protocols.record.event import monotonic_ns

ABORT_S: Final = 2.0
HURRY_S: Final = 0.5
"""How long a server has for its answers, and how long when a person waits for the end."""
_MARK: Final = "PWD"
_MARKED: Final = 257
"""A command whose reply is like no other: what came before it belongs to what was ended."""


def after_cut(control: Control, link: DataLink, command: str, cut: Cut) -> Reply | None:
    """What the server says of a broken data connection; None when it says nothing."""
    if cut.silent:
        abort(control, link)
        return None
    control.waiter.forget()
    link.close()
    try:
        reply = control.read_reply(command)
    except FtpError:
        return None
    _hear_all(control, monotonic_ns() + int(ABORT_S * 1e9))
    return reply


def after_failure(control: Control, link: DataLink, why: BaseException) -> None:
    """A cancel, or an error on this side: the server is told, the connection goes on when it answers quickly."""
    if isinstance(why, Stopped | FtpError | OSError) and control.alive:
        abort(control, link, HURRY_S if isinstance(why, Stopped) else None)
    else:
        control.waiter.forget()
        link.close()
        control.drop()


def abort(control: Control, link: DataLink, patience_s: float | None = None) -> None:
    """Close the data connection, send ABOR and hear both its replies, or give the connection up.

    patience_s: ABORT_S where it is None.
    """
    control.waiter.forget()
    link.close()
    control.waiter.begin()
    deadline = monotonic_ns() + int((ABORT_S if patience_s is None else patience_s) * 1e9)
    try:
        heard = 1 if control.early_reply() is not None else 0
        control.send_urgent("ABOR")
        while heard < 2 and monotonic_ns() < deadline:
            while control.look() is not None:
                control.take_reply()
                heard += 1
            if heard < 2:
                _wait(control, deadline)
    except (FtpError, OSError):
        heard = 0
    if heard < 2:
        control.drop()
    else:
        _hear_all(control, deadline)  # some servers have a third


def _hear_all(control: Control, deadline: int) -> None:
    """Hear whatever the server still has to say, up to the reply to a command of ours, or give the connection up."""
    try:
        control.send_urgent(_MARK)
        while monotonic_ns() < deadline:
            while control.look() is not None:
                if control.take_reply().code == _MARKED:
                    control.owes = 0
                    return
            _wait(control, deadline)
    except (FtpError, OSError):
        pass
    control.drop()


def _wait(control: Control, deadline: int) -> None:
    rest = max(0.0, (deadline - monotonic_ns()) / 1e9)
    control.waiter.wait(control.fileno(), polling.POLLIN, rest)
