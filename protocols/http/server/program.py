"""A program that a person has typed, as a server: a handler class of http.server, or a WSGI application.

It is written to a file and run in a child process, never in this one. It must not know a window.
"""

from __future__ import annotations

import importlib.util
import os
import tempfile
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final, Literal, TypeAlias

from protocols.assets import asset
from protocols.concurrency.contract import Listen
from protocols.concurrency.listening import open_listener
from protocols.http.server.apart import ServerInChild
from protocols.record.event import monotonic_ns
from protocols.record.recorder import Recorder
from protocols.record.trace import address_value
from protocols.service.base import Service
from protocols.service.childmain import Job

Kind: TypeAlias = Literal["handler", "wsgi"]
NAME: Final = "program"
CODE_BYTES: Final = 1 << 20


class ProgramError(ValueError):
    """A program that can't be run; the message says what is wrong, and in which line."""


@dataclass(frozen=True, slots=True)
class Sample:
    """A program to begin with."""

    key: str
    title: str
    kind: Kind

    @property
    def code(self) -> str:
        """Its text."""
        return asset("http", "programs", f"{self.key}.py").read_text(encoding="utf-8")


SAMPLES: Final = (
    Sample("hello_handler", "Handler: hello on GET", "handler"),
    Sample("store_handler", "Handler: GET, PUT, DELETE", "handler"),
    Sample("hello_wsgi", "WSGI: hello", "wsgi"),
    Sample("environ_wsgi", "WSGI: what it is given", "wsgi"),
    Sample("form_wsgi", "WSGI: a form", "wsgi"),
    Sample("mistake_wsgi", "WSGI: a mistake", "wsgi"),
)


def checked_code(code: str, kind: Kind) -> str:
    """The code if Python can read it, and it defines what is wanted; nothing of it is run. Raises ProgramError."""
    if len(code.encode("utf-8", "surrogatepass")) > CODE_BYTES:
        raise ProgramError(f"The program is longer than {CODE_BYTES} bytes")
    if "\0" in code:
        raise ProgramError("That is no Python: there is a NUL in it")
    try:
        compiled = compile(code, "program.py", "exec", dont_inherit=True)
    except SyntaxError as error:
        raise ProgramError(f"Line {error.lineno}: {error.msg}") from None
    except (ValueError, RecursionError, MemoryError) as error:
        raise ProgramError(f"Python can't read it: {error}") from None
    wanted = "Handler" if kind == "handler" else "app"
    if wanted not in compiled.co_names:
        what = "a class Handler" if kind == "handler" else "a callable named app"
        raise ProgramError(f"The program must define {what}")
    return code


class Program:
    """A typed program and the server that runs it. service: start and stop it; `close()` if it never was."""

    def __init__(self, recorder: Recorder, code: str, kind: Kind, *, deploy: str = "wsgi", **common: Any) -> None:
        checked_code(code, kind)
        self._folder = tempfile.TemporaryDirectory(prefix="netlab-program-")
        folder = self._folder.name
        with open(os.path.join(folder, f"{NAME}.py"), "w", encoding="utf-8", errors="replace") as file:
            file.write(code)
        self.service: Final[Service] = (
            _handler_server(recorder, folder, common) if kind == "handler"
            else _wsgi(recorder, folder, deploy, common)
        )  # fmt: skip
        self.service.leaves(self.close)

    def close(self) -> None:
        """Remove its file; the server's end does, too."""
        self._folder.cleanup()


def _wsgi(recorder: Recorder, folder: str, deploy: str, common: Mapping[str, Any]) -> Service:
    from protocols.http.server import kinds

    return kinds.wsgi_server(recorder, f"{NAME}:app", folder=folder, deploy=deploy, apart=True, **common)


def _handler_server(recorder: Recorder, folder: str, common: Mapping[str, Any]) -> ServerInChild:
    params = {"folder": folder, "host": common.get("host", "127.0.0.1"), "port": common.get("port", 0)}
    return ServerInChild(recorder, f"{NAME}:{params['port']}", "protocols.http.server.program:serve_handler", params)


# In the child


def serve_handler(job: Job) -> None:
    """http.server's ThreadingHTTPServer with the class Handler of the program, on a traced socket."""
    params = job.params
    base = _handler_class(os.path.join(params["folder"], f"{NAME}.py"))
    listener = open_listener(job.recorder, Listen(host=params["host"], port=params["port"]), NAME)

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: Any, client_address: Any) -> None:
            text = traceback.format_exc()
            last = text.strip().rpartition("\n")[2]
            job.recorder.note("application failed", last, service=listener.service, conn=_conn(request),
                              errno=last.partition(":")[0], traceback=text,
                              why=f"The handler raised {last}; the connection was closed.")  # fmt: skip

    server = Server((params["host"], params["port"]), _told(base, job.recorder, listener.service), False)
    server.socket.close()
    server.socket = listener.sock
    job.watch(lambda _: None)
    job.ready(address=address_value(listener.address), name=listener.service)
    server.serve_forever(60)


def _conn(sock: Any) -> str | None:
    trace = getattr(sock, "trace", None)
    return trace.conn if trace is not None else None


def _handler_class(path: str) -> type[BaseHTTPRequestHandler]:
    spec = importlib.util.spec_from_file_location(NAME, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise ValueError(f"The program ends at once: {type(error).__name__}: {error}") from error
    found = getattr(module, "Handler", None)
    if not isinstance(found, type) or not issubclass(found, BaseHTTPRequestHandler):
        raise ValueError("Handler must be a class made of BaseHTTPRequestHandler")
    return found


def _told(base: type[BaseHTTPRequestHandler], recorder: Recorder, service: str) -> type[BaseHTTPRequestHandler]:
    """The class, with a line for each request that it answers."""

    class Told(base):  # type: ignore[misc,valid-type]
        _status = 0

        def send_response(self, code: int, message: str | None = None) -> None:
            self._status = int(code)
            super().send_response(code, message)

        def handle_one_request(self) -> None:
            trace = getattr(self.connection, "trace", None)
            ends = trace.end if trace is not None else None
            begin, sent, began = (ends.received, ends.sent, monotonic_ns()) if ends is not None else (-1, 0, 0)
            self._status = 0
            super().handle_one_request()
            if not getattr(self, "raw_requestline", b""):
                return
            recorder.note(
                "answered", f"{self.command} {getattr(self, 'path', '')} = {self._status}", service=service,
                conn=_conn(self.connection), method=self.command, target=getattr(self, "path", ""),
                status=self._status, bytes=ends.sent - sent if ends is not None else 0,
                took_ns=monotonic_ns() - began, worker="thread of the program", begin=begin,
                end=ends.received if ends is not None else -1,
            )  # fmt: skip

        def log_message(self, format: str, *args: Any) -> None:
            recorder.note("program said", format % args, service=service, conn=_conn(self.connection))

    return Told
