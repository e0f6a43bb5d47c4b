"""Step 5: serve the files, each with its media type.

python step5.py [PORT] [FOLDER]
"""

import mimetypes
import socket
import sys
from email.utils import formatdate
from pathlib import Path
from urllib.parse import unquote

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
    """The names in a folder, one a line."""
    return "".join(sorted(entry.name + "\n" for entry in folder.iterdir()))


def media_type(path):
    """What kind of file it is, by the end of its name."""
    return mimetypes.guess_type(path.name)[0] or "application/octet-stream"


def answer(request):
    """The names in a folder as text, or a file as it is."""
    try:
        method, uri = requested(request)
    except ValueError:
        return response("400 Bad Request", "text/plain", b"That is no request.\n")
    print(method, uri)
    if method != "GET":
        return response("405 Method Not Allowed", "text/plain", b"Only GET.\n", "Allow: GET")
    path = find(uri)
    if path is None:
        return response("404 Not Found", "text/plain", b"Nothing here has that name.\n")
    if path.is_dir():
        return response("200 OK", "text/plain; charset=utf-8", listing(path).encode())
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
