"""What a body is shown as, made ready on a lab thread: text in a charset, a JSON index, a table, a picture.

What is too large, too deep or broken is said in a sentence and shown as far as it goes. It must not
know widgets.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from io import BytesIO
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QSize, Qt
from PySide6.QtGui import QImage, QImageReader

from protocols.http.reading import Kind, csv_rows, image_of, image_size, kind_of, letters_of, text_of
from protocols.numbers import grouped
from protocols.record import precedence

if TYPE_CHECKING:
    from collections.abc import Callable

    from widgets.http.response.json_index import JsonIndex

SHOWN_BYTES: Final = 256 << 10
"""Of a text: more of it in one field would stop the window."""
COPY_BYTES: Final = 64 << 10
LINE_CHARACTERS: Final = 2000
SHOWN_LINES: Final = 10_000
MOST_PIXELS: Final = 64_000_000
PICTURE_EDGE: Final = 4000
"""Larger pictures are shown smaller."""
CSV_ROWS: Final = 10_000
CSV_COLUMNS: Final = 200
_TAG: Final = re.compile(r"<!--.*?-->|<!\[CDATA\[.*?\]\]>|<\?.*?\?>|<[^>]*>", re.DOTALL)


@dataclass
class Prepared:
    """A body ready to be shown. charset, known_by: which was taken, and why. problem: what could not be done."""

    kind: Kind
    charset: str = "utf-8"
    known_by: str = ""
    text: str = ""
    pretty: str = ""
    problem: str = ""
    index: JsonIndex | None = None
    rows: list[list[str]] = field(default_factory=list)
    picture: QImage | None = None
    about: str = ""


def prepare(
    body: bytes, content_type: str | None, charset: str = "", *, stopped: Callable[[], bool] = lambda: False
) -> Prepared:
    """Make a body ready. charset: what a person chose, right or wrong; "" for the one it says of itself."""
    letters = letters_of(body, content_type)
    made = Prepared(kind_of(body, content_type), charset or letters.charset,
                    "chosen" if charset else letters.known_by)  # fmt: skip
    made.text, made.about = shown_text(body, made.charset)
    if made.kind == "json":
        from widgets.http.response.json_index import JsonError, read_json  # numpy is loaded when it is needed first

        try:
            made.index = read_json(_as_utf8(body, made.charset), stopped=stopped)
        except JsonError as error:
            made.problem = str(error)
    elif made.kind == "xml":
        made.pretty = indented(made.text)
    elif made.kind == "csv":
        found = csv_rows(text_of(body, made.charset, 8 << 20), limit=CSV_ROWS)
        made.rows = [row[:CSV_COLUMNS] for row in found]
        if len(made.rows) == CSV_ROWS:
            made.about = f"The first {grouped(CSV_ROWS)} rows."
    elif made.kind == "image":
        _picture(made, body)
    return made


def copied(data: bytearray) -> bytes:
    """The same as bytes. A piece at a time, since whoever copies keeps all other threads waiting."""
    whole = BytesIO()
    for at in range(0, len(data), COPY_BYTES):
        precedence.give_way()
        whole.write(memoryview(data)[at : at + COPY_BYTES])
    return whole.getvalue()


def _as_utf8(body: bytes, charset: str) -> bytes:
    if charset.replace("_", "-").lower() in ("utf-8", "ascii", "utf-8-sig", "us-ascii"):
        return body
    return body.decode(charset, "replace").encode("utf-8", "replace")


def shown_text(body: bytes, charset: str) -> tuple[str, str]:
    """The text of a body as far as a field can show it, and what was left out ("" for nothing)."""
    text = plain(text_of(body, charset, SHOWN_BYTES))
    left = len(body) - SHOWN_BYTES
    if text.count("\n") > SHOWN_LINES:
        text = "\n".join(text.split("\n", SHOWN_LINES)[:SHOWN_LINES])
        return text, f"The first {grouped(SHOWN_LINES)} lines of {grouped(len(body))} bytes."
    return text, f"The first {grouped(SHOWN_BYTES >> 10)} KB of {grouped(len(body))} bytes." if left > 0 else ""


def plain(text: str) -> str:
    """Line ends made one, signs that change directions made visible, lines that never end broken."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "\u2400")
    text = re.sub("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\u2028\u2029]", "\ufffd", text)
    if max((len(line) for line in text.split("\n")), default=0) <= LINE_CHARACTERS:
        return text
    return "\n".join(
        line[at : at + LINE_CHARACTERS] + ("\u21b5" if at + LINE_CHARACTERS < len(line) else "")
        for line in text.split("\n")
        for at in range(0, max(len(line), 1), LINE_CHARACTERS)
    )


def indented(text: str) -> str:
    """XML with a line for each tag, by its marks alone: nothing is resolved, no entity is expanded."""
    lines: list[str] = []
    depth, place = 0, 0
    for found in _TAG.finditer(text):
        between = text[place : found.start()].strip()
        if between:
            lines.append("  " * depth + between)
        place = found.end()
        tag = found.group()
        if tag.startswith("</"):
            depth = max(0, depth - 1)
            opened = "<" + tag[2:-1].strip()
            if len(lines) > 1 and between and lines[-2].strip().startswith(opened) and lines[-1].strip() == between:
                lines[-2:] = [lines[-2] + between + tag]
                continue
            if lines and not between and lines[-1].strip().rstrip(">").split(" ")[0] == opened:
                lines[-1] += tag
                continue
            lines.append("  " * depth + tag)
        else:
            lines.append("  " * min(depth, 60) + tag)
            depth += not (tag.startswith(("<!", "<?")) or tag.endswith("/>"))
    rest = text[place:].strip()
    return "\n".join([*lines, rest] if rest else lines)


def _picture(made: Prepared, body: bytes) -> None:
    size = image_size(body)
    buffer = QBuffer()
    buffer.setData(QByteArray(body))
    buffer.open(QIODevice.OpenModeFlag.ReadOnly)
    reader = QImageReader(buffer)
    if size is None:
        asked: QSize = reader.size()
        size = (asked.width(), asked.height())
    if size[0] * size[1] > MOST_PIXELS:
        needed = grouped(size[0] * size[1] * 4 >> 20)
        made.problem = (f"The image says it is {grouped(size[0])} x {grouped(size[1])} pixels: that would take "
                        f"{needed} MB, so it is not decoded. Raw and Hex show it.")  # fmt: skip
        return
    picture = reader.read()
    if picture.isNull():
        made.problem = f"The image can't be decoded: {reader.errorString()}. Raw and Hex show it."
        return
    size_said = f"{grouped(picture.width())} x {grouped(picture.height())} pixels"
    made.about = f"{size_said}, {image_of(body) or 'another format'}"
    if max(picture.width(), picture.height()) > PICTURE_EDGE:
        picture = picture.scaled(PICTURE_EDGE, PICTURE_EDGE, Qt.AspectRatioMode.KeepAspectRatio)
    made.picture = picture
