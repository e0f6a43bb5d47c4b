"""Collections: a folder of plain `.http` files, one request a file, without an account.

Why `.http`: who comes from an editor's REST client opens the folder and is at home; who comes from
Bruno or Postman finds one small file a request, whose body stands there as it is sent, line by
line, so that git shows and merges what changed. A TOML file would say the same in quotes and
escapes, and nobody else could send it. What the lab adds stands in comments (`# @timeout 5`), what
it does not know (scripts, other comments) stays where it is, and a file that holds several
requests stays one file. Passwords that were typed go into the private file of the environments.
It must not know who shows it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Final

from protocols.http.formats.http_read import Block, is_windows, read_blocks
from protocols.http.formats.http_write import block_text
from protocols.http.formats.imported import Imported, Named
from protocols.http.kept.collection_files import LIMIT_FILES, file_name, free_path, joined, order_of, seen_from, tail_of
from protocols.http.kept.environment import PRIVATE, PUBLIC, SHARED, EnvironmentFileError, Environments, ignore
from protocols.http.kept.masking import taken_out
from protocols.http.kept.plainfile import write_whole
from protocols.http.kept.taking import fitted
from protocols.http.kept.variables import Scope
from protocols.http.request import Request, RequestError

SUFFIXES: Final = (".http", ".rest")
LIMIT_BYTES: Final = 8 << 20
"""Of one file; a larger one is named in `problems` and left alone."""
CONFLICT: Final = "A merge left both sides in it: choose one between the lines <<<<<<< and >>>>>>> in an editor."
_MARKS: Final = re.compile(r"^(?:<{7}|>{7}) \S", re.MULTILINE)
_DEEPEST: Final = 16


class CollectionError(RequestError):
    """A collection that can't be read or written as asked; the message is a sentence."""


@dataclass(frozen=True)
class Item:
    """A request of a collection. path: of its file, from the collection, with slashes. number: of its block there.

    named: its name and request; the folder is where the file lies, and the file itself where it holds several.
    variables: of its file. notes: what of it means nothing here. text: its block as it was read.
    """

    path: str
    number: int
    named: Named
    variables: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    text: str = field(default="", repr=False)

    @property
    def request(self) -> Request:
        """Its request, variables and all."""
        return self.named.request


