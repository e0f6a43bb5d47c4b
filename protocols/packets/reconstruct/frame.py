"""Frame: one reconstructed packet and what it was made of. It must not know how it was made."""

from __future__ import annotations

from dataclasses import dataclass

from protocols.headers import Address
from protocols.record.connections import Role


@dataclass(frozen=True, slots=True)
class Frame:
    """One packet that the lab's events imply; its headers are made, its payload is true.

    t: nanoseconds of the monotonic clock. data: from the Ethernet header on. length: on the wire, more than is in
    `data` where the payload was not kept. conn, sender: whose connection, and which end sent it. row: the caller's
    number of the event it was made of. offset, size: the bytes of that direction it carries. told: one line for a
    reader, the connection and the socket call.
    """

    t: int
    data: bytes
    length: int
    source: Address
    target: Address
    conn: str | None
    sender: Role
    row: int
    offset: int | None
    size: int
    told: str
