"""Step 9: a .py file is run, and what it prints is the page. You have re-invented CGI.

python step9.py [PORT] [FOLDER]
"""

import mimetypes
import os
import socket
import subprocess
import sys
import threading
import time
from email.utils import formatdate
from html import escape
from pathlib import Path
from urllib.parse import parse_qsl, quote, unquote

HOME = Path(sys.argv[2] if len(sys.argv) > 2 else Path(__file__).with_name("site")).resolve()
TIMEOUT_S = 5
LIMIT_BYTES = 1_000_000


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


def the_time(query):
    """A page that is computed for each request."""
    return "<html><body><p>" + formatdate(usegmt=True) + " and " + str(time.time_ns() % 10**9) + " ns</p></body></html>"


def the_sum(query):
    """/the_sum?a=1&b=2: the query has what a form would send."""
    try:
        numbers = [float(value) for name, value in parse_qsl(query)]
    except ValueError:
        return "<html><body><p>Numbers, please.</p></body></html>"
    return "<html><body><p>The sum is " + str(sum(numbers)) + "</p></body></html>"


PAGES = {"/the_time": the_time, "/the_sum": the_sum}


def run(script, query):
    """What a program prints, with its exit status. It is killed when it takes too long or says too much."""
    words = {**os.environ, "QUERY_STRING": query, "REQUEST_METHOD": "GET"}
    with subprocess.Popen(
        [sys.executable, script], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=words
    ) as process:
        timer = threading.Timer(TIMEOUT_S, process.kill)
        timer.start()
        output = process.stdout.read(LIMIT_BYTES)
        if len(output) == LIMIT_BYTES:
            process.kill()
    timer.cancel()
    return output, process.returncode


def answer(request):
    """A program's output, a computed page, a page with links, or a file as it is."""
    try:
        method, uri = requested(request)
    except ValueError:
        return response("400 Bad Request", "text/plain", b"That is no request.\n")
    print(method, uri)
    if method != "GET":
        return response("405 Method Not Allowed", "text/plain", b"Only GET.\n", "Allow: GET")
    place, _, query = uri.partition("?")
    if place in PAGES:
        return response("200 OK", "text/html", PAGES[place](query).encode())
    path = find(uri)
    if path is None:
        return response("404 Not Found", "text/plain", b"Nothing here has that name.\n")
    if path.is_dir():
        return response("200 OK", "text/html; charset=utf-8", listing(path).encode())
    if path.suffix == ".py":
        output, status = run(path, query)
        if status:
            text = "The program ended with status " + str(status) + ".\n"
            return response("500 Internal Server Error", "text/plain", text.encode())
        return response("200 OK", "text/html", output)
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
