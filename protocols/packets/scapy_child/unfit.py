"""Why scapy can't make a packet of these values, in a sentence instead of its own words.

It must not know how a packet is made.
"""

from __future__ import annotations

import re
from typing import Final

_FIELD: Final = re.compile(r"While building field '(\w+)'")
_RANGE: Final = re.compile(r"(-?\d+) <= number <= (-?\d+)")


def unfit(error: Exception) -> str:
    """What is wrong with a value, as far as the error says it."""
    text = str(error)
    name, limits = _FIELD.search(text), _RANGE.search(text)
    if name is None:
        return " ".join(text.split())
    what = f"a number from {limits[1]} to {limits[2]}" if limits else "a value of another kind"
    return f"the field {name[1]} must be {what}"


def unfit_value(name: str, value: object, error: Exception, letters: str = "") -> str:
    """Why a field refuses its value. letters: those that flags are made of, "" for another field."""
    if isinstance(error, OSError):
        why = "that is no address, and no name that is known here"
    elif letters:
        why = f"flags are some of the letters {letters}"
    else:
        why = unfit(error)
    return f"{name} can't be {value!r}: {why}"
