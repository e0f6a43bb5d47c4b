"""Which lines of a TLS key log belong to a capture: those of the connections whose Client Hello is in it.

The format is that of NSS (draft-ietf-tls-keylogfile): label, client random, secret. It must not know TLS beyond its
first message (RFC 8446 section 4.1.2).
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from protocols.packets.columns.gather import gather
from protocols.packets.columns.state import fields

if TYPE_CHECKING:
    from protocols.packets.files.capture import Capture

MOST_BYTES: Final = 32 << 20
"""A longer log is read to here."""
_LINE: Final = re.compile(rb"[A-Z0-9_]+ ([0-9A-Fa-f]{64}) [0-9A-Fa-f]{32,128}")
_TCP: Final = fields(14, size=("u1", 12))
_HELLO: Final = fields(43, kind=("u1", 0), message=("u1", 5), random=("V32", 11))


class NoKeys(ValueError):
    """The log has no key of these packets; the message is a sentence."""


def client_randoms(capture: Capture, rows: npt.NDArray[np.int64]) -> set[bytes]:
    """The randoms of the Client Hellos that begin in one of these packets, each in one piece."""
    at, transport, payload, protocol = (
        column[rows].astype(np.int64) for column in capture.table.columns("at", "transport", "payload", "protocol")
    )
    likely = (protocol == 6) & (payload >= 43)
    place = at[likely] + transport[likely]
    place += (gather(capture.source.array, place, _TCP)["size"] >> 4).astype(np.int64) * 4
    head = gather(capture.source.array, place, _HELLO)
    return set(head["random"][(head["kind"] == 22) & (head["message"] == 1)].tolist())


def lines_for(capture: Capture, rows: npt.NDArray[np.int64], log: str | os.PathLike[str]) -> bytes:
    """The lines of the key log for connections that begin in these packets. Raises NoKeys, OSError."""
    with open(log, "rb") as file:
        data = file.read(MOST_BYTES)
    wanted = {random.hex().encode() for random in client_randoms(capture, rows)}
    if not wanted:
        raise NoKeys("No TLS connection begins in these packets: there is nothing that keys could open.")
    found = [line.strip() for line in data.splitlines()]
    known = [line for line in found if (match := _LINE.fullmatch(line)) and match[1].lower() in wanted]
    if not known:
        raise NoKeys("The key log has no key of the TLS connections in these packets: was it written by another run?")
    return b"\n".join(known) + b"\n"
