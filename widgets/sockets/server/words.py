"""The entries of the server form's boxes, from what the protocols offer. It must not know widgets' looks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from protocols.concurrency.contract import MODELS, ModelInfo
from protocols.sockets.behaviours import BEHAVIOURS
from widgets.parts.fields import Choice

TELNET = "telnet"
TELNET_SENTENCE = "Log in as guest, any password: options are negotiated, each command is on the time line."
TRANSPORT_CHIPS = {
    "tcp": "TCP",
    "udp": "UDP",
    "unix": "UNIX",
    "unix-dgram": "UNIX dgram",
    "unix-seqpacket": "UNIX seqpacket",
}


def behaviour_choices() -> list[Choice]:
    """What a server can answer."""
    choices = [Choice(entry.name, entry.title, entry.sentence) for entry in BEHAVIOURS]
    return [*choices, Choice(TELNET, "Telnet sandbox", TELNET_SENTENCE)]


def behaviour_title(name: str) -> str:
    """A behaviour's title; its name where it has none."""
    return next((choice.title for choice in behaviour_choices() if choice.key == name), name)


def model_choices(transport: str) -> list[Choice]:
    """How a server can serve many over a transport; what it can't is greyed and says why."""
    return [Choice(model.name, model.title, model.explain, _why_not(model, transport)) for model in MODELS]


def _why_not(model: ModelInfo, transport: str) -> str:
    if not model.available:
        return model.reason
    if transport not in model.transports:
        return f"not over {TRANSPORT_CHIPS.get(transport, transport)}"
    return ""


def model_title(name: str) -> str:
    """A model's title; its name where it has none."""
    return next((model.title for model in MODELS if model.name == name), name)


def sentence_of(behaviour: str, model: str) -> str:
    """What the chosen behaviour and model do, in a sentence or two."""
    said = [choice.tip for choice in behaviour_choices() if choice.key == behaviour]
    said += [entry.explain for entry in MODELS if entry.name == model]
    return " ".join(said)


def bind_host(values: Mapping[str, Any]) -> str:
    """The address to bind that a form's values say."""
    bind = str(values.get("bind", "127.0.0.1"))
    if bind == "other":
        return str(values.get("host", "")).strip()
    return "::" if bind == "dual" else bind
