"""Groups: the articles of a small news server, kept in memory.

It must not know a connection, nor what is said about an article.
"""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import formatdate, make_msgid
from typing import Final

from protocols.mail.message.headers import first, raw_value, read_section

GROUP_ARTICLES_MOST: Final = 10_000
ARTICLE_BYTES: Final = 1 << 20
_NAME: Final = re.compile(r"^[a-z0-9][a-z0-9+_-]*(\.[a-z0-9+_-]+)*$")
_ID: Final = re.compile(r"^<[^\s<>@]{1,200}@[^\s<>@]{1,200}>$")


class ArticleError(ValueError):
    """An article that is not taken; the sentence says why."""


@dataclass(frozen=True, slots=True)
class Article:
    """id: its Message-ID. head, body: with CRLF line ends. arrived: seconds since 1970."""

    id: str
    head: bytes
    body: bytes
    arrived: float

    @property
    def size(self) -> int:
        """Bytes of the whole article."""
        return len(self.head) + 2 + len(self.body)

    @property
    def lines(self) -> int:
        """Lines of the body."""
        return self.body.count(b"\n")

    def field(self, name: str) -> str:
        """A header field on one line, with blanks for tabs; "" if missing."""
        found = first(read_section(self.head, 0, len(self.head)).fields, name)
        if found is None:
            return ""
        return re.sub(rb"[\t\0]", b" ", raw_value(self.head, found)).decode("utf-8", "replace")


@dataclass
class Group:
    """A group: articles by number; numbers are never given twice."""

    name: str
    about: str = ""
    articles: dict[int, Article] = field(default_factory=dict)
    low: int = 1
    high: int = 0

    def add(self, article: Article) -> int:
        """Number an article; the oldest goes where there are too many."""
        self.high += 1
        self.articles[self.high] = article
        while len(self.articles) > GROUP_ARTICLES_MOST:
            del self.articles[min(self.articles)]
        self.low = min(self.articles)
        return self.high

    def near(self, number: int, step: int) -> int | None:
        """The next number that has an article, upwards (1) or downwards (-1)."""
        numbers = [each for each in self.articles if (each - number) * step > 0]
        return (min(numbers) if step > 0 else max(numbers)) if numbers else None


class Groups:
    """All groups and articles. Any thread."""

    def __init__(self) -> None:
        self.lock: Final = threading.RLock()
        self.by_name: Final[dict[str, Group]] = {}
        self.by_id: Final[dict[str, Article]] = {}

    def make(self, name: str, about: str = "") -> Group:
        """A new group. Raises ValueError for a name that is none."""
        if not _NAME.match(name) or len(name) > 200:
            raise ValueError(f"{name!r} is no name of a group")
        with self.lock:
            return self.by_name.setdefault(name, Group(name, about))

    def post(self, data: bytes) -> Article:
        """Take an article as a client posts it (RFC 5536). Raises ArticleError."""
        if len(data) > ARTICLE_BYTES:
            raise ArticleError(f"it has more than {ARTICLE_BYTES} bytes")
        section = read_section(data, 0, len(data))
        head = data[: section.body].rstrip(b"\r\n") + b"\r\n"
        body = data[section.body :]
        if body and not body.endswith(b"\r\n"):
            body += b"\r\n"
        values = {each: first(section.fields, each) for each in ("From", "Newsgroups", "Subject", "Message-ID", "Date")}
        for name in ("From", "Newsgroups", "Subject"):
            if values[name] is None:
                raise ArticleError(f"it has no {name} header")
        wanted = values["Newsgroups"]
        assert wanted is not None
        names = [each.strip() for each in raw_value(data, wanted).decode("latin-1").split(",") if each.strip()]
        with self.lock:
            groups = [self.by_name[each] for each in dict.fromkeys(names) if each in self.by_name]
            if not groups:
                raise ArticleError(f"there is no such group: {', '.join(names)[:100]}")
            named = values["Message-ID"]
            article_id = raw_value(data, named).decode("latin-1") if named is not None else ""
            if named is not None and (not _ID.match(article_id) or article_id in self.by_id):
                raise ArticleError(f"its Message-ID {article_id[:60]} is no good or known already")
            head = b"Path: netlab!not-for-mail\r\n" + head
            if named is None:
                article_id = make_msgid(domain="netlab.example")
                head += f"Message-ID: {article_id}\r\n".encode()
            if values["Date"] is None:
                head += f"Date: {formatdate(usegmt=True)}\r\n".encode()
            article = Article(article_id, head, body, datetime.now(UTC).timestamp())
            numbers = [f"{group.name}:{group.add(article)}" for group in groups]
            self.by_id[article_id] = Article(
                article_id, head + f"Xref: netlab {' '.join(numbers)}\r\n".encode(), body, article.arrived
            )
            for group in groups:
                group.articles[group.high] = self.by_id[article_id]
            return self.by_id[article_id]


def sample_groups() -> Groups:
    """A few groups with a few articles to read."""
    groups = Groups()
    for name, about in (
        ("netlab.announce", "What is new in the lab"), ("netlab.sockets", "Questions about sockets, and answers"),
        ("netlab.test", "Post what you like: nobody minds"),
    ):  # fmt: skip
        groups.make(name, about)
    for name, subject, reference, text in _ARTICLES:
        lines = ["From: The lab <lab@netlab.example>", f"Newsgroups: {name}", f"Subject: {subject}"]
        lines += [f"References: {reference}"] if reference else []
        number = len(groups.by_id) + 1
        lines += [f"Message-ID: <{number}@netlab.example>", "", *text.splitlines(), ""]
        groups.post("\r\n".join(lines).encode())
    return groups


_ARTICLES: Final = (
    ("netlab.announce", "Welcome", "", "This server runs inside the lab. Its articles go when it stops."),
    ("netlab.sockets", "Why does recv() give half of my message?", "",
     "I send 10,000 bytes and recv(10000) gives fewer. Is the network broken?"),
    ("netlab.sockets", "Re: Why does recv() give half of my message?", "<2@netlab.example>",
     "TCP carries a stream, not messages: call recv() until you have what you need.\n.. and a line with dots."),
    ("netlab.test", "A test", "", "Answer to it by POST."),
)  # fmt: skip
