"""Cookies and a login: a form sets a cookie, the cookie opens a page.

Who is logged in stands in the cookie, signed: nothing is kept here, so it holds in every
concurrency model. It must not know connections. RFC 6265.
"""

from __future__ import annotations

import hashlib
import hmac
import html
import secrets
import time
from typing import Final
from urllib.parse import parse_qsl

from protocols.http.bodies import FORM_TYPE
from protocols.http.request import Header
from protocols.http.server.answer import Answer, page
from protocols.http.server.asked import Asked
from protocols.http.server.formdata import FormError, read_form
from protocols.http.server.sandbox.route import ANY, Route, Try, json_answer, not_allowed

USER: Final = "guido"
PASSWORD: Final = "guido456"
LIFE_S: Final = 3600
_FORM: Final = f"""\
<p>user {USER}, password {PASSWORD}</p>
<form action="/login" method="post">
<label>User <input name="user"></label>
<label>Password <input name="password" type="password"></label>
<input type="submit" value="Log in">
</form>"""


class Login:
    """The login page, what it guards, and a few pages about cookies."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)

    def routes(self) -> list[Route]:
        """The pages."""
        return [
            Route("/login", self.login, "Cookies", "Log in",
                  f"A form; user {USER}, password {PASSWORD}. The answer sets a cookie and leads to /private.",
                  methods=("GET", "HEAD", "POST"), tries=(
                      Try(f"Log in as {USER}", "POST", "/login", FORM_TYPE,
                          f"user={USER}&password={PASSWORD}".encode()),)),
            Route("/private", self.private, "Cookies", "A private page",
                  "For who has the cookie; others are led to /login (302)."),
            Route("/logout", self.logout, "Cookies", "Log out", "Takes the cookie back.", methods=ANY),
            Route("/cookies", cookies, "Cookies", "Your cookies", "What your client sent, as JSON."),
            Route("/cookies/set", set_cookies, "Cookies", "Set cookies",
                  "Sets each name=value of the query, in a Set-Cookie header of its own.",
                  "/cookies/set?colour=blue&size=10"),
            Route("/cookies/delete", delete_cookies, "Cookies", "Delete cookies",
                  "Makes each name of the query expire.", "/cookies/delete?colour"),
        ]  # fmt: skip

    def login(self, asked: Asked) -> Answer:
        """/login"""
        if asked.method in ("GET", "HEAD"):
            return page(200, "Log in", _FORM)
        if asked.method != "POST":
            return not_allowed(asked, "GET", "HEAD", "POST")
        try:
            form = read_form("", asked.get("Content-Type"), asked.body)
        except FormError as error:
            return page(400, "Log in", f"<p>{html.escape(str(error))}</p>{_FORM}")
        if not _same(form.getfirst("user"), USER) or not _same(form.getfirst("password"), PASSWORD):
            return page(403, "Log in", f"<p>Wrong user or password.</p>{_FORM}")
        cookie = f"session={self._token()}; Path=/; Max-Age={LIFE_S}; HttpOnly; SameSite=Lax"
        return Answer(303, [("Location", "/private"), ("Set-Cookie", cookie), ("Content-Type", "text/plain")],
                      b"logged in\n")  # fmt: skip

    def private(self, asked: Asked) -> Answer:
        """/private"""
        if not any(name == "session" and self._holds(value) for name, value in sent_cookies(asked)):
            return Answer(302, [("Location", "/login"), ("Content-Type", "text/plain")], b"log in first\n")
        inner = f'<p>Hello {USER}. <a href="/logout">Log out</a></p>'
        return page(200, "Private", inner, ("Cache-Control", "no-store"))

    def logout(self, asked: Asked) -> Answer:
        """/logout"""
        gone = "session=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax"
        return Answer(303, [("Location", "/login"), ("Set-Cookie", gone), ("Content-Type", "text/plain")],
                      b"logged out\n")  # fmt: skip

    def _token(self) -> str:
        until = str(int(time.time()) + LIFE_S)
        return f"{until}-{self._sign(until)}"

    def _sign(self, text: str) -> str:
        return hmac.new(self._key, text.encode(), hashlib.sha256).hexdigest()

    def _holds(self, token: str) -> bool:
        until, _, sign = token.partition("-")
        return (until.isascii() and until.isdecimal() and len(until) < 16 and _same(sign, self._sign(until))
                and int(until) > time.time())  # fmt: skip


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode("utf-8", "replace"), other.encode())


def sent_cookies(asked: Asked) -> list[tuple[str, str]]:
    """Names and values of the Cookie headers, as they came."""
    pairs: list[tuple[str, str]] = []
    for name, value in asked.headers:
        if name.lower() == "cookie":
            found = (part.strip().partition("=") for part in value.split(";") if part.strip())
            pairs += [(key, text) for key, _, text in found]
    return pairs


def cookies(asked: Asked) -> Answer:
    """/cookies"""
    return json_answer({"cookies": [list(pair) for pair in sent_cookies(asked)]})


def _safe(text: str) -> str:
    """What may stand in a cookie (RFC 6265 section 4.1.1); the rest becomes an underscore."""
    return "".join(one if "!" <= one <= "~" and one not in '",;\\=' else "_" for one in text)[:200]


def set_cookies(asked: Asked) -> Answer:
    """/cookies/set?name=value"""
    pairs = parse_qsl(asked.query, keep_blank_values=True)[:20]
    headers: list[Header] = [("Set-Cookie", f"{_safe(name)}={_safe(value)}; Path=/") for name, value in pairs if name]
    return json_answer({"set": [list(pair) for pair in pairs]}, 200, *headers)


def delete_cookies(asked: Asked) -> Answer:
    """/cookies/delete?name"""
    names = [name for name, _ in parse_qsl(asked.query, keep_blank_values=True)][:20]
    gone: list[Header] = [("Set-Cookie", f"{_safe(name)}=; Path=/; Max-Age=0") for name in names if name]
    return json_answer({"deleted": names}, 200, *gone)
