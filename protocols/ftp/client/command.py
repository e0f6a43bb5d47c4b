"""`netlab ftp`: one thing done on a server of files, as sentences or as JSON lines.

What a server sends never reaches a terminal raw. It must not know argparse beyond the names that it left.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from protocols.connecting import Stopped
from protocols.ftp.client import trouble
from protocols.ftp.client.jobs import Order as Move
from protocols.ftp.client.remote import Fetch, Remote, Store, join, last, parent
from protocols.ftp.client.removing import remove_all
from protocols.ftp.client.service import FtpClient
from protocols.ftp.client.site import Site, SiteError, read_path, read_url, shown, url_of
from protocols.ftp.client.tally import Mode, Tally
from protocols.ftp.client.trouble import FtpError
from protocols.ftp.client.trusting import Trusting
from protocols.ftp.dialogue import Transfer
from protocols.ftp.listing.entry import Entry, Listing
from protocols.record.explain import Explained, explain
from protocols.record.recorder import Recorder
from protocols.terminal import DONE, FAILED, JsonLines, Signals, printable, reader_gone, say, say_help, write_all

LOOK_S: Final = 0.05
_NAMED: Final = {"get": "file (a folder needs -r)", "rm": "file or folder", "mkdir": "new folder",
                 "mv": "file or folder"}  # fmt: skip
_SAYS_NO: Final = ("no file", "reply", "sftp", "sftp failure")
NAME: Final = "ftp"


@dataclass(frozen=True)
class Order:
    """What `netlab ftp` was asked for. path: the server's; local: the path here; to: a new name."""

    word: str
    site: Site
    path: str
    local: str = ""
    to: str = ""
    resume: bool = False
    force: bool = False
    mode: Mode = "binary"
    recursive: bool = False
    parallel: int = 2
    json: bool = False


def order_of(arguments: Any) -> Order:
    """The order that the arguments make. Raises SiteError."""
    url, local = arguments.url, getattr(arguments, "local", "")
    if arguments.word == "put" and "://" not in url and "://" in local:
        url, local = local, url  # either order is meant
    site, path = read_url(url)
    if arguments.tls and site.scheme == "ftp" and site.security == "none":
        site = replace(site, security="explicit")
    context = Trusting(file=arguments.cacert, verify=not arguments.insecure)
    if arguments.cacert:
        context()  # a file that can't be read is told now
    if not last(path) and arguments.word in _NAMED and not (arguments.word == "get" and arguments.recursive):
        raise SiteError(f"{site.url}/{path} names no {_NAMED[arguments.word]}")
    site = replace(site, timeout_s=arguments.timeout_s, passive=not arguments.active, context=context,
                   host_keys=("*",) if arguments.insecure else None)  # fmt: skip
    ask = getattr
    return Order(
        arguments.word, site, path, local, _new_name(site, path, ask(arguments, "to", "")),
        ask(arguments, "resume", False), ask(arguments, "force", False),
        "text" if ask(arguments, "text", False) else "binary", ask(arguments, "recursive", False),
        ask(arguments, "parallel", 2), arguments.json,
    )  # fmt: skip


def _new_name(site: Site, path: str, text: str) -> str:
    if "://" in text:
        other, to = read_url(text)
        if (other.host, other.port, other.scheme) != (site.host, site.port, site.scheme):
            raise SiteError("A file can be moved on its own server alone: get it there and put it here")
        return to
    if not text or "/" in text:
        return read_path(text.replace("%", "%25")).removeprefix("/") if text else ""
    return join(parent(path), text)


# Running it


def run(order: Order) -> int:
    """Do it; the exit status. Raises BrokenPipeError when stdout's reader is gone."""
    recorder = Recorder()
    lines = JsonLines(recorder) if order.json else None
    recorder.enabled = order.json
    with Signals() as signals:
        running = _Running(order, recorder, lines, signals)
        try:
            status = running.run()
        finally:
            if lines is not None and not reader_gone():
                lines.drain()
    return status


