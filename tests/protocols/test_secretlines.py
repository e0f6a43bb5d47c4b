"""Secrets are found wherever a conversation is cut, and what is no secret stays as it is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.secretlines import Language, SecretLines

_Talk = list[tuple[str, bytes]]

TALKS: list[tuple[Language, _Talk, bytes]] = [
    ("pop3", [("C", b"USER ann\r\nPASS top secret\r\nSTAT\r\n")], b"USER ann\r\nPASS **********\r\nSTAT\r\n"),
    ("pop3", [("C", b"AUTH PLAIN\r\n"), ("S", b"+ \r\n"), ("C", b"AGEA\r\n"), ("S", b"+OK\r\n"), ("C", b"STAT\r\n")],
     b"AUTH PLAIN\r\n****\r\nSTAT\r\n"),
    ("pop3", [("C", b"APOP ann 0123\r\n")], b"APOP ann ****\r\n"),
    ("smtp", [("S", b"220 hi\r\n"), ("C", b"EHLO me\r\n"), ("S", b"250-x\r\n250 AUTH\r\n"), ("C", b"AUTH LOGIN\r\n"),
              ("S", b"334 VXNl\r\n"), ("C", b"YW5u\r\n"), ("S", b"334 UGFz\r\n"), ("C", b"cGFz\r\n"),
              ("S", b"235 in\r\n"), ("C", b"MAIL FROM:<a@b>\r\n")],
     b"EHLO me\r\nAUTH LOGIN\r\n****\r\n****\r\nMAIL FROM:<a@b>\r\n"),
    ("smtp", [("C", b"auth plain AGEAcA==\r\n"), ("S", b"535 no\r\n"), ("C", b"DATA\r\n"), ("S", b"354 go\r\n"),
              ("C", b"AUTH PLAIN is a mechanism\r\n..\r\n.x\r\n.\r\nAUTH PLAIN AGEA\r\n")],
     b"auth plain ********\r\nDATA\r\nAUTH PLAIN is a mechanism\r\n..\r\n.x\r\n.\r\nAUTH PLAIN ****\r\n"),
    ("smtp", [("C", b"DATA\r\n"), ("S", b"354 go\r\n"), ("C", b".\r\nAUTH PLAIN AGEA\r\n")],
     b"DATA\r\n.\r\nAUTH PLAIN ****\r\n"),
    ("smtp", [("C", b"DATA\r\n"), ("S", b"503 first MAIL\r\n"), ("C", b"AUTH PLAIN AGEA\r\n")],
     b"DATA\r\nAUTH PLAIN ****\r\n"),
    ("imap", [("C", b'a1 LOGIN "a\\"nn" "top secret"\r\n'), ("S", b"* CAP\r\na1 OK\r\n"), ("C", b"a2 NOOP\r\n")],
     b'a1 LOGIN "a\\"nn" ************\r\na2 NOOP\r\n'),
    ("imap", [("C", b"a1 LOGIN {3}\r\n"), ("S", b"+ go\r\n"), ("C", b"ann {6}\r\n"), ("S", b"+ go\r\n"),
              ("C", b"p\r\nass\r\n"), ("S", b"a1 OK\r\n"), ("C", b"a2 NOOP\r\n")],
     b"a1 LOGIN {3}\r\n*******\r\n******\r\na2 NOOP\r\n"),
    ("imap", [("C", b"a1 LOGIN {3+}\r\nann {4+}\r\npass\r\n"), ("S", b"a1 NO\r\n"), ("C", b"a2 LOGIN ann pass\r\n")],
     b"a1 LOGIN {3+}\r\n********\r\n****\r\na2 LOGIN ann ****\r\n"),
    ("imap", [("C", b"a1 AUTHENTICATE CRAM-MD5\r\n"), ("S", b"+ PDE+\r\n"), ("C", b"YW5u\r\n"), ("S", b"a1 OK\r\n"),
              ("C", b"a2 APPEND x {25}\r\n"), ("S", b"+ go\r\n"), ("C", b"a1 LOGIN is not a secret\n\r\n"),
              ("S", b"a2 OK\r\n"), ("C", b"a3 LOGIN ann pass\r\n")],
     b"a1 AUTHENTICATE CRAM-MD5\r\n****\r\na2 APPEND x {25}\r\na1 LOGIN is not a secret\n\r\na3 LOGIN ann ****\r\n"),
    ("imap", [("C", b"a2 APPEND x {25}\r\n"), ("S", b"a2 NO full\r\n"), ("C", b"a3 LOGIN ann pass\r\n")],
     b"a2 APPEND x {25}\r\na3 LOGIN ann ****\r\n"),
    ("nntp", [("C", b"AUTHINFO USER ann\r\n"), ("S", b"381 more\r\n"), ("C", b"AUTHINFO PASS pw\r\n"),
              ("S", b"281 in\r\n"), ("C", b"POST\r\n"), ("S", b"340 go\r\n"), ("C", b"AUTHINFO PASS x\r\n.\r\n")],
     b"AUTHINFO USER ann\r\nAUTHINFO PASS **\r\nPOST\r\nAUTHINFO PASS x\r\n.\r\n"),
    ("ftp", [("C", b"USER ann\r\npass geheim\r\nACCT a\r\nPASV\r\nRETR PASS x\r\n")],
     b"USER ann\r\npass ******\r\nACCT *\r\nPASV\r\nRETR PASS x\r\n"),
]  # fmt: skip
"""Who says what, and the client's bytes as anybody may see them."""


def _seen(language: Language, talk: _Talk, cuts: list[int], end: str = "client") -> bytes:
    """The client's bytes with the ranges in stars, each side's words cut into pieces of these sizes, over and over."""
    secrets = SecretLines(language, "client" if end == "client" else "server")
    seen, turn = b"", 0
    for who, words in talk:
        at = 0
        while at < len(words):
            piece = words[at : at + cuts[turn % len(cuts)]]
            at += len(piece)
            turn += 1
            direction = "out" if (who == "C") == (end == "client") else "in"
            before = secrets.ranges(direction, piece, False)
            ranges = secrets.ranges(direction, memoryview(piece), True)  # type: ignore[arg-type]
            assert before == ranges
            clean = bytearray(piece)
            for begin, stop in ranges:
                clean[begin:stop] = b"*" * (stop - begin)
            assert len(clean) == len(piece)
            seen += bytes(clean) if who == "C" else b""
    return seen


@pytest.mark.parametrize(("language", "talk", "shown"), TALKS)
@pytest.mark.parametrize("end", ["client", "server"])
def test_what_anybody_may_see(language: Language, talk: _Talk, shown: bytes, end: str) -> None:
    assert _seen(language, talk, [1000], end) == shown


@given(st.sampled_from(TALKS), st.lists(st.integers(1, 12), min_size=1, max_size=8))
def test_cut_anywhere_it_is_the_same(case: tuple[Language, _Talk, bytes], cuts: list[int]) -> None:
    language, talk, shown = case
    assert _seen(language, talk, cuts) == shown


@given(st.sampled_from(["smtp", "pop3", "imap", "nntp", "ftp"]),
       st.lists(st.tuples(st.sampled_from("CS"), st.binary(max_size=60)), max_size=12))  # fmt: skip
def test_any_bytes_are_followed(language: Language, talk: _Talk) -> None:
    said = b"".join(data for who, data in talk if who == "C")
    assert len(_seen(language, talk, [1000])) == len(said)
