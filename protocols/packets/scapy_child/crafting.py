"""Operations that make packets: `build`, `layers`, `expression`, `pair`. Run in the scapy child alone.

What comes in is a stack of layer names and plain values; names are looked up among scapy's layer classes and nowhere
else, and nothing is evaluated.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any, Final

from scapy.config import conf
from scapy.fields import ConditionalField, Emph, Field, FlagsField, PacketField, PacketListField
from scapy.layers.inet import IP, TCP, UDP
from scapy.layers.l2 import Ether
from scapy.packet import NoPayload, Packet, Raw

from protocols.packets.scapy_child.dissecting import dissect, load_layers
from protocols.packets.scapy_child.unfit import unfit, unfit_value

ETHERNET: Final = 1
RAW_IP: Final = 101
MOST_PACKETS: Final = 1000
COMMON: Final = (
    "Ether", "ARP", "Dot1Q", "IP", "IPv6", "ICMP", "ICMPv6EchoRequest", "TCP", "UDP", "DNS", "DNSQR", "DHCP", "BOOTP",
    "Raw",
)  # fmt: skip
"""What is offered for stacking by click; every other layer of scapy may be typed."""


_MADE: Final = frozenset(
    (
        "len",
        "chksum",
        "plen",
        "cksum",
        "ihl",
        "dataofs",
        "proto",
        "nh",
        "version",
        "qdcount",
        "ancount",
        "nscount",
        "arcount",
    )
)
"""Fields that scapy fills in where they are not set."""


_SUMS: Final = frozenset(("chksum", "cksum"))
_TOLD: Final = frozenset(("sport", "dport", "flags"))
"""Fields that are said even where they are as scapy has them by itself."""


def build(params: Mapping[str, Any]) -> dict[str, Any]:
    """The packets of a stack, at most `limit`: bytes with lengths and checksums filled in, link type, tree, fields.

    A field with several values (ttl=(1, 4), dst="10.77.0.0/30") makes a packet for each.
    """
    load_layers()
    packet = _stack(params["layers"])
    limit = min(int(params.get("limit", 1)), MOST_PACKETS)
    try:
        made = [bytes(one) for one in islice(packet, limit)]
    except Exception as error:  # noqa: BLE001  scapy raises whatever it likes at values made by hand
        said = unfit(error)
        raise ValueError(said[:1].upper() + said[1:]) from None
    if not made:
        raise ValueError("This makes no packet at all")
    linktype = _linktype(packet)
    answer: dict[str, Any] = {"packets": [data.hex() for data in made], "linktype": linktype}
    if params.get("tree", True):
        answer["tree"] = dissect({"data": made[0].hex(), "linktype": linktype})
        answer["layers"] = [_described(layer) for layer in _layers_of(next(iter(packet)), made[0])]
    answer["target"] = _target(packet)
    return answer


def layers(params: Mapping[str, Any]) -> dict[str, Any]:
    """The layers that are offered, each with its fields: name, default, sort."""
    load_layers()
    names = params.get("names") or COMMON
    return {"layers": [_class_fields(_class(str(name))) for name in names]}


def expression(params: Mapping[str, Any]) -> dict[str, Any]:
    """A captured packet as an expression: as short as one that makes the same bytes can be.

    Lengths that are wrong stand in it; right ones are left to be made anew, and so are checksums: a capture on the
    sender often has them half made, for the card to finish. exact: a wrong checksum stands in it, too.
    """
    load_layers()
    data = bytes.fromhex(params["data"])
    outer = Ether if int(params["linktype"]) == ETHERNET else _ip_class(data)
    short = _pruned(outer(data), _MADE)
    if _makes(short, data):
        return {"expression": short.command(), "same": True}
    kept = _pruned(outer(data), _MADE - _SUMS)
    if _makes(kept, data):  # nothing but a checksum was wrong
        return {"expression": (kept if params.get("exact") else short).command(), "same": bool(params.get("exact"))}
    return {"expression": outer(data).command(), "same": True}


def _makes(packet: Packet, data: bytes) -> bool:
    try:
        return bool(bytes(packet) == data)
    except Exception:  # noqa: BLE001  what scapy can't build again is said as it was
        return False


def _pruned(packet: Packet, made: frozenset[str]) -> Packet:
    """Without the fields that scapy fills in, and those that are as it has them by itself."""
    for layer in _walk(packet):
        layer.raw_packet_cache = None
        for name, value in list(layer.fields.items()):
            if name in _TOLD and isinstance(layer, (TCP, UDP)):
                layer.fields[name] = str(value) if name == "flags" else value
            elif name in made or value in (b"", []) or value == layer.default_fields.get(name):
                del layer.fields[name]
    return packet


def pair(params: Mapping[str, Any]) -> dict[str, Any]:
    """Which received packet answers which sent one: (number of the sent, number of the received) pairs."""
    sent = [_read(one, int(params["linktype"])) for one in params["sent"]]
    received = [_read(one, int(params["received_linktype"])) for one in params["received"]]
    pairs, used = [], set()
    for number, packet in enumerate(sent):
        inner = packet if not isinstance(packet, Ether) or packet.haslayer("ARP") else packet.payload
        for at, other in enumerate(received):
            one = other.payload if isinstance(other, Ether) and not isinstance(inner, Ether) else other
            if at not in used and _answers(one, inner):
                used.add(at)
                pairs.append((number, at))
                break
    return {"pairs": pairs, "summaries": [packet.summary() for packet in received]}


def _answers(answer: Packet, question: Packet) -> bool:
    try:
        if bytes(answer) == bytes(question):
            return False
        return bool(answer.answers(question))
    except Exception:  # noqa: BLE001  what scapy can't compare is no answer
        return False


def _read(data: str, linktype: int) -> Packet:
    raw = bytes.fromhex(data)
    return (Ether if linktype == ETHERNET else _ip_class(raw))(raw)


def _ip_class(data: bytes) -> type[Packet]:
    return _class("IPv6") if data and data[0] >> 4 == 6 else IP


def _class(name: str) -> type[Packet]:
    """A layer class by its name, from scapy's own list of them."""
    for one in conf.layers:
        if one.__name__ == name:
            found: type[Packet] = one
            return found
    if name == "Raw":
        return Raw
    from difflib import get_close_matches

    near = get_close_matches(name, [one.__name__ for one in conf.layers], n=1, cutoff=0.5)
    hint = f"; did you mean {near[0]}?" if near else ""
    raise ValueError(f"There is no layer {name}{hint}")


