"""Requests to begin a raw one with: a plain one, one of a browser, and some that are wrong on purpose.

Data only. Lines end as the raw page says; `{target}` and `{host}` are those of the URL.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from protocols.named import Named

SAMPLE_URL: Final = "http://localhost:55555/"
"""Where the browser's request goes while no URL is typed."""


@dataclass(frozen=True, slots=True)
class RawSample(Named):
    """text: what is typed."""

    text: str = ""


SAMPLES: Final = (
    RawSample("plain", "Plain", "What HTTP/1.1 asks for, and no more.",
              "{method} {target} HTTP/1.1\nHost: {host}\nConnection: close\n\n"),
    RawSample("browser", "A browser of 2012", "As a browser once asked a server on port 55555.",
              "GET {target} HTTP/1.1\nHost: {host}\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:14.0) "
              "Gecko/20100101 Firefox/14.0\nAccept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\n"
              "Accept-Language: en-us,en;q=0.5\nAccept-Encoding: gzip, deflate\nConnection: keep-alive\n\n"),
    RawSample("old", "HTTP/1.0", "One line and a blank one: no Host is needed.", "GET {target} HTTP/1.0\n\n"),
    RawSample("no-host", "Without Host", "Wrong in HTTP/1.1: a server must answer 400.", "GET {target} HTTP/1.1\n\n"),
    RawSample("two-lengths", "Two lengths", "Two readers would end it at two places: smuggling begins like that.",
              "POST {target} HTTP/1.1\nHost: {host}\nContent-Length: 5\nContent-Length: 10\n\nhello"),
    RawSample("fold", "A folded header", "A value that goes on in the next line, which is no longer allowed.",
              "GET {target} HTTP/1.1\nHost: {host}\nX-Long: one\n  two\n\n"),
)  # fmt: skip
