"""What pymap serves of a message of our store: numbers and flags from memory, the file only as far as it is needed.

pymap's own Maildir backend parses each message whole for every question and gives it back written anew; here a
question about the header reads the header, the whole message comes from the file byte for byte, and a message
that Python's parser can't read is served all the same. It must not know connections.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, Final

from pymap.bytes import Writeable
from pymap.fetch import DynamicLoadedFetchValue
from pymap.interfaces.message import CachedMessage
from pymap.message import BaseLoadedMessage, BaseMessage
from pymap.mime import MessageContent
from pymap.parsing.response.fetch import BodyStructure
from pymap.parsing.specials import FetchRequirement, FetchValue
from pymap.parsing.specials.flag import Answered, Deleted, Draft, Flag, Flagged, Seen

from protocols.mail.server.folder import Entry, Folder, Gone
from protocols.mail.server.imap_envelope import Envelope, fields_of
from protocols.mail.server.imap_structure import Parts, Structure

HEAD_BYTES: Final = 4 << 20
_FLAGS: Final = {"S": Seen, "R": Answered, "F": Flagged, "T": Deleted, "D": Draft}
_LETTERS: Final = {flag: letter for letter, flag in _FLAGS.items()}
_SETS: Final[dict[str, frozenset[Flag]]] = {}


def flags_of(letters: str) -> frozenset[Flag]:
    """Flags of Maildir letters."""
    found = _SETS.get(letters)
    if found is None:
        found = _SETS[letters] = frozenset(_FLAGS[one] for one in letters if one in _FLAGS)
    return found


def letters_of(flags: Iterable[Flag], before: str = "") -> str:
    """Maildir letters of flags; letters in `before` that IMAP has no flag for stay."""
    kept = {one for one in before if one not in _FLAGS}
    return "".join(sorted(kept | {_LETTERS[flag] for flag in flags if flag in _LETTERS}))


class Message(BaseMessage):
    """One message. Its date is looked up when somebody asks."""

    __slots__ = ("_entry", "_folder", "_when")

    def __init__(self, folder: Folder, entry: Entry, *, expunged: bool = False) -> None:
        self._folder = folder
        self._entry = entry
        self._when: datetime | None = None
        super().__init__(entry.uid, datetime.min, flags_of(entry.flags), expunged=expunged)

    @property  # type: ignore[misc]
    def internal_date(self) -> datetime:
        """When it came."""
        if self._when is None:
            self._when = datetime.fromtimestamp(self._folder.date(self._entry)).astimezone()
        return self._when

    @internal_date.setter
    def internal_date(self, value: datetime) -> None:
        """The base class knows no later than now."""

    @classmethod
    def of_expunged(cls, message: CachedMessage) -> Message:
        """The same message, gone."""
        assert isinstance(message, Message)
        return cls(message._folder, message._entry, expunged=True)

    async def load_content(self, requirement: FetchRequirement) -> LoadedMessage:
        """Nothing is read yet."""
        return LoadedMessage(self, requirement, self._folder, self._entry)


class _Window(bytes):
    """Stands for a file's bytes where pymap cuts a piece out of them: only the piece is read."""

    source: _File

    def __getitem__(self, key: Any) -> Any:
        return self.source.piece(key.start, key.stop)


class _File(Writeable):
    """A message as it lies on the disk."""

    def __init__(self, folder: Folder, entry: Entry) -> None:
        self._folder = folder
        self._entry = entry

    def __len__(self) -> int:
        return self._folder.size(self._entry)

    def __bytes__(self) -> bytes:
        window = _Window()
        window.source = self
        return window

    def whole(self) -> bytes:
        """All of it."""
        return self._folder.read(self._entry)

    def piece(self, begin: int, end: int | None) -> bytes:
        """The bytes from `begin` on, before `end`."""
        return self._folder.piece(self._entry, begin, len(self) if end is None else end)

    def write(self, writer: Any) -> None:
        """As many bytes as were promised, whatever became of the file; at once, or when the writer comes to it."""
        later = getattr(writer, "write_later", None)
        if later is not None:
            later(self._promised(len(self)))
            return
        for chunk in self._promised(len(self)):
            writer.write(chunk)

    def _promised(self, left: int) -> Iterator[bytes]:
        try:
            for chunk in self._folder.chunks(self._entry):
                yield chunk[:left]
                left -= len(chunk[:left])
        except Gone:
            pass
        while left > 0:
            yield b" " * min(left, 65536)
            left -= 65536


class _Streamed(FetchValue):
    """A value of FETCH that is written in pieces; pymap's own makes one text of it first."""

    def __init__(self, inner: DynamicLoadedFetchValue) -> None:
        super().__init__(inner.attribute)
        self._inner = inner

    def __bytes__(self) -> bytes:
        return bytes(self._inner)

    def write(self, writer: Any) -> None:
        """The name, and the value as it comes."""
        loaded = self._inner._get_loaded.loaded_msg
        value = None if loaded is None else self._inner.get_value(loaded)
        if isinstance(value, Writeable):
            writer.write(bytes(self.attribute.for_response) + b" ")
            value.write(writer)
        else:
            writer.write(bytes(self._inner))


