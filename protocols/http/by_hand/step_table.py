"""Which call of http.client is right when, where it leads, why another one is wrong, and the line of Python it is.

Data and two functions. It must not know connections.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from protocols.named import Named

Stage: TypeAlias = Literal["idle", "connected", "request started", "request sent", "response", "closed"]


@dataclass(frozen=True, slots=True)
class Given:
    """What a step is given. size: of read and readline, 0 for all.

    host, accept_encoding: whether putrequest adds these headers.
    """

    method: str = "GET"
    target: str = "/"
    name: str = "X-Lab"
    value: str = "1"
    data: bytes = b""
    size: int = 0
    host: bool = True
    accept_encoding: bool = True


STEPS: Final = (
    Named("connect", "Connect", "Open the TCP connection; nothing is sent."),
    Named("putrequest", "Put request", "Begin a request: its first line, and Host, go into a buffer."),
    Named("putheader", "Put header", "Add one header to the buffer, as often as wanted."),
    Named("endheaders", "End headers", "Add the blank line and send the buffer: the server sees the head now."),
    Named("send", "Send", "Send bytes of the body as they are; Content-Length must have said how many."),
    Named("getresponse", "Get response", "Wait for the answer's status line and headers; the body stays unread."),
    Named("read", "Read", "Take the body, all or a part; after the last byte the connection can serve again."),
    Named("readline", "Read a line", "Take the body up to its next line end: the answer is a file that is only read."),
    Named("iterate", "Iterate", "Take the rest line by line, as `for line in response` does."),
    Named("close", "Close", "Close the connection."),
)
LEGAL: Final[Mapping[Stage, tuple[str, ...]]] = {
    "idle": ("connect",),
    "connected": ("putrequest", "close"),
    "request started": ("putheader", "endheaders"),
    "request sent": ("getresponse", "send"),
    "response": ("read", "readline", "iterate", "putrequest", "close"),
    "closed": ("connect",),
}
AFTER: Final[Mapping[tuple[Stage, str], Stage]] = {
    ("idle", "connect"): "connected", ("closed", "connect"): "connected",
    ("connected", "putrequest"): "request started", ("response", "putrequest"): "request started",
    ("request started", "endheaders"): "request sent", ("request sent", "getresponse"): "response",
    ("connected", "close"): "closed", ("request started", "close"): "closed", ("request sent", "close"): "closed",
    ("response", "close"): "closed",
}  # fmt: skip
_WHY: Final = {
    "NotConnected": "There is no connection, and this one does not open itself.",
    "CannotSendRequest": "A request is under way on this connection: its answer must be fetched, and read to its end, "
    "before the next one begins.",
    "CannotSendHeader": "Headers stand between putrequest and endheaders: before there is no request to add them to, "
    "after it the head has gone out.",
    "ResponseNotReady": "An answer is fetched after a whole request was sent, and once for each.",
    "BadStatusLine": "What came does not begin as an HTTP answer does.",
    "RemoteDisconnected": "The server closed the connection without an answer.",
    "IncompleteRead": "The server closed the connection before the whole body had come.",
    "InvalidURL": "The target has a blank or a control character in it, which would break the request line in two.",
}


def why_not(step: str, stage: Stage, error: str, said: str) -> str:
    """Why this step failed at this stage, in a sentence."""
    if error == "AttributeError" or (step == "send" and stage in ("idle", "closed")):
        error = "NotConnected"
    return _WHY.get(error) or f"{step} failed: {said.rstrip('.') or error}."


def code_of(step: str, given: Given, host: str, port: int, *, tls: bool = False) -> str:
    """The line of Python that a step is."""
    skips = "" if given.host else ", skip_host=True"
    skips += "" if given.accept_encoding else ", skip_accept_encoding=True"
    return {
        "connect": f"conn = http.client.HTTP{'S' * tls}Connection({host!r}, {port}); conn.connect()",
        "putrequest": f"conn.putrequest({given.method!r}, {given.target!r}{skips})",
        "putheader": f"conn.putheader({given.name!r}, {given.value!r})",
        "endheaders": "conn.endheaders()",
        "send": f"conn.send({given.data[:60]!r})",
        "getresponse": "response = conn.getresponse()",
        "read": f"data = response.read({given.size or ''})",
        "readline": f"line = response.readline({given.size or ''})",
        "iterate": "lines = list(response)",
        "close": "conn.close()",
    }[step]
