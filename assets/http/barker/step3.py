"""Step 3: read the request: which method, which URI? Only GET is served.

python step3.py [PORT]
"""

import socket
import sys
from email.utils import formatdate
from html import escape


def response(status, kind, body, *more):
    """The bytes of an answer."""
    head = [
        "HTTP/1.1 " + status,
        "Date: " + formatdate(usegmt=True),
        "Content-Type: " + kind,
        "Content-Length: " + str(len(body)),
        "Connection: close",
        *more,
    ]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body


def requested(request):
    """Method and URI of a request. Raises ValueError where the first line is none."""
    method, uri, protocol = request.decode("latin-1").partition("\r\n")[0].split(" ")
    if not protocol.startswith("HTTP/"):
        raise ValueError(protocol)
    return method, uri


def answer(request):
    """A page that says which URI was asked for; 405 for other methods."""
    try:
        method, uri = requested(request)
    except ValueError:
        return response("400 Bad Request", "text/plain", b"That is no request.\n")
    print(method, uri)
    if method != "GET":
        return response("405 Method Not Allowed", "text/plain", b"Only GET.\n", "Allow: GET")
    page = "<html><body><p>You asked for " + escape(uri) + "</p></body></html>"
    return response("200 OK", "text/html", page.encode())


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
