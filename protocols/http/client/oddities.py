"""What is odd about an answer that was taken all the same: wrong lengths and a head that breaks the rules.

libcurl is lenient, as browsers are, so that nothing else would tell. It must not know who sends or shows.
RFC 9112 sections 2.2, 5.2, 6.3.
"""

from __future__ import annotations

from protocols.http.exchange import Exchange, Head


def oddities(exchange: Exchange) -> list[str]:
    """A sentence for each; none for an answer as it should be, or one that libcurl rendered (HTTP/2 and 3)."""
    answer = exchange.answer
    if answer is None or exchange.rendering or exchange.tunnel or not answer.status:
        return []
    found = _of_length(exchange, answer)
    if exchange.received.limit >= exchange.head_received:
        found += _of_head(bytes(exchange.received.data[: exchange.head_received]), answer)
    return found


def _of_length(exchange: Exchange, answer: Head) -> list[str]:
    length = answer.get("Content-Length")
    if length is None:
        return []
    if answer.get("Transfer-Encoding") is not None:
        return ["Both Content-Length and Transfer-Encoding are there; the chunks count, and the length does not."]
    beyond = exchange.received.size - exchange.head_received - int(length[:18]) if length.isdecimal() else 0
    if beyond <= 0 or exchange.method == "HEAD" or answer.status in (204, 304):
        return []
    bytes_came = "1 byte came" if beyond == 1 else f"{beyond} bytes came"
    return [f"{bytes_came} beyond the Content-Length of {length}: no part of this answer, so left out of the body."]


def _of_head(head: bytes, answer: Head) -> list[str]:
    found = []
    if head and not head.endswith((b"\n\r\n", b"\n\n")):
        found.append("The blank line behind the headers is missing: what was meant as the body was read as headers.")
    if head.count(b"\n") != head.count(b"\r\n"):
        found.append("Lines of the head end with LF alone, not with CR LF.")
    if b"\n " in head or b"\n\t" in head:
        found.append("A header goes on in a line of its own, which is no longer allowed; the two were joined.")
    if answer.odd:
        found.append(f"The head has a line that is no header: {answer.odd[0][:60]!r}.")
    return found
