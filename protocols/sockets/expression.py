"""A user's own transform: one Python expression over `data`, interpreted here node by node.

Nothing is compiled or handed to the interpreter's own evaluation: an expression is parsed,
every node must be on the list below, and steps and sizes are counted while it runs. It must
not know sockets; the bytes of the network are only ever values, never program text.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from protocols.numbers import grouped

LIMIT_BYTES: Final = 1 << 20
LIMIT_STEPS: Final = 400_000
LIMIT_TEXT: Final = 2_000
LIMIT_INT: Final = 1 << 64

_METHOD_WORDS: Final = (
    "upper lower title capitalize swapcase strip lstrip rstrip split rsplit splitlines partition rpartition"
    " replace startswith endswith find rfind count index isdigit isalpha isalnum isspace isupper islower"
    " removeprefix removesuffix hex decode encode join center ljust rjust zfill"
)
_METHODS: Final = frozenset(_METHOD_WORDS.split())
_WIDTH_METHODS: Final = frozenset(("center", "ljust", "rjust", "zfill"))
_CODECS: Final = frozenset(("utf-8", "utf8", "ascii", "latin-1", "latin1"))
_BINARY: Final[Mapping[type[ast.operator], Callable[[Any, Any], Any]]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod, ast.BitXor: operator.xor, ast.BitAnd: operator.and_, ast.BitOr: operator.or_,
}  # fmt: skip
_UNARY: Final[Mapping[type[ast.unaryop], Callable[[Any], Any]]] = {
    ast.USub: operator.neg, ast.UAdd: operator.pos, ast.Not: operator.not_,
}  # fmt: skip
_COMPARE: Final[Mapping[type[ast.cmpop], Callable[[Any, Any], Any]]] = {
    ast.Eq: operator.eq, ast.NotEq: operator.ne, ast.Lt: operator.lt, ast.LtE: operator.le,
    ast.Gt: operator.gt, ast.GtE: operator.ge,
    ast.In: lambda left, right: left in right, ast.NotIn: lambda left, right: left not in right,
}  # fmt: skip


class ExpressionError(ValueError):
    """The expression is not allowed, or failed on the bytes given; the message is a sentence."""


def _refuse(node: ast.AST, why: str = "is not allowed here") -> ExpressionError:
    return ExpressionError(f"{ast.unparse(node)!r} {why}.")


def _refuse_str() -> str:
    raise ExpressionError("str() takes a number here; use data.decode('latin-1') for bytes.")


def _too_big() -> int:
    raise ExpressionError("The number is too big.")


def _to_bytes(value: object = b"") -> bytes:
    if isinstance(value, int):
        raise ExpressionError("bytes(number) is not allowed; bytes([number]) makes one byte.")
    if isinstance(value, (bytes, list, tuple)):
        return bytes(value)
    raise ExpressionError("bytes() takes bytes or a list of numbers from 0 to 255.")


_FUNCTIONS: Final[Mapping[str, Callable[..., Any]]] = {
    "len": len, "bytes": _to_bytes, "sorted": sorted, "reversed": lambda value: value[::-1],
    "min": min, "max": max, "sum": sum, "str": lambda value: str(value) if isinstance(value, int) else _refuse_str(),
    "int": lambda value: int(value) if len(value) < 20 else _too_big(), "chr": chr, "ord": ord,
}  # fmt: skip


class Expression:
    """A checked expression over `data`. `Expression("data[::-1]")(b"abc") == b"cba"`.

    Raises ExpressionError when made of a text that is not allowed, and when called if it fails,
    takes more than LIMIT_STEPS steps or grows beyond LIMIT_BYTES bytes.
    """

    def __init__(self, text: str) -> None:
        if len(text) > LIMIT_TEXT:
            raise ExpressionError(f"The expression is longer than {LIMIT_TEXT} characters.")
        try:
            tree = ast.parse(text.strip(), mode="eval")
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            raise ExpressionError(f"This is not a Python expression: {error}.") from None
        self.text = text
        self._body = tree.body
        try:
            _check(self._body, frozenset(("data",)))
        except RecursionError:
            raise ExpressionError("The expression is nested too deeply.") from None

    def __call__(self, data: bytes) -> bytes:
        """The transformed bytes. A str result is encoded as UTF-8."""
        try:
            value = _Run().value(self._body, {"data": data})
        except ExpressionError:
            raise
        except (ArithmeticError, LookupError, TypeError, ValueError, AttributeError, RecursionError) as error:
            raise ExpressionError(f"{self.text!r} failed: {type(error).__name__}: {error}.") from None
        if isinstance(value, str):
            value = value.encode("utf-8", "replace")
        if not isinstance(value, bytes):
            raise ExpressionError(f"{self.text!r} gives {type(value).__name__}, it must give bytes.")
        return value


def _check(node: ast.AST, names: frozenset[str]) -> None:
    """Walk the expression before it ever runs, so that the form says at once what is wrong."""
    match node:
        case ast.Constant(value=value):
            if not isinstance(value, (bytes, str, int)):
                raise _refuse(node)
        case ast.Name(id=name):
            if name not in names:
                raise _refuse(node, "is not known: the received bytes are called 'data'")
        case ast.GeneratorExp(elt=element, generators=[loop]) | ast.ListComp(elt=element, generators=[loop]):
            if not isinstance(loop.target, ast.Name) or loop.is_async:
                raise _refuse(node)
            _check(loop.iter, names)
            inner = names | {loop.target.id}
            for part in (element, *loop.ifs):
                _check(part, inner)
        case ast.Call():
            _check_call(node, names)
        case ast.BinOp(op=op) if type(op) not in _BINARY:
            raise _refuse(node)
        case ast.BinOp() | ast.UnaryOp() | ast.BoolOp() | ast.Compare() | ast.IfExp() | ast.Subscript() | ast.Slice():
            if isinstance(node, ast.UnaryOp) and type(node.op) not in _UNARY:
                raise _refuse(node)
            if isinstance(node, ast.Compare) and any(type(op) not in _COMPARE for op in node.ops):
                raise _refuse(node)
            _check_children(node, names)
        case ast.List() | ast.Tuple():
            _check_children(node, names)
        case _:
            raise _refuse(node)


def _check_children(node: ast.AST, names: frozenset[str]) -> None:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.expr):
            _check(child, names)


def _check_call(node: ast.Call, names: frozenset[str]) -> None:
    match node.func:
        case ast.Name(id=name) if name in _FUNCTIONS:
            pass
        case ast.Attribute(value=owner, attr=name) if name in _METHODS:
            _check(owner, names)
        case _:
            raise _refuse(node, "is not one of the functions and methods that may be used")
    if node.keywords:
        raise _refuse(node, "uses named arguments, which are not allowed")
    for argument in node.args:
        _check(argument, names)


class _Run:
    """One evaluation, with its step count."""

    def __init__(self) -> None:
        self._steps = 0

    def value(self, node: ast.expr, names: Mapping[str, Any]) -> Any:
        self._steps += 1
        if self._steps > LIMIT_STEPS:
            raise ExpressionError(f"The expression takes more than {grouped(LIMIT_STEPS)} steps.")
        result = self._value(node, names)
        if isinstance(result, int) and abs(result) > LIMIT_INT:
            _too_big()
        return result

    def _value(self, node: ast.expr, names: Mapping[str, Any]) -> Any:
        match node:
            case ast.Constant(value=value):
                return value
            case ast.Name(id=name):
                return names[name]
            case ast.BinOp(left=left, op=op, right=right):
                return _binary(op, self.value(left, names), self.value(right, names))
            case ast.UnaryOp(op=unary, operand=operand):
                return _UNARY[type(unary)](self.value(operand, names))
            case ast.BoolOp(op=boolean, values=values):
                return self._boolean(boolean, values, names)
            case ast.Compare(left=left, ops=ops, comparators=others):
                return self._compare(self.value(left, names), ops, others, names)
            case ast.IfExp(test=test, body=body, orelse=other):
                return self.value(body if self.value(test, names) else other, names)
            case ast.Subscript(value=owner, slice=index):
                return self.value(owner, names)[self._index(index, names)]
            case ast.List(elts=items) | ast.Tuple(elts=items):
                return [self.value(item, names) for item in items]
            case ast.GeneratorExp(elt=element, generators=[loop]) | ast.ListComp(elt=element, generators=[loop]):
                return list(self._loop(element, loop, names))
            case ast.Call():
                return self._call(node, names)
        raise _refuse(node)

    def _boolean(self, op: ast.boolop, values: list[ast.expr], names: Mapping[str, Any]) -> Any:
        result: Any = None
        for value in values:
            result = self.value(value, names)
            if bool(result) is isinstance(op, ast.Or):
                break
        return result

    def _compare(self, left: Any, ops: list[ast.cmpop], others: list[ast.expr], names: Mapping[str, Any]) -> bool:
        for op, other in zip(ops, others, strict=True):
            right = self.value(other, names)
            if not _COMPARE[type(op)](left, right):
                return False
            left = right
        return True

    def _index(self, node: ast.expr, names: Mapping[str, Any]) -> Any:
        if isinstance(node, ast.Slice):
            parts = (node.lower, node.upper, node.step)
            return slice(*(None if part is None else self.value(part, names) for part in parts))
        return self.value(node, names)

    def _loop(self, element: ast.expr, loop: ast.comprehension, names: Mapping[str, Any]) -> Iterator[Any]:
        assert isinstance(loop.target, ast.Name)
        for item in self.value(loop.iter, names):
            inner = {**names, loop.target.id: item}
            if all(self.value(test, inner) for test in loop.ifs):
                yield self.value(element, inner)

    def _call(self, node: ast.Call, names: Mapping[str, Any]) -> Any:
        arguments = [self.value(argument, names) for argument in node.args]
        if isinstance(node.func, ast.Name):
            return _FUNCTIONS[node.func.id](*arguments)
        assert isinstance(node.func, ast.Attribute)
        owner = self.value(node.func.value, names)
        if not isinstance(owner, (bytes, str)):
            raise _refuse(node, "is a method of bytes and text only")
        return _method(owner, node.func.attr, arguments)


def _binary(op: ast.operator, left: Any, right: Any) -> Any:
    if isinstance(op, ast.Mult):
        sized, times = (left, right) if not isinstance(left, int) else (right, left)
        if not isinstance(sized, int) and len(sized) * abs(times) > LIMIT_BYTES:
            raise ExpressionError(f"The result is larger than {grouped(LIMIT_BYTES)} bytes.")
    if isinstance(op, ast.Mod) and not isinstance(left, int):
        raise ExpressionError("'%' works on numbers only here.")
    result = _BINARY[type(op)](left, right)
    if not isinstance(result, int) and len(result) > LIMIT_BYTES:
        raise ExpressionError(f"The result is larger than {grouped(LIMIT_BYTES)} bytes.")
    return result


def _method(owner: bytes | str, name: str, arguments: list[Any]) -> Any:
    growth = 0
    if name in _WIDTH_METHODS and arguments:
        growth = arguments[0]
    elif name == "replace" and len(arguments) >= 2:
        growth = len(owner) + owner.count(arguments[0]) * len(arguments[1])
    elif name == "join" and arguments:
        growth = sum(map(len, arguments[0])) + len(owner) * len(arguments[0])
    elif name in ("decode", "encode") and arguments and str(arguments[0]).lower() not in _CODECS:
        raise ExpressionError(f"The codec {arguments[0]!r} is not one of {', '.join(sorted(_CODECS))}.")
    if growth > LIMIT_BYTES:
        raise ExpressionError(f"The result is larger than {grouped(LIMIT_BYTES)} bytes.")
    return getattr(owner, name)(*arguments)
