"""The operation `dissect`: a packet's bytes become a tree whose every field knows its bits.

scapy does not say where a field lies, so each layer's fields are read a second time from the layer's own bytes,
and a reading that differs from scapy's counts for nothing: then the layer has a place and its fields have none.
Runs in the scapy child alone.
"""

from __future__ import annotations

import contextlib
import importlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from scapy.config import conf
from scapy.layers.inet import TCP
from scapy.packet import NoPayload, Packet, Padding, Raw

from protocols.packets.scapy_child.checking import Checker
from protocols.packets.scapy_child.tcpoptions import option_rows

VALUE_CHARS: Final = 400
DEPTH: Final = 12
"""How deep lists of packets within fields are followed."""
LAYERS: Final = 300
CHILDREN: Final = 500
_LAYERS: Final = (
    "scapy.layers.dot11", "scapy.layers.ppp", "scapy.layers.dns", "scapy.layers.dhcp", "scapy.layers.dhcp6",
    "scapy.layers.eap", "scapy.layers.hsrp", "scapy.layers.http", "scapy.layers.ipsec", "scapy.layers.isakmp",
    "scapy.layers.l2tp", "scapy.layers.llmnr", "scapy.layers.netbios", "scapy.layers.netflow", "scapy.layers.ntp",
    "scapy.layers.pptp", "scapy.layers.radius", "scapy.layers.rip", "scapy.layers.rtp", "scapy.layers.sctp",
    "scapy.layers.snmp", "scapy.layers.tftp", "scapy.layers.vrrp", "scapy.layers.vxlan", "scapy.layers.mobileip",
    "scapy.layers.smb", "scapy.layers.ldap", "scapy.layers.ssh", "scapy.layers.tls.all", "scapy.contrib.mpls",
    "scapy.contrib.igmp", "scapy.contrib.igmpv3", "scapy.contrib.ospf", "scapy.contrib.lldp", "scapy.contrib.cdp",
    "scapy.contrib.geneve", "scapy.contrib.mqtt", "scapy.contrib.modbus", "scapy.contrib.coap", "scapy.contrib.lacp",
)  # fmt: skip
_TCP_FLAGS: Final = ("FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR", "NS")
_WITH_PORTS: Final = ("TCP", "UDP", "SCTP")
_PORTS: Final = frozenset(("sport", "dport"))
_WEB_PORTS: Final = (8000, 8008, 8080, 8081, 8888)
"""Where the lab's servers of the web listen, beside those that scapy knows."""
_loaded: list[str] = []


def load_layers() -> None:
    """Load what scapy can read beside the basics; a layer that this scapy lacks is left out."""
    while load_one():
        pass


def load_one() -> bool:
    """Load one of these, for who has a moment to spare; False once all are there."""
    if len(_loaded) == len(_LAYERS):
        return False
    with contextlib.suppress(ImportError, OSError):
        importlib.import_module(_LAYERS[len(_loaded)])
    _loaded.append(_LAYERS[len(_loaded)])
    if len(_loaded) == len(_LAYERS):
        _bind_ports()
        _say_ports_as_numbers()
    return True


def _bind_ports() -> None:
    from scapy.layers.http import HTTP
    from scapy.packet import bind_layers

    for port in _WEB_PORTS:
        bind_layers(TCP, HTTP, sport=port)
        bind_layers(TCP, HTTP, dport=port)


def _say_ports_as_numbers() -> None:
    """scapy says names in place of ports, "domain" for 53, also where another program has that port."""
    for name in _WITH_PORTS:
        kind = next((one for one in conf.layers if one.__name__ == name), None)
        conf.noenum.add(*(field for field in (kind.fields_desc if kind else ()) if field.name in _PORTS))


def dissect(params: Mapping[str, Any]) -> dict[str, Any]:
    """params: `data` (hex), `linktype` (number in a capture file). The tree of `protocols.packets.tree`."""
    load_layers()
    data = bytes.fromhex(params["data"])
    return tree(first_layer(data, int(params["linktype"])), data)


def first_layer(data: bytes, linktype: int) -> Packet:
    """The packet; bytes that its own link type can't read are one Raw layer."""
    made = conf.l2types.num2layer.get(linktype, Raw) if data else Raw
    try:
        return made(data)
    except Exception:  # noqa: BLE001  scapy raises whatever it likes at bytes made by hand
        return Raw(data)


