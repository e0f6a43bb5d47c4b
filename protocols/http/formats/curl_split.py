"""The text of a command as words, as bash or as Windows' cmd would cut it.

Nothing is run and nothing expanded: `$NAME` stays. It must not know curl.
"""

from __future__ import annotations

import re
from typing import Final

from protocols.http.formats.imported import FormatError

_CMD: Final = re.compile(r"\^[ \t]*\n|\^\"")
_BASH_QUOTED: Final = re.compile(r"""'[^']*'|"(?:[^"\\]|\\.)*"|\\.|""" + _CMD.pattern, re.DOTALL)
_ENDS: Final = "\n;|&"
_NAMED: Final = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "e": "\x1b", "E": "\x1b", "f": "\f", "v": "\v"}
_CODED: Final = re.compile(r"x([0-9a-fA-F]{1,2})|u([0-9a-fA-F]{1,4})|U([0-9a-fA-F]{1,8})|([0-7]{1,3})")


def commands(text: str) -> list[list[str]]:
    """The commands of a text, each as its words. Raises FormatError where a quote has no end.

    Bytes that are no UTF-8 (\\xff in bash's $'..') come as Python's surrogate escapes.
    """
    text = text.replace("\r\n", "\n")
    if _is_for_cmd(text):
        return [words for words in map(_c_words, _cmd_lines(text)) if words]
    return [words for words in _Bash(text).commands() if words]


def _is_for_cmd(text: str) -> bool:
    """Whether carets stand where only cmd has them: not within bash's quotes."""
    return any(_CMD.match(found.group()) for found in _BASH_QUOTED.finditer(text))


class _Bash:
    """Cuts as bash does."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._place = 0

    def commands(self) -> list[list[str]]:
        """Every command, up to the next line, semicolon, pipe or ampersand."""
        found: list[list[str]] = [[]]
        text = self._text
        while self._place < len(text):
            sign = text[self._place]
            if text.startswith("\\\n", self._place):
                self._place += 2
            elif sign in _ENDS:
                self._place += 1
                found.append([])
            elif sign.isspace():
                self._place += 1
            elif sign == "#":
                end = text.find("\n", self._place)
                self._place = end if end >= 0 else len(text)
            else:
                found[-1].append(self._word())
        return found

    def _word(self) -> str:
        pieces: list[str] = []
        text = self._text
        while self._place < len(text):
            sign = text[self._place]
            if sign.isspace() or (sign in _ENDS and not (sign == "&" and pieces[-1:] == [">"])):
                break
            if sign == "'":
                pieces.append(self._to_quote("'"))
            elif sign == '"':
                pieces.append(self._double())
            elif text.startswith("$'", self._place):
                self._place += 1
                pieces.append(self._coded())
            elif sign == "\\":
                if not text.startswith("\\\n", self._place):
                    pieces.append(text[self._place + 1 : self._place + 2])
                self._place += 2
            else:
                pieces.append(sign)
                self._place += 1
        return "".join(pieces)

    def _to_quote(self, quote: str) -> str:
        end = self._text.find(quote, self._place + 1)
        if end < 0:
            raise _open(self._text, self._place)
        piece = self._text[self._place + 1 : end]
        self._place = end + 1
        return piece

    def _double(self) -> str:
        begin, pieces = self._place, list[str]()
        self._place += 1
        while self._place < len(self._text):
            sign = self._text[self._place]
            self._place += 1
            if sign == '"':
                return "".join(pieces)
            if sign == "\\" and self._text[self._place : self._place + 1] in tuple('"\\$`\n'):
                sign = self._text[self._place].replace("\n", "")
                self._place += 1
            pieces.append(sign)
        raise _open(self._text, begin)

    def _coded(self) -> str:
        r"""What stands in $'..', with \n, \x41 and \u00fc."""
        begin, made = self._place, bytearray()
        self._place += 1
        while self._place < len(self._text):
            sign = self._text[self._place]
            self._place += 1
            if sign == "'":
                return made.decode("utf-8", "surrogateescape")
            if sign == "\\":
                made += self._code()
            else:
                made += sign.encode("utf-8", "surrogateescape" if "\udc80" <= sign <= "\udcff" else "replace")
        raise _open(self._text, begin)

    def _code(self) -> bytes:
        found = _CODED.match(self._text, self._place)
        if found is None:
            sign = self._text[self._place : self._place + 1]
            self._place += 1
            return _NAMED.get(sign, sign if sign in ("'", '"', "\\", "?") else "\\" + sign).encode("utf-8", "replace")
        self._place = found.end()
        byte, short, long, octal = found.groups()
        if byte or octal:
            return bytes([int(byte, 16) if byte else int(octal, 8) & 0xFF])
        code = int(short or long, 16)
        return chr(code).encode("utf-8", "replace") if code < 0x110000 else b"?"


def _open(text: str, place: int) -> FormatError:
    return FormatError(f"The quote that opens at {text[place : place + 20]!r} is not closed")


def piped(words: list[str]) -> bytes | None:
    """What `printf TEXT` or `echo TEXT` gives to the next command; None where that would have to be run."""
    if words[0] == "echo" and words[1:2] not in (["-e"], ["-n"]):
        return " ".join([*words[1:], ""]).rstrip(" ").encode("utf-8", "surrogateescape") + b"\n"
    rest = words[2:] if words[1:2] == ["--"] else words[1:]
    if words[0] != "printf" or len(rest) != 1 or re.search(r"%[^%]", rest[0].replace("%%", "")):
        return None
    made = _Bash("$'" + rest[0].replace("%%", "%").replace("'", "\\'") + "'").commands()
    return made[0][0].encode("utf-8", "surrogateescape") if made[0] else b""


def _cmd_lines(text: str) -> list[str]:
    """What cmd hands to a program, one text a command: carets undone, quotes still in it."""
    lines, made, quoted, place = list[str](), list[str](), False, 0
    while place < len(text):
        sign = text[place]
        place += 1
        if sign == "^" and not quoted and place < len(text):
            if text[place] == "\n":
                place += 1  # the line goes on, and whatever its next sign is, it is meant
                sign = text[place : place + 1]
            else:
                sign = text[place]
            made.append(sign)
            place += 1
            continue
        quoted = quoted != (sign == '"')
        if sign == "\n" or (sign in "&|" and not quoted):
            lines.append("".join(made))
            made, quoted = [], False
        else:
            made.append(sign)
    return [*lines, "".join(made)]


def _c_words(text: str) -> list[str]:
    """A command line as Windows' C programs cut it: backslashes mean something before a quote only."""
    words, made, quoted, inside, place = list[str](), list[str](), False, False, 0
    while place < len(text):
        sign = text[place]
        slashes = 0
        while text[place : place + 1] == "\\":
            slashes, place = slashes + 1, place + 1
        if slashes:
            inside = True
            before_quote = text[place : place + 1] == '"'
            made.append("\\" * (slashes // 2 if before_quote else slashes))
            if before_quote and slashes % 2:
                made.append('"')
                place += 1
            continue
        place += 1
        if sign == '"' and quoted and text[place : place + 1] == '"':
            made.append('"')
            place += 1
        elif sign == '"':
            quoted, inside = not quoted, True
        elif sign.isspace() and not quoted:
            if inside:
                words.append("".join(made))
            made, inside = [], False
        else:
            made.append(sign)
            inside = True
    if quoted:
        raise FormatError(f"A quote is not closed in {text[:40]!r}")
    return [*words, "".join(made)] if inside else words
