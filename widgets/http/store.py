"""The collection that is open: its requests, its environments, and which of them are chosen.

Files are read and written on lab threads. It must not know widgets.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from protocols.http.formats.detect import read_any
from protocols.http.formats.imported import Imported, Named
from protocols.http.kept.collection import Collection, Item
from protocols.http.kept.variables import Scope, Use
from protocols.http.request import Request, RequestError
from widgets.desk import Desk


class Store(QObject):
    """`changed`: another collection, other items, or another choice. `failed(sentence)`: a file made trouble.

    `said(lead, sentence)`: what an import left out. item: the request that the card shows, None for one not saved.
    `overtaken(old, new)`: somebody else has changed the chosen request in its file; it stays chosen as it was, so that
    saving it writes over nothing.
    """

    changed = Signal()
    failed = Signal(str)
    said = Signal(str, str)
    overtaken = Signal(object, object)

    def __init__(self, desk: Desk, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self.collection: Collection | None = None
        self.item: Item | None = None
        self.environment = ""
        self._signature: Any = ()
        self._busy = False
        self._queue: deque[tuple[Callable[[], Any], Callable[[Any], object]]] = deque()

    # What is there

    @property
    def folder(self) -> str:
        """Where the collection lies, "" without one."""
        return str(self.collection.folder) if self.collection is not None else ""

    def items(self) -> list[Item]:
        """Its requests."""
        return list(self.collection.items) if self.collection is not None else []

    def environments(self) -> list[str]:
        """Its environments, by name."""
        return self.collection.environments.names() if self.collection is not None else []

    def scope(self) -> Scope:
        """What variables stand for now."""
        if self.collection is None:
            return Scope(where="any place: no collection is open")
        return self.collection.scope(self.item, self.environment)

    def fill(self, request: Request) -> Request:
        """A request with its variables filled in. Raises RequestError that names one without a value."""
        return self.scope().fill(request)

    def uses(self, request: Request) -> list[Use]:
        """The variables of a request and what they hold."""
        return self.scope().uses(request)

    # What can be done

    def open(self, folder: Path, *, create: bool = False) -> None:
        """Open a folder; create: make it when it is missing."""
        def work() -> Collection:
            if create:
                return Collection.create(folder)
            made = Collection(folder)
            made.load()
            return made

        self._run(work, self._on_open)

    def _on_open(self, made: Collection) -> None:
        self.collection, self.item = made, None
        self._signature = made.signature()
        if self.environment not in self.environments():
            self.environment = next(iter(self.environments()), "")
        self.changed.emit()
        self._tell_problems()

    def close(self) -> None:
        """Show no collection; its files stay."""
        self.collection, self.item, self.environment = None, None, ""
        self.changed.emit()

    @property
    def busy(self) -> bool:
        """Whether a change is on its way to the files: what is in memory is not yet what a person has typed."""
        return bool(self._queue)

    def look(self) -> None:
        """Read again what somebody else has changed, an editor or git; not between a change and its writing."""
        collection = self.collection
        if collection is None or self.busy:
            return
        known = self._signature

        def work() -> Any:
            try:
                now = collection.signature()
                if now != known:
                    collection.load()
            except RequestError:
                return known  # the folder is gone for a moment: what was read stays
            return now

        self._run(work, lambda now: self._on_looked(collection, now))

    def _on_looked(self, collection: Collection, now: Any) -> None:
        if collection is self.collection and now != self._signature:
            self._signature = now
            self._find_again()
            self.changed.emit()
            self._tell_problems()

    def _tell_problems(self) -> None:
        if self.collection is not None and self.collection.problems:
            self.failed.emit(" ".join(self.collection.problems[:5]))

    def _find_again(self, *, own: bool = False) -> None:
        """The chosen request among those just read. own: it was changed from here.

        One that is gone stays chosen: whoever writes a file may empty it first, and git takes it away for a moment.
        """
        old = self.item
        if old is None:
            return
        new = next((one for one in self.items() if (one.path, one.number) == (old.path, old.number)), None)
        if own or (new is not None and new.text == old.text):
            self.item = new
        elif new is not None:
            self.overtaken.emit(old, new)

    def choose(self, item: Item | None) -> None:
        """The card shows this request of the collection."""
        self.item = item
        self.changed.emit()

    def choose_environment(self, name: str) -> None:
        """Fill variables in from this environment; "" for $shared alone."""
        if name != self.environment:
            self.environment = name
            self.changed.emit()

    def save(self, request: Request, name: str = "") -> None:
        """Write the request into its file, or a new one that is called so."""
        collection, item = self.collection, self.item
        if collection is None:
            return
        if item is not None and not name:
            named = Named(request, item.named.name, item.named.folder, item.named.note)
            self._run(lambda: collection.save(item, named), self._on_saved)
        else:
            self._run(lambda: collection.add(Named(request, name or "Request")), self._on_saved)

    def _on_saved(self, item: Item) -> None:
        self.item = item
        self._desk.toast(f"Saved as {item.path}")
        self._after()

    def remove(self, item: Item) -> None:
        """Take a request out of its file."""
        collection = self.collection
        if collection is not None:
            self._run(lambda: collection.remove(item), lambda _done: self._after(own=True))

    def rename(self, item: Item, name: str) -> None:
        """Another name, and another file where it has one of its own."""
        collection = self.collection
        if collection is not None and name.strip():
            self._run(lambda: collection.rename(item, name.strip()), lambda _item: self._after(own=True))

    def take(self, source: str | Path, then: Callable[[Imported], object]) -> None:
        """Read a foreign file or text; into the collection where one is open. then(imported) when it is there."""
        collection = self.collection

        def work() -> Imported:
            read = read_any(source)
            if collection is not None and len(read.requests) > 1:
                collection.take(read)
            return read

        self._run(work, lambda read: self._on_taken(read, then))

    def _on_taken(self, read: Imported, then: Callable[[Imported], object]) -> None:
        count = len(read.requests)
        into = f" into {self.collection.name}" if self.collection is not None and count > 1 else ""
        self._after()
        then(read)
        if count > 1 or read.notes:
            self.said.emit(f"{count} request{'s' * (count != 1)} read{into}.", " ".join(read.notes[:6]))

    def set_variable(self, environment: str, name: str, value: str, *, secret: bool) -> None:
        """Give a variable of an environment a value, and write the file."""
        collection = self.collection
        if collection is None:
            return

        def work() -> None:
            collection.environments.set(environment, name, value, secret=secret)
            collection.environments.save()

        self._run(work, lambda _done: self._after())

    def change_environments(self, work: Callable[[Any], object]) -> None:
        """Run work(environments), then write their files."""
        collection = self.collection
        if collection is not None:
            def write() -> None:
                work(collection.environments)
                collection.environments.save()

            self._run(write, lambda _done: self._after())

    def _after(self, *, own: bool = False) -> None:
        if self.collection is not None:
            self._signature = ()
            self.look()
        if self.environment not in self.environments():
            self.environment = next(iter(self.environments()), "")
        self._find_again(own=own)
        self.changed.emit()

    def _run(self, work: Callable[[], Any], done: Callable[[Any], object]) -> None:
        """One after the other: two looks at the files, or changes of them, never meet."""
        self._queue.append((work, done))
        self._next()

    def _next(self) -> None:
        if self._queue and not self._busy:
            self._busy = True
            work, done = self._queue.popleft()
            self._desk.bridge.call(work, lambda value: self._on_done(done, value), self._on_failed, owner=self)

    def _on_done(self, done: Callable[[Any], object], value: Any) -> None:
        try:
            done(value)
        finally:
            self._busy = False
            self._next()

    def _on_failed(self, error: BaseException) -> None:
        self._busy = False
        self.failed.emit(_sentence(error))
        self._next()


def _sentence(error: BaseException) -> str:
    reason = getattr(error, "strerror", None) or str(error)
    return reason if reason.endswith(".") else f"{reason}."
