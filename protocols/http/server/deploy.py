"""The ways to deploy one application: in this process, under CGI, or by a library's server in a child process.

Libraries are extras: a way whose library is missing says so. It must not know what an application
does; user code of the last three ways never runs in this process.
"""

from __future__ import annotations

import socket
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Final

from protocols.assets import asset
from protocols.concurrency.contract import Listen
from protocols.http.server.answer import Answer, error_page
from protocols.http.server.apart import ServerInChild
from protocols.http.server.asked import Asked
from protocols.http.server.cgi_run import OUTPUT_BYTES, TIMEOUT_S, cgi_words, run_script, script_answer, tell_ran
from protocols.http.server.web import TIME_OUT_S, WebHandler
from protocols.http.server.wsgi_run import AppError, find_app, takes
from protocols.record.recorder import Recorder
from protocols.record.trace import address_value
from protocols.service.childmain import Job


@dataclass(frozen=True)
class Deployment:
    """A way to deploy. module: what it needs installed, "" for nothing."""

    name: str
    title: str
    explain: str
    module: str = ""

    @property
    def reason(self) -> str:
        """Why it is not available, "" where it is."""
        if not self.module or find_spec(self.module) is not None:
            return ""
        return f"{self.module} is not installed. It comes with: pip install 'netlab[servers]'"


DEPLOYMENTS: Final[tuple[Deployment, ...]] = (
    Deployment("wsgi", "WSGI, checked",
               "The lab's own server calls it, in any concurrency model; a validator checks both sides of PEP 3333."),
    Deployment("cgi", "The same under CGI",
               "A new process for each request: wsgiref's CGIHandler reads the environment and stdin, and prints the "
               "answer."),
    Deployment("waitress", "waitress", "A WSGI server of production, with a pool of threads, in a child process.",
               "waitress"),
    Deployment("uvicorn", "uvicorn (ASGI)", "An asyncio server for ASGI applications, in a child process.", "uvicorn"),
)  # fmt: skip


# Under CGI


class AppCgi:
    """An application that runs `module:app` as a script, once for each request."""

    def __init__(self, app: str, folder: str = "", timeout_s: float = TIMEOUT_S) -> None:
        self._command = [sys.executable, str(asset("http", "wsgi_as_cgi.py")), app, folder]
        self._timeout_s = timeout_s

    def __call__(self, asked: Asked) -> Answer:
        """Answer one request."""
        words = cgi_words(asked, "", asked.path)
        try:
            ran = run_script(self._command, words, asked.body, asked.stopping, self._timeout_s, OUTPUT_BYTES, cwd="/")
        except OSError as error:
            return error_page(500, f"Python can't be started: {error.strerror}.")
        tell_ran(asked, self._command[2], ran, words, self._command)
        return script_answer(ran)


def make_app_cgi(app: str, folder: str = "", time_out_s: float = TIME_OUT_S) -> Callable[[], WebHandler]:
    """The factory of handlers for an application under CGI, for a HandlerSpec."""
    site = AppCgi(app, folder)
    return lambda: WebHandler(site, time_out_s)


# By a library


class LibraryServer(ServerInChild):
    """A library's server in a child process."""

    def __init__(self, recorder: Recorder, way: str, params: dict[str, Any]) -> None:
        super().__init__(recorder, f"{way}:{params['port']}", "protocols.http.server.deploy:serve_by_library",
                         {**params, "way": way})  # fmt: skip


def library_server(
    recorder: Recorder, way: str, app: str, folder: str = "", *, host: str = "127.0.0.1", port: int = 0,
    workers: int = 4, **_: Any,
) -> LibraryServer:  # fmt: skip
    """A server of waitress or uvicorn. Raises ValueError where it is not installed, or for another way."""
    found = next((one for one in DEPLOYMENTS if one.name == way and one.module), None)
    if found is None:
        raise ValueError(f"There is no way {way!r}; there are {', '.join(one.name for one in DEPLOYMENTS)}")
    if found.reason:
        raise ValueError(found.reason)
    params = {"app": app, "folder": folder, "host": host, "port": port, "workers": workers}
    return LibraryServer(recorder, way, params)


def find_deployed(name: str, way: str) -> Any:
    """The callable that "module:app" names, and of the kind that is called in this way. Raises AppError."""
    app = find_app(name)
    if way == "uvicorn" and takes(app) == 2:
        raise AppError(f"{name!r} takes two arguments, as WSGI wants it; uvicorn calls with the three of ASGI: "
                       "app(scope, receive, send)")  # fmt: skip
    return app


def serve_by_library(job: Job) -> None:
    """The child's side: the library serves on a traced socket, until the end of the commands."""
    from protocols.concurrency.listening import open_listener

    params, way = job.params, job.params["way"]
    if params["folder"]:
        sys.path.insert(0, params["folder"])
    app = find_deployed(params["app"], way)
    listener = open_listener(job.recorder, Listen(host=params["host"], port=params["port"]), way)
    job.watch(lambda _: None)
    serve = _waitress if way == "waitress" else _uvicorn
    serve(app, listener.sock, params["workers"],
          lambda: job.ready(address=address_value(listener.address), name=listener.service))  # fmt: skip


def _waitress(app: Any, sock: socket.socket, workers: int, ready: Callable[[], None]) -> None:
    server = import_module("waitress").create_server(app, sockets=[sock], threads=workers)
    ready()
    server.run()


def _uvicorn(app: Any, sock: socket.socket, workers: int, ready: Callable[[], None]) -> None:
    import uvicorn

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            ready()

    Server(uvicorn.Config(app, loop="asyncio", log_level="warning", access_log=False)).run([sock])
