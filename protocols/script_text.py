"""From a template in `assets/scripts` to a complete Python script.

A template is a script with `$name` where a value goes and with lines `#: use PART`, `#: if FLAG`
(`#: if not FLAG`), `#: else`, `#: end`. Values are written as Python literals, never pasted as text:
whatever somebody typed stays data. It must not know which scripts there are.
"""

from __future__ import annotations

import ast
import builtins
import io
import math
import re
import tokenize
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from string import Template
from typing import Final, TypeAlias

from protocols.assets import asset

Value: TypeAlias = "str | bytes | int | float | bool | tuple[Value, ...] | list[Value] | None"

_WIDE: Final = 88
"""Characters from which a string or a list is written over several lines."""
_SUFFIX: Final = ".py.tmpl"


class ScriptError(ValueError):
    """A script that cannot be made: the message says which value or template is wrong."""


def literal(value: object) -> str:
    """A value as Python source. Only plain data is accepted; ScriptError for anything else."""
    if isinstance(value, (str, bytes)):
        return _text_literal(value)
    if isinstance(value, (tuple, list)):
        return _row_literal(value)
    if isinstance(value, float) and not math.isfinite(value):
        raise ScriptError(f"{value!r} cannot be written as a number")
    if value is None or type(value) in (bool, int, float):
        return repr(value)
    raise ScriptError(f"{type(value).__name__} cannot be written into a script")


def _text_literal(value: str | bytes) -> str:
    plain = _double_quoted(value)
    if len(plain) <= _WIDE:
        return plain
    step = 64 if plain.count("\\x") < len(value) // 2 else 16
    pieces = (value[at : at + step] for at in range(0, len(value), step))
    return "(\n" + "".join(f"    {_double_quoted(piece)}\n" for piece in pieces) + ")"


def _double_quoted(value: str | bytes) -> str:
    """As repr() says it, in the quotes that the templates use where nothing has to be escaped for that."""
    plain = repr(value)
    prefix, text = ("b", plain[2:-1]) if isinstance(value, bytes) else ("", plain[1:-1])
    quoted = '"' in text or "\\'" in text
    return plain if quoted else f'{prefix}"{text}"'


def _row_literal(value: tuple[object, ...] | list[object]) -> str:
    opening, closing = ("(", ")") if isinstance(value, tuple) else ("[", "]")
    items = [literal(item) for item in value]
    flat = ", ".join(items) + ("," if opening == "(" and len(items) == 1 else "")
    if len(flat) <= _WIDE and "\n" not in flat:
        return opening + flat + closing
    body = "".join("    " + item.replace("\n", "\n    ") + ",\n" for item in items)
    return f"{opening}\n{body}{closing}"


def expression(text: str) -> str:
    """A user's expression, rewritten by the parser: one expression and nothing beside it. Raises ScriptError."""
    try:
        return ast.unparse(ast.parse(text.strip(), mode="eval"))
    except (SyntaxError, ValueError, RecursionError) as error:
        raise ScriptError(f"not a Python expression: {error}") from None


# -- templates ---------------------------------------------------------------------------------------------------------


@dataclass
class _Block:
    """One `#: if`: whether its lines count now, and whether an `else` would."""

    shown: bool
    outer: bool


def load(name: str) -> list[str]:
    """The lines of a template. ScriptError where there is none of that name."""
    found = asset("scripts")
    for part in (name + _SUFFIX).split("/"):
        found /= part
    try:
        return found.read_text(encoding="utf-8").splitlines()
    except OSError:
        raise ScriptError(f"there is no script template {name!r}") from None


def expand(name: str, flags: Collection[str]) -> Iterator[str]:
    """The lines of a template with its parts put in and its conditions decided."""
    blocks: list[_Block] = []
    for line in load(name):
        stripped = line.strip()
        shown = all(block.shown for block in blocks)
        if not stripped.startswith("#: "):
            if shown:
                yield line
            continue
        verb, _, rest = stripped[3:].partition(" ")
        if verb == "use":
            if shown:
                indent = line[: len(line) - len(line.lstrip())]
                yield from (indent + found if found else found for found in expand(f"parts/{rest}", flags))
        elif verb == "if":
            blocks.append(_Block(_holds(rest, flags), shown))
        elif verb == "else" and blocks:
            blocks[-1].shown = not blocks[-1].shown
        elif verb == "end" and blocks:
            blocks.pop()
        else:
            raise ScriptError(f"template {name!r} has a line that means nothing: {stripped!r}")
    if blocks:
        raise ScriptError(f"template {name!r} lacks an `#: end`")


def _holds(condition: str, flags: Collection[str]) -> bool:
    negated = condition.startswith("not ")
    return (condition.removeprefix("not ").strip() in flags) != negated


