"""The parsers of the command line: refusals that a newcomer can use, and commands shared between rooms.

A `Parser` refuses with a sentence, the nearest word that exists and where to read on. In a
`WordParser` the first word may belong to another room: `netlab serve echo`, `netlab serve web`; the
room that adds the command makes it, others give it words. It must not know any room.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterable, Sequence
from typing import Any, Final, NoReturn

USAGE: Final = 2
_MISSING: Final = "the following arguments are required: "
_LONG: Final = re.compile(r"""(['"])([^'"]{40})[^'"]{20,}\1""")
"""A quoted value that is too long to be read again: its start says which it is."""
MOST_SHOWN: Final = 60
_EXAMPLES: Final = "for example:"


class Help(argparse.HelpFormatter):
    """Paragraphs flow with the width of the terminal; indented lines stay lines, so that examples can be copied."""

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        from textwrap import TextWrapper

        lines: list[str] = []
        flows = False  # whether the next line goes on with the sentence of the last
        for line in text.splitlines():
            if line.startswith(" ") or not line:
                lines += _example_lines(line, width)
                flows = False
            elif flows and not line.startswith("Exit status"):
                lines[-1] += f" {line}"
            else:
                lines.append(line)
            flows = line[:1] not in ("", " ")
        wrap = TextWrapper(width, break_long_words=False, break_on_hyphens=False).wrap
        flowing = ([line] if line.startswith(" ") else wrap(line) or [""] for line in lines)
        return "\n".join(indent + line for wrapped in flowing for line in wrapped)


def _example_lines(line: str, width: int) -> list[str]:
    """An example; its note goes below it where the terminal has no room beside it."""
    found = re.fullmatch(r"(  \S.*?)\s{3,}(\S.*)", line) if len(line) > width else None
    return [found[1], f"      {found[2]}"] if found else [line]


class Parser(argparse.ArgumentParser):
    """A parser that answers a wrong word with a sentence, not with a wall of usage; exit status 2."""

    def __init__(self, *args: Any, **settings: Any) -> None:
        super().__init__(*args, **settings | {"formatter_class": Help})

    def error(self, message: str) -> NoReturn:
        """Say what is wrong, with an example where something is missing, and end the process."""
        message = _LONG.sub(r"\1\2…\1", message)
        lines = [f"{self.prog}: error: {message.removeprefix('argument ')}"]
        if message.startswith(_MISSING):
            lines = [f"{self.prog}: error: missing: {message.removeprefix(_MISSING)}", *self._example()]
        lines.append(f'"{self.prog} --help" explains it.')
        self.exit(USAGE, "\n".join(lines) + "\n")

    def parse_known_args(  # type: ignore[override]
        self, args: Sequence[str] | None = None, namespace: argparse.Namespace | None = None
    ) -> tuple[argparse.Namespace, list[str]]:
        """As the parent's, but nothing is left over: the parser that meets an unknown word refuses it itself."""
        words = list(sys.argv[1:] if args is None else args)
        unknown = self._unknown_option(words)
        if unknown is None:
            known, rest = super().parse_known_args(words, namespace)
            if not rest:
                return known, rest
            unknown = rest[0]
        if len(unknown) > MOST_SHOWN:
            unknown = f"{unknown[:MOST_SHOWN]}…"
        if not unknown.startswith("-"):
            self.error(f"{unknown!r} is one word too many")
        behind = "; the options of a command stand behind it" if self._subparsers is not None else ""
        self.error(f"there is no option {unknown}{self._hint(unknown, self._option_string_actions) or behind}")

    def _unknown_option(self, words: list[str]) -> str | None:
        """The first long option that this parser does not have: it is told before what may be missing beside it."""
        for word in words:
            if word == "--" or (self._subparsers is not None and not word.startswith("-")):
                return None
            name = word.partition("=")[0]
            if name.startswith("--") and " " not in word and not self._options_like(name):
                return name
        return None

    def _options_like(self, start: str) -> bool:
        return any(option.startswith(start) for option in self._option_string_actions)

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        if action.choices is None or value in action.choices:
            return
        words = [str(choice) for choice in action.choices]
        if action.option_strings:
            where, near = f"{'/'.join(action.option_strings)}: ", words
        else:
            words += self._more_words()
            where, near = "", [*words, *self._option_string_actions]
        hint = self._hint(value, near) if isinstance(value, str) else ""  # a number is not mistyped for a near one
        hint = hint or f"; there are {', '.join(words)}"
        raise argparse.ArgumentError(None, f"{where}there is no {value!r}{hint}")

    def _more_words(self) -> Iterable[str]:
        """What may stand in the place of a positional beside its choices."""
        return ()

    @staticmethod
    def _hint(word: str, known: Iterable[str]) -> str:
        """". Did you mean serve?" for a word that is near one of the known; else nothing."""
        from difflib import get_close_matches

        bare = {name.lstrip("-"): name for name in known}
        found = get_close_matches(word.lstrip("-").lower(), bare, n=1)
        if not found and len(word.lstrip("-")) == 1:
            found = [name for name in bare if name.startswith(word.lstrip("-").lower()) and len(name) > 1][:1]
        return f". Did you mean {bare[found[0]]}?" if found else ""

    def _example(self) -> list[str]:
        """The first example of the help, as a line."""
        lines = (self.epilog or "").partition(_EXAMPLES)[2].strip().splitlines()
        return [f"{_EXAMPLES} {lines[0].partition('   ')[0].strip()}"] if lines else []


class WordParser(Parser):
    """A parser that hands the arguments over to another one when they begin with that one's word."""

    def __init__(self, *args: Any, **settings: Any) -> None:
        super().__init__(*args, **settings)
        self._words: dict[str, argparse.ArgumentParser] = {}

    def add_word(self, word: str, text: str, **settings: Any) -> argparse.ArgumentParser:
        """A new parser for `word`; `text` is its line in this parser's help."""
        parser = Parser(prog=f"{self.prog} {word}", **settings)
        if not self._words:
            self.epilog = "more servers, each with its own --help:\n" + "\n\n" + (self.epilog or "")
        self._words[word] = parser
        head, _, rest = (self.epilog or "").partition("\n\n")
        self.epilog = f"{head.rstrip()}\n  {word:<10} {text}\n\n{rest.lstrip()}"
        return parser

    def parse_known_args(  # type: ignore[override]
        self, args: Sequence[str] | None = None, namespace: argparse.Namespace | None = None
    ) -> tuple[argparse.Namespace, list[str]]:
        """As the parent's; the word decides whose arguments they are."""
        found = self._words.get(args[0]) if args else None
        if found is None or args is None:
            return super().parse_known_args(args, namespace)
        return found.parse_known_args(list(args[1:]), namespace)

    def _more_words(self) -> Iterable[str]:
        return self._words

    def _unknown_option(self, words: list[str]) -> str | None:
        unknown = super()._unknown_option(words)
        if unknown is None:
            return None
        for word in filter(self._words.__contains__, words):
            self.error(f"{word!r} stands first: {self.prog} {word} {unknown} ..")
        if not words[0].startswith("-"):
            try:
                self._check_value(self._get_positional_actions()[0], words[0])
            except argparse.ArgumentError as error:
                self.error(str(error))
        return unknown

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        if isinstance(value, str) and value in self._words and not action.option_strings:
            self.error(f"{value!r} stands first: {self.prog} {value} ..")
        super()._check_value(action, value)