def streamed(value: FetchValue) -> FetchValue:
    """The same value, written in pieces where it can be."""
    return _Streamed(value) if isinstance(value, DynamicLoadedFetchValue) else value


class LoadedMessage(BaseLoadedMessage):
    """What one FETCH or SEARCH asks of a message; the header and the whole are read when they are needed."""

    __slots__ = ("_entry", "_folder", "_head", "_parts")

    def __init__(self, message: Message, requirement: FetchRequirement, folder: Folder, entry: Entry) -> None:
        super().__init__(message, requirement, None)
        self._folder = folder
        self._entry = entry
        self._head: MessageContent | None = None
        self._parts: Parts | None = None

    @property
    def content(self) -> MessageContent:
        """All of it, parsed."""
        if self._content is None:
            self._content = _parsed(self._read(self._folder.read))
        return self._content

    @property
    def parts(self) -> Parts:
        """Its parts, for sections and structure."""
        if self._parts is None:
            self._parts = Parts(bytes(self))
        return self._parts

    @property
    def head(self) -> MessageContent:
        """The header, parsed."""
        if self._head is None:
            self._head = self._content or _parsed(self._read(lambda entry: self._folder.head(entry, HEAD_BYTES)))
        return self._head

    def _read(self, read: Any) -> bytes:
        try:
            data: bytes = read(self._entry)
        except (Gone, OSError):
            return b""
        return data

    def __bytes__(self) -> bytes:
        return self._read(self._folder.read)

    def get_size(self, section: Sequence[int] | None = None) -> int:
        """RFC822.SIZE."""
        if section:
            return super().get_size(section)
        try:
            return self._folder.size(self._entry)
        except (Gone, OSError):
            return 0

    def get_header(self, name: bytes) -> Sequence[str]:
        """The values of a header, for SEARCH."""
        try:
            return self.head.header.parsed[name]
        except Exception:  # noqa: BLE001  a header that Python's parser can't read is found by nobody
            return []

    def get_body(self, section: Sequence[int] | None = None, binary: bool = False) -> Writeable:
        """BODY[] and BODY[1.2]."""
        if section or binary:
            return self._of_parts(lambda parts: parts.content(section or ()) if binary else parts.body(section or ()))
        try:
            self._folder.size(self._entry)
        except (Gone, OSError):
            return Writeable.empty()
        return _File(self._folder, self._entry)

    def get_message_headers(
        self, section: Sequence[int] | None = None, subset: Collection[bytes] | None = None, inverse: bool = False
    ) -> Writeable:
        """BODY[HEADER] and BODY[HEADER.FIELDS (..)]."""
        if section:
            return self._of_parts(lambda parts: _chosen(parts.message_header(section), subset, inverse))
        raw = self._read(lambda entry: self._folder.head(entry, HEAD_BYTES))
        return Writeable.wrap(_chosen(raw, subset, inverse))

    def get_message_text(self, section: Sequence[int] | None = None) -> Writeable:
        """BODY[TEXT]."""
        if section:
            return self._of_parts(lambda parts: parts.message_text(section))
        whole = self._read(self._folder.read)
        return Writeable.wrap(whole[_head_end(whole) :])

    def get_headers(self, section: Sequence[int]) -> Writeable:
        """BODY[1.MIME]."""
        return self._of_parts(lambda parts: parts.header(section))

    def _of_parts(self, take: Callable[[Parts], bytes]) -> Writeable:
        """A section of the message; nothing where there is no such section."""
        try:
            return Writeable.wrap(take(self.parts))
        except IndexError:
            return Writeable.empty()

    def get_envelope_structure(self) -> Any:
        """ENVELOPE."""
        return Envelope(fields_of(self._read(lambda entry: self._folder.head(entry, HEAD_BYTES))))

    def get_body_structure(self) -> BodyStructure:
        """BODYSTRUCTURE; that of an empty text where the message is beyond the parser."""
        try:
            return Structure(self.parts)
        except Exception:  # noqa: BLE001  as above
            return BodyStructure.empty()

    def contains(self, value: bytes) -> bool:
        """SEARCH TEXT and BODY."""
        try:
            return super().contains(value)
        except Exception:  # noqa: BLE001  as above
            return value.lower() in bytes(self).lower()


def _parsed(raw: bytes) -> MessageContent:
    try:
        return MessageContent.parse(raw)
    except Exception:  # noqa: BLE001  nested too deep, or a header that Python's parser can't read
        end = _head_end(raw)
        return MessageContent.parse(b"Content-Type: text/plain\r\n\r\n" + raw[end:])


def _chosen(raw: bytes, subset: Collection[bytes] | None, inverse: bool) -> bytes:
    """A header, or the fields of it that are asked for."""
    if subset is None:
        return raw
    wanted = {one.upper() for one in subset}
    return b"".join(lines for name, lines in fields_of(raw) if inverse != (name.upper() in wanted)) + b"\r\n"


def _head_end(raw: bytes) -> int:
    if raw.startswith(b"\r\n"):
        return 2
    found = raw.find(b"\r\n\r\n")
    return found + 4 if found >= 0 else len(raw)
