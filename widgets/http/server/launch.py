"""From a server form's values to a running web server of the lab.

`start_server` runs on a lab thread: it binds, and may make certificates or start a child. It must
not know widgets.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, cast

from protocols.concurrency.server import Server
from protocols.http.server import kinds
from protocols.http.server.kinds import HandlerServer
from protocols.http.server.media import read_types
from protocols.http.server.program import Kind, Program
from protocols.http.server.rules import FixedAnswer, Rules, checked
from protocols.record.explain import Explained
from protocols.record.recorder import Recorder
from widgets.http.exchange.request_launch import ROOM
from widgets.http.server.words import sample_root, site

if TYPE_CHECKING:
    from protocols.lab import Lab

_TAKEN: Final = frozenset((errno.EADDRINUSE, errno.EACCES))
DEMO_APP: Final = "wsgiref.simple_server:demo_app"


class OrderError(ValueError):
    """Values that make no server; the message is a sentence."""


@dataclass(frozen=True, slots=True)
class Started:
    """A running server. url: where a client on this machine finds it. kept: what has files to be removed, or None."""

    server: Server
    url: str
    kept: HandlerServer | Program | None = None


def start_server(lab: Lab, values: Mapping[str, Any], *, free_port_if_taken: bool = False) -> Started:
    """Make and start a server; it listens when this returns. Raises ValueError for values that make none, OSError."""
    made = make(lab.recorder, values)
    try:
        lab.start(made.server, room=ROOM)
    except OSError as error:
        close(made)
        if not free_port_if_taken or error.errno not in _TAKEN:
            raise
        made = make(lab.recorder, {**values, "port": 0})
        lab.start(made.server, room=ROOM)
    except BaseException:
        close(made)
        raise
    start = site(str(values.get("site"))).start
    return replace(made, url=kinds.url_of(made.server, bool(values.get("tls"))).rstrip("/") + start)


def stop_server(lab: Lab, made: Started) -> None:
    """End it, and what it kept in files."""
    lab.stop(made.server)
    close(made)


def close(made: Started) -> None:
    """Remove what a server kept in files."""
    if made.kept is not None:
        made.kept.close()


def make(recorder: Recorder, values: Mapping[str, Any]) -> Started:
    """A server that is not started yet. Raises OrderError and what its kind raises."""
    host = str(values.get("host", "127.0.0.1")).strip()
    if not host:
        raise OrderError("No address to bind is typed: empty would mean every interface")
    common: dict[str, Any] = {
        "host": host, "port": int(values.get("port", 0)), "model": str(values.get("model", "threads")),
        "workers": int(values.get("workers", 4)), "delay_ms": int(values.get("delay_ms", 0)),
        "tls": str(values.get("tls", "")) or None,
    }  # fmt: skip
    key = str(values.get("site"))
    if key == "sandbox":
        return Started(kinds.sandbox_server(recorder, **common), "")
    if key == "wsgi":
        app, folder = str(values.get("app") or DEMO_APP).strip(), str(values.get("app_folder", "")).strip()
        deploy = str(values.get("deploy") or "wsgi")
        if deploy in ("waitress", "uvicorn"):  # with their own ways of serving many, and without TLS
            common = {name: common[name] for name in ("host", "port", "workers")}
        server = kinds.wsgi_server(recorder, app, folder=folder, deploy=deploy, apart=True, **common)
        return Started(cast("Server", server), "")
    if key == "program":
        return _program(recorder, values, common)
    if key == "handler":
        handler = kinds.handler_server(recorder, rules_of(values), **common)
        return Started(handler.server, "", handler)
    if key == "barker":
        return Started(kinds.barker_server(recorder, int(values.get("step", 1)), **common), "")
    root = str(values.get("root", "")).strip() or sample_root()
    if not os.path.isdir(root):
        raise OrderError(f"{root} is no folder")
    types = read_types(word for word in str(values.get("types") or "").split(",") if word.strip())
    return Started(kinds.web_server(recorder, root, cgi=bool(values.get("cgi")), types=types, **common), "")


def _program(recorder: Recorder, values: Mapping[str, Any], common: dict[str, Any]) -> Started:
    kind = "handler" if values.get("code_kind") == "handler" else "wsgi"
    deploy = str(values.get("deploy") or "wsgi")
    if kind == "handler" or deploy in ("waitress", "uvicorn"):
        common = {name: common[name] for name in ("host", "port", "workers")}
    made = Program(recorder, str(values.get("code") or ""), cast("Kind", kind), deploy=deploy, **common)
    return Started(cast("Server", made.service), "", made)


def rules_of(values: Mapping[str, Any]) -> Rules:
    """What a handler of one's own answers. Raises RulesError."""
    methods = tuple(word.upper() for word in str(values.get("methods", "GET, HEAD")).replace(",", " ").split())
    kind = str(values.get("answer_type") or "text/html; charset=utf-8")
    fixed = FixedAnswer(int(values.get("status", 200)), (("Content-Type", kind),),
                        str(values.get("answer", "")).encode("utf-8", "replace"),
                        framing=str(values.get("framing") or ""))  # fmt: skip
    return checked(Rules(methods=methods, fixed=fixed))


def refusal(error: ValueError) -> Explained:
    """Values that make no server, said as the card says errors."""
    said = str(error).rstrip(".") + "."
    return Explained("EINVAL", "This can't be served", "The lab itself says no.", said, (), ())
