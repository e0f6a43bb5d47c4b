"""Peers for the tests of the web room: Python's own server with scripted pages, and a socket that says exact bytes."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

DEADLINE_S = 20.0


@dataclass
class Seen:
    """What a peer was sent: request line, headers in order, body."""

    line: str
    headers: list[tuple[str, str]]
    body: bytes


@dataclass
class Pages:
    """A server of Python's library. seen: the requests so far, oldest first."""

    port: int = 0
    seen: list[Seen] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Its base, without a slash at the end."""
        return f"http://127.0.0.1:{self.port}"


def _handler(pages: Pages) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1
        disable_nagle_algorithm = True

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            pages.seen.append(Seen(self.requestline, list(self.headers.items()), body))
            name = self.path.partition("?")[0].strip("/").partition("/")[0]
            getattr(self, f"page_{name}", self.page_echo)(body)
            self.wfile.flush()

        def say(self, status: int, body: bytes = b"", *headers: tuple[str, str]) -> None:
            self.send_response(status)
            for key, value in headers:
                self.send_header(key, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        def page_echo(self, body: bytes) -> None:
            self.say(200, body or b"hello", ("Content-Type", "text/plain"))

        def page_redirect(self, body: bytes) -> None:
            status, target = self.path.split("/")[2:4]
            self.say(int(status), b"moved", ("Location", "/" + target), ("Set-Cookie", "hop=1; Path=/"))

        def page_loop(self, body: bytes) -> None:
            self.say(302, b"", ("Location", "/loop"))

        def page_away(self, body: bytes) -> None:
            self.say(302, b"", ("Location", "file:///etc/passwd"))

        def page_cookie(self, body: bytes) -> None:
            self.say(200, (self.headers.get("Cookie") or "none").encode(), ("Set-Cookie", "a=1; Path=/"),
                     ("Set-Cookie", "b=2; Path=/; HttpOnly"))  # fmt: skip

        def page_chunked(self, body: bytes) -> None:
            self.send_response_only(103)
            self.send_header("Link", "</style.css>")
            self.end_headers()
            self.send_response(200)
            self.send_header("Transfer-Encoding", "chunked")
            self.send_header("Trailer", "X-Sum")
            self.end_headers()
            self.wfile.write(b"5;note=1\r\nhello\r\n6\r\n world\r\n0\r\nX-Sum: 11\r\n\r\n")

        def page_digest(self, body: bytes) -> None:
            if "Authorization" in self.headers:
                self.say(200, b"welcome")
            else:
                self.say(401, b"who are you", ("WWW-Authenticate", 'Digest realm="lab", nonce="n1", qop="auth"'))

        def page_status(self, body: bytes) -> None:
            self.say(int(self.path.split("/")[2]), b"so it is")

        def log_message(self, *_: object) -> None:
            """Quiet."""

    for method in ("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "LOCK"):
        setattr(Handler, f"do_{method}", Handler.answer)
    return Handler


@contextlib.contextmanager
def pages() -> Iterator[Pages]:
    """Python's http.server with pages for the tests."""
    made = Pages()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(made))
    server.daemon_threads = True
    made.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextlib.contextmanager
def says(play: Callable[[socket.socket], None]) -> Iterator[int]:
    """A server that plays once with its first connection; its port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(DEADLINE_S)

        def serve() -> None:
            with contextlib.suppress(OSError):
                sock, _ = listener.accept()
                with sock:
                    sock.settimeout(DEADLINE_S)
                    play(sock)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            thread.join(DEADLINE_S)


def answer(data: bytes) -> Callable[[socket.socket], None]:
    """Play: read the request's head, say exactly this, close."""

    def play(sock: socket.socket) -> None:
        read_head(sock)
        sock.sendall(data)

    return play


def read_head(sock: socket.socket) -> bytes:
    """What comes up to a blank line, or the end."""
    data = b""
    while b"\r\n\r\n" not in data:
        piece = sock.recv(4096)
        if not piece:
            break
        data += piece
    return data
