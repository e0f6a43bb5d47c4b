"""What Show as Python knows of live packets: which scripts there are, and the values that they are made with.

It must not know the registry, nor run what is made.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from protocols.packets.craft.expression import ExpressionError, Layer, Stack, parse
from protocols.script_plans import Plan
from protocols.script_text import ScriptError

Params = Mapping[str, Any]
_WAIT: Final[Params] = {"timeout_s": 5.0}

TITLES: Final[Mapping[str, str]] = {
    "packets-ping": "Ping, without any right where the kernel allows it",
    "packets-traceroute": "Traceroute, without any right",
    "packets-sniff": "Capture frames by a packet socket",
    "packets-raw-send": "A datagram whose headers are made by hand",
    "packets-scapy-send": "Make a packet with scapy, send it, wait for answers",
    "packets-scapy-sniff": "Capture and dissect with scapy",
    "packets-ports": "Which ports take connections",
    "packets-neighbours": "The neighbours on the wire (ARP)",
    "packets-network": "A network of one's own, without root, and a packet captured on it",
}
"""Every script of live packets."""
DEFAULTS: Final[Mapping[str, Params]] = {
    "packets-ping": {"host": "127.0.0.1", "count": 3, **_WAIT},
    "packets-traceroute": {"host": "127.0.0.1", "most_hops": 30, **_WAIT},
    "packets-sniff": {"interface": "lo", "count": 10, "timeout_s": 60.0},
    "packets-raw-send": {"host": "127.0.0.1", "port": 0, "message": b"hello, by hand"},
    "packets-scapy-send": {"packet": 'IP(dst="127.0.0.1")/ICMP(id=1, seq=1)/b"hello from netlab"', "interface": "lo",
                           "count": 1, "rate": 0.0, **_WAIT},
    "packets-scapy-sniff": {"interface": "lo", "count": 10, "timeout_s": 60.0},
    "packets-ports": {"host": "127.0.0.1", "ports": [22, 80, 443], "timeout_s": 1.0},
    "packets-neighbours": {},
    "packets-network": {"message": b"hello, private network", **_WAIT},
}  # fmt: skip
PRIVILEGED: Final = frozenset({"packets-sniff", "packets-raw-send", "packets-scapy-send", "packets-scapy-sniff"})
"""Those that need CAP_NET_RAW, or a network of one's own."""
_LINE: Final = 80


def plan(name: str) -> Callable[[Params], Plan] | None:
    """How the script of that name is made; None for one that its template says whole."""
    return _crafted if name == "packets-scapy-send" else None


def _crafted(params: Params) -> Plan:
    """A packet as scapy's own notation, by our parser: nothing else of the text gets into the script."""
    try:
        stack = parse(str(params["packet"]))
    except ExpressionError as error:
        raise ScriptError(f"no packet: {error}") from None
    texts = [_layer(layer) for layer in stack.layers]
    whole = " / ".join(texts)
    if len(whole) > _LINE:
        whole = "(\n    " + "\n    / ".join(texts) + "\n)"
    frames = stack.layers[0].name == "Ether"
    names = {"srp"} if frames else {"L3RawSocket", "conf", "sr"}
    for layer in stack.layers:
        names |= _names(layer)
    values = {key: value for key, value in params.items() if key != "packet"}
    code = {"packet": whole, "names": ", ".join(sorted(names, key=lambda name: (name != name.upper(), name)))}
    return Plan("packets-scapy-send", values, frozenset({"frames"} if frames else ()), code)


def _layer(layer: Layer) -> str:
    return f"Raw({layer.fields.get('load', b'')!r})" if layer.name == "Raw" else Stack((layer,)).text()


def _names(value: object) -> set[str]:
    """The layers' names in a value, those within fields too."""
    if isinstance(value, Layer):
        return {value.name}.union(*map(_names, value.fields.values()))
    if isinstance(value, Stack):
        return set().union(*map(_names, value.layers))
    return set().union(*map(_names, value)) if isinstance(value, (list, tuple)) else set()
