"""Saves packets of an open capture as pcapng: interfaces, comments and secrets come along.

What was reconstructed stays marked so. It must not know who chose the packets.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

from protocols import pcapng
from protocols.packets.files.capture import RECONSTRUCTED
from protocols.packets.files.table import NO_TIME

if TYPE_CHECKING:
    from protocols.packets.files.capture import Capture

_LOOK: Final = 4096


def _said(capture: Capture, row: int, comments: Mapping[int, str]) -> tuple[str, ...]:
    """What is saved with a packet; one that was made keeps saying so, whatever else is said of it."""
    own = capture.comment(row)
    comment = comments.get(row, own)
    if capture.reconstructed(row) and RECONSTRUCTED not in comment:
        return tuple(filter(None, (own if RECONSTRUCTED in own else RECONSTRUCTED, comment)))
    return (comment,) if comment else ()


def save(
    capture: Capture, rows: Iterable[int], path: str | os.PathLike[str], comments: Mapping[int, str] | None = None,
    go_on: Callable[[], bool] = lambda: True, *, secrets: bytes = b"",
) -> int:  # fmt: skip
    """Write these packets, in this order; how many. comments: in place of the file's own, by row.

    secrets: TLS key log lines that go into the file beside those that came with it, for readers that decrypt.
    go_on: asked now and then, False ends it and leaves no file. Raises OSError; what was there before stays whole then.
    """
    path = Path(path)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with open(beside, "wb") as file:
            count = _write(capture, rows, file.write, comments or {}, go_on, secrets)
        if count is None:
            beside.unlink()
            return 0
        os.replace(beside, path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    return count


def _write(
    capture: Capture, rows: Iterable[int], write: Callable[[bytes], object], comments: Mapping[int, str],
    go_on: Callable[[], bool], secrets: bytes,
) -> int | None:  # fmt: skip
    write(pcapng.section())
    for one in capture.interfaces:
        write(pcapng.interface(one.name, one.linktype, comment=one.comment, description=one.description,
                               snap=one.snap, rule=one.filter))  # fmt: skip
    for block in capture.walk.secrets if capture.walk is not None else ():
        kind, size = int.from_bytes(block[:4], "little"), int.from_bytes(block[4:8], "little")
        write(pcapng.secrets(block[8 : 8 + size], kind))
    if secrets:
        write(pcapng.secrets(secrets))
    time, length, interface = capture.table.columns("time", "length", "interface")
    count = 0
    for row in rows:
        if count % _LOOK == 0 and not go_on():
            return None
        at = int(time[row])
        write(pcapng.packet(0 if at == NO_TIME else at, capture.packet(row), length=int(length[row]),
                            number=int(interface[row]), comments=_said(capture, row, comments)))  # fmt: skip
        count += 1
    return count
