"""Dates as listings write them: months in many languages, years left out. It must not know a dialect."""

from __future__ import annotations

import unicodedata
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Final

_MONTHS: Final[dict[str, int]] = {}
for _number, _words in enumerate((
    "jan ene gen jaenner janv sty led tam", "feb fev fevr fevrier lut uno helmi",
    "mar mrz maerz mars mrt marz bre maalis", "apr avr abr avril dub kwi huhti",
    "may mai mei maj maggio mag kve touko", "jun juin giu cer czer kesa cze",
    "jul juil lug srp lip heina cvc", "aug aout ago sie elo agos", "sep sept set wrz zar syys",
    "oct okt out ott paz rij loka", "nov lis list marras", "dec dez dic des gru pro joulu",
), 1):  # fmt: skip
    for _word in _words.split():
        _MONTHS.setdefault(_word, _number)


@lru_cache(maxsize=256)
def month(word: str) -> int:
    """The number of a month's name or abbreviation, 0 for a word that is none; "12" and a sign for month, too."""
    if word[:1].isdigit():
        digits = "".join(letter for letter in word[:2] if letter.isdigit())
        return int(digits) if digits.isascii() and 1 <= int(digits) <= 12 else 0
    plain = unicodedata.normalize("NFKD", word.lower().rstrip("."))
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter))
    for length in (len(plain), 5, 4, 3):
        found = _MONTHS.get(plain[:length])
        if found:
            return found
    return 0


def made(year: int, month_number: int, day: int, hour: int = 0, minute: int = 0, second: int = 0) -> datetime | None:
    """A time, None for one that no calendar has."""
    try:
        return datetime(year, month_number, day, hour, minute, second)
    except ValueError:
        return None


def recent(now: datetime, month_number: int, day: int, hour: int, minute: int, second: int = 0) -> datetime | None:
    """A time whose year was left out: the latest that is not in the future by more than a day."""
    for year in range(now.year + 1, now.year - 9, -1):  # 29 February needs a leap year
        found = made(year, month_number, day, hour, minute, second)
        if found is not None and found <= now + timedelta(days=1):
            return found
    return None


def full_year(text: str) -> int:
    """A year of two, three (1900 + n, as OS/2 has it) or four digits."""
    year = int(text)
    if len(text) >= 4:
        return year
    if len(text) == 3:
        return 1900 + year
    return year + (1900 if year >= 70 else 2000)


def clock(text: str) -> tuple[int, int, int]:
    """Hour, minute, second of "16:09", "16:09:01.5"; zeros where there is no number."""
    parts = [part.partition(".")[0] for part in text.split(":")] + ["0", "0"]
    hour, minute, second = (int(part) if part.isdecimal() and part.isascii() else 0 for part in parts[:3])
    return hour, minute, second
