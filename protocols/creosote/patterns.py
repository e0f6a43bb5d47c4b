"""What bytes a regular expression must find, so that others are looked for quickly. It must not know rows."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterable, Sequence
from typing import Any, Final

_LITERALS: Final = 16
_CHOICES: Final = 4


def literals(pattern: bytes) -> Sequence[bytes] | None:
    """Bytes (small letters) of which a match holds at least one; None where nothing is certain.

    The parser that `re` itself uses tells it; a Python that has it elsewhere looks at each row instead.
    """
    try:
        parsed = importlib.import_module("re._parser").parse(pattern, re.IGNORECASE)
    except (ImportError, AttributeError, re.error):
        return None
    return None if parsed.state.flags & re.LOCALE else _of_sequence(parsed)


def _of_sequence(items: Any) -> Sequence[bytes] | None:
    """The most telling of what a sequence must hold: each of its parts must match."""
    best: Sequence[bytes] | None = None
    for found in _parts(items):
        if found and min(map(len, found)) > (min(map(len, best)) if best else 0):
            best = found
    return best


def _parts(items: Any) -> Iterable[Sequence[bytes] | None]:
    run: list[bytes] = [b""]
    for operator, argument in items:
        known = _exactly(operator.name, argument)
        if known is not None and len(run) * len(known) <= _LITERALS:
            run = [before + after for before in run for after in known]
            continue
        yield run
        run = [b""]
        yield _of_part(operator.name, argument) if known is None else known
    yield run


def _exactly(name: str, argument: Any) -> list[bytes] | None:
    """All that a part of a pattern can match (small letters), where that is little; None otherwise."""
    if name == "LITERAL":
        return [bytes((argument,)).lower()]
    if name == "AT":
        return [b""]
    if name == "SUBPATTERN":
        return _exact_sequence(argument[3])
    if name == "IN" and len(argument) <= _CHOICES and all(each.name == "LITERAL" for each, _ in argument):
        return [bytes((code,)).lower() for _, code in argument]
    if name != "BRANCH":
        return None
    found = [_exact_sequence(branch) for branch in argument[1]]
    together = [literal for each in found if each for literal in each]
    return together if all(found) and len(together) <= _LITERALS else None


def _exact_sequence(items: Any) -> list[bytes] | None:
    run: list[bytes] = [b""]
    for operator, argument in items:
        known = _exactly(operator.name, argument)
        if known is None or len(run) * len(known) > _LITERALS:
            return None
        run = [before + after for before in run for after in known]
    return run


def _of_part(name: str, argument: Any) -> Sequence[bytes] | None:
    if name == "SUBPATTERN":
        return _of_sequence(argument[3])
    if name == "ATOMIC_GROUP":
        return _of_sequence(argument)
    if name in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT") and argument[0] > 0:
        return _of_sequence(argument[2])
    if name != "BRANCH":
        return None
    found = [_of_sequence(branch) for branch in argument[1]]
    together = [literal for each in found if each for literal in each]
    return together if all(found) and len(together) <= _LITERALS else None
