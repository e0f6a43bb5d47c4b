"""The trigram page: deterministic by its seed, and every three words stand in the source."""

from __future__ import annotations

from urllib.parse import urlencode

from hypothesis import given
from hypothesis import strategies as st

from protocols.http.server.kinds import sandbox_server
from protocols.http.server.sandbox.trigrams import SAMPLE, generate, trigrams_of
from tests.protocols.http.server.sites import running

WORDS = st.lists(st.sampled_from(["a", "b", "c", "I", "wish", "<b>"]), max_size=60)


@given(WORDS, st.integers(0, 1000), st.integers(1, 80))
def test_every_trigram_made_is_one_of_the_source(words: list[str], seed: int, count: int) -> None:
    made = generate(" ".join(words), seed, count)
    assert made == generate(" ".join(words), seed, count)
    assert len(made.split()) <= count
    source = trigrams_of(words)
    for first, second, third in zip(made.split(), made.split()[1:], made.split()[2:], strict=False):
        assert third in source[first, second]


def test_the_page_makes_a_text_of_what_is_pasted() -> None:
    with running(sandbox_server) as site:
        first = site.get("/trigram?plain=1&seed=3&words=12").body.decode()
        assert first == site.get("/trigram?plain=1&seed=3&words=12").body.decode() == generate(SAMPLE, 3, 12) + "\n"
        assert first != site.get("/trigram?plain=1&seed=4&words=12").body.decode()
        body = urlencode({"text": "<b> c <b> c <b>", "seed": "1", "words": "9"}).encode()
        got = site.get("/trigram", "POST", body, Content_Type="application/x-www-form-urlencoded")
        assert got.status == 200
        assert b"&lt;b&gt; c &lt;b&gt;" in got.body
        assert b"<b>" not in got.body
        assert site.get("/trigram", "DELETE").status == 405
