"""Step 1: point a browser at the echo server.

What the browser says is printed; it gets a little HTML back, with no head before it.
python step1.py [PORT]
"""

import socket
import sys

PAGE = b"<html><body><h1>Hello</h1><p>This is a page without a head.</p></body></html>"


def answer(request):
    """Print what came, answer with bare HTML."""
    print(request.decode("latin-1"))
    return PAGE


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
