"""Noting: what the bytes of a part's rows tell, taken together: its bitmaps, its signs, and the levels it may hold.

One microsecond a row, in steps for all rows at once: whoever records can do it beside. It must not know logs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cache, partial
from itertools import chain, filterfalse
from typing import Final

from protocols.creosote.parts import Part, grams_of, may_hold, may_pair, pairs_of, windows_of
from protocols.creosote.reading.levels import LEVEL_CODES, level
from protocols.creosote.reading.reading import LEVELS, level_of
from protocols.creosote.sieve import PICKLES, SHORT_MESSAGE, TRACE, Run, level_words, severities_of, signs_of
from protocols.record.bulk import Bulk

_LEVEL_KEY: Final = b'"level":'
_SAMPLES: Final = 16
"""So many rows of a part are read at once: they have most levels that are common in it."""
_MOST_ASKED: Final = 128
"""So many rows are read for a level that may be there; if it is in none of these and there are more, it may still."""


def note(bulk: Bulk, part: Part, senders: frozenset[int]) -> None:
    """Note of a part what its bytes tell. senders: who sent its rows."""
    run = Run(bulk, part.start, part.stop)
    grams, pairs = grams_of(run.raw), pairs_of(run.raw)
    part.grams, part.pairs, part.signs = grams, pairs, signs_of(run, senders)
    if part.levels is None:
        part.levels = _levels_of(run, grams, pairs)


def _levels_of(run: Run, grams: bytes, pairs: bytes) -> int:
    """A bit for each level's code that rows may have: never none where one has it."""
    known: dict[int, int] = {}
    payload = run.bulk.payload

    def code_of(row: int) -> int:
        code = known.get(row)
        if code is None:
            code = known[row] = LEVEL_CODES[level(payload(row))]
        return code

    def holds(word: bytes) -> bool:
        return may_pair(pairs, word) and may_hold(grams, _windows(word))

    for row in range(run.start, run.stop, max((run.stop - run.start) // _SAMPLES, 1)):
        code_of(row)
    found = 1 | sum(1 << code for code in set(known.values()) - {0})
    for code, name in enumerate(LEVELS, 1):
        if not found >> code & 1 and _may_have(_candidates(run, name, holds), code, code_of):
            found |= 1 << code
    return found


def _may_have(rows: Iterator[int], code: int, code_of: Callable[[int], int]) -> bool:
    asked: set[int] = set()
    for row in rows:
        if row not in asked:
            if len(asked) == _MOST_ASKED or code_of(row) == code:
                return True
            asked.add(row)
    return False


def _candidates(run: Run, name: str, holds: Callable[[bytes], bool]) -> Iterator[int]:
    """Rows that can have a level, looked for no sooner than they are asked; a row may come twice."""
    levels = frozenset((name,))
    ways: list[Callable[[], Iterable[int]]] = [
        lambda: run.prioritized(severities_of(levels)),
        lambda: chain.from_iterable(run.levelled(word) for word in level_words(levels) if holds(word)),
        lambda: run.numbered(LEVEL_CODES[name]),
        lambda: run.veiled,
    ]
    if level_of(1) == name:  # GELF without a level
        ways.append(lambda: filterfalse(partial(_levels_itself, run), run.hits(SHORT_MESSAGE)))
    if name == "WARN":  # what is refused
        ways.append(lambda: run.heads(PICKLES))
    if name == "ERROR":
        ways.append(lambda: run.hits(TRACE) if holds(TRACE) else ())
    return chain.from_iterable(way() for way in ways)


def _levels_itself(run: Run, row: int) -> bool:
    """Whether a row in GELF has a level for sure: a key of just that name, and no object within the outer one."""
    data = run.bulk.payload(row)
    return _LEVEL_KEY in data and data.count(b"{") == 1 and b"\\" + _LEVEL_KEY not in data


@cache
def _windows(word: bytes) -> tuple[int, ...]:
    return windows_of(word)
