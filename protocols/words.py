"""A command whose first word may belong to another room: `netlab serve echo`, `netlab serve web`.

The room that adds the command makes its parser a WordParser; others give it more words, each with
a parser of its own. It must not know any room.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any


class WordParser(argparse.ArgumentParser):
    """A parser that hands the arguments over to another one when they begin with that one's word."""

    def __init__(self, *args: Any, **settings: Any) -> None:
        super().__init__(*args, **settings)
        self._words: dict[str, argparse.ArgumentParser] = {}

    def add_word(self, word: str, text: str, **settings: Any) -> argparse.ArgumentParser:
        """A new parser for `word`; `text` is its line in this parser's help."""
        parser = argparse.ArgumentParser(
            prog=f"{self.prog} {word}", formatter_class=argparse.RawDescriptionHelpFormatter, **settings
        )
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
