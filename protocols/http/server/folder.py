"""A folder of files as a web site: listing, types, ranges, conditions, and no way out of it.

Neither "..", nor any encoding of it, nor a symbolic link leads outside. It must not know sockets.
"""

from __future__ import annotations

import html
import mimetypes
import os
import re
import stat
from collections.abc import Callable, Iterator, Mapping
from email.utils import formatdate, parsedate_to_datetime
from functools import lru_cache
from typing import Final
from urllib.parse import quote

from protocols.http.request import Header
from protocols.http.server.answer import Answer, error_page
from protocols.http.server.asked import Asked
from protocols.http.server.web import TIME_OUT_S, WebHandler

PIECE_BYTES: Final = 256 << 10
WHOLE_BYTES: Final = 64 << 10
"""A file up to this size goes out in one piece with its head."""
INDEX: Final = ("index.html", "index.htm")
_RANGE: Final = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


_guessed: Final = lru_cache(maxsize=1024)(mimetypes.guess_type)


class Folder:
    """An application that serves files. types: media types by suffix (".md") in place of the usual ones."""

    def __init__(self, root: str, types: Mapping[str, str] | None = None) -> None:
        self.root: Final = os.path.realpath(root)
        self._types = dict(types or {})

    def __call__(self, asked: Asked) -> Answer:
        """Answer one request."""
        if asked.method not in ("GET", "HEAD"):
            return error_page(405, f"A file is read with GET or HEAD, not {asked.method}.", ("Allow", "GET, HEAD"))
        place = self.place(asked.path)
        if place is None:
            return error_page(404, "Nothing here has that name.")
        try:
            if stat.S_ISDIR(os.stat(place).st_mode):
                return self._folder(asked, place)
            if asked.path.endswith("/"):
                return error_page(404, "That is a file, and its name has no slash at the end.")
            return self._file(asked, place)
        except PermissionError:
            return error_page(403, "This server may not read that.")
        except OSError:
            return error_page(404, "Nothing here has that name.")

    def place(self, path: str) -> str | None:
        """The real place of a decoded path, whether or not anything is there; None where it would be outside."""
        if not path.startswith("/") or "\0" in path or "\\" in path:
            return None
        parts = [part for part in path.split("/") if part not in ("", ".")]
        if ".." in parts:
            return None
        real = os.path.realpath(os.path.join(self.root, *parts))
        inside = real == self.root or real.startswith(self.root.rstrip(os.sep) + os.sep)
        return real if inside else None

    def type_of(self, name: str) -> str:
        """The media type of a file's name."""
        suffix = os.path.splitext(name)[1].lower()
        kind = self._types.get(suffix)
        if kind is None:
            guessed, encoding = _guessed(os.path.basename(name))
            kind = f"application/{encoding}" if encoding else guessed or "application/octet-stream"
        return f"{kind}; charset=utf-8" if kind in ("text/html", "text/plain", "text/css") else kind

    # Folders

    def _folder(self, asked: Asked, place: str) -> Answer:
        if not asked.path.endswith("/"):
            query = "?" + asked.query if "?" in asked.target else ""
            target = "/" + asked.raw_path.lstrip("/") + "/" + query  # "//host/" would lead to another server
            return Answer(301, [("Location", target), ("Content-Type", "text/plain")], b"with a slash, please\n")
        for name in INDEX:
            index = self.place(asked.path + name)
            if index is not None and os.path.isfile(index):
                return self._file(asked, index)
        page = self._listing(asked.path, place).encode("utf-8", "surrogateescape")
        return Answer(200, [("Content-Type", "text/html; charset=utf-8")], page)

    def _listing(self, path: str, place: str) -> str:
        with os.scandir(place) as entries:
            names = sorted(entry.name + ("/" if entry.is_dir() else "") for entry in entries)
        title = html.escape(f"Folder {path}")
        rows = [] if path == "/" else ['<li><a href="../">../</a></li>']
        for name in names:
            link = quote(name, safe="/", errors="surrogateescape")
            rows.append(f'<li><a href="./{link}">{html.escape(name)}</a></li>')
        return f"<!DOCTYPE html>\n<meta charset=utf-8>\n<title>{title}</title>\n<h1>{title}</h1>\n<ul>\n" + "\n".join(
            rows) + "\n</ul>\n"  # fmt: skip

    # Files

    def _file(self, asked: Asked, place: str) -> Answer:
        descriptor = os.open(place, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            facts = os.fstat(descriptor)
            if not stat.S_ISREG(facts.st_mode):
                return error_page(404, "That is no file.")
            tag = f'"{facts.st_mtime_ns:x}-{facts.st_size:x}"'
            headers: list[Header] = [
                ("Content-Type", self.type_of(place)), ("Last-Modified", formatdate(facts.st_mtime, usegmt=True)),
                ("ETag", tag), ("Accept-Ranges", "bytes"),
            ]  # fmt: skip
            settled = _conditions(asked, tag, facts.st_mtime)
            if settled is not None:
                return Answer(settled, [header for header in headers if header[0] != "Content-Type"])
            place_size = _ranged(asked, tag, facts, headers)
            if place_size is None:
                end = ("Content-Range", f"bytes */{facts.st_size}")
                return error_page(416, "The file ends before that range.", end)
            begin, size = place_size
            if asked.get("Range"):
                headers.append(("Content-Range", f"bytes {begin}-{begin + size - 1}/{facts.st_size}"))
            status = 206 if asked.get("Range") else 200
            if asked.method == "HEAD":
                return Answer(status, [*headers, ("Content-Length", str(size))])
            if size <= WHOLE_BYTES:
                return Answer(status, headers, os.pread(descriptor, size, begin))
            pieces = _Pieces(descriptor, begin, size)
            descriptor = -1
            return Answer(status, headers, pieces, length=size)
        finally:
            if descriptor >= 0:
                os.close(descriptor)


class _Pieces:
    """A part of a file, read as it is sent. A file that shrinks meanwhile ends early: the client sees the length."""

    def __init__(self, descriptor: int, begin: int, size: int) -> None:
        self._descriptor = descriptor
        self._place, self._end = begin, begin + size

    def __iter__(self) -> Iterator[bytes]:
        while self._place < self._end:
            piece = os.pread(self._descriptor, min(PIECE_BYTES, self._end - self._place), self._place)
            if not piece:
                return
            self._place += len(piece)
            yield piece

    def close(self) -> None:
        """Give the descriptor back."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)


def _conditions(asked: Asked, tag: str, modified: float) -> int | None:
    """304 or 412 where a condition settles it (RFC 9110 section 13.2.2)."""
    if asked.get("If-Match"):
        if not _has_tag(asked.get("If-Match"), tag, weak=False):
            return 412
    elif (since := _time(asked.get("If-Unmodified-Since"))) is not None and int(modified) > since:
        return 412
    if asked.get("If-None-Match"):
        return 304 if _has_tag(asked.get("If-None-Match"), tag, weak=True) else None
    since = _time(asked.get("If-Modified-Since"))
    return 304 if since is not None and int(modified) <= since else None


def _has_tag(header: str, tag: str, *, weak: bool) -> bool:
    tags = [one.strip() for one in header.split(",")]
    return "*" in tags or any((one.removeprefix("W/") if weak else one) == tag for one in tags)


def _time(text: str) -> float | None:
    try:
        return parsedate_to_datetime(text).timestamp() if text else None
    except (ValueError, TypeError, OverflowError):
        return None


def _ranged(asked: Asked, tag: str, facts: os.stat_result, headers: list[Header]) -> tuple[int, int] | None:
    """Begin and size of what is asked for (RFC 9110 section 14.2); None where it is beyond the end.

    Several ranges at once are answered with the whole file, as a server may.
    """
    whole = (0, facts.st_size)
    found = _RANGE.fullmatch(asked.get("Range").replace(" ", ""))
    condition = asked.get("If-Range")
    if found is None or asked.method != "GET" or not any(found.groups()) or not facts.st_size:
        return _unranged(asked, whole)
    if condition and condition != tag and condition != dict(headers)["Last-Modified"]:
        return _unranged(asked, whole)
    first, last = found.groups()
    if not first:
        size = min(int(last), facts.st_size)
        return (facts.st_size - size, size) if size else None
    begin, end = int(first), min(int(last) if last else facts.st_size - 1, facts.st_size - 1)
    if last and int(last) < begin:
        return _unranged(asked, whole)
    return (begin, end - begin + 1) if begin < facts.st_size else None


def _unranged(asked: Asked, whole: tuple[int, int]) -> tuple[int, int]:
    asked.headers = [header for header in asked.headers if header[0].lower() != "range"]
    return whole


def make_folder(
    root: str, types: Mapping[str, str] | None = None, time_out_s: float = TIME_OUT_S
) -> Callable[[], WebHandler]:
    """The factory of handlers for a folder, for a HandlerSpec."""
    site = Folder(root, types)
    return lambda: WebHandler(site, time_out_s)
