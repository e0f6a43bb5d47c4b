"""From a server form's values to a running web server of the lab.

`start_server` runs on a lab thread: it binds, and may make certificates or start a child. It must
not know widgets.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from protocols.concurrency.contract import HandlerSpec, Listen, ServerTLS
from protocols.concurrency.server import Server, make_server
from protocols.record.explain import Explained
from protocols.record.recorder import Recorder
from widgets.http.request_launch import ROOM
from widgets.http.server_words import sample_root, site

if TYPE_CHECKING:
    from protocols.lab import Lab

_TAKEN: Final = frozenset((errno.EADDRINUSE, errno.EACCES))
DEMO_APP: Final = "wsgiref.simple_server:demo_app"


class OrderError(ValueError):
    """Values that make no server; the message is a sentence."""


def start_server(lab: Lab, values: Mapping[str, Any], *, free_port_if_taken: bool = False) -> Server:
    """Make and start a server; it listens when this returns. Raises OrderError and what bind() raises."""
    server = make(lab.recorder, values)
    try:
        lab.start(server, room=ROOM)
    except OSError as error:
        if not free_port_if_taken or error.errno not in _TAKEN:
            raise
        server = make(lab.recorder, {**values, "port": 0})
        lab.start(server, room=ROOM)
    return server


def make(recorder: Recorder, values: Mapping[str, Any]) -> Server:
    """A server that is not started yet."""
    host = bind_host(values)
    tls = None
    if values.get("tls"):
        from protocols import tls as certificates

        flaw = str(values["tls"])
        pem = certificates.server_pem([host], flaw=flaw if flaw in certificates.FLAWS else None)
        tls = ServerTLS(pem=pem)
    return make_server(
        recorder, spec_of(values), Listen(host=host, port=int(values.get("port", 0))),
        name=site(str(values.get("site"))).word, model=str(values.get("model", "threads")),
        workers=int(values.get("workers", 4)), delay_ms=int(values.get("delay_ms", 0)), tls=tls, recv_size=64 << 10,
    )  # fmt: skip


def bind_host(values: Mapping[str, Any]) -> str:
    """The address to bind. Raises OrderError for none."""
    host = str(values.get("host", "127.0.0.1")).strip()
    if not host:
        raise OrderError("No address to bind is typed: empty would mean every interface")
    return host


def spec_of(values: Mapping[str, Any]) -> HandlerSpec:
    """What answers. Raises OrderError for a folder or an application that isn't there."""
    key = str(values.get("site"))
    if key == "wsgi":
        app, folder = str(values.get("app") or DEMO_APP).strip(), str(values.get("app_folder", "")).strip()
        scheme = "https" if values.get("tls") else "http"
        return HandlerSpec("protocols.http.server.wsgi_run:make_wsgi", {"app": app, "folder": folder, "scheme": scheme})
    root = str(values.get("root", "")).strip() or sample_root()
    if not os.path.isdir(root):
        raise OrderError(f"{root} is no folder")
    target = "protocols.http.server.cgi_run:make_scripts" if values.get("cgi") else \
             "protocols.http.server.folder:make_folder"  # fmt: skip
    return HandlerSpec(target, {"root": os.path.abspath(root)})


def url_of(server: Server, values: Mapping[str, Any]) -> str:
    """Where a client on this machine finds a running server."""
    assert isinstance(server.address, tuple)
    host, port = str(server.address[0]), int(server.address[1])
    host = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(host, host)
    where = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    return f"{'https' if values.get('tls') else 'http'}://{where}{site(str(values.get('site'))).start}"


def refusal(error: ValueError) -> Explained:
    """Values that make no server, said as the card says errors."""
    said = str(error).rstrip(".") + "."
    return Explained("EINVAL", "This can't be served", "The lab itself says no.", said, (), ())
