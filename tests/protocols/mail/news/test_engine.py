"""The NNTP engine answers as RFC 3977 has it, whatever is said in whatever order and wherever bytes are cut."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.mail.client.replies import Replies
from protocols.mail.news.engine import NewsEngine
from protocols.mail.news.groups import sample_groups

POST = b"From: a@b.c\r\nNewsgroups: netlab.test\r\nSubject: hi\r\n\r\nhello\r\n..dots\r\n.\r\n"


def _codes(*lines: bytes) -> list[int]:
    engine = NewsEngine(sample_groups())
    return [int(answer[:3]) for answer in engine.feed(b"".join(line + b"\r\n" for line in lines))]


@pytest.mark.parametrize(
    ("lines", "codes"),
    [
        ((b"CAPABILITIES", b"MODE READER", b"DATE", b"HELP", b"QUIT"), [101, 200, 111, 100, 205]),
        ((b"LIST", b"LIST ACTIVE netlab.s*", b"LIST OVERVIEW.FMT", b"LIST X", b"NEWGROUPS 1 2"),
         [215, 215, 215, 501, 231]),
        ((b"NEXT", b"LAST", b"ARTICLE", b"STAT 1", b"OVER", b"LISTGROUP"), [412] * 6),
        ((b"GROUP nope", b"GROUP", b"GROUP netlab.sockets", b"STAT", b"LAST", b"NEXT", b"NEXT"),
         [411, 501, 211, 223, 422, 223, 421]),
        ((b"GROUP netlab.sockets", b"HEAD 2", b"BODY 2", b"ARTICLE 9", b"STAT x", b"XOVER 1-", b"OVER 7-9",
          b"OVER x-y"), [211, 221, 222, 423, 501, 224, 423, 501]),
        ((b"ARTICLE <1@netlab.example>", b"HEAD <nope@x>", b"HDR Subject <1@netlab.example>", b"HDR"),
         [220, 430, 225, 501]),
        ((b"", b"NONSENSE", b"MODE STREAM", b"GROUP \xff", b"HELP " + b"x" * 600), [500, 500, 501, 501, 501]),
    ],
)  # fmt: skip
def test_each_command_has_its_code(lines: tuple[bytes, ...], codes: list[int]) -> None:
    assert _codes(*lines) == codes


def test_a_post_is_there_at_once_with_its_dots() -> None:
    engine = NewsEngine(sample_groups())
    answers = engine.feed(b"POST\r\n" + POST + b"GROUP netlab.test\r\nBODY 2\r\n")
    assert [answer[:3] for answer in answers] == [b"340", b"240", b"211", b"222"]
    assert answers[-1].endswith(b"\r\nhello\r\n..dots\r\n.\r\n")


@pytest.mark.parametrize(
    "article",
    [b"\r\n", b"From: a\r\n\r\nx\r\n", b"From: a\r\nSubject: b\r\nNewsgroups: none.such\r\n\r\nx\r\n",
     b"From: a\r\nSubject: b\r\nNewsgroups: netlab.test\r\nMessage-ID: nope\r\n\r\nx\r\n",
     b"From: a\r\nSubject: b\r\nNewsgroups: netlab.test\r\nMessage-ID: <1@netlab.example>\r\n\r\nx\r\n",
     b"x" * (1 << 20) + b"\r\n" + b"y" * 100 + b"\r\n"],
)  # fmt: skip
def test_an_article_that_lacks_something_is_not_posted(article: bytes) -> None:
    engine = NewsEngine(sample_groups())
    assert [answer[:3] for answer in engine.feed(b"POST\r\n" + article + b".\r\n")] == [b"340", b"441"]


def test_without_posting_it_says_so() -> None:
    engine = NewsEngine(sample_groups(), posting=False)
    assert engine.greeting().startswith(b"201")
    assert engine.feed(b"POST\r\n")[0].startswith(b"440")


COMMANDS = st.sampled_from([
    b"LIST\r\n", b"GROUP netlab.sockets\r\n", b"NEXT\r\n", b"LAST\r\n", b"STAT\r\n", b"POST\r\n", POST, b"OVER 1-2\r\n",
    b"ARTICLE 2\r\n", b"\r\n", b"\n", b".\r\n", b"LISTGROUP netlab.test 1-\r\n", b"CAPABILITIES\r\n", b"QUIT\r\n",
    b"LIST ACTIVE " + b"*?" * 90 + b"\r\n",
]) | st.binary(max_size=20)  # fmt: skip


@given(st.lists(COMMANDS, max_size=25), st.lists(st.integers(0, 400), max_size=20))
def test_the_answers_are_the_same_wherever_the_bytes_are_cut(pieces: list[bytes], cuts: list[int]) -> None:
    data = b"".join(pieces)
    whole = [answer[:3] for answer in NewsEngine(sample_groups()).feed(data)]
    engine, parts, at = NewsEngine(sample_groups()), [], 0
    for cut in [*sorted(each for each in cuts if each < len(data)), len(data)]:
        parts += [answer[:3] for answer in engine.feed(data[at:cut])]
        at = cut
    assert parts == whole
    assert all(each.isdigit() for each in whole)


@given(st.lists(COMMANDS, max_size=20))
def test_every_answer_ends_where_a_client_expects_its_end(pieces: list[bytes]) -> None:
    engine = NewsEngine(sample_groups())
    replies = Replies("nntp")
    for line in b"".join(pieces).split(b"\n"):
        if engine.over:
            return
        if len(line) >= 512:
            return
        replies.command(line + b"\n")
        said = b"".join(engine.feed(line + b"\n"))
        for each in said.splitlines(keepends=True):
            replies.line(each)
        assert replies.over or replies.sending_text
