"""The status lab: any status after any delay, redirects in chains, in circles, and with a change of method.

It must not know connections. RFC 9110 section 15.
"""

from __future__ import annotations

import html
from typing import Final
from urllib.parse import quote

from protocols.http.request import Header
from protocols.http.server.answer import Answer, error_page, page, phrase_of
from protocols.http.server.asked import Asked
from protocols.http.server.sandbox.route import ANY, Route, Try, number, tail, word

DELAY_MS: Final = 60_000
CHAIN: Final = 1000
BUTTONS: Final = (200, 204, 304, 400, 403, 404, 418, 500, 501, 503)
"""Statuses that can be had at a click; the page has all others, too."""
REDIRECTS: Final = (301, 302, 303, 307, 308)
_MORE: Final[dict[int, list[Header]]] = {
    401: [("WWW-Authenticate", 'Basic realm="sandbox"')],
    405: [("Allow", "GET, HEAD")],
    407: [("Proxy-Authenticate", 'Basic realm="sandbox"')],
    416: [("Content-Range", "bytes */0")],
    426: [("Upgrade", "HTTP/2.0"), ("Connection", "upgrade")],
    429: [("Retry-After", "1")],
    503: [("Retry-After", "1")],
}


def routes() -> list[Route]:
    """The pages of the status lab."""
    return [
        Route("/status/", status, "Statuses", "Any status",
              "Answers with the status in the path, 100 to 599, after ?delay_ms=.. milliseconds.",
              "/status/404?delay_ms=100", ANY, tuple(Try(f"{code} {phrase_of(code)}", target=f"/status/{code}")
                                                     for code in BUTTONS)),
        Route("/redirect/", chain, "Statuses", "A chain of redirects",
              "So many redirects, then /echo. ?status=301 chooses their kind.", "/redirect/3", ANY),
        Route("/loop", loop, "Statuses", "A circle", "Redirects to itself for ever: a client must give up.",
              "/loop", ANY),
        Route("/see-other", see_other, "Statuses", "303 See Other",
              "Leads to /echo. Whatever the method was, the client goes on with GET, without the body.",
              "/see-other", ANY, (Try("303 turns POST into GET", "POST", "/see-other", "text/plain", b"body"),)),
        Route("/keep/", keep, "Statuses", "307 and 308",
              "Lead to /echo. The client sends the same method and the same body again.", "/keep/307", ANY,
              (Try("307 keeps POST and its body", "POST", "/keep/307", "text/plain", b"body"),)),
        Route("/forget/", forget, "Statuses", "301 and 302",
              "Lead to /echo. By old custom clients turn POST into GET, and no other method.", "/forget/302", ANY),
    ]  # fmt: skip


def status(asked: Asked) -> Answer:
    """/status/CODE"""
    text = tail(asked, "/status/").strip("/")
    code = int(text) if text.isascii() and text.isdecimal() and len(text) == 3 else 0
    if not 100 <= code <= 599:
        return error_page(400, "A status is a number from 100 to 599.")
    if code == 101:
        return error_page(400, "101 needs a protocol to change to: /websocket has one.")
    delay_ms = number(asked, "delay_ms", 0, DELAY_MS)
    answer = _made(asked, code, word(asked, "reason"))
    answer.delay_s = delay_ms / 1000
    return answer


def _made(asked: Asked, code: int, reason: str) -> Answer:
    if code < 200:
        head = f"HTTP/1.1 {code} {phrase_of(code)}\r\nLink: </style.css>; rel=preload\r\n\r\n"
        last = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 6\r\nConnection: close\r\n\r\n"
        body = b"" if asked.method == "HEAD" else b"after\n"
        return Answer(200, [], head.encode() + last.encode() + body, framing="exact")
    answer = page(code, f"{code} {reason or phrase_of(code)}", f"<p>As asked: {html.escape(asked.target)}</p>")
    answer.reason = "".join(one for one in reason if " " <= one < "\x7f")[:80]
    answer.headers += _MORE.get(code, [])
    if code in REDIRECTS:
        answer.headers.append(("Location", "/echo"))
    if code in (204, 205, 304):
        answer.headers, answer.body = [("ETag", '"sandbox"')] if code == 304 else [], b""
    return answer


def _to(code: int, target: str) -> Answer:
    return page(code, f"{code} {phrase_of(code)}", f'<p>It goes on at <a href="{html.escape(target)}">there</a>.</p>',
                ("Location", target))  # fmt: skip


def chain(asked: Asked) -> Answer:
    """/redirect/N"""
    text = tail(asked, "/redirect/")
    if not (text.isascii() and text.isdecimal() and len(text) < 5 and int(text) <= CHAIN):
        return error_page(400, f"A chain has 0 to {CHAIN} redirects.")
    code = number(asked, "status", 302, 399)
    if code not in REDIRECTS:
        return error_page(400, "A redirect is one of 301, 302, 303, 307, 308.")
    left = int(text)
    return _to(code, f"/redirect/{left - 1}?status={code}" if left > 1 else "/echo") if left else _to(code, "/echo")


def loop(asked: Asked) -> Answer:
    """/loop"""
    return _to(302, f"/loop?round={min(number(asked, 'round', 0, 10**9), 10**9) + 1}")


def see_other(asked: Asked) -> Answer:
    """/see-other"""
    return _to(303, f"/echo?was={quote(asked.method)}")


def _turn(asked: Asked, route: str, codes: tuple[int, ...]) -> Answer:
    text = tail(asked, route)
    if text not in map(str, codes):
        return error_page(404, f"There are {' and '.join(map(str, codes))} here.")
    return _to(int(text), f"/echo?was={quote(asked.method)}")


def keep(asked: Asked) -> Answer:
    """/keep/307, /keep/308"""
    return _turn(asked, "/keep/", (307, 308))


def forget(asked: Asked) -> Answer:
    """/forget/301, /forget/302"""
    return _turn(asked, "/forget/", (301, 302))
