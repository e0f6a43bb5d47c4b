"""The entries of the server form's boxes: what can be served, how, and with which certificate.

Data and choice only. It must not know widgets' looks, and it loads nothing that it names.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Final

from protocols.assets import asset
from protocols.concurrency.contract import MODELS
from protocols.http.server.deploy import DEPLOYMENTS
from protocols.http.server.kinds import CERTIFICATES
from protocols.http.server.rules import FRAMINGS
from widgets.parts.fields import Choice


@dataclass(frozen=True, slots=True)
class Site:
    """One kind of server. word: what its service is called. fields: the form's fields that belong to it.

    module: what must be there for it. start: a path worth a first look.
    """

    key: str
    title: str
    word: str
    sentence: str
    module: str
    fields: tuple[str, ...] = ()
    start: str = "/"


SITES: Final = (
    Site("sandbox", "Sandbox site", "sandbox",
         "To try things on: a REST store, any status, delays, cookies and login, chunked, slow and broken answers.",
         "protocols.http.server.sandbox.site"),
    Site("folder", "Static folder", "web", "The files of a folder: listing, ranges, ETag, and no way out of it.",
         "protocols.http.server.folder", ("root", "cgi", "types")),
    Site("wsgi", "WSGI application", "wsgi", "Any module:app, checked against PEP 3333; complaints are explained.",
         "protocols.http.server.wsgi_run", ("app", "app_folder", "deploy")),
    Site("handler", "Handler of your own", "handler", "Methods ticked on and off, one answer; 501 for the rest.",
         "protocols.http.server.rules", ("methods", "status", "answer_type", "framing", "answer")),
    Site("program", "Program of your own", "program",
         "A handler of http.server or a WSGI application that you type, in a process of its own.",
         "protocols.http.server.program", ("code_kind", "deploy")),
    Site("barker", "Barker's ladder", "barker", "Nine steps from an echo server to CGI, each a running server.",
         "protocols.http.server.barker", ("step",)),
)  # fmt: skip


def site(key: str) -> Site:
    """The site of that key; the first for an unknown one."""
    return next((one for one in SITES if one.key == key), SITES[0])


def available(one: Site) -> bool:
    """Whether this lab has it."""
    try:
        return find_spec(one.module) is not None
    except ImportError:
        return False


def site_choices() -> list[Choice]:
    """What can be served."""
    return [Choice(one.key, one.title, one.sentence, "" if available(one) else "not in this lab yet") for one in SITES]


def model_choices() -> list[Choice]:
    """How many are served at once."""
    return [
        Choice(model.name, model.title, model.explain,
               model.reason if not model.available else "" if "tcp" in model.transports else "not over TCP")
        for model in MODELS
    ]  # fmt: skip


def model_title(name: str) -> str:
    """A model's title; its name where it has none."""
    return next((model.title for model in MODELS if model.name == name), name)


def tls_choices() -> list[Choice]:
    """http, https, and https with something wrong on purpose."""
    broken = [Choice(name, f"https, broken: {flaw}") for name, flaw in CERTIFICATES.items() if flaw]
    return [Choice("", "http"), Choice("good", "https, lab CA"), *broken]


def sample_root() -> str:
    """The folder of the sample site that comes with the lab."""
    return str(asset("http", "site"))


def barker_choices() -> list[Choice]:
    """The nine steps of the ladder."""
    try:
        steps = import_module("protocols.http.server.barker").STEPS
    except ImportError:
        return [Choice("1", "1")]
    return [Choice(str(step.number), f"{step.number}. {step.title}", step.news) for step in steps]


def framing_choices() -> list[Choice]:
    """How a handler of one's own says where its answer ends, right and wrong on purpose."""
    return [Choice(key, title, sentence) for key, (title, sentence) in FRAMINGS.items()]


def kind_choices() -> list[Choice]:
    """What a typed program is."""
    return [Choice("handler", "Handler of http.server", "It defines a class Handler"),
            Choice("wsgi", "WSGI application", "It defines a callable app")]  # fmt: skip


def deploy_choices() -> list[Choice]:
    """How a WSGI application is run."""
    return [Choice(way.name, way.title, way.explain, way.reason) for way in DEPLOYMENTS]
