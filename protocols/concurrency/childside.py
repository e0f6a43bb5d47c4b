"""The child's half of a forking server: listens, forks, and tells. See `childserver` for the parent's half."""

from __future__ import annotations

import base64
import threading
from collections.abc import Callable
from typing import Any

from protocols.concurrency.contract import DATAGRAM, HandlerSpec, Listen, ServerTLS
from protocols.concurrency.fork import serve_forking, serve_forking_datagrams
from protocols.concurrency.forking import Forks
from protocols.concurrency.listening import open_listener
from protocols.concurrency.serving import Serving
from protocols.concurrency.socketserver_model import serve as serve_socketserver
from protocols.record.trace import address_value
from protocols.service.childmain import Job


def _spawn(name: str, work: Callable[[], None], **facts: Any) -> threading.Thread:
    raise RuntimeError("A process that forks starts no threads")


def run(job: Job) -> None:
    """Serve as `job.params` say, until the stop or the end of the commands. Raises OSError of bind and listen."""
    params = job.params
    spec = HandlerSpec(params["target"], params["handler_params"])
    make_handler = spec.make()
    pem, timeout_s = params["settings"].pop("pem"), params["settings"].pop("handshake_timeout_s")
    tls = ServerTLS(pem=base64.b64decode(pem), handshake_timeout_s=timeout_s) if pem else None
    listener = open_listener(job.recorder, Listen(**params["listen"]), params["name"])
    serving = Serving(
        job.recorder, listener.service, make_handler, spawn=_spawn, stopping=threading.Event(),
        model=params["model"], tls=tls, **params["settings"],
    )  # fmt: skip
    forks = Forks(serving, listener.sock, job.commands)
    job.ready(address=address_value(listener.address), name=listener.service)
    try:
        if params["model"] == "fork" and params["listen"]["transport"] in DATAGRAM:
            serve_forking_datagrams(serving, listener.sock, forks)
        elif params["model"] == "fork":
            serve_forking(serving, listener.sock, forks)
        else:
            serve_socketserver(serving, listener.sock, forks)
    finally:
        listener.close()
        forks.end()
        serving.wake.close()
