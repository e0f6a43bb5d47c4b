"""An FTP server that can be told to misbehave, for tests of the client: lies, cuts, silence, replies that are none."""

from __future__ import annotations

import contextlib
import select
import socket
import struct
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

DEADLINE_S = 20.0


@dataclass
class Script:
    """What the server has and does. Everything may be changed while it runs.

    replies: bytes sent in place of the usual reply, by verb; None for no reply at all. cut: RETR ends after so many
    bytes, by `how`: "close", "reset" or "silence". size: what SIZE says in place of the truth. more: bytes sent
    beyond the file. listing: what LIST sends. features: lines of FEAT; "" for a server that has none. early: the
    verdict of RETR waits a moment for the next command, which is then taken ("heard"), thrown away ("forgotten"),
    refused before the verdict ("refused") or obeyed before it ("obeyed"); one that came together with RETR may also end
    the transfer in its middle, without a verdict ("ended"). together: how many commands came in one piece
    with a RETR. verdicts: what is said in place of the usual ones, in turn. asked_early: how many commands came so.
    """

    files: dict[str, bytes] = field(default_factory=dict)
    greeting: bytes = b"220 script\r\n"
    replies: dict[str, bytes | None] = field(default_factory=dict)
    cut: int | None = None
    how: str = "close"
    size: int | None = None
    more: bytes = b""
    listing: bytes = b""
    endless: bytes = b""
    features: str = ""
    pasv: str = ""
    open_data: bool = True
    early: str = ""
    verdicts: list[bytes] = field(default_factory=list)
    asked_early: int = 0
    together: int = 0
    port: int = 0
    said: list[str] = field(default_factory=list)
    stored: dict[str, bytes] = field(default_factory=dict)
    logins: int = 0
    ended: threading.Event = field(default_factory=threading.Event)


