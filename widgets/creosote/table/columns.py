"""Columns of the log: what each is called, how wide it begins, and what a row says in it as text.

Fields of what was read become columns on demand. It must not know how a cell is painted.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from protocols.creosote.reading.reading import Reading, read
from protocols.creosote.wire import BUFSIZE, classic_text
from protocols.numbers import THIN, grouped
from widgets.creosote import wording
from widgets.creosote.feed import Feed

FIELD: Final = "field:"
FIELD_COLUMNS: Final = 12
_NO_FIELDS: Final = frozenset(("level", "levelname", "lvl", "severity", "loglevel", "log.level"))
_JOINED: Final = 512
_SIZES: Final = 8
MESSAGE_STYLES: Final = ("read", "sent", "classic")


@dataclass(frozen=True, slots=True)
class Column:
    """id: one word, or "field:NAME". sample: a text as wide as it needs. right: numbers."""

    id: str
    title: str
    sample: str
    right: bool = False
    tip: str = ""

    @property
    def field(self) -> str:
        """The name of the field it shows, "" for the others."""
        return self.id.removeprefix(FIELD) if self.id.startswith(FIELD) else ""


FIXED: Final = (
    Column("number", "No.", "00\u202f000\u202f000", True, "Counted from 1 as they arrived; a filter keeps the numbers"),
    Column("arrived", "Arrived", "00:00:00.00000", tip="When the kernel took it in, by this machine's clock"),
    Column("sender", "Sender", "worker.py 00000", tip="What it says it is, else its address. UDP proves neither"),
    Column("level", "Level", "CRITICAL", tip="As the message claims"),
    Column("message", "Message", ""),
    Column("kind", "Read as", "traceback", tip="Which format the bytes were read as"),
)
MORE: Final = (
    Column("bytes", "Bytes", "65\u202f507", True, f"Payload; more than {BUFSIZE} an original bucket would have cut"),
    Column("address", "Address", "255.255.255.255:00000", tip="Where it came from, as the datagram says"),
    Column("source", "Source", "pool.worker.main", tip="The program or logger that the message names"),
    Column("stamp", "Its own time", "2026-11-21T10:58:14.402Z", tip="The time that the message claims"),
    Column("bucket", "Bucket", "bucket:00000", tip="Which bucket took it"),
)
DEFAULT: Final = tuple(column.id for column in FIXED)
_KNOWN: Final = {column.id: column for column in (*FIXED, *MORE)}


def column(id: str) -> Column | None:
    """The column of that id; fields make their own. None for an unknown one."""
    if id.startswith(FIELD) and len(id) > len(FIELD):
        name = wording.shown(id.removeprefix(FIELD), 40)
        return Column(id, name, "n" * max(8, min(len(name) + 2, 14)), tip=f"The field {name} of what was read")
    return _KNOWN.get(id)


@dataclass(frozen=True, slots=True)
class Message:
    """A message cell: the text itself, and what stands dimmed behind it."""

    text: str
    rest: str = ""


class Words:
    """What the rows of a feed's log say, as text. style: one of MESSAGE_STYLES.

    pieces: the datagrams that a row stands for, more than one where they are joined for the eye.
    """

    def __init__(self, feed: Feed, pieces: Callable[[int], Sequence[int]] = lambda row: (row,)) -> None:
        self._feed = feed
        self.pieces = pieces
        self._joined: dict[tuple[int, int], Reading] = {}
        self.style = "read"
        self._of: dict[str, Callable[[int, Reading], str]] = {
            "number": lambda row, _: self._number(row),
            "arrived": lambda row, _: wording.clock(feed.log.t(row) + feed.epoch_ns),
            "sender": lambda row, _: feed.name(feed.log.sender(row)),
            "level": lambda _, reading: reading.level,
            "message": lambda row, _: self.message(row).text,
            "kind": lambda _, reading: reading.kind,
            "bytes": lambda row, _: grouped(len(self.payload(row))),
            "address": lambda row, _: feed.address(feed.log.sender(row)),
            "source": lambda _, reading: wording.shown(reading.source, 200),
            "stamp": lambda _, reading: wording.shown(reading.stamp, 100),
            "bucket": lambda row, _: feed.log.senders[feed.log.sender(row)][0],
        }

    def payload(self, row: int) -> bytes:
        """The bytes that a row shows."""
        log = self._feed.log
        return b"".join([log.payload(each) for each in self.pieces(row)])

    def reading(self, row: int) -> Reading:
        """What the bytes that a row shows say."""
        count = len(self.pieces(row))
        if count == 1:
            return self._feed.log.reading(row)
        found = self._joined.get((row, count))
        if found is None:
            if len(self._joined) >= _JOINED:
                self._joined.clear()
            found = self._joined[(row, count)] = read(self.payload(row))
        return found

    def forget(self) -> None:
        """The log is another one."""
        self._joined.clear()

    def _number(self, row: int) -> str:
        more = len(self.pieces(row)) - 1
        return f"{grouped(row + 1)} +{more}" if more else grouped(row + 1)

    def cell(self, row: int, column: Column) -> str:
        """A cell as text, everything in it visible."""
        reading = self.reading(row)
        if column.field:
            return wording.shown(reading.fields.get(column.field, ""), 300)
        return self._of[column.id](row, reading)

    def raw_message(self, row: int) -> Message:
        """A row's message in the style chosen, control characters still in it."""
        if self.style == "classic":
            return Message(classic_text(self.payload(row)[: wording.SHOWN_CHARACTERS]))
        reading = self.reading(row)
        if self.style == "sent" and reading.kind not in ("bytes", "pickle", "gelf"):
            return Message(self.payload(row)[: wording.SHOWN_CHARACTERS * 4].decode("utf-8", "backslashreplace"))
        return Message(reading.text, _rest(reading))

    def message(self, row: int) -> Message:
        """A row's message with everything visible."""
        found = self.raw_message(row)
        return Message(wording.shown(found.text), found.rest)

    def line(self, row: int, columns: list[Column]) -> str:
        """A row as one line for the clipboard: cells with tabs between."""
        return "\t".join(self.cell(row, column).replace(THIN, "") for column in columns)

    def whole(self, row: int) -> str:
        """A row's tool tip: the message whole, or much of it."""
        reading, pieces = self.reading(row), self.pieces(row)
        lines = [wording.shown(line, 2000) for line in reading.text.split("\n")[:40]]
        if len(pieces) > 1:
            log = self._feed.log
            sizes = [grouped(len(log.payload(each))) for each in pieces[:_SIZES]]
            more = ["\u2026"] if len(pieces) > _SIZES else []
            lines += ["", f"Joined for the eye from {len(pieces)} datagrams of one sender that came at once, "
                          f"{' + '.join([*sizes, *more])} bytes. Kept and exported as they came."]  # fmt: skip
        return "\n".join(lines) + (f"\n\n{reading.warning}" if reading.warning else "")


def _rest(reading: Reading) -> str:
    """Fields of structured messages that the other columns do not show."""
    if reading.kind not in ("json", "logfmt", "gelf") or len(reading.fields) < 2:
        return ""
    said = {reading.text, reading.source, reading.stamp}
    parts = [
        f"{name}={value}"
        for name, value in list(reading.fields.items())[:24]
        if value not in said and name.lower() not in _NO_FIELDS
    ]
    whole = reading.text.startswith("{") or "=" in reading.text.split(" ", 1)[0]
    return "" if whole else wording.shown("  ".join(parts), 300)


def fields_seen(feed: Feed, rows: list[int]) -> list[str]:
    """The names of the fields in these rows, the frequent first."""
    counts: dict[str, int] = {}
    for row in rows:
        for name in feed.log.reading(row).fields:
            counts[name] = counts.get(name, 0) + 1
    return sorted(counts, key=lambda name: (-counts[name], name))[:40]
