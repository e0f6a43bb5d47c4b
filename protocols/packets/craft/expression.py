"""Packets as text: `IP(dst="127.0.0.1")/ICMP()`, scapy's own notation, read by a parser of ours and never evaluated.

A text becomes a stack of layers, each a name and plain values for some of its fields; a stack becomes a text again.
Which layers and fields there are is the scapy child's business. It must not import scapy, nor run anything.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

LIMIT_CHARS: Final = 70_000
LIMIT_LAYERS: Final = 100
LIMIT_DEPTH: Final = 60
_DIGITS: Final = 40

Value: TypeAlias = "int | float | str | bytes | bool | list[Value] | tuple[Value, ...] | Layer | Stack | None"


class ExpressionError(ValueError):
    """The text is no packet; the message is a sentence that says where. at: the character, from 0, or None."""

    def __init__(self, said: str, at: int | None = None) -> None:
        super().__init__(said)
        self.at: Final = at


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer: scapy's name of it, and the fields that were set. Payload bytes are the layer Raw."""

    name: str
    fields: Mapping[str, Value]

    def set(self, field: str, value: Value) -> Layer:
        """The same with one field set."""
        return Layer(self.name, {**self.fields, field: value})

    def unset(self, field: str) -> Layer:
        """The same with one field left to scapy."""
        return Layer(self.name, {name: value for name, value in self.fields.items() if name != field})


@dataclass(frozen=True, slots=True)
class Stack:
    """Layers from the outside in."""

    layers: tuple[Layer, ...]

    def text(self) -> str:
        """The stack as an expression; `parse` of it gives the same stack."""
        return "/".join(_layer_text(layer) for layer in self.layers)

    def params(self) -> list[dict[str, Any]]:
        """As JSON carries it to the scapy child."""
        return [_layer_params(layer) for layer in self.layers]


def parse(text: str) -> Stack:
    """The stack that a text says. Raises ExpressionError."""
    if len(text) > LIMIT_CHARS:
        raise ExpressionError(f"The expression is longer than {LIMIT_CHARS} characters.")
    if not text.strip():
        raise ExpressionError('There is nothing yet. For example: IP(dst="127.0.0.1")/ICMP()')
    try:
        tree = ast.parse(text.strip(), mode="eval")
    except SyntaxError as error:
        at = (error.offset or 1) - 1
        raise ExpressionError(f"This can't be read at character {at + 1}: {error.msg}.", at) from None
    except (ValueError, RecursionError, MemoryError):
        raise ExpressionError("This can't be read: it is nested too deeply, or holds a NUL.") from None
    return _Reader(text.strip()).stack(tree.body, 0)


