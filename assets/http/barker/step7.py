"""Step 7: a page that no file holds: /the_time is computed.

python step7.py [PORT] [FOLDER]
"""

import mimetypes
import socket
import sys
import time
from email.utils import formatdate
from html import escape
from pathlib import Path
from urllib.parse import quote, unquote

HOME = Path(sys.argv[2] if len(sys.argv) > 2 else Path(__file__).with_name("site")).resolve()


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


def find(uri):
    """The file or folder that a URI means, None where there is none. Nothing outside HOME."""
    name = unquote(uri.partition("?")[0])
    if "\0" in name:
        return None
    path = (HOME / name.lstrip("/")).resolve()
    return path if path.is_relative_to(HOME) and (path.is_file() or path.is_dir()) else None


def listing(folder):
    """A page with a link to each name in a folder."""
    rows = []
    for entry in sorted(folder.iterdir()):
        path = "/" + entry.relative_to(HOME).as_posix()
        rows.append('<li><a href="' + quote(path) + '">' + escape(entry.name) + "</a></li>")
    return "<html><body><ul>" + "\n".join(rows) + "</ul></body></html>"


def media_type(path):
    """What kind of file it is, by the end of its name."""
    return mimetypes.guess_type(path.name)[0] or "application/octet-stream"


def the_time():
    """A page that is computed for each request."""
    return "<html><body><p>" + formatdate(usegmt=True) + " and " + str(time.time_ns() % 10**9) + " ns</p></body></html>"


def answer(request):
    """A computed page, a page with links, or a file as it is."""
    try:
        method, uri = requested(request)
    except ValueError:
        return response("400 Bad Request", "text/plain", b"That is no request.\n")
    print(method, uri)
    if method != "GET":
        return response("405 Method Not Allowed", "text/plain", b"Only GET.\n", "Allow: GET")
    if uri == "/the_time":
        return response("200 OK", "text/html", the_time().encode())
    path = find(uri)
    if path is None:
        return response("404 Not Found", "text/plain", b"Nothing here has that name.\n")
    if path.is_dir():
        return response("200 OK", "text/html; charset=utf-8", listing(path).encode())
    return response("200 OK", media_type(path), path.read_bytes())


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
