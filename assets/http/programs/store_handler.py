"""A handler for more methods: what is PUT can be fetched with GET, and DELETE forgets it."""

from http.server import BaseHTTPRequestHandler

ITEMS: dict[str, bytes] = {}


class Handler(BaseHTTPRequestHandler):
    """Keeps the items in memory; all connections share them."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """What was put there, or 404."""
        found = ITEMS.get(self.path)
        self.answer(404 if found is None else 200, found or b"nothing here\n")

    def do_PUT(self) -> None:
        """Content-Length says how much there is to read: reading on would wait for ever."""
        new = self.path not in ITEMS
        ITEMS[self.path] = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.answer(201 if new else 204)

    def do_DELETE(self) -> None:
        """Forget it."""
        self.answer(204 if ITEMS.pop(self.path, None) is not None else 404)

    def answer(self, status: int, body: bytes = b"") -> None:
        """A whole answer; 204 has no body."""
        self.send_response(status)
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body if status != 204 else b"")