class _Reader:
    """Walks a parsed text; every node must be a layer, a division of layers, or a plain value."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._count = 0

    def _refuse(self, node: ast.AST, why: str) -> ExpressionError:
        part = ast.get_source_segment(self._text, node) or type(node).__name__
        shown = part if len(part) <= _DIGITS else part[:_DIGITS] + ".."
        return ExpressionError(f"{shown!r} {why}.", getattr(node, "col_offset", None))

    def stack(self, node: ast.expr, depth: int) -> Stack:
        layers: list[Layer] = []
        while isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):  # a/b/c leans to the left: no recursion
            layers.append(self._layer(node.right, depth))
            node = node.left
        layers.append(self._layer(node, depth))
        return Stack(tuple(reversed(layers)))

    def _layer(self, node: ast.expr, depth: int) -> Layer:
        self._count += 1
        if self._count > LIMIT_LAYERS or depth > LIMIT_DEPTH:
            raise ExpressionError(f"More than {LIMIT_LAYERS} layers, or nested too deeply.")
        match node:
            case ast.Constant(value=bytes() as load):
                return Layer("Raw", {"load": load})
            case ast.Constant(value=str() as load):
                return Layer("Raw", {"load": load.encode()})
            case ast.Call(func=ast.Name(id=name)):
                return self._call(name, node, depth)
            case ast.Name(id=name):
                raise self._refuse(node, f"needs brackets: {name}()")
            case ast.Call():
                raise self._refuse(node, "is no layer: only names like IP may stand before brackets")
            case _:
                raise self._refuse(node, 'is no layer; layers look like IP(dst="127.0.0.1"), and / stands between them')

    def _call(self, name: str, node: ast.Call, depth: int) -> Layer:
        fields: dict[str, Value] = {}
        if node.args:
            if name == "Raw" and len(node.args) == 1 and not node.keywords:
                return Layer("Raw", {"load": _load(self._value(node.args[0], depth + 1))})
            raise self._refuse(node.args[0], 'needs the name of its field before it, as in dst="127.0.0.1"')
        for keyword in node.keywords:
            if keyword.arg is None:
                raise self._refuse(keyword.value, "can't be spread out here")
            if keyword.arg in fields:
                raise self._refuse(node, f"sets {keyword.arg} twice")
            fields[keyword.arg] = self._value(keyword.value, depth + 1)
        if name == "Raw" and "load" in fields:
            fields["load"] = _load(fields["load"])
        return Layer(name, fields)

    def _value(self, node: ast.expr, depth: int) -> Value:
        if depth > LIMIT_DEPTH:
            raise ExpressionError("Nested too deeply.")
        match node:
            case ast.Constant(value=int() | float() | str() | bytes() | None as value):
                return value
            case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as number)):
                return -number
            case ast.List(elts=items):
                return [self._value(item, depth + 1) for item in items]
            case ast.Tuple(elts=items):
                return tuple(self._value(item, depth + 1) for item in items)
            case ast.Call() | ast.BinOp(op=ast.Div()):
                made = self.stack(node, depth + 1)
                return made.layers[0] if len(made.layers) == 1 else made
            case _:
                raise self._refuse(node, "is no plain value: numbers, texts, bytes, lists and layers may stand here")


def _load(value: Value) -> Value:
    return value.encode() if isinstance(value, str) else value


def _layer_text(layer: Layer) -> str:
    if layer.name == "Raw" and set(layer.fields) == {"load"} and isinstance(layer.fields["load"], bytes):
        return repr(layer.fields["load"])
    return f"{layer.name}({', '.join(f'{name}={_value_text(value)}' for name, value in layer.fields.items())})"


def _value_text(value: Value) -> str:
    match value:
        case Layer():
            return _layer_text(value) if value.name != "Raw" else f"Raw(load={value.fields.get('load', b'')!r})"
        case Stack():
            return "/".join(_value_text(layer) for layer in value.layers)
        case list():
            return f"[{', '.join(_value_text(one) for one in value)}]"
        case tuple():
            return f"({', '.join(_value_text(one) for one in value)}{',' if len(value) == 1 else ''})"
        case str():
            return '"' + repr(value)[1:-1].replace('"', '\\"').replace("\\'", "'") + '"'
        case _:
            return repr(value)


def _layer_params(layer: Layer) -> dict[str, Any]:
    return {"layer": layer.name, "fields": {name: _value_params(value) for name, value in layer.fields.items()}}


def _value_params(value: Value) -> Any:
    """Kinds that JSON lacks are objects with one key."""
    match value:
        case bytes():
            return {"hex": value.hex()}
        case tuple():
            return {"tuple": [_value_params(one) for one in value]}
        case list():
            return [_value_params(one) for one in value]
        case Layer():
            return {"stack": [_layer_params(value)]}
        case Stack():
            return {"stack": value.params()}
        case _:
            return value


def value_of(text: str) -> Value:
    """What was typed into one field: a value in the notation of expressions, or else a text as it stands.

    A field's address or flags need no quotes then. Raises ExpressionError for an empty text.
    """
    stripped = text.strip()
    if not stripped:
        raise ExpressionError("An empty field is left to scapy: take the value away instead.")
    try:
        stack = parse(f"X(x={stripped})")
        value = stack.layers[0].fields["x"]
    except (ExpressionError, KeyError):
        return stripped
    return value if len(stack.layers) == 1 and len(stack.layers[0].fields) == 1 else stripped


def text_of_value(value: Value) -> str:
    """A field's value as it is edited: texts without quotes where `value_of` reads them back the same."""
    if isinstance(value, str) and value.strip() == value and value and value_of(value) == value:
        return value
    return _value_text(value)