class _Session:
    def __init__(self, script: Script, sock: socket.socket) -> None:
        self.script, self.sock = script, sock
        self.came = b""
        self.data: socket.socket | None = None
        self.active: tuple[str, int] | None = None
        self.rest = 0

    def line(self) -> bytes:
        """The next line; b"" at the end."""
        while b"\n" not in self.came:
            piece = self.sock.recv(4096)
            if not piece:
                return b""
            self.came += piece
        line, _, self.came = self.came.partition(b"\n")
        return line + b"\n"

    def say(self, text: str | bytes) -> None:
        self.sock.sendall(text if isinstance(text, bytes) else text.encode() + b"\r\n")

    def run(self) -> None:
        try:
            self.say(self.script.greeting)
            while line := self.line():
                text = line.decode("utf-8", "surrogateescape").rstrip("\r\n")
                self.script.said.append(text)
                verb, _, argument = text.partition(" ")
                if verb in self.script.replies:
                    reply = self.script.replies[verb]
                    if reply is not None:
                        self.say(reply)
                    continue
                self.answer(verb, argument)
        finally:
            if self.data is not None:
                self.data.close()

    def answer(self, verb: str, argument: str) -> None:
        script = self.script
        made = getattr(self, f"do_{verb.lower()}", None)
        if made is not None:
            made(argument)
        elif verb == "SIZE":
            known = argument in script.files
            size = script.size if script.size is not None else len(script.files.get(argument, b""))
            self.say(f"213 {size}" if known else "550 no such file")
        elif verb == "FEAT" and script.features:
            self.say(f"211-has\r\n {script.features}\r\n211 end")
        else:
            usual = {"USER": "331 who", "PASS": "230 in", "PWD": '257 "/"', "TYPE": "200 so", "CWD": "250 there",
                     "QUIT": "221 bye", "ABOR": "226 ended", "REST": "350 go on"}  # fmt: skip
            script.logins += verb == "PASS"
            self.rest = int(argument) if verb == "REST" else self.rest
            self.say(usual.get(verb, "502 no"))

    def do_pasv(self, _: str) -> None:
        if self.data is not None:
            self.data.close()
        self.data = socket.create_server(("127.0.0.1", 0))
        self.data.settimeout(DEADLINE_S)
        port = self.data.getsockname()[1]
        host = self.script.pasv or "127,0,0,1"
        self.say(f"227 go ({host},{port >> 8},{port & 255})")

    def do_port(self, argument: str) -> None:
        numbers = argument.split(",")
        self.active = ".".join(numbers[:4]), int(numbers[4]) * 256 + int(numbers[5])
        self.say("200 so")

    def connection(self) -> socket.socket | None:
        if not self.script.open_data:
            return None
        if self.active is not None:
            address, self.active = self.active, None
            return socket.create_connection(address, DEADLINE_S)
        assert self.data is not None
        with self.data as waiting:
            self.data = None
            return waiting.accept()[0]

    def do_retr(self, name: str) -> None:
        script = self.script
        script.together += self.came != b""
        if name not in script.files:
            self.say("550 no such file")
            return
        content = script.files[name][self.rest :] + script.more
        self.rest = 0
        whole = script.cut is None or len(content) < script.cut
        self.send(content if whole else content[: script.cut], whole)

    def do_list(self, _: str) -> None:
        self.send(self.script.listing)

    def do_mlsd(self, _: str) -> None:
        self.send(self.script.listing)

    def send(self, content: bytes, whole: bool = True) -> None:
        script = self.script
        self.say("150 here it comes")
        sock = self.connection()
        if sock is None:
            return
        if script.early == "ended" and self.came:
            with sock:
                sock.sendall(content[: len(content) // 2])
            self.line()
            self.do_pasv("")
            return
        with sock:
            sock.sendall(content)
            if script.endless:
                with contextlib.suppress(OSError):
                    while not script.ended.is_set():
                        sock.sendall(script.endless)
            if not whole and script.how == "silence":
                script.ended.wait(DEADLINE_S)
            if not whole and script.how == "reset":
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        if script.early and (self.came or select.select([self.sock], [], [], 0.1)[0]):
            script.asked_early += 1
            if script.early not in ("heard", "ended"):
                self.line()
            if script.early == "refused":
                self.say("450 not now")
            elif script.early == "obeyed":
                self.do_pasv("")
        self.say(script.verdicts.pop(0) if script.verdicts else "226 done" if whole else "426 cut")

    def do_stor(self, name: str, start: bytes = b"") -> None:
        script = self.script
        start = script.stored.get(name, b"")[: self.rest]
        self.rest = 0
        self.say("150 go")
        sock = self.connection()
        if sock is None:
            return
        with sock:
            if script.cut is not None:
                left, got = script.cut, b""
                while left and (data := sock.recv(left)):
                    left, got = left - len(data), got + data
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                script.stored[name] = start + got
                self.say("426 cut")
                return
            got = b""
            while data := sock.recv(65536):
                got += data
            script.stored[name] = start + got
            script.files[name] = start + got
        self.say("226 done")


@contextlib.contextmanager
def scripted(script: Script) -> Iterator[Script]:
    """Run it; `script.port` is its port."""
    sessions: list[tuple[threading.Thread, socket.socket]] = []
    listener = socket.create_server(("127.0.0.1", 0))
    script.port = listener.getsockname()[1]

    def one(sock: socket.socket) -> None:
        with sock, contextlib.suppress(OSError):
            _Session(script, sock).run()

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                sock, _ = listener.accept()
                sock.settimeout(DEADLINE_S)
                thread = threading.Thread(target=one, args=(sock,))
                sessions.append((thread, sock))
                thread.start()

    accepting = threading.Thread(target=serve)
    accepting.start()
    try:
        yield script
    finally:
        script.ended.set()
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        accepting.join(DEADLINE_S)
        for thread, sock in sessions:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
            thread.join(DEADLINE_S)
