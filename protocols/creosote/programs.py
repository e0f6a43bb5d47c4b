"""Made-up programs that spew: each writes in a dialect of its own, so that a bucket has something to read.

Their messages are made from a running number alone: the same number gives the same message.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

_LEVELS: Final = ("debug", "info", "info", "info", "warning", "info", "error")
_PATHS: Final = ("/cart", "/healthz", "/pay", "/books/17", "/login")


def _level(number: int) -> str:
    return _LEVELS[(number * 5 + number // 7) % len(_LEVELS)]


def _text(number: int) -> str:
    return f"#{number} {_level(number).upper()} pool: {number % 64 + 1} of 64 workers busy, queue {number * 7 % 300}"


def _json(number: int) -> str:
    path = _PATHS[number % len(_PATHS)]
    slow = number % 11 == 10
    return json.dumps(
        {"seq": number, "level": "error" if slow else "info", "logger": "web", "msg": f"GET {path}",
         "status": 504 if slow else 200, "ms": 5000.1 if slow else round(3 + number * 1.7 % 90, 1)}
    )  # fmt: skip


def _syslog(number: int) -> str:
    severity = {"debug": 7, "info": 6, "warning": 4, "error": 3}[_level(number)]
    return f"<{16 * 8 + severity}>1 - db pg {800 + number % 9} - - checkpoint seq={number} took {number * 13 % 400} ms"


def _logfmt(number: int) -> str:
    size = number * 97 % 9000
    return f'seq={number} level={_level(number)} service=mailq msg="delivered to mx{number % 3}" bytes={size}'


def _trace(number: int) -> str:
    if number % 5:
        return f"#{number} worker: batch {number} read 4096 rows in {number * 3 % 50} ms"
    return (
        f"#{number} worker: batch failed\nTraceback (most recent call last):\n"
        f'  File "/srv/worker.py", line {40 + number % 20}, in run\n    rows = self.read(batch)\n'
        f'  File "/srv/rows.py", line 17, in read\n    raise TimeoutError("no rows in 5 s")\n'
        f"TimeoutError: no rows in 5 s"
    )


@dataclass(frozen=True, slots=True)
class Program:
    """A made-up program. name: as its messages say. dialect: the format it writes. message: of a running number."""

    name: str
    dialect: str
    message: Callable[[int], str]


PROGRAMS: Final = (
    Program("build", "text", _text),
    Program("web", "json", _json),
    Program("db", "syslog", _syslog),
    Program("mailq", "logfmt", _logfmt),
    Program("worker", "traceback", _trace),
)


def program(name: str) -> Program:
    """The program of that name. Raises KeyError with a sentence."""
    for found in PROGRAMS:
        if found.name == name:
            return found
    raise KeyError(f"There is no made-up program {name}: there are {', '.join(one.name for one in PROGRAMS)}")
