"""An FTP server for one test: it knows one user and one file, and hands both out over a data connection."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator

from tests.protocols.http.peers import DEADLINE_S

_SAYS = {"USER": "331 who", "PWD": '257 "/"', "TYPE": "200 so", "CWD": "250 there", "QUIT": "221 bye"}


@contextlib.contextmanager
def ftp(content: bytes) -> Iterator[tuple[int, list[str]]]:
    """Its port, and the commands that it got so far."""
    said: list[str] = []
    clients: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(DEADLINE_S)

        def serve() -> None:
            with contextlib.suppress(OSError):
                sock, _ = listener.accept()
                clients.append(sock)
                with sock, sock.makefile("rwb") as lines:
                    sock.settimeout(DEADLINE_S)
                    _serve(lines, content, said)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield listener.getsockname()[1], said
        finally:
            for sock in (listener, *clients):  # the client keeps its connection
                with contextlib.suppress(OSError):
                    sock.shutdown(socket.SHUT_RDWR)
            thread.join(DEADLINE_S)


def _serve(lines: object, content: bytes, said: list[str]) -> None:
    read, write, flush = (getattr(lines, name) for name in ("readline", "write", "flush"))

    def say(text: str) -> None:
        write(text.encode() + b"\r\n")
        flush()

    say("220 lab")
    data: socket.socket | None = None
    while line := read().decode().strip():
        said.append(line)
        verb, _, argument = line.partition(" ")
        if verb in ("EPSV", "PASV"):
            data = socket.create_server(("127.0.0.1", 0))
            data.settimeout(DEADLINE_S)
            port = data.getsockname()[1]
            say(f"229 go (|||{port}|)" if verb == "EPSV" else f"227 go (127,0,0,1,{port >> 8},{port & 255})")
        elif verb == "RETR" and data is not None:
            with data, data.accept()[0] as sock:
                if argument != "a.txt":
                    say("550 no such file")
                else:
                    say("150 here")
                    sock.sendall(content)
                    sock.close()
                    say("226 done")
            data = None
        elif verb == "STOR" and data is not None:
            say("150 send it")
            with data, data.accept()[0] as sock:
                sock.settimeout(DEADLINE_S)
                said.append(b"".join(iter(lambda sock=sock: sock.recv(4096), b"")).decode())
            say("226 done")
            data = None
        elif verb == "SIZE":
            say(f"213 {len(content)}" if argument == "a.txt" else "550 no such file")
        elif verb == "PASS":
            say("230 in" if argument == "guido456" else "530 no")
        else:
            say(_SAYS.get(verb, "502 no"))
            if verb == "QUIT":
                break
    if data is not None:
        data.close()
