"""Step 2: a proper answer: status line, headers, a blank line, the page.

python step2.py [PORT]
"""

import socket
import sys
from email.utils import formatdate

PAGE = b"<html><body><h1>Hello</h1><p>This is a page with a head.</p></body></html>"


def response(status, kind, body):
    """The bytes of an answer."""
    head = [
        "HTTP/1.1 " + status,
        "Date: " + formatdate(usegmt=True),
        "Content-Type: " + kind,
        "Content-Length: " + str(len(body)),
        "Connection: close",
    ]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body


def answer(request):
    """Print what came, answer 200 with a page."""
    print(request.decode("latin-1"))
    return response("200 OK", "text/html", PAGE)


def serve(port):
    """Answer one client after the other."""
    with socket.create_server(("127.0.0.1", port)) as listener:
        print("listening on port", listener.getsockname()[1], flush=True)
        while True:
            client, _ = listener.accept()
            with client:
                client.sendall(answer(client.recv(4096)))


if __name__ == "__main__":
    serve(int(sys.argv[1]) if len(sys.argv) > 1 else 50000)