def tree(packet: Packet, data: bytes) -> dict[str, Any]:
    """The tree of a packet that was read from `data`."""
    checker = Checker(data)
    layers, at, why = [], 0, ""
    for count, layer in enumerate(layers_of(packet)):
        if count == LAYERS:
            why = f"More than {LAYERS} layers lie in each other: the rest is not shown."
            break
        place = _placed(data, _own(layer), at)
        made, used = _layer(layer, place if place is not None else 0, place is not None)
        if not layer.fields_desc and not used and layer.payload:
            continue  # scapy's own bracket around what follows, such as HTTP's: no byte of the packet is its
        if place is not None:
            at = place + used
            checker.look(layer, made)
        layers.append(made)
    return {"by": "scapy", "summary": _safe(packet.summary), "layers": layers, "why": why}


def layers_of(packet: Packet) -> Iterator[Packet]:
    """The layers from the outside in."""
    layer: Any = packet
    while layer is not None and not isinstance(layer, NoPayload):
        yield layer
        layer = layer.payload


def _own(layer: Packet) -> bytes:
    """The bytes that the layer was read from; those of a copy are its own alone, without what it carries."""
    return bytes(layer.original or layer.raw_packet_cache or b"")


def _placed(data: bytes, own: bytes, at: int) -> int | None:
    """Where a layer's bytes begin: right behind the last one, further on, or nowhere."""
    if data.startswith(own, at):
        return at
    found = data.find(own, at) if len(own) >= 4 else -1
    return found if found >= 0 else None


def _safe(make: Any) -> str:
    try:
        return str(make())
    except Exception:  # noqa: BLE001  a summary must not cost the tree
        return ""


def _layer(layer: Packet, start: int, placed: bool) -> tuple[dict[str, Any], int]:
    """The layer's JSON form, and how many bytes are its own."""
    if isinstance(layer, (Raw, Padding)):
        load = bytes(layer.load)
        field: dict[str, Any] = {"name": "load", "key": f"{type(layer).__name__}.load", "value": _bytes_text(load)}
        if placed:
            field["bits"] = (start * 8, (start + len(load)) * 8)
        title = f"{'Padding' if isinstance(layer, Padding) else 'Data'}, {len(load)} bytes"
        own = {"name": type(layer).__name__, "title": title, "start": start, "stop": start + len(load)}
        return own | {"fields": [field], "placed": placed}, len(load)
    fields, used = _fields(layer, start if placed else None, 0)
    made = {"name": type(layer).__name__, "title": _title(layer), "start": start, "stop": start + used,
            "fields": fields, "placed": placed}  # fmt: skip
    return made, used


def _title(layer: Packet) -> str:
    name = str(layer.name or type(layer).__name__)
    values = layer.fields
    if "src" in values and "dst" in values:
        return f"{name}, {values['src']} to {values['dst']}"
    if "sport" in values and "dport" in values:
        return f"{name}, {values['sport']} to {values['dport']}"
    return name


def _fields(layer: Packet, start: int | None, depth: int) -> tuple[list[dict[str, Any]], int]:
    """The fields, with bits where a second reading agrees with scapy's, and the bytes that they took."""
    own = _own(layer)
    read, used = _read_again(layer, own)
    if used > len(own):
        read, used = None, len(own)
    found = []
    for field in layer.fields_desc:
        if field.name not in layer.fields:
            continue
        value, bits = layer.fields[field.name], None
        if start is not None and read is not None and field.name in read:
            low, high = read[field.name]
            bits = (start * 8 + low, start * 8 + high)
        found.append(_field(layer, field, value, bits, depth))
    return found, used


