"""A handler: http.server calls do_GET for each GET. Other methods get 501, because nothing here has their name."""

from http.server import BaseHTTPRequestHandler


class Handler(BaseHTTPRequestHandler):
    """One object for each connection."""

    def do_GET(self) -> None:
        """Status line, headers, a blank line, the body."""
        body = f"<h1>Hello</h1>\n<p>You asked for {self.path}</p>\n".encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
