"""The tree of a dissected packet: layers, their fields, and which bits of the packet each is made of.

The scapy child and tshark both give this shape. It must not know who dissected, or who shows it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

_NOWHERE: Final = (0, 0)


@dataclass(frozen=True, slots=True)
class TreeField:
    """One field of a layer.

    name: the dissector's word ("ttl"). key: "IP.ttl", what explanations are found by. value: text.
    bits: first bit and the bit after the last, counted from the packet's first; (0, 0) for a field that is made
    of no bytes of its own. check: "" or what became of a checksum: "correct", "wrong", "not checked".
    """

    name: str
    key: str
    value: str
    bits: tuple[int, int] = _NOWHERE
    check: str = ""
    note: str = ""
    children: tuple[TreeField, ...] = ()

    @property
    def start(self) -> int:
        """The first byte that the field touches."""
        return self.bits[0] // 8

    @property
    def stop(self) -> int:
        """The byte after the last that the field touches."""
        return -(-self.bits[1] // 8)

    def walk(self) -> Iterator[TreeField]:
        """Itself and all below it."""
        yield self
        for child in self.children:
            yield from child.walk()


@dataclass(frozen=True, slots=True)
class TreeLayer:
    """One layer: its own bytes (start to before stop, without what it carries) and its fields.

    name: the dissector's word ("IP"). title: a line for the head. placed: its bytes are in the packet as they
    were sent; not so for what was decrypted, decompressed or put together.
    """

    name: str
    title: str
    start: int
    stop: int
    fields: tuple[TreeField, ...] = ()
    placed: bool = True

    def walk(self) -> Iterator[TreeField]:
        """All fields, at any depth."""
        for field in self.fields:
            yield from field.walk()


@dataclass(frozen=True, slots=True)
class Tree:
    """A whole packet. by: "scapy" or "tshark". summary: one line. why: what could not be read, or ""."""

    by: str
    summary: str
    layers: tuple[TreeLayer, ...]
    why: str = ""


def tree_of(made: Mapping[str, Any]) -> Tree:
    """The tree of its JSON form."""
    return Tree(made["by"], made["summary"], tuple(_layer(layer) for layer in made["layers"]), made.get("why", ""))


def _layer(made: Mapping[str, Any]) -> TreeLayer:
    fields = tuple(_field(field) for field in made["fields"])
    return TreeLayer(made["name"], made["title"], made["start"], made["stop"], fields, made.get("placed", True))


def _field(made: Mapping[str, Any]) -> TreeField:
    first, last = made.get("bits", _NOWHERE)
    return TreeField(
        made["name"], made["key"], made["value"], (first, last), made.get("check", ""), made.get("note", ""),
        tuple(_field(child) for child in made.get("children", ())),
    )  # fmt: skip


def lines(tree: Tree) -> Iterator[str]:
    """The tree as text, for a terminal or the clipboard."""
    for layer in tree.layers:
        yield f"{layer.title}  [{layer.start}:{layer.stop}]"
        for field in layer.fields:
            yield from _field_lines(field, 1)
    if tree.why:
        yield tree.why


def _field_lines(field: TreeField, depth: int) -> Iterator[str]:
    first, last = field.bits
    if first == last:
        where = ""
    elif first % 8 or last % 8:
        where = f"  [{field.start}:{field.stop}, bits {first - field.start * 8} to {last - field.start * 8 - 1}]"
    else:
        where = f"  [{field.start}:{field.stop}]"
    marks = ", ".join(filter(None, (field.check, field.note)))
    yield f"{'  ' * depth}{field.name} = {field.value}{f' ({marks})' if marks else ''}{where}"
    for child in field.children:
        yield from _field_lines(child, depth + 1)
