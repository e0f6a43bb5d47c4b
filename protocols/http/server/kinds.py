"""The kinds of web servers, one function each: what a panel, a command or a script starts.

Each returns a server that is not started yet. It must not know what a kind answers.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from typing import Any, Final

from protocols.concurrency.contract import HandlerSpec, Listen, ServerTLS
from protocols.concurrency.server import Server, make_server
from protocols.http.server.rules import Rules, checked, write_rules
from protocols.http.server.web import TIME_OUT_S
from protocols.record.recorder import Recorder
from protocols.service.base import Service
from protocols.tls import Flaw, server_pem

CERTIFICATES: Final[dict[str, Flaw | None]] = {
    "good": None, "expired": "expired", "wrong-host": "wrong host", "self-signed": "self-signed",
}  # fmt: skip
"""Certificates by the words of the command line: one of the lab's authority, and three broken on purpose."""
RECV_BYTES: Final = 64 << 10


def server_tls(certificate: str | None, host: str) -> ServerTLS | None:
    """TLS with a certificate of CERTIFICATES for `host`; None without. Raises TLSError."""
    return None if not certificate else ServerTLS(pem=server_pem([host], flaw=CERTIFICATES[certificate]))


def url_of(server: Server, tls: bool) -> str:
    """Where a browser goes."""
    assert isinstance(server.address, tuple)
    host = str(server.address[0])
    host = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(host, host)
    return f"{'https' if tls else 'http'}://{f'[{host}]' if ':' in host else host}:{server.address[1]}/"


def web_server(
    recorder: Recorder, root: str, *, cgi: bool = False, types: Mapping[str, str] | None = None, **common: Any
) -> Server:
    """The files of a folder. cgi: run what is in its cgi-bin and htbin. types: media types by suffix (".md")."""
    target = "cgi_run:make_scripts" if cgi else "folder:make_folder"
    return _made(recorder, "web", target, {"root": os.path.abspath(root), "types": dict(types or {})}, **common)


def sandbox_server(recorder: Recorder, **common: Any) -> Server:
    """The site to try things on."""
    return _made(recorder, "sandbox", "sandbox.site:make_sandbox", {}, **common)


def barker_server(recorder: Recorder, step: int, root: str = "", **common: Any) -> Server:
    """A step of the ladder from echo server to CGI, 1 to 9. root: its site, the lab's own sample by default."""
    return _made(recorder, "barker", "barker:make_barker", {"step": step, "root": root}, **common)


def wsgi_server(
    recorder: Recorder, app: str, *, folder: str = "", deploy: str = "wsgi", validate: bool = True,
    apart: bool = False, **common: Any,
) -> Service:  # fmt: skip
    """A WSGI (or, with uvicorn, ASGI) application, `module:app`, looked up in `folder` first.

    deploy: a name of `deploy.DEPLOYMENTS`. "wsgi" runs it in this process, or in a child where it shall be `apart`; the
    others always in children. Raises AppError, a ValueError (of a child: in its start).
    """
    from protocols.http.server import deploy as ways

    params: dict[str, Any] = {"app": app, "folder": folder}
    if deploy == "wsgi":
        params |= {"scheme": "https" if common.get("tls") else "http", "validate": validate}
        if apart:
            return _apart(recorder, "wsgi", "wsgi_run:make_wsgi", params, **common)
        return _made(recorder, "wsgi", "wsgi_run:make_wsgi", params, **common)
    if deploy == "cgi":
        return _made(recorder, "wsgi-cgi", "deploy:make_app_cgi", params, **common)
    return ways.library_server(recorder, deploy, app, folder, **common)


class HandlerServer:
    """A server whose answers follow rules that may change while it runs. server: start and stop it as any other."""

    def __init__(self, recorder: Recorder, rules: Rules, **common: Any) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="netlab-rules-")
        self._place = os.path.join(self._folder.name, "rules.json")
        self.rules = checked(rules)
        write_rules(self._place, rules)
        self.server: Final = _made(recorder, "handler", "rules:make_by_rules", {"place": self._place}, **common)
        self.server.leaves(self.close)

    def set_rules(self, rules: Rules) -> None:
        """Answer by these from the next request on. Raises RulesError, OSError; touches a file, so not in a window."""
        write_rules(self._place, rules)
        self.rules = rules

    def close(self) -> None:
        """Remove the rules' file; the server's end does, too."""
        self._folder.cleanup()


def handler_server(recorder: Recorder, rules: Rules | None = None, **common: Any) -> HandlerServer:
    """A custom handler: methods ticked on and off, a fixed answer. Raises RulesError."""
    return HandlerServer(recorder, rules or Rules(), **common)


def _made(
    recorder: Recorder, name: str, target: str, params: dict[str, Any], *, host: str = "127.0.0.1", port: int = 0,
    model: str = "threads", workers: int = 4, tls: str | None = None, delay_ms: int = 0,
    time_out_s: float = TIME_OUT_S,
) -> Server:  # fmt: skip
    spec = HandlerSpec(f"protocols.http.server.{target}", {**params, "time_out_s": time_out_s})
    return make_server(
        recorder, spec, Listen(host=host, port=port), name=name, model=model, workers=workers, delay_ms=delay_ms,
        tls=server_tls(tls, host), recv_size=RECV_BYTES,
    )  # fmt: skip


def _apart(
    recorder: Recorder, name: str, target: str, params: dict[str, Any], *, tls: str | None = None,
    host: str = "127.0.0.1", time_out_s: float = TIME_OUT_S, **common: Any,
) -> Service:  # fmt: skip
    from protocols.http.server.apart import apart_server

    return apart_server(recorder, name, f"protocols.http.server.{target}", {**params, "time_out_s": time_out_s},
                        host=host, tls=server_tls(tls, host), recv_size=RECV_BYTES, **common)  # fmt: skip
