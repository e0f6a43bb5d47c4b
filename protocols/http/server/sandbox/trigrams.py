"""A trigram text generator as a page: each three words that follow each other also do so in the text given.

Kata 14 of Dave Thomas: the last two words say which may come next. It must not know connections.
"""

from __future__ import annotations

import html
import random
from typing import Final

from protocols.http.server.answer import Answer, page, text_answer
from protocols.http.server.asked import Asked
from protocols.http.server.formdata import FormError, read_form
from protocols.http.server.sandbox.route import Route

WORDS: Final = 2000
SOURCE_BYTES: Final = 1 << 20
SAMPLE: Final = (
    "I wish I may I wish I might have the wish I wish tonight. I wish I may go where I might, "
    "for I may wish and I might go tonight."
)
_PAGE: Final = """\
<p>The last two words say which word may come next: every three words in a row also stand so in the text.</p>
<form action="/trigram" method="post">
<label>Text <textarea name="text" rows="8" cols="60">{text}</textarea></label>
<label>Words <input name="words" value="{words}"></label>
<label>Seed <input name="seed" value="{seed}"></label>
<input type="submit" value="Generate">
</form>
<h2>Made of it</h2>
<p id="made">{made}</p>"""


def routes() -> list[Route]:
    """The page."""
    return [Route("/trigram", trigram, "Forms", "Trigrams", "A text generator: paste a text, and a new one comes. The "
                  "same seed makes the same text; ?plain=1 answers without the page.", "/trigram?seed=14&words=30",
                  ("GET", "HEAD", "POST"))]  # fmt: skip


def trigrams_of(words: list[str]) -> dict[tuple[str, str], list[str]]:
    """Which words follow two others, as often as they do."""
    found: dict[tuple[str, str], list[str]] = {}
    for first, second, third in zip(words, words[1:], words[2:], strict=False):
        found.setdefault((first, second), []).append(third)
    return found


def generate(text: str, seed: int, count: int) -> str:
    """At most `count` words made of the text's trigrams; fewer where its last two words lead nowhere."""
    words = text.split()
    table = trigrams_of(words)
    if not table:
        return " ".join(words[:count])
    chance = random.Random(seed)
    made = list(chance.choice(sorted(table)))
    while len(made) < count and (following := table.get((made[-2], made[-1]))):
        made.append(chance.choice(following))
    return " ".join(made[:count])


def trigram(asked: Asked) -> Answer:
    """/trigram"""
    if len(asked.body) > SOURCE_BYTES:
        return page(413, "Too much text", f"<p>{SOURCE_BYTES} bytes are enough.</p>")
    try:
        form = read_form(asked.query, asked.get("Content-Type"), asked.body)
    except FormError as error:
        return page(400, "That is no form", f"<p>{html.escape(str(error))}</p>")
    text = form.getfirst("text").strip() or SAMPLE
    seed, words = _number(form.getfirst("seed"), 14, 1 << 31), _number(form.getfirst("words"), 30, WORDS)
    made = generate(text, seed, words)
    if form.getfirst("plain"):
        return text_answer(made + "\n")
    shown = {"text": html.escape(text), "made": html.escape(made), "words": str(words), "seed": str(seed)}
    return page(200, "Trigrams", _PAGE.format(**shown))


def _number(text: str, default: int, most: int) -> int:
    return min(int(text), most) if text.isascii() and text.isdecimal() and len(text) < 12 else default
