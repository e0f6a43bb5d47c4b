"""Presets: every server and client of the courses, with its own default port.

Data, and one function that starts a server on a free port when its own is taken, and says so.
It must not know forms or windows.
"""

from __future__ import annotations

import errno
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final, Literal, Protocol, TypeVar

from protocols.address import Transport
from protocols.concurrency.contract import Listen
from protocols.record.recorder import Recorder


class Startable(Protocol):
    """A server that is made and not yet started."""

    name: str

    def start(self) -> None:
        """Raises the real error."""


S = TypeVar("S", bound=Startable)


@dataclass(frozen=True, slots=True)
class Preset:
    """One entry of the preset box.

    end: which card it fills. port: the course's own. text: what a client sends first. lines: line by
    line, with a blank line to end. reconnect: a new connection for each message. partner: the preset of
    the other end. note: what to look at.
    """

    id: str
    title: str
    end: Literal["server", "client"]
    transport: Transport
    port: int
    behaviour: str = ""
    model: str = "iterative"
    backlog: int = 5
    text: str = ""
    lines: bool = False
    reconnect: bool = False
    timeout_s: float | None = None
    partner: str = ""
    note: str = ""


PRESETS: Final[tuple[Preset, ...]] = (
    Preset("udp-upper-1", "UDP upper-case server 1", "server", "udp", 11111, "upper", partner="udp-client-1",
           note="Prints who asked, and answers in capitals."),
    Preset("tcp-simple-1", "TCP simple server 1", "server", "tcp", 9999, "echo", partner="tcp-client-1",
           note="One client at a time: a second one waits in the queue until the first has gone."),
    Preset("udp-upper-2", "UDP upper-case server 2 (socketserver)", "server", "udp", 2345, "upper", "socketserver",
           partner="udp-client-2"),
    Preset("tcp-upper-2", "TCP upper-case server 2 (socketserver)", "server", "tcp", 2345, "upper-lines",
           "socketserver", partner="tcp-client-2", note="Line by line; a blank line ends. The mended loop."),
    Preset("tcp-upper-2-course", "TCP upper-case server 2, as in the courses", "server", "tcp", 2345, "upper-course",
           partner="tcp-client-2", note="Close the client without a blank line, and watch the loop spin."),
    Preset("hello", "Hello server", "server", "tcp", 9000, "hello", partner="hello-client",
           note="Greets each client with its address and closes."),
    Preset("time", "Time server (socketserver)", "server", "tcp", 8000, "time", "socketserver",
           partner="time-client"),
    Preset("udp-echo", "UDP echo server", "server", "udp", 10000, "echo", partner="udp-echo-client"),
    Preset("echo-once", "Echo server, one message a connection", "server", "tcp", 50000, "echo-once",
           partner="echo-client-once"),
    Preset("echo", "Echo server", "server", "tcp", 50000, "echo", partner="echo-client"),
    Preset("echo-threads", "Echo server, thread per connection", "server", "tcp", 50000, "echo", "threads", 128,
           partner="echo-client"),
    Preset("echo-select", "Echo server with select", "server", "tcp", 50000, "echo", "select", 128,
           partner="echo-client"),
    Preset("echo-poll", "Echo server with poll", "server", "tcp", 50000, "echo", "poll", 128, partner="echo-client"),
    Preset("echo-epoll", "Echo server with epoll", "server", "tcp", 50000, "echo", "epoll", 128,
           partner="echo-client"),
    Preset("page", "A page to fetch", "server", "tcp", 8080, "page", partner="fetch-page"),
    Preset("udp-client-1", "UDP simple client 1", "client", "udp", 11111, text="MixedCaseString",
           partner="udp-upper-1", note="Without a server it waits for ever: Stop ends it, a time-out does too."),
    Preset("tcp-client-1", "TCP simple client 1", "client", "tcp", 9999, text="Hello, world",
           partner="tcp-simple-1"),
    Preset("udp-client-2", "UDP client 2", "client", "udp", 2345, text="MixedCaseString", timeout_s=2.0,
           partner="udp-upper-2"),
    Preset("tcp-client-2", "TCP client 2, line by line", "client", "tcp", 2345, text="Hello, world", lines=True,
           partner="tcp-upper-2", note="A blank line ends."),
    Preset("hello-client", "Hello client", "client", "tcp", 9000, partner="hello"),
    Preset("time-client", "Time client", "client", "tcp", 8000, partner="time"),
    Preset("udp-echo-client", "UDP echo client", "client", "udp", 10000, text="Hello", timeout_s=2.0,
           partner="udp-echo"),
    Preset("echo-client", "Echo client", "client", "tcp", 50000, text="Hello, world", partner="echo"),
    Preset("echo-client-once", "Echo client, a connection for each message", "client", "tcp", 50000,
           text="This is a message", reconnect=True, partner="echo-once", note="Each message has a new local port."),
    Preset("fetch-page", "Fetch a page by hand", "client", "tcp", 8080,
           text="GET /index.html HTTP/1.0\\r\\n\\r\\n", partner="page", note="The request is text; so is the head of"
           " the answer."),
)  # fmt: skip


def preset(id: str) -> Preset:
    """The preset of that id. Raises KeyError."""
    for entry in PRESETS:
        if entry.id == id:
            return entry
    raise KeyError(id)


def listen_of(entry: Preset, host: str = "127.0.0.1") -> Listen:
    """Where a server preset listens."""
    return Listen(entry.transport, host, entry.port, backlog=entry.backlog)


def start_on_free_port(recorder: Recorder, listen: Listen, make: Callable[[Listen], S]) -> S:
    """Start the server that `make` makes; when its port is taken or forbidden, another on a free port.

    The change is told by a note. Raises what the second start raises.
    """
    server = make(listen)
    try:
        server.start()
        return server
    except OSError as error:
        if error.errno not in (errno.EADDRINUSE, errno.EACCES) or not listen.port:
            raise
        taken = error.errno == errno.EADDRINUSE
    server = make(replace(listen, port=0))
    server.start()
    why = "is taken" if taken else "needs privilege"
    text = f"port {listen.port} {why}: {server.name} has a free one instead"
    recorder.note("port changed", text, service=server.name, wanted=listen.port,
                  errno="EADDRINUSE" if taken else "EACCES", why=f"Port {listen.port} {why}.")  # fmt: skip
    return server