def fill(name: str, values: Mapping[str, object], *, flags: Collection[str], code: Mapping[str, str]) -> str:
    """The complete script.

    values: written as literals. flags: the conditions that hold. code: source of our own making, under
    the names `code_...` and `title`. ScriptError for a value that a template wants and nobody gave.
    """
    text = "\n".join(expand(name, flags)) + "\n"
    written = {key: literal(value) for key, value in values.items()} | dict(code)
    try:
        source = Template(text).substitute(written)
    except (KeyError, ValueError) as error:
        raise ScriptError(f"template {name!r}: {error}") from None
    source = re.sub(r"\n{4,}", "\n\n\n", source)
    return _without_unused_imports(source)


@lru_cache(maxsize=1)
def _nodes(source: str) -> tuple[ast.AST, ...]:
    """Every node of a script, the module first. It is asked for once a module that the script imports."""
    return tuple(ast.walk(ast.parse(source)))


def _body(source: str) -> list[ast.stmt]:
    module = _nodes(source)[0]
    assert isinstance(module, ast.Module)
    return module.body


def _without_unused_imports(source: str) -> str:
    """Templates import whatever one of their variants needs; this one keeps what it uses."""
    nodes = _nodes(source)
    used = {node.id for node in nodes if isinstance(node, ast.Name)}
    used |= {ast.unparse(node) for node in nodes if isinstance(node, ast.Attribute)}  # "urllib.request"
    dropped = set()
    for node in _body(source):
        if isinstance(node, (ast.Import, ast.ImportFrom)) and not any(
            (alias.asname or alias.name) in used for alias in node.names
        ):
            dropped.add(node.lineno)
    lines = source.splitlines()
    kept = "\n".join(line for number, line in enumerate(lines, 1) if number not in dropped) + "\n"
    return re.sub(r"\n{4,}", "\n\n\n", kept)


# -- import style -----------------------------------------------------------------------------------------------------


def import_names(source: str) -> str:
    """The same script with `from socket import AF_INET` in place of `socket.AF_INET`.

    A module stays as it is where a name of it is already used for something else.
    """
    modules = {alias.name for node in _body(source) if isinstance(node, ast.Import) for alias in node.names}
    taken = _names_in(source) - modules
    for module in sorted(modules):
        attributes = _attributes_of(source, module)
        clash = attributes & (taken | (modules - {module}) | _KEPT)
        if "." in module or not attributes or clash or _used_otherwise(source, module):
            continue
        source = _replace_module(source, module, attributes)
        taken |= attributes
    return source


_KEPT: Final = frozenset(dir(builtins))
"""Names that must go on meaning the built-in."""


def _names_in(source: str) -> set[str]:
    """Every name that the script defines, sets or reads by itself."""
    found: set[str] = set()
    for node in _nodes(source):
        if isinstance(node, ast.Name):
            found.add(node.id)
        elif isinstance(node, ast.arg):
            found.add(node.arg)
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            found.add(node.name)
    return found


def _uses(nodes: Iterable[ast.AST], module: str) -> list[ast.Attribute]:
    return [
        node
        for node in nodes
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == module
    ]


def _attributes_of(source: str, module: str) -> set[str]:
    return {node.attr for node in _uses(_nodes(source), module)}


def _used_otherwise(source: str, module: str) -> bool:
    """Whether the module itself is handed about (`getattr(socket, name)`), or named inside an f-string."""
    nodes = _nodes(source)
    names = sum(isinstance(node, ast.Name) and node.id == module for node in nodes)
    inside = any(_uses(ast.walk(node), module) for node in nodes if isinstance(node, ast.JoinedStr))
    return inside or names != len(_uses(nodes, module))


def _replace_module(source: str, module: str, attributes: set[str]) -> str:
    """Drop `module.` before each attribute, by tokens so that texts and comments stay; and import the names."""
    lines = source.splitlines(keepends=True)
    tokens = list(tokenize.generate_tokens(io.StringIO(source).readline))
    cuts = [
        (name.start[0], name.start[1], attribute.start[1])
        for before, name, dot, attribute in zip(tokens, tokens[1:], tokens[2:], tokens[3:], strict=False)
        if name.string == module and dot.string == "." and before.string != "." and attribute.type == tokenize.NAME
    ]
    for row, start, end in sorted(cuts, reverse=True):
        line = lines[row - 1]
        lines[row - 1] = line[:start] + line[end:]
    statement = _import_line(module, attributes)
    return "".join(statement if line.rstrip() == f"import {module}" else line for line in lines)


def _import_line(module: str, names: Collection[str]) -> str:
    flat = f"from {module} import {', '.join(sorted(names))}\n"
    if len(flat) <= _WIDE:
        return flat
    return f"from {module} import (\n" + "".join(f"    {name},\n" for name in sorted(names)) + ")\n"