def _read_again(layer: Packet, own: bytes) -> tuple[dict[str, tuple[int, int]] | None, int]:
    """Each field's bits within `own`, None where this reading is not scapy's; and the bytes of the layer."""
    payload = len(_own(layer.payload)) if not isinstance(layer.payload, NoPayload) else 0
    spare = max(len(own) - payload, 0)
    places: dict[str, tuple[int, int]] = {}
    rest: Any = own
    try:
        for field in layer.fields_desc:
            before = _bit(own, rest)
            rest, value = field.getfield(layer, rest)
            if field.name not in layer.fields:
                if value is None or _bit(own, rest) == before:
                    continue
                layer.fields[field.name] = value  # scapy has dropped it, as it does the length of a resource record
            if not _same(value, layer.fields[field.name]):
                return None, spare
            places[field.name] = (before, _bit(own, rest))
            if not rest:
                break
    except Exception:  # noqa: BLE001  what can't be read a second time has no places
        return None, spare
    return places, -(-_bit(own, rest) // 8)


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other)
    if isinstance(one, Packet):
        return isinstance(other, Packet)
    return bool(one == other) or repr(one) == repr(other)


def _bit(own: bytes, rest: Any) -> int:
    """How many bits of `own` were taken; rest: what is left, or (what is left, bits taken of its first byte)."""
    if isinstance(rest, tuple):
        return (len(own) - len(rest[0])) * 8 + int(rest[1])
    return (len(own) - len(rest)) * 8


def _field(layer: Packet, field: Any, value: Any, bits: tuple[int, int] | None, depth: int) -> dict[str, Any]:
    made: dict[str, Any] = {"name": field.name, "key": f"{type(layer).__name__}.{field.name}"}
    if bits is not None:
        made["bits"] = bits
    packets = _packets_in(value)
    if packets and depth < DEPTH:
        made["value"] = f"{len(packets)} entries" if len(packets) > 1 else _entry_name(packets[0])
        made["children"] = _entries(packets, bits, depth)
        return made
    if isinstance(layer, TCP) and field.name == "options":
        made["value"] = ", ".join(str(option[0]) for option in value) or "none"
        made["children"] = option_rows(_own(layer)[20 : bits[1] // 8 - bits[0] // 8 + 20], bits[0] // 8) if bits else []
        return made
    made["value"] = _text(layer, field, value)
    if field.name in _PORTS and (names := getattr(field, "i2s", None)) and value in names:
        made["value"] = f"{value} ({names[value]})"
    if isinstance(layer, TCP) and field.name == "flags":
        made["value"] = ", ".join(name for bit, name in enumerate(_TCP_FLAGS) if int(value) >> bit & 1) or "none"
    return made


def _packets_in(value: Any) -> Sequence[Packet]:
    if isinstance(value, Packet):
        return [] if isinstance(value, NoPayload) else [value]
    if isinstance(value, list) and value and all(isinstance(one, Packet) for one in value):
        return value
    return []


def _entry_name(packet: Packet) -> str:
    return str(packet.name or type(packet).__name__)


def _entries(packets: Sequence[Packet], bits: tuple[int, int] | None, depth: int) -> list[dict[str, Any]]:
    """Packets within a field lie one behind the other."""
    at = bits[0] // 8 if bits is not None else None
    rows = []
    for packet in packets[:CHILDREN]:
        start = at if _own(packet) else None
        fields, used = _fields(packet, start, depth + 1)
        at = start + used if start is not None and used else None
        row: dict[str, Any] = {"name": _entry_name(packet), "key": type(packet).__name__, "children": fields,
                               "value": _entry_text(packet)}  # fmt: skip
        if start is not None:
            row["bits"] = (start * 8, (start + used) * 8)
        if not isinstance(packet.payload, (NoPayload, Padding)):
            row["children"] = [*fields, *_entries([packet.payload], None, depth + 1)]
        rows.append(row)
    return rows


def _entry_text(packet: Packet) -> str:
    for name in ("qname", "rrname"):
        if isinstance(packet.fields.get(name), bytes):
            return str(packet.fields[name].decode("utf-8", "backslashreplace"))
    return ""


def _text(layer: Packet, field: Any, value: Any) -> str:
    if isinstance(value, (bytes, bytearray)):
        return _bytes_text(bytes(value))
    try:
        text = str(field.i2repr(layer, value))
    except Exception:  # noqa: BLE001  a value that its own field can't say is said as Python does
        text = repr(value)
    return text if len(text) <= VALUE_CHARS else f"{text[:VALUE_CHARS]}.. ({len(text)} characters)"


def _bytes_text(data: bytes) -> str:
    shown = data[: VALUE_CHARS // 4]
    text = repr(shown)[1:]
    return text if len(shown) == len(data) else f"{text}.. ({len(data)} bytes)"
