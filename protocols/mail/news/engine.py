"""NewsEngine: one NNTP session of a server, as a machine for bytes (RFC 3977).

Bytes in, bytes out, cut anywhere; commands in any order get the answer that the RFC has for them. It
must not know sockets, nor where its groups come from.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable
from typing import Final

from protocols.mail.dialogue import BODY_BYTES, Dialogue
from protocols.mail.dots import DotReader, stuffed
from protocols.mail.news.groups import ARTICLE_BYTES, Article, ArticleError, Group, Groups

LINE_BYTES: Final = 512
"""Of a command, its line end included (RFC 3977 section 3.1)."""
_FINAL: Final = b".\r\n"
OVERVIEW: Final = ("Subject:", "From:", "Date:", "Message-ID:", "References:", ":bytes", ":lines", "Xref:full")
CAPABILITIES: Final = (
    "VERSION 2", "READER", "POST", "LIST ACTIVE NEWSGROUPS OVERVIEW.FMT HEADERS", "OVER MSGID", "HDR",
    "IMPLEMENTATION NetLab",
)  # fmt: skip
_NUMBER: Final = re.compile(r"^\d{1,10}$")
_RANGE: Final = re.compile(r"^(\d{1,10})(?:(-)(\d{1,10})?)?$")


class NewsEngine:
    """posting: whether articles are taken. dialogue: told each line that is heard and said, None for no account."""

    def __init__(self, groups: Groups, *, posting: bool = True, dialogue: Dialogue | None = None) -> None:
        self._groups = groups
        self._posting = posting
        self._dialogue = dialogue
        self._group: Group | None = None
        self._current: int | None = None
        self._buffer = b""
        self._post: DotReader | None = None
        self._parts: list[bytes] = []
        self._post_size = 0
        self._head_of_post = b""
        self._overlong = False
        self.over = False
        self.posted: Article | None = None

    def greeting(self) -> bytes:
        """What the server says first."""
        return self._told(self._hello())

    def _hello(self) -> bytes:
        return b"200 NetLab news, posting allowed\r\n" if self._posting else b"201 NetLab news, no posting\r\n"

    def _told(self, answer: bytes) -> bytes:
        """An answer on its way out: its first line, the text behind it, and the final dot."""
        if self._dialogue is not None:
            line, mark, text = answer.partition(b"\r\n")
            self._dialogue.reply(line + mark)
            if text:
                body = text[: -len(_FINAL)]
                if body:
                    self._dialogue.body("server", len(body), body, what="text")
                self._dialogue.reply(_FINAL)
        return answer

    def feed(self, data: bytes) -> list[bytes]:
        """The next bytes of the client; the answers, each whole."""
        out: list[bytes] = []
        self._buffer += data
        while self._buffer and not self.over:
            if self._post is not None:
                taken, self._buffer = self._buffer, b""
                answer = self._more_of_post(taken)
                if answer is None:
                    break
                out.append(self._told(answer))
                continue
            end = self._buffer.find(b"\n")
            if end < 0:
                if len(self._buffer) > LINE_BYTES:
                    self._skip(self._buffer)
                break
            line, self._buffer = self._buffer[: end + 1], self._buffer[end + 1 :]
            if self._dialogue is not None:
                self._dialogue.command(line)
            if self._overlong or len(line) > LINE_BYTES:
                self._overlong = False
                out.append(self._told(b"501 Line too long\r\n"))
            else:
                out.append(self._told(self._command(line)))
        return out

    def _skip(self, data: bytes) -> None:
        """Part of a line that is too long already: its end is waited for, nothing of it kept."""
        self._overlong, self._buffer = True, b""
        if self._dialogue is not None:
            self._dialogue.skip("client", data)

    def _command(self, line: bytes) -> bytes:
        try:
            words = line.decode("utf-8").split()
        except UnicodeDecodeError:
            return b"501 That is no UTF-8\r\n"
        if not words:
            return b"500 What?\r\n"
        if any(char < " " for word in words for char in word):
            return b"501 Control characters in a command\r\n"
        act = _COMMANDS.get(words[0].upper())
        if act is None:
            return b"500 Unknown command\r\n"
        with self._groups.lock:
            return act(self, words[1:])

    # Answers

    def _capabilities(self, words: list[str]) -> bytes:
        lines = [each for each in CAPABILITIES if self._posting or each != "POST"]
        return _text("101 Capability list follows", lines)

    def _mode(self, words: list[str]) -> bytes:
        if [each.upper() for each in words] != ["READER"]:
            return b"501 MODE READER is the only one\r\n"
        return self._hello()

    def _quit(self, words: list[str]) -> bytes:
        self.over = True
        return b"205 Bye\r\n"

    def _date(self, words: list[str]) -> bytes:
        return time.strftime("111 %Y%m%d%H%M%S\r\n", time.gmtime()).encode()

    def _help(self, words: list[str]) -> bytes:
        return _text("100 Commands follow", sorted(_COMMANDS))

    def _list(self, words: list[str]) -> bytes:
        what = words[0].upper() if words else "ACTIVE"
        wanted = _wildmat(words[1]) if len(words) > 1 else None
        groups = [group for name, group in sorted(self._groups.by_name.items()) if wanted is None or wanted.match(name)]
        if what == "ACTIVE":
            flag = "y" if self._posting else "n"
            return _text("215 Groups follow", [f"{each.name} {each.high} {each.low} {flag}" for each in groups])
        if what == "NEWSGROUPS":
            return _text("215 Descriptions follow", [f"{each.name}\t{each.about}" for each in groups])
        if what == "OVERVIEW.FMT":
            return _text("215 Order of fields in overview database", OVERVIEW)
        if what == "HEADERS":
            return _text("215 Headers follow", (":",))
        return b"501 LIST ACTIVE, NEWSGROUPS, OVERVIEW.FMT or HEADERS\r\n"

    def _newgroups(self, words: list[str]) -> bytes:
        return _text("231 New groups follow", ()) if len(words) >= 2 else b"501 NEWGROUPS date time [GMT]\r\n"

    def _enter(self, words: list[str]) -> bytes:
        group = self._groups.by_name.get(words[0]) if len(words) == 1 else None
        if group is None:
            return b"411 No such group\r\n" if len(words) == 1 else b"501 GROUP name\r\n"
        self._group = group
        self._current = min(group.articles) if group.articles else None
        return f"211 {len(group.articles)} {group.low} {group.high} {group.name}\r\n".encode()

    def _listgroup(self, words: list[str]) -> bytes:
        if words:
            answer = self._enter(words[:1])
            if not answer.startswith(b"211"):
                return answer
        group = self._group
        if group is None:
            return b"412 No group is selected\r\n"
        self._current = min(group.articles) if group.articles else None
        numbers = _numbers(words[1], group) if len(words) > 1 else sorted(group.articles)
        if numbers is None:
            return b"501 That is no range\r\n"
        head = f"211 {len(group.articles)} {group.low} {group.high} {group.name} list follows"
        return _text(head, [str(each) for each in numbers])

    def _step(self, step: int) -> bytes:
        if self._group is None:
            return b"412 No group is selected\r\n"
        if self._current is None:
            return b"420 There is no current article\r\n"
        number = self._group.near(self._current, step)
        if number is None:
            return b"421 No next article\r\n" if step > 0 else b"422 No previous article\r\n"
        self._current = number
        return f"223 {number} {self._group.articles[number].id} selected\r\n".encode()

    def _next(self, words: list[str]) -> bytes:
        return self._step(1)

    def _last(self, words: list[str]) -> bytes:
        return self._step(-1)

    def _find(self, words: list[str]) -> tuple[int, Article] | bytes:
        """The article that a command means, and its number (0 when asked for by Message-ID)."""
        if len(words) > 1:
            return b"501 One article at a time\r\n"
        if words and words[0].startswith("<"):
            article = self._groups.by_id.get(words[0])
            return (0, article) if article is not None else b"430 No article with that message-id\r\n"
        if words and not _NUMBER.match(words[0]):
            return b"501 That is neither a number nor a message-id\r\n"
        if self._group is None:
            return b"412 No group is selected\r\n"
        number = int(words[0]) if words else self._current
        if number is None or (not words and number not in self._group.articles):
            return b"420 There is no current article\r\n"
        if number not in self._group.articles:
            return b"423 No article with that number\r\n"
        self._current = number
        return number, self._group.articles[number]

    def _show(self, words: list[str], code: int, what: str) -> bytes:
        found = self._find(words)
        if isinstance(found, bytes):
            return found
        number, article = found
        head = f"{code} {number} {article.id}"
        if code == 223:
            return f"{head}\r\n".encode()
        data = {"article": article.head + b"\r\n" + article.body, "head": article.head, "body": article.body}[what]
        return head.encode() + b"\r\n" + b"".join(stuffed((data,))) + b".\r\n"

    def _whole(self, words: list[str]) -> bytes:
        return self._show(words, 220, "article")

    def _head(self, words: list[str]) -> bytes:
        return self._show(words, 221, "head")

    def _body(self, words: list[str]) -> bytes:
        return self._show(words, 222, "body")

    def _stat(self, words: list[str]) -> bytes:
        return self._show(words, 223, "")

    def _many(self, words: list[str]) -> list[tuple[int, Article]] | bytes:
        """The articles of a range, a message-id, or the current one."""
        if words and not words[0].startswith("<") and "-" in words[0]:
            if self._group is None:
                return b"412 No group is selected\r\n"
            numbers = _numbers(words[0], self._group)
            if numbers is None:
                return b"501 That is no range\r\n"
            if not numbers:
                return b"423 No articles in that range\r\n"
            return [(each, self._group.articles[each]) for each in numbers]
        current = self._current
        found = self._find(words)
        self._current = current
        return found if isinstance(found, bytes) else [found]

    def _over(self, words: list[str]) -> bytes:
        found = self._many(words)
        if isinstance(found, bytes):
            return found
        return _text("224 Overview follows", [_overview(*each) for each in found])

    def _hdr(self, words: list[str]) -> bytes:
        if not words:
            return b"501 HDR field [range]\r\n"
        found = self._many(words[1:])
        if isinstance(found, bytes):
            return found
        values: dict[str, Callable[[Article], str]] = {
            ":bytes": lambda each: str(each.size), ":lines": lambda each: str(each.lines),
        }  # fmt: skip
        read: Callable[[Article], str] = values.get(words[0].lower(), lambda each: each.field(words[0]))
        return _text("225 Headers follow", [f"{number} {read(article)}" for number, article in found])

    # Posting

    def _begin_post(self, words: list[str]) -> bytes:
        if not self._posting:
            return b"440 Posting not permitted\r\n"
        self._post, self._parts, self._post_size, self._head_of_post = DotReader(), [], 0, b""
        return b"340 Send the article, end it with a line of one dot\r\n"

    def _more_of_post(self, data: bytes) -> bytes | None:
        """More of an article on its way in; the answer when it is whole."""
        assert self._post is not None
        reader = self._post
        text = reader.feed(data)
        if len(self._head_of_post) < BODY_BYTES:
            self._head_of_post += data[: BODY_BYTES - len(self._head_of_post)]
        self._post_size += len(text)
        if self._post_size <= ARTICLE_BYTES:
            self._parts.append(text)
        if not reader.done:
            return None
        self._buffer, self._post = reader.rest, None
        if self._dialogue is not None:
            size = reader.wire - len(reader.end)
            if size:
                self._dialogue.body("client", size, self._head_of_post[:size], what="message")
            self._dialogue.command(reader.end)
        whole, self._parts = b"".join(self._parts), []
        try:
            if self._post_size > ARTICLE_BYTES:
                raise ArticleError(f"it has more than {ARTICLE_BYTES} bytes")
            self.posted = self._groups.post(whole)
        except ArticleError as error:
            return f"441 Not posted: {error}\r\n".encode("utf-8", "replace")
        return f"240 Article received as {self.posted.id}\r\n".encode()


_COMMANDS: Final[dict[str, Callable[[NewsEngine, list[str]], bytes]]] = {
    "CAPABILITIES": NewsEngine._capabilities, "MODE": NewsEngine._mode, "QUIT": NewsEngine._quit,
    "DATE": NewsEngine._date, "HELP": NewsEngine._help, "LIST": NewsEngine._list, "NEWGROUPS": NewsEngine._newgroups,
    "GROUP": NewsEngine._enter, "LISTGROUP": NewsEngine._listgroup, "NEXT": NewsEngine._next,
    "LAST": NewsEngine._last, "ARTICLE": NewsEngine._whole, "HEAD": NewsEngine._head, "BODY": NewsEngine._body,
    "STAT": NewsEngine._stat, "OVER": NewsEngine._over, "XOVER": NewsEngine._over, "HDR": NewsEngine._hdr,
    "XHDR": NewsEngine._hdr, "POST": NewsEngine._begin_post,
}  # fmt: skip


def _text(head: str, lines: Iterable[str]) -> bytes:
    """A multi-line answer, its dots doubled."""
    body = "".join(f"{'.' if line.startswith('.') else ''}{line}\r\n" for line in lines)
    return f"{head}\r\n{body}.\r\n".encode("utf-8", "replace")


def _overview(number: int, article: Article) -> str:
    fields = [article.field(name) for name in ("Subject", "From", "Date", "Message-ID", "References")]
    xref = article.field("Xref")
    return "\t".join([str(number), *fields, str(article.size), str(article.lines), f"Xref: {xref}" if xref else ""])


def _numbers(text: str, group: Group) -> list[int] | None:
    found = _RANGE.match(text)
    if found is None:
        return None
    low = int(found[1])
    high = low if found[2] is None else int(found[3]) if found[3] is not None else group.high
    return [each for each in sorted(group.articles) if low <= each <= high]


def _wildmat(pattern: str) -> re.Pattern[str]:
    """A wildmat of stars and question marks (RFC 3977 section 4); lists are separated by commas."""
    parts = []
    for each in pattern[:200].split(",")[:20]:
        parts.append("".join(".*" if char == "*" else "." if char == "?" else re.escape(char)
                             for char in re.sub(r"\*+", "*", each)))  # fmt: skip
    return re.compile(f"(?:{'|'.join(parts)})$")
