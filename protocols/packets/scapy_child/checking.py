"""Checks the checksums of a packet's layers while its tree is made. Runs in the scapy child alone.

A checksum over bytes that are not all there (a fragment, a capture cut short) is not checked, and says why.
"""

from __future__ import annotations

from typing import Any, Final

from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.layers.inet6 import IPv6
from scapy.packet import Packet

from protocols.packets import checksums

_AT: Final = {"TCP": 16, "UDP": 6, "ICMP": 2}
_NUMBER: Final = {"TCP": checksums.TCP, "UDP": checksums.UDP}


class Checker:
    """Looks at one layer after the other, from the outside in. data: the whole packet."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._source = self._destination = b""
        self._end = len(data)
        self._why = "no IP header before it"

    def look(self, layer: Packet, made: dict[str, Any]) -> None:
        """Write what became of its checksum into the layer's JSON form."""
        kind, start = type(layer), made["start"]
        if kind is IP:
            self._ip(layer, made)
        elif kind is IPv6:
            head = self._data[start : start + 40]
            self._source, self._destination = head[8:24], head[24:40]
            self._end = start + 40 + int(layer.plen or 0)
            self._why = "" if self._end <= len(self._data) else "the capture holds a part of it only"
        elif kind.__name__ == "IPv6ExtHdrFragment":
            self._why = "a fragment: the sum is over the whole datagram"
        elif kind.__name__ == "IPv6ExtHdrRouting":
            self._why = self._why or "the last address of the route is not the one in the header"
        elif kind in (TCP, UDP, ICMP) or (kind.__name__.startswith("ICMPv6") and _field(made, "cksum")):
            self._transport(layer, made)

    def _ip(self, layer: Packet, made: dict[str, Any]) -> None:
        start = made["start"]
        length = max(int(layer.ihl or 5), 5) * 4
        head = self._data[start : start + length]
        self._source, self._destination = head[12:16], head[16:20]
        self._end = start + (int(layer.len or 0) or len(self._data) - start)  # 0: segmented by the card
        fragment = int(layer.frag or 0) != 0 or bool(int(layer.flags) & 1)
        self._why = "a fragment: the sum is over the whole datagram" if fragment else ""
        if self._end > len(self._data):
            self._why = self._why or "the capture holds a part of it only"
        field = _field(made, "chksum")
        if field is not None and len(head) == length:
            _tell(field, checksums.fits(head), checksums.expected(head, 10))

    def _transport(self, layer: Packet, made: dict[str, Any]) -> None:
        name = type(layer).__name__
        field = _field(made, "chksum" if name in _AT else "cksum")
        if field is None:
            return
        if self._why:
            field["check"], field["note"] = "not checked", self._why
            return
        data = self._data[made["start"] : self._end]
        if name == "UDP" and len(self._source) == 4 and layer.chksum == 0:
            field["check"], field["note"] = "not checked", "the sender made none"
            return
        if name == "UDP" and 8 <= int(layer.len or 0) <= len(data):
            data = data[: layer.len]
        at = _AT.get(name, 2)
        if len(data) < at + 2:
            return
        source, destination, number = self._source, self._destination, _NUMBER.get(name, checksums.ICMP6)
        if name == "ICMP":
            source = destination = b""
        right = checksums.fits(data, source, destination, number)
        wanted = checksums.expected(data, at, source, destination, number)
        _tell(field, right, wanted)
        if not right and name in _NUMBER and _is_partial(data, at, source, destination, number):
            field["note"] += "; left to the network card (captured on the sender before it was filled in)"


def _is_partial(data: bytes, at: int, source: bytes, destination: bytes, number: int) -> bool:
    """What Linux leaves for the card: the sum of the pseudo header alone."""
    head = checksums.pseudo_header(source, destination, number, len(data))
    return int.from_bytes(data[at : at + 2], "big") == checksums.internet_sum(head)


def _tell(field: dict[str, Any], right: bool, wanted: int) -> None:
    field["check"] = "correct" if right else "wrong"
    field["note"] = "" if right else f"should be 0x{wanted:04x}"


def _field(made: dict[str, Any], name: str) -> dict[str, Any] | None:
    return next((field for field in made["fields"] if field["name"] == name), None)
