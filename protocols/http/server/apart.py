"""A server in a child process, whose handlers may run anybody's code: never in the process of the window.

Any concurrency model runs there as it would here. It must not know what the handlers do.
"""

from __future__ import annotations

import base64
import threading
from collections.abc import Mapping
from typing import Any

from protocols.concurrency.childserver import job_params
from protocols.concurrency.contract import HandlerSpec, Listen, ServerTLS
from protocols.concurrency.server import make_server
from protocols.record.event import Event
from protocols.record.recorder import Recorder
from protocols.record.trace import address_value
from protocols.service.base import Facts, is_exposed
from protocols.service.child import ChildService
from protocols.service.childmain import Job


class ServerInChild(ChildService):
    """A server in a child process. address: (host, port), once it listens. target: "module:function" of its job."""

    def __init__(self, recorder: Recorder, name: str, target: str, params: Mapping[str, Any]) -> None:
        super().__init__(recorder, name, "server", target, params, saw=self._saw)
        self.address: tuple[str, int] = ("", 0)

    def _saw(self, event: Event, foreign: str | None) -> None:
        if event.kind == "child ready":
            host, port = event.detail["address"][:2]
            self.address = (str(host), int(port))
            self.name = self.child.name = str(event.detail["name"])

    def facts(self) -> Facts:
        """What it occupies now."""
        facts, (host, port) = super().facts(), self.address
        where = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        return Facts(facts.name, facts.kind, facts.state, where if port else "", facts.threads, facts.children,
                     (port,) if port else (), 0, bool(port) and is_exposed(host))  # fmt: skip


class ApartServer(ServerInChild):
    """The lab's own server, apart."""

    def set_delay_ms(self, delay_ms: int) -> None:
        """Delay the handler by so many milliseconds from now on."""
        self.child.tell({"delay_ms": delay_ms})


def apart_server(
    recorder: Recorder, name: str, target: str, handler_params: Mapping[str, Any], *, host: str = "127.0.0.1",
    port: int = 0, model: str = "threads", tls: ServerTLS | None = None, **settings: Any,
) -> ApartServer:  # fmt: skip
    """A server whose handlers' factory `target` is imported and called in the child only."""
    spec = HandlerSpec(target, dict(handler_params))
    params = job_params(spec, Listen(host=host, port=port), name, model, {**settings, "tls": tls})
    return ApartServer(recorder, f"{name}:{port}", "protocols.http.server.apart:serve", params)


def serve(job: Job) -> None:
    """The child's side. Raises OSError of bind and listen, ValueError for a handler that can't be made."""
    params, settings = job.params, dict(job.params["settings"])
    pem, timeout_s = settings.pop("pem"), settings.pop("handshake_timeout_s")
    tls = ServerTLS(pem=base64.b64decode(pem), handshake_timeout_s=timeout_s) if pem else None
    spec = HandlerSpec(params["target"], params["handler_params"])
    try:
        server = make_server(job.recorder, spec, Listen(**params["listen"]), name=params["name"],
                             model=params["model"], tls=tls, **settings)  # fmt: skip
    except ValueError as error:
        raise ValueError(str(error)) from error  # the parent knows the plain sort only
    server.start()
    job.watch(lambda command: server.set_delay_ms(int(command["delay_ms"])))
    job.ready(address=address_value(server.address), name=server.name)
    threading.Event().wait()  # the end of the commands ends this process
