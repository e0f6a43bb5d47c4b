"""Reconstructed packets as a pcapng file: marked on the section, the interface and every packet.

It must not know how packets are made, nor open a file.
"""

from __future__ import annotations

from collections.abc import Iterable

from protocols.packets.reconstruct.frame import Frame
from protocols.packets.reconstruct.reconstruct import ABOUT, INTERFACE, MARK
from protocols.pcapng import PcapngWriter, Writes


def save(frames: Iterable[Frame], file: Writes, epoch_ns: int, secrets: bytes = b"") -> int:
    """Write a section with these packets; how many. epoch_ns turns their times into nanoseconds since 1970.

    secrets: TLS key log lines, for a reader that decrypts.
    """
    writer = begin(file, secrets)
    for frame in frames:
        add(writer, frame, epoch_ns)
    return writer.packets


def begin(file: Writes, secrets: bytes = b"") -> PcapngWriter:
    """A file that packets are added to as they are made."""
    writer = PcapngWriter(file, ABOUT)
    writer.interface(INTERFACE, comment=MARK, description="Made from socket calls; not captured")
    if secrets:
        writer.secrets(secrets)
    return writer


def add(writer: PcapngWriter, frame: Frame, epoch_ns: int) -> None:
    """Write one packet, with the connection and the socket call as comment."""
    writer.packet(frame.t + epoch_ns, frame.data, length=frame.length, comments=(f"{MARK}: {frame.told}",))