class Collection:
    """The requests of a folder, read by `load()`, and each change written at once. items: in the order of names.

    problems: files that could not be read, sentences. environments: those of the folder, read by `load()`, too.
    """

    def __init__(self, folder: Path) -> None:
        self.folder: Final = folder
        self.environments: Final = Environments(folder)
        self.items: list[Item] = []
        self.problems: list[str] = []

    @property
    def name(self) -> str:
        """How the collection is called: as its folder."""
        return self.folder.name

    @classmethod
    def create(cls, folder: Path) -> Collection:
        """Make the folder of a new collection; one that is there is opened. Raises CollectionError."""
        try:
            folder.mkdir(parents=True, exist_ok=True)
            ignore(folder, PRIVATE)
        except OSError as error:
            raise CollectionError(f"{folder} can't be made: {error.strerror or error}.") from None
        made = cls(folder)
        made.load()
        return made

    def load(self) -> None:
        """Read everything anew. Raises CollectionError where there is no folder."""
        if not self.folder.is_dir():
            raise CollectionError(f"{self.folder} is no folder")
        items: list[Item] = []
        self.problems = []
        for path in self._files():
            try:
                found = self._read(path)
            except CollectionError as error:
                self.problems.append(str(error))
                continue
            items += found
            if any(CONFLICT in one.notes for one in found):
                self.problems.append(f"{path.relative_to(self.folder).as_posix()}: {CONFLICT}")
        self.items = items
        try:
            self.environments.load()
        except EnvironmentFileError as error:
            self.problems.append(str(error))

    def signature(self) -> tuple[tuple[str, int, int], ...]:
        """What changes when a file of the collection does, to look at now and then."""
        found = []
        for path in (*self._files(), self.folder / PUBLIC, self.folder / PRIVATE):
            try:
                facts = path.stat()
            except OSError:
                continue
            found.append((str(path), facts.st_mtime_ns, facts.st_size))
        return tuple(found)

    def scope(self, item: Item | None = None, environment: str = "") -> Scope:
        """What the variables of a request stand for."""
        return self.environments.scope(environment, item.variables if item is not None else None)

    def add(self, named: Named) -> Item:
        """A request in a file of its own, in the folder that it names. Raises CollectionError, FormatError."""
        folder = self.folder.joinpath(*(file_name(one) for one in named.folder[:_DEEPEST]))
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise CollectionError(f"{folder} can't be made: {error.strerror or error}.") from None
        path = free_path(folder, file_name(named.name or named.request.url))
        relative = path.relative_to(self.folder).as_posix()
        named = self._without_secrets(named, relative, 0)
        self._write(path, block_text(named, folder))
        return self._kept(relative, 0)

    def save(self, item: Item, named: Named) -> Item:
        """A changed request in place of the old one; all else in its file stays as it is.

        Raises CollectionError, also when somebody else changed this request in the file; FormatError.
        """
        if named.request == item.named.request and named.name == item.named.name:
            return item
        path = self._place(item)
        text, blocks, number = self._found(item)
        named = self._without_secrets(named, item.path, number)
        old = blocks[number]
        made = block_text(named, path.parent, old).rstrip("\n") + (tail_of(old.text) or "\n")
        self._write(path, joined(blocks, number, made, windows=is_windows(text)))
        return self._kept(item.path, number)

    def rename(self, item: Item, name: str) -> Item:
        """Another name; a file that holds this request alone is called so, too. Raises CollectionError."""
        item = self.save(item, replace(item.named, name=name))
        if item.number or len(self._found(item)[1]) > 1:
            return item
        path = self._place(item)
        return self._moved(item, free_path(path.parent, file_name(name), path))

    def move(self, item: Item, folder: tuple[str, ...]) -> Item:
        """The item's file in another folder of the collection. Raises CollectionError."""
        place = self.folder.joinpath(*(file_name(one) for one in folder[:_DEEPEST]))
        try:
            place.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise CollectionError(f"{place} can't be made: {error.strerror or error}.") from None
        path = self._place(item)
        return self._moved(item, free_path(place, path.stem, path))

    def remove(self, item: Item) -> None:
        """Take a request out; its file goes when nothing else is in it. Raises CollectionError."""
        path = self._place(item)
        text, blocks, number = self._found(item)
        rest = joined(blocks, number, "", windows=is_windows(text))
        if rest.strip():
            self._write(path, rest)
        else:
            try:
                path.unlink(missing_ok=True)
            except OSError as error:
                raise CollectionError(f"{item.path} can't be removed: {error.strerror or error}.") from None
        self._refresh(item.path)

    def take(self, read: Imported) -> list[Item]:
        """What was imported, as files: its variables go to $shared, its environments beside the others.

        A name that stands for something else here already becomes another one; read.notes says so.
        Raises CollectionError, FormatError; what was written by then stays.
        """
        said, read = read.notes, fitted(read, self.environments.held())
        said[:] = read.notes
        named_by = {SHARED: read.variables, **read.environments}
        for environment, variables in named_by.items():
            for name, value in variables.items():
                self.environments.set(environment, name, value, secret=name in read.secrets)
        if any(named_by.values()):
            self.environments.save()
        return [self.add(named) for named in read.requests]

    # Files

    def _files(self) -> list[Path]:
        found: list[Path] = []
        for place, folders, names in os.walk(self.folder):
            folders[:] = sorted((one for one in folders if not one.startswith(".")), key=str.casefold)
            if len(Path(place).relative_to(self.folder).parts) >= _DEEPEST:
                folders.clear()
            found += (Path(place, name) for name in sorted(names, key=str.casefold) if name.endswith(SUFFIXES))
            if len(found) > LIMIT_FILES:
                self.problems.append(f"Only the first {LIMIT_FILES} files of the folder were read.")
                return found[:LIMIT_FILES]
        return found

    def _text(self, path: Path) -> str:
        relative = path.relative_to(self.folder).as_posix()
        try:
            with path.open("rb") as file:
                data = file.read(LIMIT_BYTES + 1)
        except OSError as error:
            raise CollectionError(f"{relative} can't be read: {error.strerror or error}.") from None
        if len(data) > LIMIT_BYTES:
            raise CollectionError(f"{relative} is larger than {LIMIT_BYTES >> 20} MB and was left alone.")
        try:
            return data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise CollectionError(f"{relative} is no text in UTF-8: byte {error.start} is wrong.") from None

    def _read(self, path: Path) -> list[Item]:
        blocks = read_blocks(self._text(path), path.parent)
        relative = path.relative_to(self.folder)
        several = sum(block.named is not None for block in blocks) > 1
        folder = relative.parent.parts + ((relative.stem,) if several else ())
        variables: dict[str, str] = {}
        for block in blocks:
            variables.update(block.variables)
        return [
            Item(relative.as_posix(), number,
                 replace(block.named, folder=folder, name=block.named.name or (block.named.request.url if several else
                                                                               relative.stem)),
                 variables, (CONFLICT, *block.notes) if _MARKS.search(block.text) else block.notes, block.text)
            for number, block in enumerate(blocks) if block.named is not None
        ]  # fmt: skip

    def _place(self, item: Item) -> Path:
        return self.folder.joinpath(*PurePosixPath(item.path).parts)

    def _found(self, item: Item) -> tuple[str, list[Block], int]:
        """The file as it is now, its blocks, and where the item is among them. Raises CollectionError."""
        path = self._place(item)
        text = self._text(path)
        blocks = read_blocks(text, path.parent)
        if item.number < len(blocks) and blocks[item.number].text == item.text:
            return text, blocks, item.number
        places = [number for number, block in enumerate(blocks) if block.text.strip() == item.text.strip()]
        if len(places) != 1:
            raise CollectionError(f"{item.named.name} was changed in {item.path} meanwhile; load the collection anew.")
        return text, blocks, places[0]

    def _write(self, path: Path, text: str) -> None:
        try:
            write_whole(path, text.encode("utf-8"))
        except OSError as error:
            name = path.relative_to(self.folder).as_posix()
            raise CollectionError(f"{name} can't be written: {error.strerror or error}.") from None

    def _moved(self, item: Item, path: Path) -> Item:
        old = self._place(item)
        if path != old:
            try:
                if path.exists():
                    raise CollectionError(f"There is a file {path.name} already.")
                text = self._text(old) if path.parent != old.parent else ""
                os.replace(old, path)
                if text:  # files that it names are seen from another folder now
                    self._write(path, seen_from(text, old.parent, path.parent))
            except OSError as error:
                raise CollectionError(f"{item.path} can't be moved: {error.strerror or error}.") from None
        self._refresh(item.path)
        return self._kept(path.relative_to(self.folder).as_posix(), item.number)

    def _without_secrets(self, named: Named, path: str, number: int) -> Named:
        """The request with its typed passwords in the private file, and references in their places."""
        stem = re.sub(r"[^\w-]+", ".", str(PurePosixPath(path).with_suffix(""))).strip(".-") or "request"
        prefix = ("" if stem[0].isalnum() else "r") + stem + (f".{number}" if number else "") + "."
        request, found = taken_out(named.request, prefix)
        if found:
            for name, value in found.items():
                self.environments.set(SHARED, name, value, secret=True)
            self.environments.save()
        return replace(named, request=request)

    def _refresh(self, path: str) -> None:
        """Read one file anew."""
        place = self.folder.joinpath(*PurePosixPath(path).parts)
        fresh = self._read(place) if place.exists() else []
        first = next((number for number, one in enumerate(self.items) if one.path == path), None)
        kept = [one for one in self.items if one.path != path]
        if first is None:
            self.items = sorted([*kept, *fresh], key=lambda one: (order_of(one.path), one.number))
        else:
            self.items = [*self.items[:first], *fresh, *kept[first:]]

    def _kept(self, path: str, number: int) -> Item:
        self._refresh(path)
        return next(one for one in self.items if one.path == path and one.number == number)
