"""History: which requests were sent and how they ended, in one bounded file of JSON lines.

Passwords, tokens and cookies are not in it: a request is kept with its variables, and what was
typed becomes one. Large bodies are not kept either. It must not know where the file lies by habit.
"""

from __future__ import annotations

import json
import threading
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from protocols.http.formats.http_read import read_http
from protocols.http.formats.http_write import write_http
from protocols.http.formats.imported import FormatError, Named, table, word
from protocols.http.kept.masking import masked
from protocols.http.kept.plainfile import OWNER_ONLY, write_whole
from protocols.http.request import Body, Request

LIMIT: Final = 500
BODY_BYTES: Final = 64 << 10
_LINE_BYTES: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Past:
    """A request that was sent. when_ns: since 1970. status: 0 where no answer came, `why` says why. text: the request
    as a `.http` file. cut: its body was too large to keep."""

    when_ns: int
    method: str
    url: str
    status: int = 0
    total_ms: float = 0.0
    why: str = ""
    cut: bool = False
    text: str = field(default="", repr=False)

    def request(self) -> Request:
        """The request, to be sent again. Raises FormatError where it can't be read."""
        return read_http(self.text).request


class History:
    """The last `limit` requests of a file, which is made when the first is added. Safe from any thread."""

    def __init__(self, path: Path, limit: int = LIMIT) -> None:
        self.path: Final = path
        self._limit = limit
        self._lock = threading.Lock()
        self._past: list[Past] | None = None
        self._lines = 0

    def all(self) -> list[Past]:
        """What was sent, the last first. Raises OSError; lines that are no history are passed over."""
        with self._lock:
            return self._loaded()[::-1]

    def add(
        self, request: Request, *, status: int = 0, total_ms: float = 0.0, why: str = "",
        secrets: tuple[str, ...] = (), when_ns: int | None = None,
    ) -> Past | None:  # fmt: skip
        """Keep a request as it was before its variables were filled in; None where no file can hold it.

        secrets: values that must not be in it wherever they stand. Raises OSError.
        """
        kept = masked(request, secrets)
        cut = _size(kept.body) > BODY_BYTES
        if cut:
            kept = replace(kept, body=replace(kept.body, text="", fields=(), parts=(), raw=None))
        try:
            text = write_http([Named(kept)])
        except FormatError:
            return None
        past = Past(time.time_ns() if when_ns is None else when_ns, kept.method, kept.url, status, round(total_ms, 3),
                    _hidden(why, secrets), cut, text)  # fmt: skip
        with self._lock:
            held = self._loaded()
            held.append(past)
            del held[: -self._limit]
            self._lines += 1
            self._write(past, held)
        return past

    def clear(self) -> None:
        """Forget everything. Raises OSError."""
        with self._lock:
            self._past, self._lines = [], 0
            self.path.unlink(missing_ok=True)

    def _write(self, past: Past, held: list[Past]) -> None:
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self._lines > 2 * self._limit or not self.path.exists():
            write_whole(self.path, b"".join(_line(one) for one in held), mode=OWNER_ONLY)
            self._lines = len(held)
        else:
            with self.path.open("ab") as file:
                file.write(_line(past))

    def _loaded(self) -> list[Past]:
        if self._past is None:
            self._past, self._lines = [], 0
            try:
                with self.path.open("rb") as file:
                    while line := file.readline(_LINE_BYTES):
                        self._lines += 1
                        past = _past(line)
                        self._past += [past] if past is not None else []
                        del self._past[: -self._limit]
            except FileNotFoundError:
                pass
        return self._past


def _size(body: Body) -> int:
    pairs = sum(len(name) + len(value) for name, value in body.fields)
    return len(body.text) + len(body.raw or b"") + pairs + sum(len(part.value) for part in body.parts)


def _hidden(text: str, secrets: tuple[str, ...]) -> str:
    for secret in secrets:
        text = text.replace(secret, "{{secret}}") if len(secret) > 3 else text
    return text


def _line(past: Past) -> bytes:
    value = {"v": 1, "when": past.when_ns, "method": past.method, "url": past.url, "status": past.status,
             "ms": past.total_ms, "why": past.why, "cut": past.cut, "request": past.text}  # fmt: skip
    return json.dumps(value, ensure_ascii=True).encode("ascii") + b"\n"


def _past(line: bytes) -> Past | None:
    try:
        value: dict[str, Any] = table(json.loads(line))
        return Past(int(value["when"]), word(value["method"]), word(value["url"]), int(value["status"]),
                    float(value["ms"]), word(value["why"]), value.get("cut") is True,
                    word(value["request"]))  # fmt: skip
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
        return None
