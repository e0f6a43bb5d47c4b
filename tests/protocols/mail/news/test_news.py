"""News: our client with our server, both transcripts alike; Python's own client reads us where it still exists."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator

import pytest

from protocols.mail.client.account import Account
from protocols.mail.client.failure import Refused
from protocols.mail.dialogue import place_of
from protocols.mail.news.client import NewsSession
from protocols.mail.news.server import NewsServer
from protocols.record.recorder import Recorder

WAIT_S = 30.0


@pytest.fixture
def server() -> Iterator[NewsServer]:
    made = NewsServer(Recorder())
    made.start()
    yield made
    assert made.stop()


@pytest.fixture
def session(server: NewsServer) -> Iterator[NewsSession]:
    made = NewsSession(server.recorder, Account(port=server.address[1], timeout_s=WAIT_S), name="news 1")
    made.start()
    yield made
    assert made.stop()


def test_groups_lists_and_articles_are_read(session: NewsSession) -> None:
    groups = session.groups().result(WAIT_S)
    assert [group.name for group in groups] == ["netlab.announce", "netlab.sockets", "netlab.test"]
    entered = session.enter("netlab.sockets").result(WAIT_S)
    rows = session.overview(entered.low, entered.high).result(WAIT_S)
    assert rows[1].subject.startswith("Re: ")
    assert rows[1].references == rows[0].id
    article = session.article(2).result(WAIT_S)
    assert article.endswith(b"\r\n.. and a line with dots.\r\n")
    assert session.head(2).result(WAIT_S) + b"\r\n" + session.body(2).result(WAIT_S) == article
    assert "OVER MSGID" in session.offers().result(WAIT_S)


def test_a_post_is_read_back_and_a_bad_one_refused(session: NewsSession) -> None:
    assert session.posting
    text = b"From: a@b.c\nNewsgroups: netlab.test\nSubject: dots\n\n.\n..\nhello"
    assert session.post(text).result(WAIT_S).startswith("240")
    entered = session.enter("netlab.test").result(WAIT_S)
    assert session.body(entered.high).result(WAIT_S) == b".\r\n..\r\nhello\r\n"
    with pytest.raises(Refused, match="no Subject"):
        session.post(b"From: a\nNewsgroups: netlab.test\n\nx").result(WAIT_S)
    with pytest.raises(Refused, match="411"):
        session.enter("no.such").result(WAIT_S)
    with pytest.raises(ValueError, match="one line"):
        session.enter("a\r\nQUIT").result(WAIT_S)


def test_both_transcripts_are_the_same_line_by_line(server: NewsServer) -> None:
    tail = server.recorder.tail()
    session = NewsSession(server.recorder, Account(port=server.address[1]), name="news 2")
    session.start()
    session.groups().result(WAIT_S)
    session.enter("netlab.test").result(WAIT_S)
    session.article(1).result(WAIT_S)
    session.post(b"From: a@b.c\nNewsgroups: netlab.test\nSubject: x\n\nhello\n").result(WAIT_S)
    session.leave()
    assert session.join(WAIT_S)
    server.stop()
    ends: dict[str, list[object]] = {"news 2": [], server.name: []}
    for raw in tail.take():
        if (place := place_of(raw)) is not None:
            ends[str(raw[3])].append((place, raw[2], raw[7], raw[8]))
    assert sorted(map(repr, ends["news 2"])) == sorted(map(repr, ends[server.name]))
    assert len(ends["news 2"]) > 20


@pytest.mark.skipif(sys.version_info >= (3, 13), reason="nntplib is gone")
def test_the_library_s_old_client_reads_and_posts(server: NewsServer) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        import nntplib
    with nntplib.NNTP(*server.address, timeout=WAIT_S) as old:
        _, count, first, last, name = old.group("netlab.sockets")
        assert (count, first, last, name) == (2, 1, 2, "netlab.sockets")
        _, rows = old.over((first, last))
        assert rows[0][1]["subject"] == "Why does recv() give half of my message?"
        assert old.article(1)[1].lines[0].startswith(b"Path:")
        post = [b"From: a@b.c", b"Newsgroups: netlab.test", b"Subject: hi", b"", b".dot"]
        assert old.post([line + b"\r\n" for line in post]).startswith("240")
        assert old.next()[0].startswith("223")


def test_stop_ends_readers_that_wait(server: NewsServer) -> None:
    session = NewsSession(server.recorder, Account(port=server.address[1]), name="news 3")
    session.start()
    server.stop()
    assert session.join(WAIT_S)
    assert session.error is not None
    assert session.error.errno in ("GONE", "ECONNRESET")