def _stack(found: list[Any]) -> Packet:
    made: Packet | None = None
    for one in found:
        layer = _layer(one)
        made = layer if made is None else made / layer
    if made is None:
        raise ValueError("A packet needs a layer")
    return made


def _layer(one: Mapping[str, Any]) -> Packet:
    kind = _class(str(one["layer"]))
    known = {field.name: field for field in kind.fields_desc}
    fields = {}
    for name, value in one["fields"].items():
        if name not in known:
            raise ValueError(f"{kind.__name__} has no field {name}; it has {', '.join(known)}")
        fields[name] = _value(value)
    try:
        return kind(**fields)
    except Exception as error:  # noqa: BLE001  scapy raises whatever it likes at values made by hand
        raise ValueError(f"{kind.__name__}: {_unfit_field(kind, fields) or unfit(error)}") from None


def _unfit_field(kind: Any, fields: Mapping[str, Any]) -> str:
    """The first field whose value scapy does not take by itself, and why; "" where each is taken."""
    for field in kind.fields_desc:
        if field.name in fields:
            try:
                kind(**{field.name: fields[field.name]})
            except Exception as error:  # noqa: BLE001  as above
                names = getattr(field, "names", "")
                return unfit_value(field.name, fields[field.name], error, names if isinstance(names, str) else "")
    return ""


def _value(value: Any) -> Any:
    if isinstance(value, list):
        return [_value(one) for one in value]
    if isinstance(value, dict):
        if "hex" in value:
            return bytes.fromhex(value["hex"])
        if "tuple" in value:
            return tuple(_value(one) for one in value["tuple"])
        return _stack(value["stack"])
    return value


def _linktype(packet: Packet) -> int:
    return RAW_IP if type(packet).__name__ in ("IP", "IPv6") else ETHERNET


def _target(packet: Packet) -> str:
    """The address that the packet goes to, "" for none."""
    for layer in _walk(packet):
        for name in ("dst", "pdst"):
            if type(layer).__name__ in ("IP", "IPv6", "ARP") and name in layer.fields:
                return str(layer.fields[name])
    return ""


def _walk(packet: Packet) -> Iterator[Packet]:
    layer = packet
    while layer and not isinstance(layer, NoPayload):
        yield layer
        layer = layer.payload


def _layers_of(packet: Packet, data: bytes) -> Iterator[tuple[Packet, Packet]]:
    """Each layer as it was set, beside the same as it was built, where the bytes read back alike."""
    built: Packet | None = type(packet)(data)
    for layer in _walk(packet):
        same = built if type(built) is type(layer) else None
        yield layer, layer if same is None else same
        built = None if same is None else same.payload


def _described(pair: tuple[Packet, Packet]) -> dict[str, Any]:
    layer, built = pair
    found = []
    for field in layer.fields_desc:
        if isinstance(field, ConditionalField) and not field._evalcond(built):
            continue
        value = built.getfieldval(field.name)
        found.append(_field(field) | {"value": _shown(built, field, value), "set": field.name in layer.fields})
    return {"name": type(layer).__name__, "title": str(layer.name), "fields": found}


def _shown(layer: Packet, field: Any, value: Any) -> str:
    if isinstance(value, bytes):
        return repr(value)
    try:
        text = str(field.i2repr(layer, value))
    except Exception:  # noqa: BLE001  a value that its field can't say is said as Python does
        text = repr(value)
    return text if len(text) <= 200 else f"{text[:200]}.."


def _class_fields(kind: type[Packet]) -> dict[str, Any]:
    fields = [_field(field) | {"default": repr(field.default)} for field in kind.fields_desc]
    return {"name": kind.__name__, "title": str(kind.name or kind.__name__), "fields": fields}


def _field(field: Any) -> dict[str, Any]:
    inner = field
    while isinstance(inner, (ConditionalField, Emph)):
        inner = inner.fld
    made: dict[str, Any] = {"name": field.name, "kind": _kind(inner)}
    choices = getattr(inner, "i2s", None)
    if isinstance(choices, dict) and len(choices) <= 300:
        made["choices"] = {str(key): str(value) for key, value in choices.items() if isinstance(key, int)}
    return made


def _kind(field: Any) -> str:
    if isinstance(field, FlagsField):
        return "flags"
    if isinstance(field, (PacketField, PacketListField)):
        return "layers"
    name = type(field).__name__
    if "IP" in name or "MAC" in name:
        return "address"
    if isinstance(field, Field) and str(getattr(field, "fmt", ""))[-1:] in "BHIQ":
        return "number"
    return "bytes" if "Str" in name else "value"