class _Running:
    """One command under way."""

    def __init__(self, order: Order, recorder: Recorder, lines: JsonLines | None, signals: Signals) -> None:
        self.order = order
        self.recorder = recorder
        self.lines = lines
        self.signals = signals
        self.failed = False

    def run(self) -> int:
        try:
            self.client = FtpClient(self.recorder, self.order.site, name=NAME, parallel=self.order.parallel,
                                    connect=False)  # fmt: skip
        except FtpError as error:
            return self._told(error)
        try:
            self._open()
            if self.order.recursive and self.order.word in ("get", "put"):
                self._move_folder()
            else:
                self._wait(self.client.submit(self._act))
        except (FtpError, OSError) as error:
            if isinstance(error, BrokenPipeError):
                raise  # nobody reads any more: that is no news of the server's
            return self._told(error)
        finally:
            self.client.stop()
        return FAILED if self.failed else DONE

    def _open(self) -> None:
        """A signal ends the connect, too: it is done in the client's own thread."""
        self.client.start()
        self._wait(self.client.submit(lambda remote: remote.open()))

    def _wait(self, future: Future[Any]) -> Any:
        while not future.done():
            self._look()
            if self.signals.stopping():
                self.client.request_stop()
        return future.result()

    def _look(self) -> None:
        if self.lines is not None:
            self.lines.drain(LOOK_S)
        else:
            self.signals.wait(LOOK_S)
        if self.order.json and reader_gone():
            self.client.request_stop()
            raise BrokenPipeError

    def _told(self, error: BaseException) -> int:
        if isinstance(error, Stopped) and self.signals.stopping():
            return FAILED
        if isinstance(error, FtpError):
            told = error.told
        else:
            told = explain(error, call="open", address=getattr(error, "filename", None))
        self._explain(told)
        return FAILED

    def _explain(self, told: Explained, about: str = "") -> None:
        helps = trouble.options_of(told)
        self.recorder.note("explained", told.why, service=NAME, errno=told.errno, why=told.why, mend=list(helps))
        say(printable(f"{about}{told.why} ({told.errno})"))
        if helps and not about:
            say_help(printable(helps[0]))

    # The commands; in the client's thread

    def _act(self, remote: Remote) -> None:
        order = self.order
        if order.word == "ls":
            self._list(remote)
        elif order.word == "put":
            self._put(remote)
        elif order.word == "mkdir":
            remote.make_folder(order.path)
        elif order.word == "mv":
            self._rename(remote)
        elif order.recursive:
            remove_all(remote, order.path)
        else:
            self._one_file(remote, self._get if order.word == "get" else lambda there: there.remove(order.path))

    def _one_file(self, remote: Remote, act: Callable[[Remote], object]) -> None:
        """Do something with a file; for a folder say what would do it."""
        try:
            act(remote)
        except FtpError as error:
            if error.name not in _SAYS_NO or not _is_folder(remote, self.order.path):
                raise
            raise trouble.trouble("a folder", error.reply, path=self.order.path, where=self.order.site.where) from error

    def _rename(self, remote: Remote) -> None:
        """A server writes over what has the new name, as a rule: it is looked for before."""
        order = self.order
        if not order.force and order.to != order.path and remote.find(order.to) is not None:
            raise trouble.trouble("exists there", path=order.to)
        remote.rename(order.path, order.to)

    def _list(self, remote: Remote) -> None:
        order = self.order
        path = order.path.rstrip("/") or order.path[:1]
        listing = remote.listing(path)
        if order.json:
            for entry in listing.entries:
                self._tell_entry(entry, listing)
        else:
            write_all("".join(_line(entry) for entry in listing.entries).encode("utf-8", "replace"))
        if listing.cut:
            say(f"The listing is cut: {listing.cut}.")
            self.failed = True

    def _tell_entry(self, entry: Entry, listing: Listing) -> None:
        modified = entry.modified.isoformat() + ("Z" if entry.utc else "") if entry.modified is not None else None
        name = shown(entry.name)
        detail = {
            "name": name, "size": entry.size if entry.kind != "dir" else None, "type": entry.kind, "modified": modified,
            "raw": shown(entry.raw), "target": shown(entry.target) or None, "mode": entry.mode or None,
            "known": entry.known, "how": listing.how,
            "url": url_of(self.order.site, join(self.order.path.rstrip("/") or self.order.path[:1], entry.name)),
        }  # fmt: skip
        self.recorder.emit("message", "entry", f"{entry.kind} {name}", service=NAME, detail=detail)

    def _get(self, remote: Remote) -> None:
        order, name = self.order, last(self.order.path)
        place = Path(order.local) if order.local else Path()
        if not order.local or order.local.endswith("/") or place.is_dir():
            place = place / _named(name)
        tally = Tally()
        remote.get(Fetch(order.path, place, order.mode, order.force, order.resume), tally)
        if tally.offset and not tally.moved and tally.begun_ns == tally.ended_ns:
            self._tell_nothing_moved(tally)
        self._moved(name, tally, str(place))

    def _tell_nothing_moved(self, tally: Tally) -> None:
        """All of it was here: there was no data connection, and who reads the events gets the one that is promised."""
        done = Transfer("RETR", self.order.path, "get", 0, 0.0, tally.offset, self.order.mode,
                        sha256=tally.sha256 or None)  # fmt: skip
        detail = {"session": None, "role": "data", "end": "client", **done.detail()}
        self.recorder.emit("message", "transfer", done.text(), service=NAME, direction="in", size=0, detail=detail)

    def _put(self, remote: Remote) -> None:
        order, source = self.order, Path(self.order.local)
        path = self._place(remote, source.resolve().name)
        tally = Tally()
        remote.put(Store(path, source, order.mode, order.force, order.resume), tally)
        self._moved(source.name, tally, path)

    def _place(self, remote: Remote, name: str) -> str:
        """Where a file goes: the path itself, or into the folder that it leads to."""
        path = self.order.path
        if not path or path.endswith("/"):
            return path + name
        found = remote.find(path)
        return join(path, name) if found is not None and found.kind == "dir" else path

    def _moved(self, name: str, tally: Tally, place: str) -> None:
        if not self.order.json:
            resumed = f" (the first {tally.offset} were there)" if tally.offset else ""
            say(printable(f"{shown(name)}: {tally.done} bytes{resumed} in {tally.seconds:.2f} s, {shown(place)}"))

    # Folders

    def _move_folder(self) -> None:
        order = self.order
        if order.word == "get":
            local = Path(order.local or ".")
            if local.is_dir() and last(order.path):
                local = local / _named(last(order.path))
            move = Move("get", order.path, local, True, order.mode, order.force, order.resume)
        else:
            source = Path(order.local)
            path = self._wait(self.client.submit(lambda remote: self._place(remote, source.resolve().name)))
            move = Move("put", path, source, source.is_dir(), order.mode, order.force, order.resume)
        self.client.transfer(move)
        jobs, seen = self.client.queue.jobs, 0
        while jobs.counts().open:
            self._look()
            if self.signals.stopping():
                self.client.request_stop()
                break
        for job in jobs.since(seen):
            if job.state == "failed" and job.error is not None:
                self.failed = True
                self._explain(job.error, f"{shown(job.order.remote)}: ")
        counts = jobs.counts()
        self.failed = self.failed or counts.cancelled > 0
        if not order.json:
            say(f"{counts.done} done, {counts.failed} failed, {counts.cancelled} cancelled, {counts.bytes_done} bytes")


def _is_folder(remote: Remote, path: str) -> bool:
    try:
        found = remote.find(path)
    except FtpError:
        return False
    return found is not None and found.kind == "dir"


def _named(name: str) -> str:
    from protocols.ftp.client.localfiles import safe_name

    return safe_name(name)


def _line(entry: Entry) -> str:
    """One line for a person: kind, size, time, name; an unknown line as it came."""
    if not entry.known:
        return printable(shown(entry.raw)) + "\n"
    when = entry.modified.strftime("%Y-%m-%d %H:%M") if entry.modified is not None else ""
    size = "" if entry.size is None or entry.kind == "dir" else str(entry.size)
    target = f" -> {shown(entry.target)}" if entry.target else ""
    return printable(f"{entry.kind:<5} {size:>14}  {when:<16}  {shown(entry.name)}{target}") + "\n"
